//! One file per use case. An operation never calls another; shared steps are plain functions of the domain.

pub mod activate_connection;
pub mod change_webhook_endpoint;
pub mod complete_callback;
pub mod confirm_accounts;
pub mod create_connect_session;
pub mod create_frontend_token;
pub mod create_webhook_endpoint;
pub mod disconnect;
pub mod manage_keys;
pub mod plan_sync;
pub mod probe_connection;
pub mod query_report;
pub mod read_connections;
pub mod read_deletions;
pub mod read_webhooks;
pub mod register_tenant;
pub mod request_deletion;
pub mod run_deletion;
pub mod run_sync;
pub mod run_webhook;
pub mod send_mail;
pub mod send_webhook;
pub mod start_authorization;
pub mod sweep_deletions;
pub mod sweep_webhooks;
