//! The ports of mail that people request.

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use crate::base::error::Result;
use crate::base::ids::MailId;
use crate::base::locale::Locale;
use crate::base::secret::Fingerprint;
use crate::notice::mail::{MailRequest, Pace};
use crate::platform::profile::Profile;

/// Takes requests for a mail.
#[async_trait]
pub trait MailRequestPut: Send + Sync {
    /// Stores a request.
    async fn put_mail_request(&self, request: &MailRequest) -> Result<()>;
    /// Counts a request of a source in a window of time and returns how many there were. The call is tried once and
    /// has little time, because the caller waits.
    async fn count_source(&self, source: &Fingerprint, window: i64, expires_at: Timestamp) -> Result<u64>;
}

/// Reads and deletes requests as they are worked on.
#[async_trait]
pub trait MailRequestTake: Send + Sync {
    /// Reads a request; an expired one counts as absent.
    async fn mail_request(&self, id: &MailId, now: Timestamp) -> Result<Option<MailRequest>>;
    /// Deletes a request with its sealed address.
    async fn delete_mail_request(&self, id: &MailId) -> Result<()>;
}

/// Keeps how often known addresses got mail.
#[async_trait]
pub trait MailPaces: Send + Sync {
    /// Reads the pace of an address.
    async fn pace(&self, mail: &Fingerprint) -> Result<Option<Pace>>;
    /// Stores a pace if its version is the next one; false when another worker was faster.
    async fn put_pace(&self, mail: &Fingerprint, pace: &Pace, now: Timestamp) -> Result<bool>;
}

/// A mail as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The subject.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// Writes mails in people's languages.
pub trait MailWriter: Send + Sync {
    /// Writes the mail with the link to a page that deletes.
    fn deletion_link(&self, locale: Option<&Locale>, profile: &Profile, url: &str) -> Letter;
}

/// Sends mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends one mail. The address is used and not kept.
    async fn send(&self, to: &SecretString, subject: &str, text: &str) -> Result<()>;
}
