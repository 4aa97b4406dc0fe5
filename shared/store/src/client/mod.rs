//! Calls DynamoDB: reads, writes, retries, and the meaning of its errors. This module knows no row.

mod backoff;
mod expression;
mod failure;
mod insert;
pub(crate) mod item;
pub(crate) mod key;
pub(crate) mod place;
mod quick;
mod reads;
#[cfg(test)]
pub(crate) mod samples;
mod single;
pub(crate) mod store;
mod write;
mod writes;

pub(crate) use self::backoff::Backoff;
pub(crate) use self::expression::Check;
pub(crate) use self::failure::{busy, failed, not_built};
pub(crate) use self::quick::Change;
pub(crate) use self::single::Placed;
pub(crate) use self::store::Store;
pub(crate) use self::write::Write;
pub(crate) use self::writes::{Refusal, TRANSACTION};
