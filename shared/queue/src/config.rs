//! Where the queues are. A function sets only those that it sends to.

use mooring_domain::{Error, Kind, Result};

/// The URLs of the queues.
#[derive(Debug, Clone, Default)]
pub struct QueueUrls {
    /// Sync jobs: `QUEUE_SYNC_URL`.
    pub sync: Option<String>,
    /// Deletion steps: `QUEUE_DELETION_URL`.
    pub deletion: Option<String>,
    /// Jobs of the webhook worker: `QUEUE_WEBHOOK_URL`.
    pub webhook: Option<String>,
    /// Requests for a mail: `QUEUE_MAIL_URL`.
    pub mail: Option<String>,
}

impl QueueUrls {
    /// Reads the environment.
    pub fn from_env() -> Self {
        Self {
            sync: std::env::var("QUEUE_SYNC_URL").ok(),
            deletion: std::env::var("QUEUE_DELETION_URL").ok(),
            webhook: std::env::var("QUEUE_WEBHOOK_URL").ok(),
            mail: std::env::var("QUEUE_MAIL_URL").ok(),
        }
    }

    pub(crate) fn sync(&self) -> Result<&str> {
        self.sync.as_deref().ok_or_else(|| missing("QUEUE_SYNC_URL"))
    }

    pub(crate) fn deletion(&self) -> Result<&str> {
        self.deletion.as_deref().ok_or_else(|| missing("QUEUE_DELETION_URL"))
    }

    pub(crate) fn webhook(&self) -> Result<&str> {
        self.webhook.as_deref().ok_or_else(|| missing("QUEUE_WEBHOOK_URL"))
    }

    pub(crate) fn mail(&self) -> Result<&str> {
        self.mail.as_deref().ok_or_else(|| missing("QUEUE_MAIL_URL"))
    }
}

fn missing(variable: &str) -> Error {
    Error::new(Kind::Internal, "not_configured", format!("The variable {variable} is not set."))
}
