//! How the service is called: reads, writes, patience, and what its errors mean. No row is known here.

mod backoff;
mod expression;
mod failure;
mod insert;
mod quick;
mod reads;
mod single;
mod write;
mod writes;

pub(crate) use backoff::Backoff;
pub(crate) use expression::Check;
pub(crate) use failure::{busy, failed, not_built};
pub(crate) use quick::Change;
pub(crate) use single::Placed;
pub(crate) use write::Write;
pub(crate) use writes::{Refusal, TRANSACTION};
