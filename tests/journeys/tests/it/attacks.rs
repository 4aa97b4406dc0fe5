//! The attacks of the security design's scorecard, 14 and 15: every one is refused by the same page, and stores nothing.

#![expect(clippy::string_slice, reason = "the texts are of ASCII letters, and a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_domain::base::table::Table;
use mooring_local::{Form, Person};
use mooring_tests_journeys::connecting::{arrive, arrive_in, land, parameter, request, return_url, session};
use mooring_tests_journeys::{Answer, Arrived, Size, Wire, World, say};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use url::Url;

/// A world under attack: every attack counts before and after it what the platform and the tables hold.
struct Arena {
    world: World,
    wire: Wire,
    cases: AtomicUsize,
}

impl Arena {
    async fn open() -> Result<Self> {
        let world = World::start(Size::SMALL).await?;
        // No check may depend on TTL, which may be late.
        world.stack.aws().set_ttl_enabled(false);
        let wire = Wire::to(&world.stack.wiring().api_origin)?;
        Ok(Self { world, wire, cases: AtomicUsize::new(0) })
    }

    /// Starts a flow and stops it before our callback.
    async fn flow(&self, end_user: &str) -> Result<Arrived> {
        arrive(&self.world, &self.world.product, end_user).await
    }

    /// Opens an address of Mooring with a cookie header.
    async fn open_with(&self, url: &Url, cookie: &str) -> Result<Answer> {
        let headers: &[(&str, &str)] = if cookie.is_empty() { &[] } else { &[("cookie", cookie)] };
        self.wire.send(&Method::GET, path_of(url), headers, None).await
    }

    fn exchanges(&self) -> u64 {
        let counters = self.world.stack.sandbox().counters();
        counters.endpoints.get("oauth2/access_token/").copied().unwrap_or(0)
    }

    async fn connections(&self) -> Result<usize> {
        Ok(self.world.stack.items(Table::Connections).await?.len())
    }

    /// Opens a callback that must be refused before any code is redeemed, and stores nothing.
    async fn refused(&self, what: &str, url: &Url, cookie: &str) -> Result<()> {
        let (exchanges, rows) = (self.exchanges(), self.connections().await?);
        let answer = self.open_with(url, cookie).await?;
        ensure!(self.exchanges() == exchanges, "{what}: a code was redeemed");
        ensure!(self.connections().await? == rows, "{what}: something was stored");
        self.is_the_refusal(what, &answer)
    }

    /// Checks for the one generic page, whose text is the same for every attack.
    fn is_the_refusal(&self, what: &str, answer: &Answer) -> Result<()> {
        self.cases.fetch_add(1, Ordering::Relaxed);
        ensure!(answer.status.is_client_error(), "{what}: {}", answer.status);
        ensure!(answer.is_page(), "{what}: not a page: {}", answer.header("content-type"));
        let said = said(answer);
        ensure!(said.contains("This link does not work"), "{what} is told apart: {said}");
        ensure!(answer.header("cache-control") == "no-store", "{what}: may be cached");
        ensure!(answer.header("location").is_empty(), "{what}: sends on to {}", answer.header("location"));
        Ok(())
    }

    /// Checks that the flow was not harmed: its own browser goes on to the choice of accounts.
    async fn still_works(&self, mut flow: Arrived) -> Result<()> {
        land(&mut flow).await?.form("checkbox").map(drop)
    }

    /// Checks that the flow is used up, even for its own browser, which is led back to the product with a word.
    async fn is_burnt(&self, what: &str, flow: &Arrived) -> Result<()> {
        self.ends(&format!("{what}, then the good one"), "failed", &flow.callback, &cookie_of(flow)).await
    }

    /// Opens a callback that leads back to the product with a word, before any code is redeemed, and stores nothing.
    async fn ends(&self, what: &str, word: &str, url: &Url, cookie: &str) -> Result<()> {
        let (exchanges, rows) = (self.exchanges(), self.connections().await?);
        let answer = self.open_with(url, cookie).await?;
        ensure!(self.exchanges() == exchanges, "{what}: a code was redeemed");
        ensure!(self.connections().await? == rows, "{what}: something was stored");
        self.is_the_end(what, word, &answer)
    }

