//! Tenants, API keys, frontend tokens and the access log.

pub mod access_log;
pub mod api_key;
pub mod caller;
pub mod log_entry;
pub mod ops;
pub mod ports;
pub mod tenant;
