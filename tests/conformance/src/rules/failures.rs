//! Failures, and what the connector makes of them.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use mooring_domain::base::error::{Error, Kind, PLATFORM_SETUP, REVOKED, Retry};
use mooring_domain::platform::credentials::AppCredentials;
use mooring_domain::platform::figures::Level;
use mooring_kit::Limits;
use mooring_sandbox::Faults;

use crate::bench::{Bench, Setup, days};
use crate::dialect::PLANTED;
use crate::tap::Act;

/// More faults than any budget has tries.
pub(super) const ALWAYS: u32 = 50;

async fn failing(bench: &Bench, faults: Faults) -> Result<(Error, usize)> {
    let before = bench.seen(bench.dialect.report).len();
    bench.fault(faults);
    let error = bench.report_error().await?;
    bench.fault(Faults::default());
    Ok((error, bench.seen(bench.dialect.report).len() - before))
}

/// T43: the connector reports a dead grant at once and without doubt.
pub(super) async fn dead_grant_is_reauthorise_and_never_retried(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    for (code, revoked) in [(None, true), (Some(40102), false)] {
        let faults = Faults { expired_token: ALWAYS, expired_token_code: code, ..Faults::default() };
        let (error, sent) = failing(&bench, faults).await?;
        ensure!((error.kind, error.retry) == (Kind::Reauthorise, Retry::Never), "{error:?}");
        ensure!(sent == 1, "sent {sent} times");
        // Operations end a connection by this word alone.
        ensure!((error.code == REVOKED) == revoked, "{error:?}");
    }
    bench.sandbox.revoke_all_tokens();
    let (error, sent) = failing(&bench, Faults::default()).await?;
    ensure!(error.kind == Kind::Reauthorise && sent == 1, "{error:?}, sent {sent} times");
    Ok(())
}

/// The platform's own word decides, whatever stands beside it and whatever status it comes with.
pub(super) async fn code_survives_what_is_odd_beside_it(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    for (status, body) in bench.dialect.revoked_oddly {
        let before = bench.seen(bench.dialect.report).len();
        bench.tap.script(bench.dialect.report, 1, Act::Answer(*status, (*body).to_owned()));
        let error = bench.report_error().await?;
        ensure!((error.kind, error.code) == (Kind::Reauthorise, "revoked"), "{status} {body}: {error:?}");
        ensure!(bench.seen(bench.dialect.report).len() == before + 1, "{status} {body}: tried again");
    }
    for (status, body) in bench.dialect.throttled_oddly {
        let waited = bench.timing.slept().len();
        bench.tap.script(bench.dialect.report, 1, Act::Answer(*status, (*body).to_owned()));
        bench.report_page(days("2026-09-01", "2026-09-07")?).await?.context(*body)?;
        ensure!(bench.timing.slept().len() > waited, "{status} {body}: not waited for");
    }
    Ok(())
}

pub(super) async fn throttling_is_rate_limited_and_waited_for(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    bench.fault(Faults { throttle: 1, ..Faults::default() });
    bench
        .report_page(days("2026-09-01", "2026-09-07")?)
        .await?
        .context("one refusal should be waited for")?;
    let waits = bench.timing.slept();
    ensure!(waits.iter().any(|wait| *wait >= Duration::from_secs(1)), "no wait of a second in {waits:?}");
    let (error, sent) = failing(&bench, Faults { throttle: ALWAYS, ..Faults::default() }).await?;
    ensure!(error.kind == Kind::RateLimited, "{error:?}");
    ensure!((2..=5).contains(&sent), "sent {sent} times");
    let Retry::After(Some(wait)) = error.retry else { anyhow::bail!("no wait: {error:?}") };
    ensure!(wait >= Duration::from_mins(1), "put off for {wait:?} only");
    Ok(())
}

pub(super) async fn server_errors_are_retried_then_exhausted(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    bench.fault(Faults { status_5xx: 2, ..Faults::default() });
    bench.report_page(days("2026-09-01", "2026-09-07")?).await?.context("two failures should be outlived")?;
    let first: Vec<_> = bench.timing.slept();
    ensure!(first.len() == 2 && first.is_sorted(), "waits {first:?}");
    let (error, sent) = failing(&bench, Faults { status_5xx: ALWAYS, ..Faults::default() }).await?;
    ensure!((error.kind, error.retry) == (Kind::Upstream, Retry::Exhausted), "{error:?}");
    ensure!((2..=5).contains(&sent), "sent {sent} times");
    Ok(())
}

pub(super) async fn refused_requests_are_not_retried(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    for status in [400, 404, 405] {
        bench.tap.script(bench.dialect.report, 1, Act::Answer(status, "404 page not found".to_owned()));
        let before = bench.tap.seen().len();
        let error = bench.report_error().await?;
        ensure!((error.kind, error.retry) == (Kind::Upstream, Retry::Never), "{status}: {error:?}");
        ensure!(bench.tap.seen().len() == before + 1, "{status} was tried again");
    }
    Ok(())
}

