//! Calls the webhook endpoints of tenants, as the Standard Webhooks specification says.
//!
//! A tenant chooses where we call, so this is the one place that treats an address as hostile: https only, every
//! address that a name leads to has to be public, the connection goes to exactly those addresses, no redirect is
//! followed, no proxy is asked, and of an answer little more than its status is read. Deliberately absent: storage,
//! schedules, any decision of what is sent to whom.

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