    /// Checks that the answer leads to the registered URL with the word, and with nothing that the platform sent.
    fn is_the_end(&self, what: &str, word: &str, answer: &Answer) -> Result<()> {
        self.count();
        let wanted = format!("{}?error={word}", return_url(&self.world));
        ensure!(
            answer.header("location") == wanted,
            "{what}: {} {}",
            answer.status,
            answer.header("location")
        );
        Ok(())
    }

    /// Checks that the answer leads to a page that names the permission that was left out, and from there either back with
    /// the word or on to the platform. The same callback leads to the same page, and in another browser to none.
    async fn is_asked_again(&self, flow: &Arrived, answer: &Answer) -> Result<()> {
        self.count();
        let page: Url = answer.header("location").parse()?;
        let shown = self.open_with(&page, "").await?;
        let back = format!("{}?error=scope_missing", return_url(&self.world));
        let says = [back.as_str(), "role=\"alert\"", "daily figures"];
        ensure!(says.iter().all(|part| shown.body.contains(part)), "{} {}", shown.status, shown.body);
        let exchanges = self.exchanges();
        let again = self.open_with(&flow.callback, &cookie_of(flow)).await?;
        ensure!(
            again.header("location") == page.as_str() && self.exchanges() == exchanges,
            "a reload leads elsewhere"
        );
        self.refused("another browser", &flow.callback, "").await
    }

    fn count(&self) -> usize {
        self.cases.fetch_add(1, Ordering::Relaxed)
    }

    fn done(&self, what: &str) {
        say(&format!("{what}: {} attacks refused", self.cases.load(Ordering::Relaxed)));
    }
}

/// Returns the page without its request id.
fn said(answer: &Answer) -> String {
    let before = answer.body.split("<code>").next().unwrap_or_default();
    before.to_owned()
}

fn path_of(url: &Url) -> &str {
    &url[url::Position::BeforePath..]
}

fn cookie_of(flow: &Arrived) -> String {
    format!("{}={}", flow.cookie.0, flow.cookie.1)
}

/// Returns the callback with another state.
fn with_state(flow: &Arrived, state: &str) -> Url {
    flow.changed(|name, value| Some(if name == "state" { state } else { value }.to_owned()))
}

/// Lists texts near a secret: shorter, longer, with another character, in another case, decorated.
fn neighbours(secret: &str) -> Vec<String> {
    let mut texts: Vec<String> = (0..secret.len()).map(|end| secret[..end].to_owned()).collect();
    for at in 0..secret.len() {
        let other = if &secret[at..=at] == "A" { "B" } else { "A" };
        texts.push(format!("{}{other}{}", &secret[..at], &secret[at + 1..]));
    }
    for decorated in
        ["{}=", "{}%00", " {}", "{} ", "{}\u{0}", "{},{}", "{}&", "../{}", "{}\r\nx: y", "\u{FEFF}{}"]
    {
        texts.push(decorated.replace("{}", secret));
    }
    texts.push(secret.to_uppercase());
    texts.push(secret.to_lowercase());
    texts.push(secret.chars().rev().collect());
    texts.push("0".repeat(43));
    texts
}

/// CSRF and guessing: no state but the flow's own is a state; a guess harms no flow.
#[tokio::test]
async fn states_cannot_be_guessed_or_bent() -> Result<()> {
    let arena = Arena::open().await?;
    let flow = arena.flow("state-1").await?;
    let state = parameter(&flow.callback, "state")?;
    for (number, text) in neighbours(&state).iter().enumerate() {
        arena.refused(&format!("state {number}"), &with_state(&flow, text), &cookie_of(&flow)).await?;
    }
    let without = flow.changed(|name, value| (name != "state").then(|| value.to_owned()));
    arena.refused("no state", &without, &cookie_of(&flow)).await?;
    arena.done("states");
    arena.still_works(flow).await
}

/// Changes one flow's cookie, with the help of another flow's.
type Bend = fn(&Arrived, &Arrived) -> String;

