//! What a platform can do, as operations see it. `Some` or `None` is the declaration; nothing else says it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use secrecy::SecretString;
use url::Url;

use crate::base::error::Result;
use crate::base::window::Window;
use crate::platform::account::AccountList;
use crate::platform::credentials::AppCredentials;
use crate::platform::figures::{Entity, Level, MetricSet, Row};
use crate::platform::manifest::Manifest;
use crate::platform::profile::PlatformProfile;

/// Asked right before a call leaves, when it has waited for its turn or its next try: the connection or the time for it
/// may be over. Jobs and probes look at the fence here.
#[async_trait]
pub trait Gate: std::fmt::Debug + Send + Sync {
    /// Tells whether a call may leave now.
    async fn is_open(&self) -> bool;

    /// How long calls may still take, all together; each ends within it.
    fn left(&self) -> Duration {
        Duration::MAX
    }

    /// Tells whether somebody waits for all calls together: part of an answer in time is then better than none.
    fn is_awaited(&self) -> bool {
        self.left() != Duration::MAX
    }

    /// Is told how long a call took, with all its tries.
    fn spent(&self, _time: Duration) {}
}

/// A gate that lets calls out for so long altogether: somebody waits for all of them, and not for each.
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

/// The gate of the one call that no cut holds back: the revocation, which follows it.
#[derive(Debug, Clone, Copy)]
pub struct Unguarded;

#[async_trait]
impl Gate for Unguarded {
    async fn is_open(&self) -> bool {
        true
    }
}

/// What every platform call needs: the token, the app, what the profile lets out, and whether it may leave.
#[derive(Debug, Clone, Copy)]
pub struct CallContext<'a> {
    /// The access token.
    pub token: &'a SecretString,
    /// The app.
    pub app: &'a AppCredentials,
    /// The profile's word on this platform.
    pub profile: &'a PlatformProfile,
    /// How long the call may take with all its tries: what is asked of a platform that hangs has to end before the
    /// invocation does, or nobody writes down that it hung.
    pub patience: Duration,
    /// Asked before each try.
    pub gate: &'a dyn Gate,
}

/// What the authorise URL carries.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest<'a> {
    /// The opaque state.
    pub state: &'a str,
    /// The exact redirect URI.
    pub redirect_uri: &'a str,
    /// The scopes to ask for.
    pub scopes: &'a [String],
    /// The PKCE verifier, for platforms that take one.
    pub verifier: &'a SecretString,
}

/// What the platform sent back to the callback, already checked against the transaction.
#[derive(Debug)]
pub struct CodeExchange<'a> {
    /// The authorisation code.
    pub code: &'a SecretString,
    /// The exact redirect URI of the transaction.
    pub redirect_uri: &'a str,
    /// The PKCE verifier.
    pub verifier: &'a SecretString,
    /// How long it may take.
    pub gate: &'a dyn Gate,
}

/// A grant: tokens and what they cover.
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

/// Who granted, as the platform numbers its people; only ever fingerprinted.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The platform's id of the person or business.
    pub id: SecretString,
}

/// What became of a token at the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevokeOutcome {
    /// The platform confirmed, or says that the token was dead already.
    Killed,
    /// The platform said no to ending this grant.
    Refused,
    /// The platform has no way; the person can do it in the platform's settings.
    Impossible,
    /// No try of those that are allowed came through: the platform was away, or our own set-up was at fault.
    Unreachable,
}

impl RevokeOutcome {
    /// The outcome's word.
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
        [Self::Killed, Self::Refused, Self::Impossible, Self::Unreachable]
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// Where the next page starts; opaque to everybody but the connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCursor(pub String);

/// One page of something.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What is on it, without what could not be read.
    pub items: Vec<T>,
    /// How many items could not be read.
    pub odd: u64,
    /// Where the next one starts; `None` on the last.
    pub next: Option<PageCursor>,
}

/// The word of an error by which a platform says that it has no figures of a level.
pub const LEVEL_NOT_OFFERED: &str = "level_not_offered";

/// One page of daily rows.
#[derive(Debug, Clone, Default)]
pub struct RowPage {
    /// The rows, without those that could not be read.
    pub rows: Vec<Row>,
    /// The day of each row that could not be read; `None` where not even that could be, or it was not asked for.
    pub odd: Vec<Option<Date>>,
    /// Metrics that the platform does not offer for this question; the rows have the others.
    pub not_offered: MetricSet,
    /// Where the next page starts; `None` on the last.
    pub next: Option<PageCursor>,
}

/// The OAuth of a platform.
#[async_trait]
pub trait OAuth: Send + Sync {
    /// Builds the URL that the person is sent to.
    fn authorize_url(&self, app: &AppCredentials, request: &AuthorizeRequest<'_>) -> Result<Url>;

    /// Redeems a code, once; never retried, because codes are single-use.
    async fn exchange(&self, app: &AppCredentials, exchange: &CodeExchange<'_>) -> Result<Grant>;

    /// Ends the grant at the platform.
    async fn revoke(&self, cx: &CallContext<'_>) -> Result<RevokeOutcome>;

    /// Asks who granted.
    async fn identity(&self, cx: &CallContext<'_>) -> Result<Identity>;
}

/// Listing the accounts that a grant reaches.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Lists them with name, currency and zone, each once. One that cannot be used never takes the list with it: it
    /// stands beside the others with its reason. An error says that the list is not known. What could not be understood,
    /// and what was not read in the time that the gate gives where somebody waits, is
    /// [`crate::platform::account::Unusable::NotRead`]. It takes as many calls as the platform wants.
    async fn list(&self, cx: &CallContext<'_>) -> Result<AccountList>;
}

/// Reading campaigns, ad groups and ads.
#[async_trait]
pub trait StructureRead: Send + Sync {
    /// Reads one page of one level; [`Level::Account`] has none.
    async fn page(
        &self,
        cx: &CallContext<'_>,
        account: &str,
        level: Level,
        cursor: Option<&PageCursor>,
    ) -> Result<Page<Entity>>;
}

/// Reading daily figures.
#[async_trait]
pub trait Reports: Send + Sync {
    /// Reads one page of daily rows of one level in a window of at most [`Manifest::window_days`] days. A row that cannot
    /// be read exactly is left out and its day named; a metric that is not offered is named and the others are read. A
    /// level that is not offered is an error with the word [`LEVEL_NOT_OFFERED`].
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

/// One platform.
pub trait Connector: Send + Sync {
    /// Its facts.
    fn manifest(&self) -> &'static Manifest;
    /// Its OAuth; every platform has one.
    fn oauth(&self) -> &dyn OAuth;
    /// Its accounts.
    fn accounts(&self) -> Option<&dyn Accounts>;
    /// Its structure.
    fn structure(&self) -> Option<&dyn StructureRead>;
    /// Its reports.
    fn reports(&self) -> Option<&dyn Reports>;
}

/// Finds connectors by platform.
pub trait Connectors: Send + Sync {
    /// The connector of a platform, if there is one.
    fn find(&self, platform: &str) -> Option<&dyn Connector>;
}
