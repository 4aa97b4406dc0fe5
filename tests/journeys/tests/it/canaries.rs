//! Scorecard 11: planted texts are found nowhere outside the boxes: not in a log, an error, a queue, a dead letter
//! queue, a mail or a table, in clear or encoded.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use aws_sdk_sqs::types::MessageSystemAttributeName;
use data_encoding::{BASE32, BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use http::Method;
use jiff::SignedDuration;
use mooring_aws_local::sdk_config;
use mooring_domain::base::table::Table;
use mooring_domain::platform::steps::app_secrets;
use mooring_local::{Connected, Person};
use mooring_queue::QUEUES;
use mooring_sandbox::Faults;
use mooring_tests_journeys::connecting::{arrive, land, parameter, request, session, set_cookie};
use mooring_tests_journeys::world::report_path;
use mooring_tests_journeys::{Size, Wire, World, say, tables};
use mooring_tests_logs::{Lines, listen};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;

const MAIL: &str = "canary.person+7f3a@mailbox-canary.example";
const END_USER: &str = "canary-end-user-5b1e";

/// Captures all events of Mooring, and from `info` on those of everybody, before the redactor sees them: code must not
/// log a secret in the first place.
fn capture() -> (Lines, DefaultGuard) {
    let log = Lines::default();
    let filter = Targets::new().with_default(Level::INFO).with_target("mooring", Level::TRACE);
    let lines = tracing_subscriber::fmt::layer().json().with_writer(log.clone());
    let listening = listen(tracing_subscriber::registry().with(filter).with(lines));
    (log, listening)
}

/// The planted texts, each with its kind.
#[derive(Default)]
struct Planted(Vec<(&'static str, String)>);

impl Planted {
    fn add(&mut self, what: &'static str, text: impl Into<String>) {
        let text = text.into();
        if text.len() >= 6 && !self.0.iter().any(|(_, known)| *known == text) {
            self.0.push((what, text));
        }
    }

    /// Searches some bytes for every planted text; returns the kinds that it found.
    fn found(&self, bytes: &[u8]) -> BTreeSet<&'static str> {
        let texts =
            self.0.iter().flat_map(|(what, text)| forms(text).into_iter().map(move |form| (*what, form)));
        texts.filter(|(_, form)| contains(bytes, form)).map(|(what, _)| what).collect()
    }

    /// Returns how many texts one search looks for.
    fn searches(&self) -> usize {
        self.0.iter().map(|(_, text)| forms(text).len()).sum()
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    // A search by the first byte is quick enough, and needs no index.
    let Some(first) = text.first() else { return false };
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| rest.iter().position(|byte| byte == first)) {
        if bytes.get(from + at..).is_some_and(|rest| rest.starts_with(text)) {
            return true;
        }
        from += at + 1;
    }
    false
}

/// Lists a text in clear and in its likely encodings; base 64 and 32 at every alignment.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let bytes = text.as_bytes();
    let mut forms: BTreeSet<Vec<u8>> = BTreeSet::new();
    forms.insert(bytes.to_vec());
    forms.insert(HEXLOWER.encode(bytes).into_bytes());
    forms.insert(HEXUPPER.encode(bytes).into_bytes());
    forms.insert(url::form_urlencoded::byte_serialize(bytes).collect::<String>().into_bytes());
    forms.insert(json!(text).to_string().trim_matches('"').as_bytes().to_vec());
    for skip in 0..3 {
        for code in [&BASE64, &BASE64URL] {
            forms
                .insert(inner(&code.encode(&[vec![0; skip], bytes.to_vec()].concat()), skip.div_ceil(1) * 2));
        }
    }
    forms.insert(
        BASE32
            .encode(bytes)
            .trim_end_matches('=')
            .as_bytes()
            .iter()
            .take(bytes.len() * 8 / 5)
            .copied()
            .collect(),
    );
    forms.into_iter().filter(|form| form.len() >= 6).collect()
}

/// Returns the characters that depend on the text alone, and not on its neighbours.
fn inner(code: &str, skip: usize) -> Vec<u8> {
    let plain = code.trim_end_matches('=');
    let last = plain.len().saturating_sub(1);
    plain.as_bytes().get(skip.min(last)..last).unwrap_or_default().to_vec()
}

#[test]
fn the_search_finds_every_form() {
    let mut planted = Planted::default();
    planted.add("text", "canary/+ä-1234567890");
    let text = "canary/+ä-1234567890";
    let long = |front: &str| BASE64.encode(format!("{front}{text} and more").as_bytes());
    let samples = [
        format!("x{text}y"),
        HEXLOWER.encode(text.as_bytes()),
        HEXUPPER.encode(text.as_bytes()),
        format!("a={}", url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()),
        long(""),
        long("1"),
        long("12"),
        long("123"),
        BASE64URL.encode(format!("--{text}--").as_bytes()),
    ];
    for sample in samples {
        assert!(!planted.found(sample.as_bytes()).is_empty(), "{sample}");
    }
    assert!(planted.found(b"nothing of it").is_empty());
}

/// A search over all places.
struct Search<'a> {
    world: &'a World,
    log: Lines,
    planted: Planted,
    /// The bodies of answers that were not a success.
    refusals: Vec<u8>,
    looked: usize,
}