/// Another browser, with no cookie, a foreign one, a changed one or two, ends the flow (CSRF, session fixation).
#[tokio::test]
async fn a_callback_belongs_to_its_browser() -> Result<()> {
    let arena = Arena::open().await?;
    let other = arena.flow("cookie-other").await?;
    let name = other.cookie.0.clone();
    let bent: [(&str, Bend); 9] = [
        ("no cookie", |_, _| String::new()),
        ("another flow's cookie", |_, other| cookie_of(other)),
        ("another flow's value", |flow, other| format!("{}={}", flow.cookie.0, other.cookie.1)),
        ("an empty value", |flow, _| format!("{}=", flow.cookie.0)),
        ("a short value", |flow, _| format!("{}={}", flow.cookie.0, &flow.cookie.1[1..])),
        ("a longer value", |flow, _| format!("{}={}0", flow.cookie.0, flow.cookie.1)),
        ("the cookie twice", |flow, _| format!("{0}; {0}", cookie_of(flow))),
        ("a planted cookie before it", |flow, _| format!("{}=x; {}", flow.cookie.0, cookie_of(flow))),
        ("the value under another name", |flow, _| format!("x{}={}", flow.cookie.0, flow.cookie.1)),
    ];
    for (number, (what, cookie)) in bent.iter().enumerate() {
        let flow = arena.flow(&format!("cookie-{number}")).await?;
        arena.refused(what, &flow.callback, &cookie(&flow, &other)).await?;
        arena.is_burnt(what, &flow).await?;
    }
    ensure!(name.contains("oauthtxn-"), "{name}");
    arena.done("browsers");
    arena.still_works(other).await
}

/// A flow is over after ten minutes, also when no TTL removed its row.
#[tokio::test]
async fn transactions_expire() -> Result<()> {
    let arena = Arena::open().await?;
    let flow = arena.flow("late-1").await?;
    arena.world.skip(SignedDuration::from_secs(9 * 60 + 50));
    let in_time = arena.flow("late-2").await?;
    arena.world.skip(SignedDuration::from_secs(11));
    arena.ends("after ten minutes", "expired", &flow.callback, &cookie_of(&flow)).await?;
    arena.refused("after ten minutes, elsewhere", &flow.callback, "").await?;
    arena.world.skip(SignedDuration::from_mins(9));
    arena.still_works(in_time).await?;
    let page = session(&arena.world.product, &request(&arena.world, "late-3")).await?;
    arena.world.skip(SignedDuration::from_mins(31));
    arena.is_the_end("a session after 30 minutes", "expired", &arena.open_with(&page, "").await?)?;
    arena.done("expiry");
    Ok(())
}

/// COAT, CORF and mix-up: the context and platform in the path, and the issuer, are those of the transaction.
#[tokio::test]
async fn contexts_platforms_and_issuers_are_not_mixed_up() -> Result<()> {
    let arena = Arena::open().await?;
    let good = "/oauth/callback/tiktok_ads/statasphere";
    let paths = [
        "/oauth/callback/tiktok_ads/other",
        "/oauth/callback/tiktok_ads/Statasphere",
        "/oauth/callback/tiktok_ads/statasphere2",
        "/oauth/callback/tiktok_ads/statasphere%20",
        "/oauth/callback/tiktok_ads/statasphere%00",
        "/oauth/callback/tiktok_ads/statasphere%2F..",
        "/oauth/callback/tiktok_ads/-",
        "/oauth/callback/tiktok/statasphere",
        "/oauth/callback/meta/statasphere",
        "/oauth/callback/TIKTOK_ADS/statasphere",
        "/oauth/callback/statasphere/tiktok_ads",
        "/oauth/callback/tiktok_ads%2Fstatasphere/statasphere",
    ];
    for (number, path) in paths.iter().enumerate() {
        let flow = arena.flow(&format!("path-{number}")).await?;
        let url = Url::parse(&flow.callback.as_str().replacen(good, path, 1))?;
        arena.refused(path, &url, &cookie_of(&flow)).await?;
    }
    let issuers =
        ["https://evil.example", "https://business-api.tiktok.com.evil.example", "null", "http://localhost"];
    for (number, issuer) in issuers.iter().enumerate() {
        let flow = arena.flow(&format!("iss-{number}")).await?;
        let mut url = flow.callback.clone();
        url.query_pairs_mut().append_pair("iss", issuer);
        arena.refused(issuer, &url, &cookie_of(&flow)).await?;
    }
    arena.done("contexts");
    Ok(())
}

