//! Calls DynamoDB: reads, writes, retries, and the meaning of its errors. This module knows no row.

mod backoff;
mod expression;
mod failure;
mod insert;
pub(crate) mod item;
pub(crate) mod key;
mod quick;
mod reads;
mod single;
mod write;
mod writes;

pub(crate) use self::backoff::Backoff;
pub(crate) use self::expression::Check;
pub(crate) use self::failure::{busy, failed, not_built};
pub(crate) use self::quick::Change;
pub(crate) use self::single::Placed;
pub(crate) use self::write::Write;
pub(crate) use self::writes::{Refusal, TRANSACTION};
