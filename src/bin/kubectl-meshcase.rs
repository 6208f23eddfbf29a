//! The kubectl plugin: one file per verb in `cli/`.

fn main() {}