/// Parameter pollution: a parameter that comes twice or too large is refused before any lookup.
#[tokio::test]
async fn polluted_callbacks_are_refused() -> Result<()> {
    let arena = Arena::open().await?;
    let flow = arena.flow("polluted-1").await?;
    let foreign = arena.flow("polluted-2").await?;
    let mut attacks = Vec::new();
    for name in ["state", "code", "auth_code"] {
        let Ok(own) = parameter(&flow.callback, name) else { continue };
        for value in [own.as_str(), "", "x", &parameter(&foreign.callback, name)?] {
            let mut after = flow.callback.clone();
            after.query_pairs_mut().append_pair(name, value);
            attacks.push((format!("{name} again, behind"), after));
            let mut before = flow.callback.clone();
            let query = before.query().unwrap_or_default().to_owned();
            before.query_pairs_mut().clear().append_pair(name, value);
            let first = before.query().unwrap_or_default().to_owned();
            before.set_query(Some(&format!("{first}&{query}")));
            attacks.push((format!("{name} again, in front"), before));
        }
        for length in [2_049, 4_096, 8_000] {
            let large = flow.changed(|key, value| {
                Some(if key == name {
                    value.chars().cycle().take(length).collect()
                } else {
                    value.to_owned()
                })
            });
            attacks.push((format!("{name} of {length} characters"), large));
        }
    }
    for (what, url) in &attacks {
        arena.refused(what, url, &cookie_of(&flow)).await?;
    }
    arena.done("pollution");
    arena.still_works(flow).await
}

/// A callback works once, and so do its code and its ticket; no page shows what the platform sent.
#[tokio::test]
async fn replays_change_nothing() -> Result<()> {
    let arena = Arena::open().await?;
    let mut flow = arena.flow("replay-1").await?;
    let confirm = land(&mut flow).await?;
    for round in 0..5 {
        let (exchanges, rows) = (arena.exchanges(), arena.connections().await?);
        let again = arena.open_with(&flow.callback, &cookie_of(&flow)).await?;
        ensure!(again.header("location") == confirm.url.as_str(), "replay {round}: {}", again.status);
        ensure!(arena.exchanges() == exchanges && arena.connections().await? == rows, "redeemed twice");
        arena.refused(&format!("replay {round} elsewhere"), &flow.callback, "").await?;
    }
    // A used code in a fresh flow: the platform refuses it, and nothing is kept.
    let used = parameter(&flow.callback, "auth_code").or_else(|_| parameter(&flow.callback, "code"))?;
    let rows = arena.connections().await?;
    let fresh = arena.flow("replay-2").await?;
    let injected = fresh
        .changed(|name, value| Some(if name.ends_with("code") { used.clone() } else { value.to_owned() }));
    let answer = arena.open_with(&injected, &cookie_of(&fresh)).await?;
    arena.is_the_end("a used code", "failed", &answer)?;
    ensure!(arena.connections().await? == rows, "something was stored for a used code");
    arena.is_burnt("a used code", &fresh).await?;

    let denied = arena.flow("replay-3").await?;
    let mut url = denied.changed(|name, value| (!name.ends_with("code")).then(|| value.to_owned()));
    url.query_pairs_mut()
        .append_pair("error", "access_denied")
        .append_pair("error_description", "<b>canary</b>");
    let answer = arena.open_with(&url, &cookie_of(&denied)).await?;
    arena.is_the_end("a refusal", "declined", &answer)?;
    arena.ends("a refusal, then the good one", "declined", &denied.callback, &cookie_of(&denied)).await?;

    let form = confirm.form("checkbox")?;
    let done = flow.person.submit(&form, |_, value| value != "cancel").await?;
    ensure!(done.follow()?.as_str().starts_with(&return_url(&arena.world)), "{:?}", done.location);
    // The same choice again, as by a double click, leads to the same end; another choice does not count.
    let again = flow.person.submit(&form, |_, value| value != "cancel").await?;
    ensure!(again.follow()? == done.follow()?, "a double click leads elsewhere: {:?}", again.location);
    let looked = flow.person.get(&confirm.url).await?;
    ensure!(looked.follow()? == done.follow()?, "a reload leads elsewhere: {:?}", looked.location);
    let other = flow.person.submit(&form, |name, value| name != "account" && value != "connect").await?;
    ensure!(other.status.is_client_error(), "the choice was made twice: {}", other.status);
    arena.count();
    arena.done("replays");
    Ok(())
}

