//! The operator: arguments, telemetry, wiring; no rule of the domain.

fn main() {}
