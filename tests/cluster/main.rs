//! The one test binary against a real API server: its modules share one laboratory, each test in a namespace of its own.
//! Not for: what needs no server; such tests stand beside the code.

// Clippy's allowance for tests covers functions marked as tests, not those that they share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod admission;
mod attempts;
mod bad_input;
mod bounds;
mod call;
mod chart;
mod definitions;
mod detection;
mod disturbed;
mod downtime;
mod evidence;
mod examples;
mod failover;
mod laboratory;
mod life;
mod mesh;
mod nodes;
mod own_mesh;
mod plugin;
mod quiet;
mod redaction;
mod rights;
mod story;
mod surroundings;
mod thread;
