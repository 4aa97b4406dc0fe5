//! The parts that every connector shares: transport, retries, paging, OAuth vocabulary, meanings of errors.
//!
//! Every request to a platform leaves through [`Client::call`]: it checks the profile and the manifest, keeps the
//! pace, repeats calls that may be repeated, and turns every failure into the domain's error. A connector adds only
//! its differences: its calls, its wire types and its error table. Deliberately absent: anything that names a
//! platform.

mod auth;
mod client;
pub mod lenient;
mod meaning;
pub mod oauth;
mod origin;
pub mod paging;
pub mod parse;
mod request;
mod retry;
mod timing;
mod transport;

pub use auth::token;
pub use client::{Client, Dialect, Read};
pub use meaning::Meaning;
pub use origin::Origin;
pub use request::Request;
pub use timing::{SystemTiming, Timing};
pub use transport::{Answer, Limits, Transport};
