//! The surroundings of a trial: a sandbox, the tap in front of it, the connector, and a person who granted everything.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use jiff::civil::Date;
use mooring_domain::base::error::Error;
use mooring_domain::base::window::Window;
use mooring_domain::platform::capabilities::{
    Accounts, CallContext, CodeExchange, Connector, Connectors as _, Grant, PageCursor, ReportQuestion,
    Reports, RowPage, StructureRead, Unguarded,
};
use mooring_domain::platform::credentials::AppCredentials;
use mooring_domain::platform::figures::{Entity, Level, Row};
use mooring_domain::platform::profile::PlatformProfile;
use mooring_kit::{Limits, Timing};
use mooring_registry::{Config, PlatformConfig, Registry};
use mooring_sandbox::{Faults, Sandbox, SandboxConfig};
use secrecy::SecretString;

use crate::dialect::{self, Dialect};
use crate::tap::{Seen, Tap};
use crate::timing::Skipping;

/// The app secret: the trials search for it wherever it must not be.
pub(crate) const APP_SECRET: &str = "planted-app-secret-5d2f";
/// The redirect URI of every trial.
pub(crate) const REDIRECT: &str = "https://api.example/oauth/callback/platform/ctx1";

/// The settings that a trial may change.
pub(crate) struct Setup {
    pub(crate) ads: u32,
    pub(crate) advertisers: u32,
    pub(crate) now: &'static str,
    pub(crate) calls_per_second: u32,
    pub(crate) limits: Limits,
}

impl Default for Setup {
    fn default() -> Self {
        // An hour before midnight in UTC: the accounts' days differ.
        let now = "2026-09-15T23:30:00Z";
        let advertisers = SandboxConfig::default().advertisers;
        Self { ads: 60, advertisers, now, calls_per_second: 1_000, limits: Limits::default() }
    }
}

/// The surroundings of a trial.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) tap: Tap,
    pub(crate) timing: Arc<Skipping>,
    pub(crate) app: AppCredentials,
    pub(crate) profile: PlatformProfile,
    pub(crate) token: SecretString,
    pub(crate) token_text: String,
    pub(crate) dialect: &'static Dialect,
    pub(crate) now: Timestamp,
    registry: Registry,
}

impl Bench {
    pub(crate) async fn new(platform: &str) -> Result<Self> {
        Self::with(platform, Setup::default()).await
    }

    pub(crate) async fn with(platform: &str, setup: Setup) -> Result<Self> {
        let now: Timestamp = setup.now.parse()?;
        let config = SandboxConfig {
            secret: APP_SECRET.to_owned(),
            redirect_uris: vec![REDIRECT.to_owned()],
            ads: setup.ads,
            advertisers: setup.advertisers,
            // The trials set their own limits.
            app_qps: 0,
            advertiser_qps: 0,
            ..SandboxConfig::default()
        };
        let app = AppCredentials { id: config.app_id.clone(), secret: APP_SECRET.into() };
        let sandbox = Sandbox::new(config, Arc::new(move || now));
        let timing = Arc::new(Skipping::default());
        let tap = Tap::start(sandbox.router(), Arc::clone(&timing)).await?;
        let tiktok_ads = PlatformConfig {
            api_origin: Some(tap.origin.clone()),
            authorize_origin: Some(tap.origin.clone()),
            calls_per_second: Some(setup.calls_per_second),
        };
        let shared: Arc<dyn Timing> = timing.clone();
        let registry = Registry::new(&Config { tiktok_ads }, setup.limits, shared)?;
        let token_text = sandbox.grant_all();
        let dialect = dialect::of(platform).context("the platform has no table in dialect.rs")?;
        let profile = permissive(registry.find(platform).context("no such connector")?);
        let token = SecretString::from(token_text.clone());
        Ok(Self { sandbox, tap, timing, app, profile, token, token_text, dialect, now, registry })
    }

    pub(crate) fn connector(&self) -> Result<&dyn Connector> {
        self.registry.find(self.dialect.platform).context("no such connector")
    }

