//! The capabilities of a platform, as operations see them. `Some` or `None` is the declaration of a capability;
//! nothing else declares it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;
use url::Url;

use crate::base::error::{Error, Kind, Result};
use crate::base::window::Window;
use crate::platform::account::AccountList;
use crate::platform::credentials::AppCredentials;
use crate::platform::figures::{Entity, Level, MetricSet, Row};
use crate::platform::manifest::Manifest;
use crate::platform::profile::PlatformProfile;

/// The check right before a call leaves, after the call has waited for its turn or its next try: the connection or the
/// time for the call may have ended meanwhile. Jobs and probes check the fence here.
#[async_trait]
pub trait Gate: std::fmt::Debug + Send + Sync {
    /// Returns whether a call may leave now.
    async fn is_open(&self) -> bool;

    /// Returns how long calls may still take, all together; each call ends within this time.
    fn left(&self) -> Duration {
        Duration::MAX
    }

    /// Returns whether somebody waits for all calls together: part of an answer in time is then better than none.
    fn is_awaited(&self) -> bool {
        self.left() != Duration::MAX
    }

    /// Notes how long a call took, with all its tries.
    fn spent(&self, _time: Duration) {}
}

/// A gate that lets calls leave for a limited time altogether: somebody waits for all of them, and not for each.
#[derive(Debug)]
pub struct Allowance(Mutex<Duration>);

impl Allowance {
    /// Makes an allowance of a time.
    pub fn of(time: Duration) -> Self {
        Self(Mutex::new(time))
    }

    fn lock(&self) -> MutexGuard<'_, Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Gate for Allowance {
    async fn is_open(&self) -> bool {
        !self.left().is_zero()
    }

    fn left(&self) -> Duration {
        *self.lock()
    }

    fn spent(&self, time: Duration) {
        let mut left = self.lock();
        *left = left.saturating_sub(time);
    }
}

/// The gate of the one call that no cutoff holds back: the revocation, which follows the cutoff.
#[derive(Debug, Clone, Copy)]
pub struct Unguarded;

#[async_trait]
impl Gate for Unguarded {
    async fn is_open(&self) -> bool {
        true
    }
}

/// The context of every platform call: the token, the app, the profile's limits, and the gate.
#[derive(Debug, Clone, Copy)]
pub struct CallContext<'a> {
    /// The access token.
    pub token: &'a SecretString,
    /// The app.
    pub app: &'a AppCredentials,
    /// The profile of this platform.
    pub profile: &'a PlatformProfile,
    /// How long the call may take with all its tries. A question to a platform that hangs has to end before the
    /// invocation does, or nobody could store that the platform hung.
    pub patience: Duration,
    /// The gate that is asked before each try.
    pub gate: &'a dyn Gate,
}

/// The parameters of the authorise URL.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest<'a> {
    /// The opaque state.
    pub state: &'a str,
    /// The exact redirect URI.
    pub redirect_uri: &'a str,
    /// The scopes to ask for.
    pub scopes: &'a [String],
    /// The PKCE verifier, for platforms that support PKCE.
    pub verifier: &'a SecretString,
}

/// The parameters that the platform sent back to the callback, already checked against the transaction.
#[derive(Debug)]
pub struct CodeExchange<'a> {
    /// The authorisation code.
    pub code: &'a SecretString,
    /// The exact redirect URI of the transaction.
    pub redirect_uri: &'a str,
    /// The PKCE verifier.
    pub verifier: &'a SecretString,
    /// The gate, which limits how long the exchange may take.
    pub gate: &'a dyn Gate,
}

/// A grant: tokens and the scopes that they cover.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The access token.
    pub access: SecretString,
    /// The refresh token, where the platform has one.
    pub refresh: Option<SecretString>,
    /// When the access token ends, where it does.
    pub expires_at: Option<Timestamp>,
    /// The granted scopes, in the platform's words.
    pub scopes: Vec<String>,
}

/// The most scopes of a grant. No platform is known to have as many.
const MOST_SCOPES: usize = 400;

/// The most bytes that the scopes of a grant may have: a hundred connections with that many fit into an answer.
const MOST_SCOPE_BYTES: usize = 8_192;

impl Grant {
    /// Refuses a grant whose scopes are more than a connection's row, and a page of connections, have room for.
    pub fn check_bounds(&self) -> Result<()> {
        let bytes: usize = self.scopes.iter().map(String::len).sum();
        if self.scopes.len() <= MOST_SCOPES && bytes <= MOST_SCOPE_BYTES {
            return Ok(());
        }
        let message = "The platform's grant names more scopes than there can be.";
        Err(Error::new(Kind::UpstreamChanged, "upstream_changed", message))
    }
}

/// The person or business that granted, by the platform's id; Mooring only ever fingerprints it.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The platform's id of the person or business.
    pub id: SecretString,
}