impl Search<'_> {
    fn look(&mut self, place: &str, bytes: &[u8]) -> Result<()> {
        self.looked += self.planted.searches();
        let found = self.planted.found(bytes);
        ensure!(found.is_empty(), "{found:?} found in {place}");
        Ok(())
    }

    async fn everywhere(&mut self, when: &str) -> Result<()> {
        for table in Table::ALL {
            let bytes = tables::bytes(&self.world.stack, table).await?;
            self.look(&format!("table {} {when}", table.as_str()), &bytes)?;
        }
        let log = self.log.bytes();
        ensure!(log.len() > 1_000, "nothing was logged");
        ensure!(!contains(&log, END_USER.as_bytes()), "an end user was logged");
        self.look(&format!("the log {when}"), &log)?;
        let refusals = std::mem::take(&mut self.refusals);
        self.look(&format!("an error {when}"), &refusals)?;
        let queues = queues(self.world).await?;
        self.look(&format!("a queue {when}"), &queues)
    }

    /// Sends requests that are refused, with planted texts in them, and keeps the answers.
    async fn provoke(&mut self) -> Result<()> {
        let wire = Wire::to(&self.world.stack.wiring().api_origin)?;
        let bearer = format!("Bearer {}", self.world.stack.seeded().api_key);
        let texts: Vec<String> = self.planted.0.iter().map(|(_, text)| text.clone()).take(60).collect();
        for text in texts {
            let quoted = url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let json = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            for body in
                [json!({ "end_user": text, text.as_str(): 1 }), json!({ "scopes": text }), json!([text])]
            {
                for path in ["/v1/frontend-tokens", "/v1/connect-sessions", "/v1/deletion-requests"] {
                    let bytes = body.to_string().into_bytes();
                    let answer = wire.send(&Method::POST, path, &json, Some(&bytes)).await?;
                    self.keep(answer.status.as_u16(), &answer.body);
                }
            }
            for path in [
                "/v1/connections/",
                "/connect/",
                "/deletions/",
                "/deletion-requests/",
                "/v1/reports?level=",
                "/oauth/callback/tiktok_ads/statasphere?error_description=x&state=",
            ] {
                let answer = wire.send(&Method::GET, &format!("{path}{quoted}"), &json[..1], None).await?;
                self.keep(answer.status.as_u16(), &answer.body);
            }
        }
        Ok(())
    }

    fn keep(&mut self, status: u16, body: &str) {
        if status >= 400 {
            self.refusals.extend_from_slice(body.as_bytes());
        }
    }
}

/// Reads everything in the queues and their dead letter queues: bodies, attributes, groups.
async fn queues(world: &World) -> Result<Vec<u8>> {
    let client = aws_sdk_sqs::Client::new(&sdk_config(&world.stack.wiring().endpoints.sqs));
    let mut bytes = Vec::new();
    for url in client.list_queues().send().await?.queue_urls.unwrap_or_default() {
        for _ in 0..20 {
            let received = client
                .receive_message()
                .queue_url(&url)
                .max_number_of_messages(10)
                .visibility_timeout(0)
                .message_system_attribute_names(MessageSystemAttributeName::All)
                .message_attribute_names("All")
                .send()
                .await?;
            for message in received.messages() {
                bytes.extend_from_slice(
                    format!("{message:?}{}", message.body().unwrap_or_default()).as_bytes(),
                );
            }
            if !url.contains("dead") {
                break;
            }
        }
    }
    Ok(bytes)
}

