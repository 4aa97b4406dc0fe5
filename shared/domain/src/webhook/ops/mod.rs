//! Operations: one file per use case, each with the ports it needs, its input and its outcome.

pub mod change_webhook_endpoint;
pub mod create_webhook_endpoint;
pub mod read_webhooks;
pub mod run_webhook;
pub mod send_webhook;
pub mod sweep_webhooks;
