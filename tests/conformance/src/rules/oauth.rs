//! The grant: authorise, redeem, scopes, identity, revocation.

use anyhow::{Context as _, Result, ensure};
use mooring_domain::base::error::{Kind, Retry};
use mooring_domain::platform::capabilities::{AuthorizeRequest, CallContext, RevokeOutcome};
use mooring_domain::platform::credentials::AppCredentials;
use mooring_sandbox::Faults;
use secrecy::ExposeSecret as _;

use crate::bench::{APP_SECRET, Bench, REDIRECT, days};

const STATE: &str = "st&te=ü+ /?#";

pub(super) async fn authorize_url_carries_state_and_exact_redirect(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let (scopes, verifier) = (["44".to_owned()], "planted-verifier".into());
    let request =
        AuthorizeRequest { state: STATE, redirect_uri: REDIRECT, scopes: &scopes, verifier: &verifier };
    let url = bench.connector()?.oauth().authorize_url(&bench.app, &request)?;
    let values = |name: &str| -> Vec<String> {
        url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect()
    };
    ensure!(values("state") == [STATE], "state: {:?}", values("state"));
    ensure!(values("redirect_uri") == [REDIRECT], "redirect_uri: {:?}", values("redirect_uri"));
    ensure!(values(bench.dialect.app_parameter) == [bench.app.id.as_str()], "the app's id is missing");
    ensure!(url.origin().ascii_serialization() == bench.tap.origin, "another origin: {url}");
    ensure!(!url.as_str().contains(APP_SECRET) && !url.as_str().contains("planted-verifier"), "a secret");
    ensure!(bench.tap.seen().is_empty(), "building a URL calls nobody");
    Ok(())
}

pub(super) async fn code_is_redeemed_once_and_never_retried(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let code = bench.sandbox.consent(bench.sandbox.advertiser_ids(), vec![44, 100]);
    bench.redeem(&code).await?;
    let again = bench.redeem(&code).await.err().context("a code worked twice")?;
    ensure!((again.kind, again.retry) == (Kind::Reauthorise, Retry::Never), "{again:?}");
    let before = bench.seen(bench.dialect.exchange).len();
    for faults in [
        Faults { status_5xx: 1, ..Faults::default() },
        Faults { throttle: 1, ..Faults::default() },
        Faults { truncate: 1, ..Faults::default() },
    ] {
        bench.fault(faults.clone());
        let code = bench.sandbox.consent(bench.sandbox.advertiser_ids(), vec![44]);
        let error = bench.redeem(&code).await.err().with_context(|| format!("{faults:?} was not seen"))?;
        ensure!(error.retry == Retry::Never, "{faults:?}: {error:?}");
    }
    let sent = bench.seen(bench.dialect.exchange).len() - before;
    ensure!(sent == 3, "three codes were sent {sent} times");
    Ok(())
}

pub(super) async fn grant_says_what_the_answer_said(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let code = bench.sandbox.consent(bench.sandbox.advertiser_ids(), vec![44, 100]);
    let grant = bench.redeem(&code).await?;
    let issued = bench.sandbox.issued_tokens();
    ensure!(issued.iter().any(|token| token == grant.access.expose_secret()), "not the issued token");
    ensure!(grant.scopes == ["44", "100"], "{:?}", grant.scopes);
    // The platforms so far have no timer; a platform that has one names its seconds in the answer.
    ensure!(grant.expires_at.is_none() && grant.refresh.is_none(), "a timer that the answer did not have");
    Ok(())
}

pub(super) async fn parent_scope_grants_its_children(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let Some((parent, child)) = bench.dialect.nested_scopes else { return Ok(()) };
    let code = bench.sandbox.consent(bench.sandbox.advertiser_ids(), vec![parent]);
    let grant = bench.redeem(&code).await?;
    ensure!(grant.scopes.contains(&parent.to_string()), "the granted scope itself is missing");
    ensure!(grant.scopes.iter().any(|scope| scope == child), "{:?} lacks {child}", grant.scopes);
    Ok(())
}

pub(super) async fn identity_is_the_same_each_time(platform: &'static str) -> Result<()> {
    let mut bench = Bench::new(platform).await?;
    let first = bench.connector()?.oauth().identity(&bench.cx()).await?;
    bench.token = bench.sandbox.grant_all().into();
    let second = bench.connector()?.oauth().identity(&bench.cx()).await?;
    ensure!(!first.id.expose_secret().is_empty(), "an empty identity");
    ensure!(first.id.expose_secret() == second.id.expose_secret(), "another identity at the second grant");
    Ok(())
}

/// S19: the platform ends the token, and the outcome is known.
pub(super) async fn revoking_kills_and_a_dead_token_counts_as_killed(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let oauth = bench.connector()?.oauth();
    ensure!(oauth.revoke(&bench.cx()).await? == RevokeOutcome::Killed, "the first revocation");
    let error = bench.report_error().await?;
    ensure!(error.kind == Kind::Reauthorise, "the token still works: {error:?}");
    ensure!(oauth.revoke(&bench.cx()).await? == RevokeOutcome::Killed, "the second revocation");
    Ok(())
}

pub(super) async fn failed_revocation_is_left_to_the_caller(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let oauth = bench.connector()?.oauth();
    for (count, faults) in [
        Faults { status_5xx: 1, ..Faults::default() },
        Faults { throttle: 1, ..Faults::default() },
        Faults { truncate: 1, ..Faults::default() },
    ]
    .into_iter()
    .enumerate()
    {
        bench.fault(faults.clone());
        let error =
            oauth.revoke(&bench.cx()).await.err().with_context(|| format!("{faults:?} was not seen"))?;
        ensure!(error.is_retryable(), "{faults:?}: {error:?}");
        let sent = bench.tap.seen().len();
        ensure!(sent == count + 1, "one revocation was sent {sent} times");
    }
    // The last fault cut off the answer; the platform had done the revocation.
    ensure!(oauth.revoke(&bench.cx()).await? == RevokeOutcome::Killed, "after the faults");

    // A wrong app secret is not a refusal: the grant lives, and another try may end it.
    let bench = Bench::new(platform).await?;
    let oauth = bench.connector()?.oauth();
    let wrong = AppCredentials { id: bench.app.id.clone(), secret: "of-another-app".into() };
    let error = oauth.revoke(&CallContext { app: &wrong, ..bench.cx() }).await;
    let error = error.err().context("a wrong secret is not told")?;
    ensure!(error.kind == Kind::Setup, "{error:?}");
    bench.report_page(days("2026-09-01", "2026-09-07")?).await?.context("the grant lives")?;
    Ok(())
}
