//! Operations: one file per use case, each with the ports it needs, its input and its outcome.

pub mod create_frontend_token;
pub mod manage_keys;
pub mod read_access_log;
pub mod read_credential;
pub mod read_usage;
pub mod register_tenant;