    pub(crate) fn accounts(&self) -> Result<&dyn Accounts> {
        self.connector()?.accounts().context("no accounts")
    }

    pub(crate) fn structure(&self) -> Result<&dyn StructureRead> {
        self.connector()?.structure().context("no structure")
    }

    pub(crate) fn reports(&self) -> Result<&dyn Reports> {
        self.connector()?.reports().context("no reports")
    }

    pub(crate) fn cx(&self) -> CallContext<'_> {
        CallContext {
            token: &self.token,
            app: &self.app,
            profile: &self.profile,
            patience: Duration::from_mins(1),
            gate: &Unguarded,
        }
    }

    /// Returns the largest account.
    pub(crate) fn account(&self) -> Result<String> {
        self.sandbox.advertiser_ids().into_iter().next().context("the sandbox has no advertiser")
    }

    pub(crate) fn fault(&self, faults: Faults) {
        self.sandbox.set_faults(faults);
    }

    /// Redeems a code.
    pub(crate) async fn redeem(&self, code: &str) -> mooring_domain::Result<Grant> {
        self.redeem_as(&self.app, code).await
    }

    /// Redeems a code as an app.
    pub(crate) async fn redeem_as(&self, app: &AppCredentials, code: &str) -> mooring_domain::Result<Grant> {
        let (code, verifier) = (SecretString::from(code), SecretString::from("verifier"));
        let exchange = CodeExchange {
            code: &code,
            redirect_uri: REDIRECT,
            verifier: &verifier,
            gate: &mooring_domain::platform::capabilities::Unguarded,
        };
        let oauth = self.connector().map_err(|_| Error::not_found("connector"))?.oauth();
        oauth.exchange(app, &exchange).await
    }

    /// Reads one page of ad rows of the first account.
    pub(crate) async fn report_page(&self, window: Window) -> Result<mooring_domain::Result<RowPage>> {
        let account = self.account()?;
        let question = ReportQuestion { account: &account, level: Level::Ad, window };
        Ok(self.reports()?.page(&self.cx(), &question, None).await)
    }

    /// Reads a report and returns its error.
    pub(crate) async fn report_error(&self) -> Result<Error> {
        self.report_page(days("2026-09-01", "2026-09-07")?)
            .await?
            .err()
            .context("the call should have failed")
    }

    pub(crate) async fn rows(&self, account: &str, level: Level, window: Window) -> Result<Vec<Row>> {
        let question = ReportQuestion { account, level, window };
        let (mut rows, mut cursor) = (Vec::new(), None);
        let mut cursors = BTreeSet::new();
        loop {
            let page = self.reports()?.page(&self.cx(), &question, cursor.as_ref()).await?;
            rows.extend(page.rows);
            let Some(next) = page.next else { return Ok(rows) };
            ensure!(cursors.insert(next.0.clone()), "the page {} comes twice", next.0);
            cursor = Some(next);
        }
    }

    pub(crate) async fn entities(&self, account: &str, level: Level) -> Result<Vec<Entity>> {
        let (mut entities, mut cursor) = (Vec::new(), None::<PageCursor>);
        loop {
            let page = self.structure()?.page(&self.cx(), account, level, cursor.as_ref()).await?;
            entities.extend(page.items);
            let Some(next) = page.next else { return Ok(entities) };
            cursor = Some(next);
        }
    }

    /// Returns the requests whose path contains `path`.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        self.tap.seen().into_iter().filter(|seen| seen.path.contains(path)).collect()
    }
}

/// Makes a profile that allows whatever the connector can do.
fn permissive(connector: &dyn Connector) -> PlatformProfile {
    let manifest = connector.manifest();
    PlatformProfile {
        platform: manifest.platform.to_owned(),
        scopes: Vec::new(),
        calls: manifest.calls.iter().map(|call| call.name.to_owned()).collect(),
        backfill_days: 90,
        period_minutes: 60,
    }
}

/// Makes a window of dates.
pub(crate) fn days(from: &str, to: &str) -> Result<Window> {
    let (from, to): (Date, Date) = (from.parse()?, to.parse()?);
    Window::new(from, to).context("the window ends before it begins")
}
