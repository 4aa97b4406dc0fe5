//! The parts that all routes share: the caller and its limits, idempotency, the access log, CORS, pages and
//! their error pages.

mod access;
mod authenticate;
pub(crate) mod call;
pub(crate) mod config;
mod cors;
pub(crate) mod edge;
pub mod flow;
mod idempotency;
mod limits;
mod page;
pub(crate) mod public;