/// The choice of accounts belongs to the browser that came back, and is posted from our own page.
#[tokio::test]
async fn the_ticket_belongs_to_its_browser() -> Result<()> {
    let arena = Arena::open().await?;
    let mut flow = arena.flow("ticket-1").await?;
    let confirm = land(&mut flow).await?;
    let form = confirm.form("checkbox")?;
    let mut stranger = Person::new()?;
    let looked = stranger.get(&confirm.url).await?;
    ensure!(looked.status.is_client_error(), "a stranger sees the accounts: {}", looked.status);
    let posted = stranger.submit(&form, |_, _| true).await?;
    ensure!(posted.status.is_client_error(), "a stranger chose: {}", posted.status);
    let other = arena.flow("ticket-2").await?;
    let mut crossed = other.person.clone();
    crossed.get(&other.callback).await?;
    let chosen = crossed.submit(&form, |_, value| value != "cancel").await?;
    ensure!(
        chosen.status.is_client_error(),
        "one browser's page chose for another's flow: {}",
        chosen.status
    );
    arena.cases.fetch_add(2, Ordering::Relaxed);
    for headers in cross_site() {
        let mut all = vec![("content-type", "application/x-www-form-urlencoded")];
        all.extend(headers.iter().copied());
        // A POST that names no site comes from a program, and a program may ask for a mail (docs/adr/0025).
        let asks = (!headers.is_empty()).then_some("/deletion-requests");
        for path in ["/connect/confirm", "/connect/abc", "/deletion-requests/abc"].into_iter().chain(asks) {
            let answer = arena.wire.send(&Method::POST, path, &all, Some(b"decision=allow")).await?;
            ensure!(answer.status == 403 && answer.is_page(), "{headers:?} on {path}: {}", answer.status);
            arena.count();
        }
    }
    let done = flow.person.submit(&form, |_, value| value != "cancel").await?;
    ensure!(done.follow()?.query().is_some_and(|query| query.contains("code=")), "the owner was harmed");
    arena.done("tickets and forms");
    Ok(())
}

/// A1: two flows in one browser, of two tenants: each page's choice is recorded as shown, whichever page was opened
/// last.
#[tokio::test]
async fn two_flows_in_one_browser_do_not_meet() -> Result<()> {
    let arena = Arena::open().await?;
    let foreign = arena.world.stack.another_tenant("Other").await?;
    let theirs = arena.world.product.with_credential(&foreign.api_key);
    let mut first = arena.flow("two-1").await?;
    let first_page = land(&mut first).await?;
    let mut second = arrive_in(first.person, &arena.world, &theirs, "two-2").await?;
    let second_page = land(&mut second).await?;
    let mut person = second.person;
    let (mine, other) = (first_page.form("checkbox")?, second_page.form("checkbox")?);
    let boxes = |form: &Form| -> Vec<String> {
        form.fields.iter().filter(|(name, _)| name == "account").map(|(_, value)| value.clone()).collect()
    };
    ensure!(boxes(&mine).iter().all(|id| !boxes(&other).contains(id)), "the lists share their ids");

    // The accounts of one page with the ticket of the other; places in the list; each button at once.
    let ticket = |form: &Form| form.fields.iter().find(|(name, _)| name == "ticket").cloned();
    let bent = |form: &Form, change: fn(&mut Vec<(String, String)>)| {
        let mut form = form.clone();
        change(&mut form.fields);
        form
    };
    let mut crossed = mine.clone();
    crossed.fields.retain(|(name, _)| name != "ticket");
    crossed.fields.extend(ticket(&other));
    let places = bent(&mine, |fields| {
        fields.iter_mut().filter(|(name, _)| name == "account").for_each(|(_, id)| *id = "0".to_owned());
    });
    let untied = bent(&mine, |fields| fields.retain(|(name, _)| name != "ticket"));
    for (what, form) in [("crossed", &crossed), ("by place", &places), ("without a ticket", &untied)] {
        let answer = person.submit(form, |_, value| value != "cancel").await?;
        ensure!(answer.status.is_client_error() && answer.location.is_none(), "{what}: {}", answer.status);
        arena.count();
    }
    let twice = person.submit(&mine, |_, _| true).await?;
    ensure!(twice.status == 400, "decided both ways at once: {}", twice.status);
    let nothing = person.submit(&mine, |name, value| name != "account" && value != "cancel").await?;
    ensure!(nothing.status == 400, "nothing was chosen: {}", nothing.status);

    // Nothing was used up: each page still decides for its own tenant, the older one first.
    for (form, product, end_user) in [(&mine, &arena.world.product, "two-1"), (&other, &theirs, "two-2")] {
        let back = person.submit(form, |_, value| value != "cancel").await?;
        let connected = product.activate(back.follow()?, end_user).await?;
        ensure!(connected.accounts.len() == boxes(form).len(), "{end_user}: other accounts than chosen");
    }
    arena.cases.fetch_add(2, Ordering::Relaxed);
    arena.done("two flows in one browser");
    Ok(())
}

