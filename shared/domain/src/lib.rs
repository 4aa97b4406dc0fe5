//! The words, rules and operations of Mooring; pure, no IO.
//!
//! Code is ordered by family, by the user's purpose (`connect`, `sync`, `deletion`). In each family the types stand
//! beside `ports.rs` (the traits that the family needs from outside) and `ops/` (one file per use case). An operation
//! decides, talks to ports only, and returns a domain value or an [`Error`]. It never calls another operation; work
//! that several of them share stands in `steps/`.
//! Deliberately absent: AWS, HTTP, JSON, tokio, the system clock.

/// Names the rows that a use case reads and writes as one port, `Rows`; the function's role in template.yaml grants
/// the same.
macro_rules! rows {
    ($($port:path),+ $(,)?) => {
        /// The rows that the use case reads and writes.
        pub trait Rows: $($port +)+ {}

        impl<T: $($port +)+> Rows for T {}
    };
}

pub mod base;
pub mod connect;
pub mod deletion;
pub mod guard;
pub mod notice;
pub mod people;
pub mod platform;
pub mod report;
pub mod sync;
#[cfg(test)]
mod testing;
pub mod vault;
pub mod webhook;

pub use base::error::{Error, Kind, Result, Retry};
