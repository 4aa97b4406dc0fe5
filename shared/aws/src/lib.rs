//! How a function's process reaches AWS: credentials, region and endpoints from the environment that Lambda sets.
//!
//! Only that environment is read. The SDK's own chain also knows profiles, single sign-on and the services that hand out
//! credentials on other machines; linked into every function it costs more than a megabyte and is never used there.
//! Chores on an operator's machine use that chain themselves.

mod config;

pub use config::config;