/// Accounts that are connected already are shown as such, and the activation says where.
#[tokio::test]
async fn connected_twice_is_said_twice() -> Result<()> {
    let arena = Arena::open().await?;
    let product = &arena.world.product;
    let before = product.connect(&mut Person::new()?, "twice-1", None).await?;
    let mut flow = arena.flow("twice-2").await?;
    let page = land(&mut flow).await?;
    ensure!(page.body.matches("already connected").count() == before.accounts.len(), "not said on the page");
    let back = flow.person.submit(&page.form("checkbox")?, |_, value| value != "cancel").await?;
    let back = back.follow()?.clone();
    let path = format!("/v1/connections/{}/activate", parameter(&back, "connection_id")?);
    let body = json!({ "code": parameter(&back, "code")?, "end_user": "twice-2" });
    let answer = product.call(Method::POST, &path, Some(&body)).await?;
    for account in answer["accounts"].as_array().context("no accounts")? {
        ensure!(account["also_in"] == json!([before.id]), "not said at the activation: {account}");
    }
    Ok(())
}

/// Requests that are not a person's visit use nothing up, and the visit after them finds everything as it was.
#[tokio::test]
async fn only_a_visit_uses_a_callback_up() -> Result<()> {
    let arena = Arena::open().await?;
    let mut flow = arena.flow("visit-1").await?;
    let (path, cookie) = (path_of(&flow.callback).to_owned(), cookie_of(&flow));
    let exchanges = arena.exchanges();
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-mode", "cors"),
    ] {
        let headers = [("cookie", cookie.as_str()), (name, value)];
        let answer = arena.wire.send(&Method::GET, &path, &headers, None).await?;
        ensure!(answer.status == 403 && answer.is_page(), "{name}: {value}: {}", answer.status);
        ensure!(answer.body.contains("<a href="), "{name}: {value}: no link");
        arena.count();
    }
    ensure!(arena.exchanges() == exchanges, "a code was redeemed");
    land(&mut flow).await?.form("checkbox")?;
    arena.done("visits");
    Ok(())
}

/// Every end has a word: a flow whose person does not grant access ends with it, and nothing is kept.
#[tokio::test]
async fn every_end_leads_back_with_a_word() -> Result<()> {
    let arena = Arena::open().await?;
    let sandbox = arena.world.stack.sandbox();
    let all = vec![100, 200, 210, 220, 44];
    for (word, accounts, scopes) in
        [("no_accounts", vec![], all.clone()), ("scope_missing", sandbox.advertiser_ids(), vec![100])]
    {
        let flow = arena.flow(word).await?;
        let code = sandbox.consent(accounts, scopes);
        let bent =
            flow.changed(|name, value| Some(if name.ends_with("code") { &code } else { value }.to_owned()));
        let rows = arena.connections().await?;
        let answer = arena.open_with(&bent, &cookie_of(&flow)).await?;
        ensure!(arena.connections().await? == rows, "{word}: something was stored");
        if word == "scope_missing" {
            arena.is_asked_again(&flow, &answer).await?;
            continue;
        }
        arena.is_the_end(word, word, &answer)?;
        // A reload of the page says the same.
        arena.ends(word, word, &flow.callback, &cookie_of(&flow)).await?;
    }
    let mut late = arena.flow("late-choice").await?;
    let form = land(&mut late).await?.form("checkbox")?;
    arena.world.skip(SignedDuration::from_mins(16));
    let answer = late.person.submit(&form, |_, value| value != "cancel").await?;
    let wanted = format!("{}?error=expired", return_url(&arena.world));
    ensure!(answer.follow()?.as_str() == wanted, "a late choice: {:?}", answer.location);
    arena.done("ends");
    Ok(())
}

