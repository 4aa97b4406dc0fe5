//! Calls the webhook endpoints of tenants, as the Standard Webhooks specification says.
//!
//! A tenant chooses the address, and this is the only crate that treats an address as hostile. It calls by https
//! only. Every address that a name leads to has to be public, and the connection goes to exactly those addresses.
//! It follows no redirect and asks no proxy. Of an answer it reads little more than the status. Deliberately
//! absent: storage, schedules, any decision of what is sent to whom.

mod config;
mod guard;
mod payload;
mod post;
mod sign;

pub use config::Config;
pub use guard::{Lookup, SystemLookup};
pub use payload::body;
pub use post::Sender;
pub use sign::signature;
