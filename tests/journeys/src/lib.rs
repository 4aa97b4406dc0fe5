//! The shared parts of the journeys: a small world in one process, direct calls of the platform, raw reads of the
//! tables, and a rig that breaks chosen external calls.
//!
//! Nothing here judges; the tests do. Every test starts a world of its own, in memory and on free ports.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

pub mod altered;
pub mod checks;
pub mod connecting;
pub mod guarded;
pub mod headers;
pub mod platform;
pub mod quick;
pub mod receiver;
pub mod rig;
pub mod snapshot;
pub mod tables;
pub mod unreached;
pub mod wire;
pub mod world;

pub use connecting::Arrived;
pub use platform::{Figures, Platform};
pub use receiver::Receiver;
pub use wire::{Answer, Wire};
pub use world::{Size, World};

/// Prints a figure of a test, such as the number of its cases.
#[expect(clippy::print_stdout, reason = "figures are for the one who reads the test's output")]
pub fn say(line: &str) {
    println!("{line}");
}
