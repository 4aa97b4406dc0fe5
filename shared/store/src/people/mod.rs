//! Tenants, API keys, frontend tokens, the access log, and how many of a thing a tenant has.

pub(crate) mod access_log;
pub(crate) mod api_keys;
pub(crate) mod counts;
mod data_version;
pub(crate) mod directory;
pub(crate) mod items;
pub(crate) mod keys;
