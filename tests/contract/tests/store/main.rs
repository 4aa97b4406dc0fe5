//! The contract of the store, over the real SDK client and a local DynamoDB. One behaviour, one test.

#![expect(clippy::unwrap_used, reason = "a test that is wrong has to stop at once")]

mod activation;
mod buckets;
mod connections;
mod cut;
mod directory;
mod due;
mod expiry;
mod faults;
mod isolation;
mod ledger;
mod progress;
mod purge;
mod repeats;
mod sheets;
mod transient;
mod webhooks;
