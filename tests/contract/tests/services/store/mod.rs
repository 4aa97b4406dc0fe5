//! The contract of the store.

mod activation;
mod breakers;
mod buckets;
mod chunks;
mod connections;
mod cursors;
mod cut;
mod directory;
mod due;
mod expiry;
mod faults;
mod isolation;
mod ledger;
mod ledger_ids;
mod life;
mod limits;
mod mail;
mod progress;
mod purge;
mod repeats;
mod transient;
mod webhooks;
