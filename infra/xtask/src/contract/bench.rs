//! The connector over the sandbox: every call that the connector can make, with everything that a call can carry, and
//! the platform's answers to wrong calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::date;
use mooring_domain::base::error::Kind;
use mooring_domain::base::window::Window;
use mooring_domain::platform::capabilities::{
    CallContext, CodeExchange, Connector as _, Grant, PageCursor, ReportQuestion, Unguarded,
};
use mooring_domain::platform::credentials::AppCredentials;
use mooring_domain::platform::figures::Level;
use mooring_domain::platform::profile::PlatformProfile;
use mooring_kit::{Limits, Origin, Timing, Transport};
use mooring_sandbox::{Faults, Sandbox, SandboxConfig};
use mooring_tiktok_ads::{MANIFEST, TikTokAds};
use secrecy::SecretString;

use super::tap::Tap;

/// 15 September 2026, noon.
const NOW: i64 = 1_789_473_600;
const REDIRECT: &str = "https://api.example/oauth/callback/tiktok_ads/main";
const LEVELS: [Level; 4] = [Level::Account, Level::Campaign, Level::AdGroup, Level::Ad];

/// The size of the sandbox's world.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) advertisers: u32,
    pub(crate) ads: u32,
}

/// More advertisers and ads than one call holds.
pub(crate) const FULL: Size = Size { advertisers: 101, ads: 1_001 };

/// Connector, tap and sandbox.
pub(crate) struct Bench {
    pub(crate) tap: Tap,
    sandbox: Sandbox,
    connector: TikTokAds,
    app: AppCredentials,
    profile: PlatformProfile,
}

/// The effect of a return code on a call.
pub(crate) struct Meaning {
    /// The kind of the failure; `None` for a success.
    pub(crate) kind: Option<Kind>,
    pub(crate) is_tried_again: bool,
}

fn fresh(origin: &str) -> Result<TikTokAds> {
    let transport = Transport::new(Limits::default(), Arc::new(Skipping::default()))?;
    let origin = Origin::parse(origin)?;
    Ok(TikTokAds::new(transport, origin.clone(), origin, 1_000))
}

impl Bench {
    pub(crate) async fn start(size: Size) -> Result<Self> {
        let now = Timestamp::from_second(NOW)?;
        let config = SandboxConfig {
            redirect_uris: vec![REDIRECT.to_owned()],
            advertisers: size.advertisers,
            ads: size.ads,
            app_qps: 0,
            advertiser_qps: 0,
            ..SandboxConfig::default()
        };
        let app = AppCredentials { id: config.app_id.clone(), secret: config.secret.clone().into() };
        let sandbox = Sandbox::new(config, Arc::new(move || now));
        let tap = Tap::start(sandbox.router()).await?;
        let connector = fresh(&tap.origin)?;
        let profile = PlatformProfile {
            platform: MANIFEST.platform.to_owned(),
            scopes: Vec::new(),
            calls: MANIFEST.calls.iter().map(|call| call.name.to_owned()).collect(),
            backfill_days: 90,
            period_minutes: 60,
        };
        Ok(Self { tap, sandbox, connector, app, profile })
    }

    /// Connects, reads everything of the largest and of the smallest account, and disconnects.
    pub(crate) async fn whole_way(&self) -> Result<()> {
        let grant = self.redeem(&self.consent(vec![1, 2, 4])).await?;
        let cx = self.cx(&grant.access);
        self.connector.oauth().identity(&cx).await?;
        let accounts = self.connector.accounts().context("no accounts")?.list(&cx).await?.usable;
        for account in accounts.iter().take(2) {
            for level in LEVELS {
                self.structure(&cx, &account.external_id, level).await?;
                self.reports(&cx, &account.external_id, level, 30).await?;
                self.reports(&cx, &account.external_id, level, 1).await?;
            }
        }
        self.connector.oauth().revoke(&cx).await?;
        Ok(())
    }

    /// Makes calls that the platform refuses: wrong codes, apps, tokens and accounts, and values above a limit.
    pub(crate) async fn refusals(&self) -> Result<()> {
        let code = self.consent(vec![44]);
        self.redeem(&code).await?;
        refused(self.redeem(&code).await, Kind::Reauthorise)?;
        for (id, secret) in [(self.app.id.as_str(), "wrong"), ("0", "wrong")] {
            let app = AppCredentials { id: id.to_owned(), secret: secret.into() };
            ensure!(self.exchange(&app, &self.consent(vec![44])).await.is_err(), "a wrong app got a token");
        }
        let token = SecretString::from("ended");
        refused(self.connector.oauth().identity(&self.cx(&token)).await, Kind::Reauthorise)?;
        let token = SecretString::from(self.sandbox.grant_all());
        let cx = self.cx(&token);
        let account = self.sandbox.advertiser_ids().into_iter().next_back().context("no advertiser")?;
        self.sandbox.set_faults(Faults { throttle: 1, query_too_large_days: Some(7), ..Faults::default() });
        refused(self.reports(&cx, &account, Level::Campaign, 8).await, Kind::TooLarge)?;
        self.sandbox.set_faults(Faults::default());
        self.sandbox.lose_advertiser(&account);
        refused(self.reports(&cx, &account, Level::Campaign, 1).await, Kind::NotPermitted)
    }

