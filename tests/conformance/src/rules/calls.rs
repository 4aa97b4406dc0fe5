//! Calls that leave: only those that profile and manifest allow, at the platform's pace, and safe to abandon.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use mooring_domain::base::error::{Error, Kind};
use mooring_domain::platform::capabilities::{CallContext, Connector, Gate, ReportQuestion};
use mooring_domain::platform::figures::Level;
use mooring_domain::platform::profile::PlatformProfile;
use mooring_sandbox::Faults;

use crate::bench::{Bench, Setup, days};

/// Makes the call of a name through the capability that needs it.
async fn make(bench: &Bench, call: &str) -> Result<Option<Error>> {
    let (connector, account, cx) = (bench.connector()?, bench.account()?, bench.cx());
    let level = match call {
        "token.revoke" => return Ok(connector.oauth().revoke(&cx).await.err()),
        "user.read" => return Ok(connector.oauth().identity(&cx).await.err()),
        "account.list" | "account.read" => return Ok(bench.accounts()?.list(&cx).await.err()),
        "report.read" => return Ok(bench.report_page(days("2026-09-01", "2026-09-02")?).await?.err()),
        "campaign.list" => Level::Campaign,
        "ad_group.list" => Level::AdGroup,
        _ => Level::Ad,
    };
    Ok(bench.structure()?.page(&cx, &account, level, None).await.err())
}

/// S8, T18: the kit refuses a call that the profile does not name, and the platform gets no request.
pub(super) async fn call_outside_the_profile_never_leaves(platform: &'static str) -> Result<()> {
    let mut bench = Bench::new(platform).await?;
    let all = bench.profile.calls.clone();
    // The exchange of a code has no profile that could allow it.
    for call in all.iter().filter(|call| *call != "token.exchange") {
        bench.profile.calls = all.iter().filter(|name| *name != call).cloned().collect();
        let path =
            bench.connector()?.manifest().calls.iter().find(|known| known.name == call).context("path")?.path;
        let error = make(&bench, call).await?.with_context(|| format!("{call} left"))?;
        ensure!((error.kind, error.code) == (Kind::Refused, "call_not_allowed"), "{call}: {error:?}");
        ensure!(bench.seen(path).is_empty(), "{call} reached the platform");
    }
    bench.profile.calls = Vec::new();
    let before = bench.sandbox.counters();
    for call in all.iter().filter(|call| *call != "token.exchange") {
        make(&bench, call).await?.with_context(|| format!("{call} left"))?;
    }
    ensure!(bench.sandbox.counters() == before, "an empty profile let something out");
    Ok(())
}

pub(super) async fn profile_of_another_platform_is_refused(platform: &'static str) -> Result<()> {
    let mut bench = Bench::new(platform).await?;
    "another".clone_into(&mut bench.profile.platform);
    let error = bench.connector()?.oauth().identity(&bench.cx()).await.err().context("it left")?;
    ensure!(error.kind == Kind::Refused && bench.tap.seen().is_empty(), "{error:?}");
    Ok(())
}

pub(super) async fn only_calls_of_the_manifest_leave(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let code = bench.sandbox.consent(bench.sandbox.advertiser_ids(), vec![44]);
    bench.redeem(&code).await?;
    let calls = bench.connector()?.manifest().calls;
    for call in calls.iter().filter(|call| !call.name.starts_with("token.")) {
        ensure!(make(&bench, call.name).await?.is_none(), "{} failed", call.name);
    }
    make(&bench, "token.revoke").await?;
    let seen: BTreeSet<_> = bench.tap.seen().into_iter().map(|seen| (seen.method, seen.path)).collect();
    let known = calls.iter().map(|call| (call.method.to_owned(), call.path.to_owned())).collect();
    ensure!(seen == known, "sent {seen:?}, in the manifest {known:?}");
    Ok(())
}