/// Plants the texts that are there before anybody connects.
async fn plant(world: &World) -> Result<Planted> {
    let mut planted = Planted::default();
    let adapters = world.stack.adapters();
    let app =
        app_secrets::credentials(adapters.store.as_ref(), adapters.vault.as_ref(), "tiktok_ads").await?;
    planted.add("app secret", app.secret.expose_secret());
    planted.add("API key", world.stack.seeded().api_key.clone());
    planted.add("e-mail address", MAIL);
    planted.add("e-mail address", MAIL.to_uppercase());
    planted.add("ad name", world.stack.sandbox().canary());
    planted.add("person's address", world.stack.sandbox().canary_email());
    for id in world.stack.sandbox().advertiser_ids() {
        planted.add("advertiser number", id);
    }
    Ok(planted)
}

/// Connects by hand and plants every secret on the way.
async fn connect(world: &World, planted: &mut Planted) -> Result<Connected> {
    let product = &world.product;
    let minted =
        product.call(Method::POST, "/v1/frontend-tokens", Some(&json!({ "end_user": END_USER }))).await?;
    planted.add("frontend token", minted["token"].as_str().context("no token")?);
    let unused = session(product, &request(world, END_USER)).await?;
    planted.add("session", unused.path().rsplit('/').next().context("no session")?);
    let mut flow = arrive(world, product, END_USER).await?;
    planted.add("state", parameter(&flow.callback, "state")?);
    planted.add("authorisation code", parameter(&flow.callback, "auth_code")?);
    planted.add("cookie", flow.cookie.1.clone());
    let landed = flow.person.get(&flow.callback).await?;
    planted.add("ticket", set_cookie(&landed)?.1);
    let mut person = Person::new()?;
    let back = product.connect_until_return(&mut person, END_USER, Some(MAIL)).await?;
    planted.add("activation code", parameter(&back, "code")?);
    let connected = product.activate(&back, END_USER).await?;
    let mut again = arrive(world, product, END_USER).await?;
    land(&mut again).await?;
    for token in world.stack.sandbox().issued_tokens() {
        planted.add("access token", token);
    }
    Ok(connected)
}

/// Plants the names and numbers of everything that was synced, as our own reports show them.
async fn plant_names(world: &World, connected: &Connected, planted: &mut Planted) -> Result<()> {
    for account in &connected.accounts {
        for level in ["account", "campaign", "ad_group", "ad"] {
            let rest = format!(
                "level={level}&from=2026-11-16&to=2026-11-22&metrics=spend&group_by=entity&limit=1000"
            );
            let report = world.product.get(&report_path(&connected.id, account, &rest)).await?;
            for row in report["rows"].as_array().context("no rows")? {
                planted.add("entity number", row["entity"]["id"].as_str().unwrap_or_default());
                planted.add("entity name", row["entity"]["name"].as_str().unwrap_or_default());
            }
        }
    }
    let view = world.product.get(&format!("/v1/connections/{}", connected.id)).await?;
    for account in view["accounts"].as_array().into_iter().flatten() {
        planted.add("account name", account["name"].as_str().unwrap_or_default());
    }
    Ok(())
}

/// Runs jobs that meet every fault of the platform, and messages that no worker can use, until they lie in the dead
/// letter queue.
async fn let_jobs_fail(world: &World) -> Result<()> {
    let faults = [
        Faults { wrong_json: 40, ..Faults::default() },
        Faults { truncate: 40, ..Faults::default() },
        Faults { expired_token: 1, expired_token_code: Some(40102), ..Faults::default() },
        Faults { status_5xx: 6, ..Faults::default() },
    ];
    for fault in faults {
        world.stack.sandbox().set_faults(fault);
        world.an_hour().await?;
    }
    world.stack.sandbox().set_faults(Faults::default());
    let client = aws_sdk_sqs::Client::new(&sdk_config(&world.stack.wiring().endpoints.sqs));
    let queues = &world.stack.wiring().queues;
    for queue in QUEUES {
        for body in ["poison", "{}", "{\"v\":99}", "[1,2]"] {
            client
                .send_message()
                .queue_url(queues.url(queue)?)
                .message_body(body)
                .message_group_id("ten_x")
                .send()
                .await?;
        }
    }
    // The receive that moves a message to the dead letter queue brings nothing, which ends a round.
    for _ in 0..12 {
        world.pass(SignedDuration::from_mins(16)).await?;
    }
    let dead = client.list_queues().queue_name_prefix("mooring-sync-dead").send().await?;
    let url = dead.queue_urls().first().context("no dead letter queue")?;
    let received = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .visibility_timeout(0)
        .send()
        .await?;
    ensure!(
        received.messages().len() == 4,
        "{} poison messages in the dead letter queue",
        received.messages().len()
    );
    Ok(())
}