pub(super) async fn changed_answer_names_the_path_not_the_body(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    bench.tap.script(bench.dialect.report, 1, Act::Rewrite(bench.dialect.wrong_type));
    let error = bench.report_error().await?;
    ensure!((error.kind, error.retry) == (Kind::UpstreamChanged, Retry::Never), "{error:?}");
    ensure!(error.message.contains(bench.dialect.wrong_path), "the path is missing: {}", error.message);
    ensure!(!format!("{error:?}").contains(PLANTED), "the body shows: {error:?}");
    let (error, sent) = failing(&bench, Faults { wrong_json: ALWAYS, ..Faults::default() }).await?;
    ensure!(error.kind == Kind::UpstreamChanged && sent == 1, "{error:?}, sent {sent} times");
    Ok(())
}

pub(super) async fn broken_answer_is_tried_again(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let window = days("2026-09-01", "2026-09-07")?;
    let whole = bench.report_page(window).await??;
    bench.fault(Faults { truncate: 1, ..Faults::default() });
    let after = bench.report_page(window).await?.context("one broken answer should be outlived")?;
    ensure!(after.rows == whole.rows, "another answer");
    let (error, sent) = failing(&bench, Faults { truncate: ALWAYS, ..Faults::default() }).await?;
    ensure!((error.kind, error.retry) == (Kind::UpstreamChanged, Retry::Exhausted), "{error:?}");
    ensure!(sent > 1, "sent once");
    bench.tap.script(bench.dialect.report, 1, Act::Answer(200, "<html>maintenance</html>".to_owned()));
    bench.report_page(window).await?.context("a page that is not JSON should be outlived")?;
    Ok(())
}

pub(super) async fn redirects_are_not_followed(platform: &'static str) -> Result<()> {
    let (bench, elsewhere) = (Bench::new(platform).await?, Bench::new(platform).await?);
    bench.tap.script(bench.dialect.report, 1, Act::Redirect(format!("{}/elsewhere", elsewhere.tap.origin)));
    let error = bench.report_error().await?;
    ensure!((error.kind, error.retry) == (Kind::Upstream, Retry::Never), "{error:?}");
    ensure!(elsewhere.tap.seen().is_empty(), "the token went elsewhere");
    Ok(())
}

pub(super) async fn silence_ends_in_a_timeout(platform: &'static str) -> Result<()> {
    let limits = Limits { total: Duration::from_millis(80), ..Limits::default() };
    let bench = Bench::with(platform, Setup { limits, ..Setup::default() }).await?;
    bench.tap.script(bench.dialect.report, ALWAYS, Act::Hang);
    let error = bench.report_error().await?;
    ensure!((error.kind, error.code) == (Kind::Upstream, "platform_timeout"), "{error:?}");
    ensure!(error.retry == Retry::Exhausted, "{error:?}");
    Ok(())
}

pub(super) async fn oversized_answer_is_refused(platform: &'static str) -> Result<()> {
    let limits = Limits { body: 64 * 1024, ..Limits::default() };
    let bench = Bench::with(platform, Setup { limits, ..Setup::default() }).await?;
    bench.tap.script(bench.dialect.report, 1, Act::Answer(200, " ".repeat(65 * 1024)));
    let error = bench.report_error().await?;
    ensure!((error.kind, error.code) == (Kind::UpstreamChanged, "answer_too_large"), "{error:?}");
    Ok(())
}

pub(super) async fn lost_account_is_not_permitted(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let (lost, kept) = (bench.account()?, bench.sandbox.advertiser_ids().pop().context("an account")?);
    bench.sandbox.lose_advertiser(&lost);
    let (error, sent) = failing(&bench, Faults::default()).await?;
    ensure!((error.kind, error.retry) == (Kind::NotPermitted, Retry::Never), "{error:?}");
    ensure!(sent == 1, "sent {sent} times");
    bench
        .rows(&kept, Level::Account, days("2026-09-01", "2026-09-07")?)
        .await
        .context("the other account")?;
    Ok(())
}

/// A wrong set-up by the operator is never reported as the person's fault, nor as a failure of the platform.
pub(super) async fn fault_of_our_set_up_is_setup(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let wrong = AppCredentials { id: bench.app.id.clone(), secret: "of-another-app".into() };
    let code = bench.sandbox.consent(bench.sandbox.advertiser_ids(), vec![44]);
    let error = bench.redeem_as(&wrong, &code).await.err().context("a wrong secret was taken")?;
    ensure!(
        (error.kind, error.retry, error.code) == (Kind::Setup, Retry::Never, PLATFORM_SETUP),
        "{error:?}"
    );
    ensure!(!error.message.contains("of-another-app"), "{error:?}");
    Ok(())
}

pub(super) async fn too_large_question_asks_for_less(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let (error, sent) =
        failing(&bench, Faults { query_too_large_days: Some(3), ..Faults::default() }).await?;
    ensure!((error.kind, error.retry) == (Kind::TooLarge, Retry::Never), "{error:?}");
    ensure!(sent == 1, "sent {sent} times");
    Ok(())
}