pub(super) async fn calls_keep_the_pace(platform: &'static str) -> Result<()> {
    let rate = 5;
    let bench = Bench::with(platform, Setup { calls_per_second: 5, ..Setup::default() }).await?;
    for _ in 0..23 {
        bench.report_page(days("2026-09-01", "2026-09-01")?).await??;
    }
    let sent: Vec<Duration> = bench.tap.seen().iter().map(|seen| seen.at).collect();
    ensure!(sent.len() == 23, "sent {}", sent.len());
    let crowded =
        sent.windows(rate + 1).find(|w| w.last() < w.first().map(|at| *at + Duration::from_secs(1)).as_ref());
    ensure!(crowded.is_none(), "more than {rate} calls in a second: {crowded:?}");
    Ok(())
}

/// A gate that lets a number of tries leave.
#[derive(Debug)]
struct Closing(AtomicUsize);

#[async_trait]
impl Gate for Closing {
    async fn is_open(&self) -> bool {
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

pub(super) async fn call_that_is_held_back_never_leaves(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let account = bench.account()?;
    let question =
        ReportQuestion { account: &account, level: Level::Ad, window: days("2026-09-01", "2026-09-02")? };
    bench.fault(Faults { status_5xx: 100, ..Faults::default() });
    for tries in 0..3 {
        let (gate, before) = (Closing(AtomicUsize::new(tries)), bench.tap.seen().len());
        let cx = CallContext { gate: &gate, ..bench.cx() };
        let error = bench.reports()?.page(&cx, &question, None).await.err().context("an answer")?;
        let sent = bench.tap.seen().len() - before;
        ensure!(error.kind == Kind::Gone && sent == tries, "{sent} of {tries} left: {error:?}");
    }
    Ok(())
}

pub(super) async fn cancelling_does_no_harm(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let window = days("2026-09-01", "2026-09-07")?;
    let expected = bench.report_page(window).await??;
    for slow_ms in [0, 40, 60_000] {
        bench.fault(Faults { slow_ms, ..Faults::default() });
        let abandoned = tokio::time::timeout(Duration::from_millis(20), bench.report_page(window)).await;
        ensure!(slow_ms < 60_000 || abandoned.is_err(), "the call was not abandoned");
    }
    bench.fault(Faults::default());
    let after = bench.report_page(window).await??;
    ensure!(after.rows == expected.rows && after.next == expected.next, "another answer after cancelling");
    Ok(())
}

pub(super) async fn manifest_holds_together(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let manifest = bench.connector()?.manifest();
    ensure!(manifest.platform == platform && !manifest.title.is_empty() && !manifest.version.is_empty());
    for address in [manifest.api_origin, manifest.authorize_origin, manifest.settings_url] {
        ensure!(url::Url::parse(address)?.scheme() == "https", "{address}");
    }
    ensure!(manifest.window_days > 0 && manifest.page_size > 0 && manifest.restatement_days > 0);
    let names: BTreeSet<_> = manifest.calls.iter().map(|call| call.name).collect();
    ensure!(names.len() == manifest.calls.len(), "two calls of one name");
    ensure!(manifest.calls.iter().all(|call| call.path.starts_with('/')), "a path without its slash");
    Ok(())
}

/// T18: a scope covers every call that may leave, and people see the purpose of that scope.
pub(super) async fn profiles_fit_the_manifest(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    for name in mooring_profiles::names() {
        let profile = mooring_profiles::load(name)?;
        if let Some(entry) = profile.platform(platform) {
            fits(entry, bench.connector()?).with_context(|| format!("profile {name}"))?;
        }
    }
    Ok(())
}

fn fits(profile: &PlatformProfile, connector: &dyn Connector) -> Result<()> {
    let manifest = connector.manifest();
    for call in &profile.calls {
        let known = manifest.calls.iter().find(|known| known.name == call);
        let known = known.with_context(|| format!("{} has no call {call}", manifest.platform))?;
        let told = known.scope.is_empty() || profile.scopes.iter().any(|entry| entry.scope == known.scope);
        ensure!(told, "{call} needs the scope {}, of which nobody is told", known.scope);
    }
    for entry in &profile.scopes {
        let used = manifest.calls.iter().any(|call| call.scope == entry.scope && profile.allows(call.name));
        ensure!(used, "the scope {} is asked for and used by no call", entry.scope);
    }
    ensure!(profile.allows("token.exchange") && profile.allows("token.revoke"), "it could not let go again");
    Ok(())
}
