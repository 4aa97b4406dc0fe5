//! Operations: one file per use case, each with the ports it needs, its input and its outcome.

pub mod create_frontend_token;
pub mod manage_keys;
pub mod read_credential;
pub mod register_tenant;