/// Deletes by mail: the mail has its own link, and no other planted text.
async fn by_mail(search: &mut Search<'_>) -> Result<()> {
    let wire = Wire::to(&search.world.stack.wiring().api_origin)?;
    let body = json!({ "email": MAIL }).to_string();
    wire.send(
        &Method::POST,
        "/deletion-requests",
        &[("content-type", "application/json")],
        Some(body.as_bytes()),
    )
    .await?;
    search.world.stack.drain().await?;
    let mails = search.world.stack.aws().mails();
    let mail = mails.last().context("no mail")?;
    let text = format!("{} {} {} {}", mail.from, mail.subject, mail.text, mail.html);
    search.look("the mail", text.as_bytes())?;
    let link = mail.text.split("/deletion-requests/").nth(1).and_then(|text| text.split_whitespace().next());
    search.planted.add("mailed link", link.context("no link")?);
    let mut person = Person::new()?;
    let url =
        format!("{}/deletion-requests/{}", search.world.stack.wiring().api_origin, link.unwrap_or_default());
    let page = person.get(&url::Url::parse(&url)?).await?;
    search.look_page("the page of the link", &page.body)?;
    person.submit(&page.form("<button")?, |_, _| true).await?;
    Ok(())
}

impl Search<'_> {
    /// Searches a page, which may hold the link that opened it, and no other planted text.
    fn look_page(&mut self, place: &str, body: &str) -> Result<()> {
        let found = self.planted.found(body.as_bytes());
        self.looked += self.planted.searches();
        ensure!(found.iter().all(|what| *what == "mailed link"), "{found:?} found in {place}");
        Ok(())
    }
}

/// Searches the receipt and the public page, which say nothing about a person either.
async fn proofs(search: &mut Search<'_>) -> Result<()> {
    let list = search.world.product.get("/v1/deletions?limit=100").await?;
    for deletion in list["deletions"].as_array().context("no list")? {
        let id = deletion["id"].as_str().context("no id")?;
        let receipt =
            search.world.product.send(Method::GET, &format!("/v1/deletions/{id}/receipt"), None).await?;
        let page = reqwest::get(deletion["status_url"].as_str().context("no page")?).await?;
        let text = format!("{deletion}{}{}", receipt.text().await?, page.text().await?);
        search.look("a receipt or status page", text.as_bytes())?;
    }
    Ok(())
}

/// S14, S15, S16, T55, C5: the whole way with every failure, and a search after each part of it.
#[tokio::test]
async fn nothing_that_was_planted_is_found_outside_its_box() -> Result<()> {
    let (log, _listening) = capture();
    let world = World::start(Size { ads: 40, advertisers: 2 }).await?;
    let mut planted = plant(&world).await?;
    let connected = connect(&world, &mut planted).await?;
    let mut search = Search { world: &world, log, planted, refusals: Vec::new(), looked: 0 };
    search.everywhere("before the first sync").await?;
    world.stack.drain().await?;
    plant_names(&world, &connected, &mut search.planted).await?;
    search.everywhere("after the first sync").await?;
    search.provoke().await?;
    let_jobs_fail(&world).await?;
    search.everywhere("after jobs failed").await?;
    by_mail(&mut search).await?;
    world.stack.drain().await?;
    for hours in [1, 25, 2] {
        world.pass(SignedDuration::from_hours(hours)).await?;
    }
    proofs(&mut search).await?;
    search.everywhere("after the end").await?;
    let planted: Value = json!(search.planted.0.len());
    say(&format!(
        "canaries: {planted} planted, {} searches for one of their forms in a place, none found",
        search.looked
    ));
    Ok(())
}
