//! The words, rules and operations of Mooring; pure, no IO.
//!
//! Everything that reads a clock, a socket or an environment variable is behind a trait of [`ports`]; an operation of
//! [`ops`] decides, talks only to ports, and returns a domain value or an [`error::Error`].
//! Deliberately absent: AWS, HTTP, JSON, tokio, the system clock.

pub mod access;
pub mod account;
pub mod address;
pub mod app;
pub mod breaker;
pub mod caller;
pub mod candidates;
pub mod completeness;
pub mod connect;
pub mod connection;
pub mod connector;
pub mod deletion;
pub mod deletion_plan;
pub mod error;
pub mod grant;
pub mod idempotency;
pub mod ids;
pub mod keys;
pub mod life;
pub mod limits;
pub mod mail;
pub mod money;
pub mod ops;
pub mod ports;
pub mod profile;
pub mod random;
pub mod report;
pub mod retention;
pub mod secret;
pub mod sheet;
pub mod sync;
pub mod together;
pub mod webhook;
pub mod zone;

pub use error::{Error, Kind, Result, Retry};
