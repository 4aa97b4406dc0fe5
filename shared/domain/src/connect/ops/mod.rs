//! Operations: one file per use case, each with the ports it needs, its input and its outcome.

pub mod activate_connection;
pub mod complete_callback;
pub mod confirm_accounts;
pub mod create_connect_session;
pub mod probe_connection;
pub mod read_connections;
pub mod start_authorization;
