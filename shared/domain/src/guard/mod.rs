//! The guards before a call: rate limits and idempotency, each with its port.

pub mod idempotency;
pub mod limits;