/// Lists the headers that browsers send with a form of another site.
fn cross_site() -> Vec<Vec<(&'static str, &'static str)>> {
    vec![
        vec![("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        vec![("sec-fetch-site", "same-site"), ("origin", "http://localhost:1")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
        vec![("sec-fetch-site", "none"), ("origin", "https://evil.example")],
        vec![],
    ]
}

/// Open redirects: only exact registered URLs are returned to.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "most of it is the list of cases")]
async fn only_registered_urls_are_returned_to() -> Result<()> {
    let arena = Arena::open().await?;
    let good = return_url(&arena.world);
    let origin = arena.world.stack.demo_origin().to_owned();
    let mut bad: Vec<String> = [
        "",
        "/",
        "?",
        "#",
        "?x=1",
        "#x",
        "/../connected",
        "%2e",
        ".",
        " ",
        "\t",
        "\0",
        "//",
        ";x",
        "@evil.example",
    ]
    .iter()
    .map(|tail| format!("{good}{tail}"))
    .filter(|url| *url != good)
    .collect();
    bad.extend(
        ["", "/", "/other", "/Connected", "//connected", "/connected/x"]
            .iter()
            .map(|path| format!("{origin}{path}")),
    );
    bad.extend([
        good.replace("http://", "https://"),
        good.replace("http://", "http://user@"),
        good.replace("http://", "http://evil.example@"),
        good.replace("http://", "HTTP://"),
        good.replace("http:", ""),
        good.replace("localhost", "localhost.evil.example"),
        good.replace("localhost", "127.0.0.1"),
        good.replace("localhost", "LOCALHOST"),
        good.replace("localhost", "[::1]"),
        good.replace("localhost", "localhost%00.evil.example"),
    ]);
    bad.extend(
        [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://evil.example/connected",
            "\u{202E}http://x",
            "http://",
            "x",
            "about:blank",
        ]
        .map(str::to_owned),
    );
    for url in &bad {
        let mut body = request(&arena.world, "redirect-1");
        body["return_url"] = json!(url);
        let response = arena.world.product.send(Method::POST, "/v1/connect-sessions", Some(&body)).await?;
        let (status, text) = (response.status(), response.text().await?);
        ensure!(status == 400 && !text.contains("evil"), "{url:?}: {status} {text}");
        arena.count();
    }
    let foreign = arena.world.stack.another_tenant("Other").await?;
    let theirs = arena.world.product.with_credential(&foreign.api_key);
    ensure!(
        session(&theirs, &request(&arena.world, "redirect-2")).await.is_ok(),
        "a registered one was refused"
    );
    arena.done("redirects");
    Ok(())
}

/// COSF and code injection: the code works once, for the same tenant, connection and end user.
#[tokio::test]
async fn activation_wants_the_same_end_user_and_connection() -> Result<()> {
    let arena = Arena::open().await?;
    let product = &arena.world.product;
    let foreign = arena.world.stack.another_tenant("Other").await?;
    let theirs = product.with_credential(&foreign.api_key);
    let mut backs = Vec::new();
    for number in 0..6 {
        let back = product.connect_until_return(&mut Person::new()?, &format!("cosf-{number}"), None).await?;
        backs.push((parameter(&back, "connection_id")?, parameter(&back, "code")?));
    }
    let [
        (first, code),
        (second, other_code),
        (third, third_code),
        (fourth, fourth_code),
        (fifth, fifth_code),
        (sixth, sixth_code),
    ] = backs.as_slice()
    else {
        anyhow::bail!("not six")
    };
    let activate =
        async |product: &mooring_local::Product, id: &str, code: &str, user: &str| -> Result<(u16, Value)> {
            let body = json!({ "code": code, "end_user": user });
            let path = format!("/v1/connections/{id}/activate");
            let response = product.send(Method::POST, &path, Some(&body)).await?;
            Ok((response.status().as_u16(), serde_json::from_str(&response.text().await?)?))
        };
    // The victim's product session presents the code that the attacker's link led to.
    let attacks = [
        ("another end user", first, code, "victim", 400),
        ("then the right one", first, code, "cosf-0", 400),
        ("the code of another connection", third, other_code, "cosf-2", 400),
        ("then its own connection", second, other_code, "cosf-1", 400),
        ("no such code", third, &"x".repeat(43), "cosf-2", 400),
        ("no such connection", &"con_0000000000000000000000000A".to_owned(), third_code, "cosf-2", 404),
    ];
    for (what, id, code, user, wanted) in attacks {
        let (status, body) = activate(product, id, code, user).await?;
        ensure!(status == wanted, "{what}: {status} {body}");
        arena.count();
    }
    ensure!(activate(&theirs, fourth, fourth_code, "cosf-3").await?.0 == 404, "another tenant took it");
    let minted =
        product.call(Method::POST, "/v1/frontend-tokens", Some(&json!({ "end_user": "someone" }))).await?;
    let browser = product.with_credential(minted["token"].as_str().context("no token")?);
    ensure!(
        activate(&browser, fifth, fifth_code, "cosf-4").await?.0 == 404,
        "another person's browser took it"
    );
    ensure!(activate(product, sixth, sixth_code, "cosf-5").await?.0 == 200, "the good one was refused");
    let (status, again) = activate(product, sixth, sixth_code, "cosf-5").await?;
    ensure!((400..500).contains(&status), "activated twice: {again}");
    arena.cases.fetch_add(3, Ordering::Relaxed);
    let view = product.get("/v1/connections?limit=100").await?;
    let active =
        view["connections"].as_array().into_iter().flatten().filter(|one| one["state"] == "active").count();
    ensure!(active == 1, "{active} are active");
    arena.done("activation");
    Ok(())
}

/// A connect link works once; a GET does not use it up; a browser's token connects for its own person alone.
#[tokio::test]
async fn connect_links_work_once() -> Result<()> {
    let arena = Arena::open().await?;
    let product = &arena.world.product;
    let url = session(product, &request(&arena.world, "link-1")).await?;
    for _ in 0..5 {
        ensure!(arena.open_with(&url, "").await?.status == 200, "looking used it up");
    }
    let token = url.path().rsplit('/').next().context("no token")?.to_owned();
    for (number, text) in neighbours(&token).iter().filter(|text| !text.is_empty()).enumerate() {
        let mut other = url.clone();
        other.path_segments_mut().map_err(|()| anyhow::anyhow!("no path"))?.pop().push(text);
        let answer = arena.open_with(&other, "").await?;
        ensure!(answer.status.is_client_error(), "link {number}: {}", answer.status);
        arena.count();
    }
    let mut person = Person::new()?;
    let form = person.get(&url).await?.form("<button")?;
    let gone = person.submit(&form, |_, value| value != "cancel").await?;
    let twice = person.submit(&form, |_, value| value != "cancel").await?;
    ensure!(gone.follow()? == twice.follow()?, "a second press of the button leads elsewhere");
    // Another browser gets that answer; this browser is on its way already.
    arena.is_the_end("a used link", "used", &arena.open_with(&url, "").await?)?;
    ensure!(Person::new()?.submit(&form, |_, _| true).await?.location.is_some(), "it is not led back");
    let minted =
        product.call(Method::POST, "/v1/frontend-tokens", Some(&json!({ "end_user": "link-2" }))).await?;
    let browser = product.with_credential(minted["token"].as_str().context("no token")?);
    ensure!(session(&browser, &request(&arena.world, "link-2")).await.is_ok(), "its own person was refused");
    ensure!(session(&browser, &request(&arena.world, "link-3")).await.is_err(), "it connects for others");
    arena.cases.fetch_add(3, Ordering::Relaxed);
    arena.done("links");
    Ok(())
}

/// Scorecard 15: of 64 tabs of a browser that come back with one state one redeems the code, and all are led to one list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_callbacks_at_once_one_redeems() -> Result<()> {
    const ROUNDS: u64 = 12;
    let arena = Arena::open().await?;
    for round in 0..ROUNDS {
        let flow = arena.flow(&format!("race-{round}")).await?;
        let exchanges = arena.exchanges();
        let mut tabs = JoinSet::new();
        for _ in 0..64 {
            let mut flow = flow.clone();
            tabs.spawn(async move { flow.person.get(&flow.callback).await });
        }
        let mut led = BTreeSet::new();
        while let Some(page) = tabs.join_next().await {
            let page = page??;
            ensure!(page.status.as_u16() < 400, "a tab got {}", page.status);
            // A tab that comes while another is at work waits for it.
            led.extend(page.location.map(|location| location.to_string()));
        }
        ensure!(led.len() == 1, "64 tabs were led to {led:?} in round {round}");
        ensure!(arena.exchanges() == exchanges + 1, "{} codes were redeemed", arena.exchanges() - exchanges);
    }
    let pending = arena.world.product.get("/v1/connections?limit=100").await?;
    let count = pending["connections"].as_array().map_or(0, Vec::len);
    ensure!(u64::try_from(count)? <= ROUNDS, "{count} connections");
    say(&format!("races: {ROUNDS} rounds of 64"));
    Ok(())
}
