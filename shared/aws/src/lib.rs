//! Configures how a function's process reaches AWS: credentials, region and endpoints from the environment
//! that Lambda sets.
//!
//! This crate reads only that environment. The SDK's own chain of credentials also knows profiles, single
//! sign-on and the services that give out credentials on other machines. Linked into every function, that
//! chain costs more than a megabyte and is never used there. Chores on an operator's machine use the chain
//! themselves.

mod config;

pub use config::config;