/// The outcome of a revocation at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// The platform confirmed, or says that the token was dead already.
    Killed,
    /// The platform refused to end this grant.
    Refused,
    /// The platform has no way to end a grant; the person can end it in the platform's settings.
    Impossible,
    /// None of the allowed tries succeeded: the platform did not answer, or Mooring's own set-up was at fault.
    Unreachable,
}

impl RevokeOutcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Killed, Self::Refused, Self::Impossible, Self::Unreachable];

    /// Returns the outcome's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Refused => "refused",
            Self::Impossible => "impossible",
            Self::Unreachable => "unreachable",
        }
    }

    /// Finds an outcome by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// Where the next page starts; opaque to everybody but the connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCursor(pub String);

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items of the page, without those that could not be read.
    pub items: Vec<T>,
    /// How many items could not be read.
    pub odd: u64,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<PageCursor>,
}

/// The code of an error by which a platform says that it has no figures of a level.
pub const LEVEL_NOT_OFFERED: &str = "level_not_offered";

/// One page of daily rows.
#[derive(Debug, Clone, Default)]
pub struct RowPage {
    /// The rows, without those that could not be read.
    pub rows: Vec<Row>,
    /// The day of each row that could not be read; `None` where not even the day could be read, or it was not asked
    /// for.
    pub odd: Vec<Option<Date>>,
    /// Metrics that the platform does not offer for this question; the rows have the others.
    pub not_offered: MetricSet,
    /// Where the next page starts; `None` on the last page.
    pub next: Option<PageCursor>,
}

/// The OAuth of a platform.
#[async_trait]
pub trait OAuth: Send + Sync {
    /// Builds the URL that the person is sent to.
    fn authorize_url(&self, app: &AppCredentials, request: &AuthorizeRequest<'_>) -> Result<Url>;

    /// Redeems a code, once. A code is never redeemed again, because codes are single-use.
    async fn exchange(&self, app: &AppCredentials, exchange: &CodeExchange<'_>) -> Result<Grant>;

    /// Ends the grant at the platform.
    async fn revoke(&self, cx: &CallContext<'_>) -> Result<RevokeOutcome>;

    /// Asks who granted.
    async fn identity(&self, cx: &CallContext<'_>) -> Result<Identity>;
}

/// Lists the accounts that a grant reaches.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Lists the accounts with name, currency and zone, each once. An account that cannot be used never fails the
    /// list: it stands beside the others with its reason. An error says that the list is not known. An account whose
    /// description could not be understood, or could not be read in the time of a gate that somebody waits for, is
    /// [`crate::platform::account::Unusable::NotRead`]. The list takes as many calls as the platform wants.
    async fn list(&self, cx: &CallContext<'_>) -> Result<AccountList>;
}

/// Reads campaigns, ad groups and ads.
#[async_trait]
pub trait StructureRead: Send + Sync {
    /// Reads one page of one level; [`Level::Account`] has no pages.
    async fn page(
        &self,
        cx: &CallContext<'_>,
        account: &str,
        level: Level,
        cursor: Option<&PageCursor>,
    ) -> Result<Page<Entity>>;
}

/// Reads daily figures.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Reads one page of daily rows of one level in a window of at most [`Manifest::window_days`] days. A row that
    /// cannot be read exactly is left out and its day named. A metric that is not offered is named and the others are
    /// read. A level that is not offered is an error with the code [`LEVEL_NOT_OFFERED`].
    async fn page(
        &self,
        cx: &CallContext<'_>,
        question: &ReportQuestion<'_>,
        cursor: Option<&PageCursor>,
    ) -> Result<RowPage>;
}

/// A question for daily rows.
#[derive(Debug, Clone, Copy)]
pub struct ReportQuestion<'a> {
    /// The platform's id of the account.
    pub account: &'a str,
    /// The level.
    pub level: Level,
    /// The days, in the account's zone.
    pub window: Window,
}

/// The connector of one platform.
pub trait Connector: Send + Sync {
    /// Returns the platform's facts.
    fn manifest(&self) -> &'static Manifest;
    /// Returns the platform's OAuth; every platform has one.
    fn oauth(&self) -> &dyn OAuth;
    /// Returns the list of accounts, if the platform has one.
    fn accounts(&self) -> Option<&dyn Accounts>;
    /// Returns the structure, if the platform has one.
    fn structure(&self) -> Option<&dyn StructureRead>;
    /// Returns the reports, if the platform has them.
    fn reports(&self) -> Option<&dyn Reports>;
}

/// Finds connectors by platform.
pub trait Connectors: Send + Sync {
    /// Returns the connector of a platform, if there is one.
    fn find(&self, platform: &str) -> Option<&dyn Connector>;
}
