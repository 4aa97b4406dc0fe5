//! Plays one platform whose answers a test orders.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{Step, World};
use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::window::Window;
use crate::platform::account::{AccountList, PlatformAccount, UnusableAccount};
use crate::platform::capabilities::{
    Accounts, AuthorizeRequest, CallContext, CodeExchange, Connector, Connectors, Gate, Grant, Identity,
    OAuth, Reports, RevokeOutcome, StructureRead,
};
use crate::platform::credentials::AppCredentials;
use crate::platform::figures::{Level, MetricSet, Row};
use crate::platform::manifest::{Manifest, Tier};
use crate::platform::profile::{PlatformProfile, Profile};

/// The platform's word.
pub(crate) const PLATFORM: &str = "play";

const MANIFEST: Manifest = Manifest {
    platform: PLATFORM,
    title: "Play",
    version: "1",
    api_origin: "https://api.play.example",
    authorize_origin: "https://play.example",
    tier: Tier::B,
    settings_url: "https://play.example/settings",
    restatement_days: 28,
    window_days: 30,
    page_size: 2,
    calls: &[],
};

/// The platform's behaviour, and the questions that it got.
pub(crate) struct Platform {
    pub(crate) asked: Mutex<Vec<(Level, Window)>>,
    /// The error of each answer, and whether a later try may succeed.
    pub(crate) refuse: Mutex<Option<(Kind, &'static str, bool)>>,
    pub(crate) pause: Mutex<Option<Duration>>,
    /// How far the clock moves with each page.
    pub(crate) page_takes: Mutex<SignedDuration>,
    /// How long each call takes.
    pub(crate) pace: Mutex<Duration>,
    /// How long each call might take at most.
    pub(crate) allowed: Mutex<Vec<(&'static str, Duration)>>,
    /// The token that the platform accepts.
    token: Mutex<&'static str>,
    /// The scopes of the next grant.
    pub(crate) granted: Mutex<Vec<String>>,
    /// The answers to revocations, in order; then `Killed`.
    pub(crate) revocations: Mutex<Vec<Result<RevokeOutcome>>>,
    /// How many calls a list of accounts takes.
    pub(crate) list_calls: Mutex<u32>,
    /// How long the last list might take, with all its calls, and how long one call.
    pub(crate) list_may_take: Mutex<Option<(Duration, Duration)>>,
    pub(crate) listed: Mutex<Vec<PlatformAccount>>,
    /// Accounts that the platform names without a usable description.
    pub(crate) unusable: Mutex<Vec<UnusableAccount>>,
    /// Accounts that the platform refuses when a call asks for one alone; [`Self::refusal`] is the code.
    pub(crate) refused: Mutex<Vec<&'static str>>,
    pub(crate) refusal: Mutex<&'static str>,
    pub(crate) name: Mutex<String>,
    /// How many pages of names the platform gave.
    pub(crate) name_pages: Mutex<usize>,
    /// The level whose list of names fails.
    pub(crate) no_names: Mutex<Option<(Level, Kind)>>,
    /// Whether lists of rows and names have empty pages without end.
    pub(crate) endless: Mutex<bool>,
    /// How many unusable rows or names each of these pages has.
    pub(crate) endless_odd: Mutex<u64>,
    pub(crate) most_days: Mutex<u32>,
    pub(crate) spend: Mutex<i64>,
    /// Further rows of ads.
    pub(crate) extra: Mutex<Vec<Row>>,
    /// A day for which the account's own level has no row.
    pub(crate) without_account: Mutex<Option<Date>>,
    /// A day for which the account's own level has another account's row.
    pub(crate) foreign_account: Mutex<Option<Date>>,
    /// The account's own spend on top of its campaigns, by day.
    pub(crate) unattributed: Mutex<BTreeMap<Date, i64>>,
    /// How much that changes with each question for the account's own level.
    pub(crate) moving: Mutex<i64>,
    /// The days of odd rows at the ad level, and the number of answers that carry them.
    pub(crate) odd: Mutex<(Vec<Option<Date>>, u32)>,
    /// A level that is not offered, and metrics that are not offered anywhere.
    pub(crate) no_level: Mutex<Option<Level>>,
    pub(crate) no_metrics: Mutex<MetricSet>,
    /// The day whose windows the platform refuses.
    pub(crate) no_day: Mutex<Option<Date>>,
}

/// Makes an account as the platform describes it.
pub(crate) fn described(number: &str) -> PlatformAccount {
    PlatformAccount {
        external_id: number.to_owned(),
        name: "N".to_owned(),
        currency: "EUR".parse().unwrap(),
        zone: "Europe/Berlin".to_owned(),
    }
}

/// Makes the profile of a product that reads the platform, 40 days back at a connect.
pub(crate) fn profile() -> Profile {
    let platform = PlatformProfile {
        platform: PLATFORM.to_owned(),
        scopes: Vec::new(),
        calls: vec!["token.revoke".to_owned()],
        backfill_days: 40,
        period_minutes: 60,
    };
    Profile {
        name: "example".to_owned(),
        product: "Example".to_owned(),
        privacy_url: "https://example.com/privacy".to_owned(),
        contact_email: "privacy@example.com".to_owned(),
        retention_days: Some(400),
        needs_reauth_days: None,
        platforms: vec![platform],
    }
}

impl Platform {
    /// Makes a platform without faults.
    pub(super) fn new() -> Self {
        Self {
            asked: Mutex::default(),
            refuse: Mutex::default(),
            pause: Mutex::default(),
            page_takes: Mutex::default(),
            pace: Mutex::default(),
            allowed: Mutex::default(),
            token: Mutex::new("the-token"),
            granted: Mutex::new(vec!["ads".to_owned()]),
            revocations: Mutex::default(),
            list_calls: Mutex::new(1),
            list_may_take: Mutex::default(),
            listed: Mutex::new(vec![described("77")]),
            unusable: Mutex::default(),
            refused: Mutex::default(),
            refusal: Mutex::new("not_permitted"),
            name: Mutex::new("name".to_owned()),
            name_pages: Mutex::default(),
            no_names: Mutex::default(),
            endless: Mutex::default(),
            endless_odd: Mutex::default(),
            most_days: Mutex::new(30),
            spend: Mutex::new(1_000),
            extra: Mutex::default(),
            without_account: Mutex::default(),
            foreign_account: Mutex::default(),
            unattributed: Mutex::default(),
            moving: Mutex::default(),
            odd: Mutex::default(),
            no_level: Mutex::default(),
            no_metrics: Mutex::default(),
            no_day: Mutex::default(),
        }
    }

    /// Spends a call's time as the kit does with a gate.
    fn take_time(&self, what: &'static str, patience: Duration, gate: &dyn Gate) -> Result<()> {
        let (pace, allowed) = (*self.pace.lock().unwrap(), patience.min(gate.left()));
        self.allowed.lock().unwrap().push((what, allowed));
        gate.spent(pace.min(allowed));
        if pace <= allowed { Ok(()) } else { Err(Error::new(Kind::Upstream, "slow", "Too slow.")) }
    }
}

impl World {
    /// Answers a call with the faults that every call has.
    pub(super) async fn answer(&self, what: &'static str, cx: &CallContext<'_>) -> Result<()> {
        if !cx.gate.is_open().await {
            return Err(Error::new(Kind::Gone, "held_back", "no"));
        }
        let platform = &self.platform;
        platform.take_time(what, cx.patience, cx.gate)?;
        self.step(Step::Page);
        self.pass(*platform.page_takes.lock().unwrap());
        match *platform.refuse.lock().unwrap() {
            Some((kind, code, true)) => {
                let retry = Retry::After(*platform.pause.lock().unwrap());
                Err(Error { kind, code, ..Error::unavailable("x", "later").retry(retry) })
            }
            Some((kind, code, false)) => Err(Error::new(kind, code, "no")),
            None => Ok(()),
        }
    }
}

impl Connectors for World {
    fn find(&self, platform: &str) -> Option<&dyn Connector> {
        (platform == PLATFORM).then_some(self)
    }
}

impl Connector for World {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn oauth(&self) -> &dyn OAuth {
        self
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(self)
    }

    fn structure(&self) -> Option<&dyn StructureRead> {
        Some(self)
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}

#[async_trait]
impl OAuth for World {
    fn authorize_url(&self, _: &AppCredentials, _: &AuthorizeRequest<'_>) -> Result<Url> {
        panic!("no test leaves for the platform")
    }

    async fn exchange(&self, app: &AppCredentials, exchange: &CodeExchange<'_>) -> Result<Grant> {
        assert_eq!(
            (app.id.as_str(), exchange.redirect_uri),
            ("app", "https://api.example/oauth/callback/play/c")
        );
        self.note("exchange");
        self.platform.take_time("exchange", Duration::MAX, exchange.gate)?;
        *self.platform.token.lock().unwrap() = "access-token";
        let (access, scopes) =
            (SecretString::from("access-token"), self.platform.granted.lock().unwrap().clone());
        Ok(Grant { access, refresh: None, expires_at: None, scopes })
    }

    async fn revoke(&self, cx: &CallContext<'_>) -> Result<RevokeOutcome> {
        let token = *self.platform.token.lock().unwrap();
        assert_eq!((cx.token.expose_secret(), cx.app.id.as_str()), (token, "app"));
        self.note("revoke");
        self.platform.take_time("revoke", cx.patience, cx.gate)?;
        let mut answers = self.platform.revocations.lock().unwrap();
        if answers.is_empty() { Ok(RevokeOutcome::Killed) } else { answers.remove(0) }
    }

    async fn identity(&self, cx: &CallContext<'_>) -> Result<Identity> {
        self.answer("identity", cx).await?;
        Ok(Identity { id: "person".into() })
    }
}

#[async_trait]
impl Accounts for World {
    async fn list(&self, cx: &CallContext<'_>) -> Result<AccountList> {
        let platform = &self.platform;
        *platform.list_may_take.lock().unwrap() = Some((cx.gate.left(), cx.patience));
        let calls = *platform.list_calls.lock().unwrap();
        for _ in 0..calls {
            self.answer("list", cx).await?;
        }
        let (usable, unusable) =
            (platform.listed.lock().unwrap().clone(), platform.unusable.lock().unwrap().clone());
        Ok(AccountList { usable, unusable })
    }
}
