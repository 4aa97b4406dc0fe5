//! Trials of an operator: the real binary, started on folders and ports that are wrong in one way each, and its log.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

mod full;
mod logs;
mod mounted;
mod refusals;
mod runner;
mod tenants;
mod versions;
