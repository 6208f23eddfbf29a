//! A table for each of the rulings 1 to 10.
