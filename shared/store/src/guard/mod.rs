//! Idempotency records and buckets of rate limits.

pub(crate) mod buckets;
pub(crate) mod idempotency;
pub(crate) mod items;
pub(crate) mod keys;
