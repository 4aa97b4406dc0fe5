//! Values that must not show: tokens, secrets, codes, and names from the platform.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use mooring_domain::platform::capabilities::CodeExchange;
use mooring_domain::platform::figures::Level;
use mooring_kit::Limits;
use mooring_sandbox::Faults;

use crate::bench::{APP_SECRET, Bench, REDIRECT, Setup, days};
use crate::logs;
use crate::tap::Act;

/// Collects whatever a program or a person might see.
struct Shown {
    texts: Vec<String>,
}

impl Shown {
    fn add<T: std::fmt::Debug>(&mut self, result: &Result<T, mooring_domain::Error>) {
        self.texts.push(format!("{result:?} {result:#?}"));
        if let Err(error) = result {
            self.texts.push(error.to_string());
            let mut cause: Option<&dyn std::error::Error> = Some(error);
            while let Some(error) = cause {
                self.texts.push(format!("{error} {error:?}"));
                cause = error.source();
            }
        }
    }

    fn refuse(&self, what: &str, secret: &str) -> Result<()> {
        ensure!(secret.len() > 5, "{what} is too short to look for");
        let bytes = secret.as_bytes();
        let url: String = url::form_urlencoded::byte_serialize(bytes).collect();
        let forms = [
            secret.to_owned(),
            BASE64.encode(bytes),
            BASE64URL_NOPAD.encode(bytes),
            HEXLOWER.encode(bytes),
            url,
        ];
        let found = self.texts.iter().find(|text| forms.iter().any(|form| text.contains(form)));
        ensure!(
            found.is_none(),
            "{what} shows in: {}",
            found.map_or("", String::as_str).replace(secret, "<here>")
        );
        Ok(())
    }
}

/// S6, S15: the trial searches its own output for everything that was planted.
pub(super) async fn no_secret_shows_anywhere(platform: &'static str) -> Result<()> {
    let bench = Bench::new(platform).await?;
    let code = bench.sandbox.consent(bench.sandbox.advertiser_ids(), vec![44, 100]);
    let mut shown = Shown { texts: vec![format!("{:?} {:?}", bench.cx(), bench.app)] };
    redeem(&bench, &code, &mut shown).await;
    for faults in every_fault() {
        bench.fault(faults);
        everything(&bench, &mut shown).await?;
    }
    bench.fault(Faults::default());
    for act in [Act::Redirect(bench.tap.origin.clone()), Act::Answer(404, "planted-page-body".to_owned())] {
        bench.tap.script("/", 12, act);
        everything(&bench, &mut shown).await?;
    }
    bench.sandbox.revoke_all_tokens();
    everything(&bench, &mut shown).await?;
    in_silence(platform, &mut shown).await?;
    let log = logs::take();
    ensure!(log.contains("platform call"), "nothing was logged, so nothing was tried");
    shown.texts.push(log);
    let urls = bench.tap.seen().into_iter().map(|seen| format!("{} {}", seen.path, seen.query));
    let tokens: Vec<String> = bench.sandbox.issued_tokens();
    let urls = Shown { texts: urls.collect() };
    for secret in tokens.iter().chain([&code]) {
        urls.refuse("a token or code in a URL", secret)?;
        shown.refuse("a token or code", secret)?;
    }
    for (what, text) in [
        ("the app secret", APP_SECRET.to_owned()),
        ("a name", bench.sandbox.canary()),
        ("the e-mail address", bench.sandbox.canary_email()),
        ("a body", "planted-page-body".to_owned()),
    ] {
        shown.refuse(what, &text)?;
    }
    the_trial_can_fail(&bench, &tokens)
}

/// Failures of the transport know the address of the request, and one of them has the app secret in it.
async fn in_silence(platform: &str, shown: &mut Shown) -> Result<()> {
    // On a busy machine a request may not leave within its time: then it gets more time.
    for total in [40, 400, 4_000].map(Duration::from_millis) {
        let limits = Limits { total, ..Limits::default() };
        let silent = Bench::with(platform, Setup { limits, ..Setup::default() }).await?;
        silent.tap.script("/", u32::MAX, Act::Hang);
        everything(&silent, shown).await?;
        ensure!(shown.texts.iter().any(|text| text.contains("platform_timeout")), "nothing timed out");
        if silent.tap.seen().iter().any(|seen| seen.query.contains(APP_SECRET)) {
            return Ok(());
        }
    }
    bail!("no secret in an address")
}

/// Checks that the planted token did travel, so that its absence means something.
fn the_trial_can_fail(bench: &Bench, tokens: &[String]) -> Result<()> {
    let sent = bench.tap.seen();
    let travelled = sent.iter().any(|seen| seen.headers.iter().any(|(_, value)| *value == bench.token_text));
    ensure!(travelled && tokens.contains(&bench.token_text), "the token never travelled");
    ensure!(sent.iter().any(|seen| seen.body.contains(APP_SECRET)), "the app secret never travelled");
    ensure!(sent.iter().any(|seen| seen.answer.contains(&bench.sandbox.canary())), "no name ever travelled");
    Ok(())
}

fn every_fault() -> Vec<Faults> {
    let off = Faults::default;
    vec![
        off(),
        Faults { status_5xx: 20, ..off() },
        Faults { throttle: 20, ..off() },
        Faults { truncate: 20, ..off() },
        Faults { wrong_json: 20, ..off() },
        Faults { expired_token: 20, ..off() },
        Faults { query_too_large_days: Some(1), ..off() },
    ]
}

async fn redeem(bench: &Bench, code: &str, shown: &mut Shown) {
    let (secret, verifier) = (code.into(), "planted-verifier".into());
    let exchange = CodeExchange {
        code: &secret,
        redirect_uri: REDIRECT,
        verifier: &verifier,
        gate: &mooring_domain::platform::capabilities::Unguarded,
    };
    shown.texts.push(format!("{exchange:?}"));
    shown.add(&bench.redeem(code).await);
    shown.add(&bench.redeem(code).await);
}

async fn everything(bench: &Bench, shown: &mut Shown) -> Result<()> {
    let (connector, account, cx) = (bench.connector()?, bench.account()?, bench.cx());
    shown.add(&bench.redeem("planted-code-that-is-wrong").await);
    shown.add(&connector.oauth().identity(&cx).await);
    shown.add(&bench.report_page(days("2026-09-01", "2026-09-07")?).await?);
    if let Some(accounts) = connector.accounts() {
        shown.add(&accounts.list(&cx).await);
    }
    if let Some(structure) = connector.structure() {
        shown.add(&structure.page(&cx, &account, Level::Ad, None).await);
    }
    Ok(())
}
