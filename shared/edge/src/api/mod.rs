//! What is the same for every route: the caller and its limits, idempotency, the access log, CORS, pages and their ends.

mod access;
mod authenticate;
mod call;
pub(crate) mod config;
mod cors;
pub(crate) mod edge;
pub mod flow;
mod idempotency;
mod limits;
mod page;
pub(crate) mod public;
