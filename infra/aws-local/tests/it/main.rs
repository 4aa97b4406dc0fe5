//! The local services through the SDKs that the product uses.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod clock;
mod doors;
mod dynamodb;
mod fault;
mod kms;
mod restart;
mod ses;
mod sqs;
mod support;