    /// Returns what the connector makes of a return code.
    pub(crate) async fn meaning(&self, code: u32) -> Result<Meaning> {
        // A fresh connector has a fresh budget of retries, so the retries of other codes do not count here.
        let connector = fresh(&self.tap.origin)?;
        let token = SecretString::from(self.sandbox.grant_all());
        self.tap.plant(code);
        let result = connector.oauth().identity(&self.cx(&token)).await;
        Ok(Meaning { is_tried_again: self.tap.unplant() > 1, kind: result.err().map(|error| error.kind) })
    }

    /// Returns the scopes that the connector takes as granted when the platform granted one.
    pub(crate) async fn granted(&self, scope: u64) -> Result<Vec<String>> {
        Ok(self.redeem(&self.consent(vec![scope])).await?.scopes)
    }

    fn consent(&self, scopes: Vec<u64>) -> String {
        self.sandbox.consent(self.sandbox.advertiser_ids(), scopes)
    }

    async fn redeem(&self, code: &str) -> mooring_domain::Result<Grant> {
        self.exchange(&self.app, code).await
    }

    async fn exchange(&self, app: &AppCredentials, code: &str) -> mooring_domain::Result<Grant> {
        let (code, verifier) = (SecretString::from(code), SecretString::from("verifier"));
        let exchange = CodeExchange {
            code: &code,
            redirect_uri: REDIRECT,
            verifier: &verifier,
            gate: &mooring_domain::platform::capabilities::Unguarded,
        };
        self.connector.oauth().exchange(app, &exchange).await
    }

    fn cx<'a>(&'a self, token: &'a SecretString) -> CallContext<'a> {
        let patience = Duration::from_mins(1);
        CallContext { token, app: &self.app, profile: &self.profile, patience, gate: &Unguarded }
    }

    async fn structure(&self, cx: &CallContext<'_>, account: &str, level: Level) -> Result<()> {
        let structure = self.connector.structure().context("no structure")?;
        let mut cursor: Option<PageCursor> = None;
        loop {
            cursor = structure.page(cx, account, level, cursor.as_ref()).await?.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn reports(
        &self,
        cx: &CallContext<'_>,
        account: &str,
        level: Level,
        days: i8,
    ) -> mooring_domain::Result<()> {
        let Some(reports) = self.connector.reports() else { return Ok(()) };
        let window = Window { from: date(2026, 8, 1), to: date(2026, 8, days) };
        let question = ReportQuestion { account, level, window };
        let mut cursor: Option<PageCursor> = None;
        loop {
            cursor = reports.page(cx, &question, cursor.as_ref()).await?.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }
}

fn refused<T>(result: mooring_domain::Result<T>, kind: Kind) -> Result<()> {
    let error = result.err().context("the sandbox did not refuse")?;
    ensure!(error.kind == kind, "refused as {:?}, not as {kind:?}: {error}", error.kind);
    Ok(())
}

/// A clock on which waits pass at once, and which nothing else moves.
#[derive(Default)]
struct Skipping {
    slept_ms: AtomicU64,
}

#[async_trait]
impl Timing for Skipping {
    fn now(&self) -> Duration {
        Duration::from_millis(self.slept_ms.load(Ordering::Relaxed))
    }

    fn draw(&self, below: Duration) -> Duration {
        below / 2
    }

    async fn sleep(&self, time: Duration) {
        let waited = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.slept_ms.fetch_add(waited, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn every_call_of_the_manifest_is_made() {
        let bench = Bench::start(Size { advertisers: 2, ads: 40 }).await.unwrap();
        bench.whole_way().await.unwrap();
        bench.refusals().await.unwrap();
        let seen = bench.tap.seen();
        let made: BTreeSet<_> = seen.iter().map(|one| (one.method.as_str(), one.path.as_str())).collect();
        let known = MANIFEST.calls.iter().map(|call| (call.method, call.path)).collect();
        assert_eq!(made, known);
        let codes: BTreeSet<_> = seen.iter().filter_map(|one| one.answer["code"].as_u64()).collect();
        for code in [0, 40001, 40067, 40100, 40101, 40105, 40110, 40113] {
            assert!(codes.contains(&code), "{code} was not seen: {codes:?}");
        }
    }

    #[tokio::test]
    async fn a_planted_code_shows_what_it_means() {
        let bench = Bench::start(Size { advertisers: 1, ads: 5 }).await.unwrap();
        let ended = bench.meaning(40105).await.unwrap();
        assert_eq!((ended.kind, ended.is_tried_again), (Some(Kind::Reauthorise), false));
        let limited = bench.meaning(40100).await.unwrap();
        assert_eq!((limited.kind, limited.is_tried_again), (Some(Kind::RateLimited), true));
        assert_eq!(bench.meaning(20001).await.unwrap().kind, None);
        assert!(bench.tap.seen().is_empty(), "planted answers are none of the sandbox's");
        assert!(bench.granted(4).await.unwrap().contains(&"44".to_owned()));
    }
}
