//! The sandbox from outside: everything through its router or its public levers.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests may end the test like the tests themselves"
)]

mod edits;
mod faults;
mod oauth;
mod reports;
mod structure;
mod support;
