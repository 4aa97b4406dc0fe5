//! What a journey stores: every row of every table, step by step, held against the text in `snapshot.txt`.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_local::{Connected, Person};
use mooring_sandbox::Faults;
use mooring_tests_journeys::connecting::arrive;
use mooring_tests_journeys::snapshot::{Alias, Snapshot};
use mooring_tests_journeys::{Receiver, Size, Wire, World};
use serde_json::{Value, json};
use url::Url;

/// The end user of the journey and the address of the person.
const USER: &str = "snapshot-1";
const MAIL: &str = "anna.beck@example.net";

/// A world of one seed, the receiver of its webhooks, and what it has stored so far.
struct Journey {
    world: World,
    receiver: Receiver,
    aliases: Vec<Alias>,
    snapshot: Snapshot,
}

impl Journey {
    async fn start() -> Result<Self> {
        let (world, receiver) = (World::seeded(Size::PAIR, 8).await?, Receiver::start().await?);
        let aliases = vec![
            (world.stack.wiring().api_origin.clone(), "<api>"),
            (world.stack.demo_origin().to_owned(), "<demo>"),
            (receiver.origin().to_owned(), "<receiver>"),
        ];
        Ok(Self { world, receiver, aliases, snapshot: Snapshot::default() })
    }

    async fn note(&mut self, step: &str) -> Result<()> {
        self.snapshot.add(&self.world.stack, step, &self.aliases).await
    }

    /// Sends a POST twice under one idempotency key.
    async fn twice(&self, path: &str, body: &Value) -> Result<()> {
        let wire = Wire::to(&self.world.stack.wiring().api_origin)?;
        let bearer = format!("Bearer {}", self.world.stack.seeded().api_key);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "once"),
        ];
        for _ in 0..2 {
            let answer = wire.send(&Method::POST, path, &headers, Some(body.to_string().as_bytes())).await?;
            ensure!(answer.status == 201, "{}: {}", answer.status, answer.body);
        }
        Ok(())
    }

    async fn set_up(&mut self) -> Result<()> {
        self.note("a tenant is registered").await?;
        let endpoint = json!({ "url": self.receiver.origin() });
        self.world.product.call(Method::POST, "/v1/webhook-endpoints", Some(&endpoint)).await?;
        self.twice("/v1/frontend-tokens", &json!({ "end_user": USER })).await?;
        self.note("an endpoint and a frontend token are made").await
    }

    async fn connect(&mut self) -> Result<Connected> {
        let arrived = arrive(&self.world, &self.world.product, "snapshot-2").await?;
        self.note("a person is at the platform").await?;
        arrived.person.clone().get(&arrived.callback).await?;
        self.note("the person is back and has chosen nothing").await?;
        let back = self.world.product.connect_until_return(&mut Person::new()?, USER, Some(MAIL)).await?;
        self.note("another person has chosen accounts").await?;
        let connected = self.world.product.activate(&back, USER).await?;
        self.note("the product has activated the connection").await?;
        Ok(connected)
    }

    async fn sync(&mut self, connected: &Connected) -> Result<()> {
        self.world.stack.drain().await?;
        self.note("the first jobs have ended").await?;
        let account = connected.accounts.first().context("no account")?;
        let report = "level=ad&from=2026-11-16&to=2026-11-22&metrics=spend";
        self.world.report(connected, account, report).await?;
        self.world.skip(SignedDuration::from_hours(24));
        self.world.an_hour().await?;
        self.note("a day later").await
    }

    async fn fail(&mut self) -> Result<()> {
        self.receiver.answers(&[500]);
        let faults = Faults { status_5xx: 40, ..Faults::default() };
        self.world.stack.sandbox().set_faults(faults);
        self.world.an_hour().await?;
        self.note("the platform has failed for an hour").await?;
        self.world.stack.sandbox().set_faults(Faults::default());
        self.world.an_hour().await?;
        self.note("the platform has been well for an hour").await
    }

    async fn delete(&mut self, connected: &Connected) -> Result<()> {
        let account = connected.accounts.first().context("no account")?;
        let path = format!("/v1/connections/{}/accounts/{account}", connected.id);
        self.world.product.call(Method::DELETE, &path, None).await?;
        self.note("an account is let go").await?;
        self.ask_by_mail().await?;
        let deletion = self.world.disconnect(&connected.id).await?;
        self.note("the connection is let go").await?;
        self.world.finish(deletion["id"].as_str().context("no id")?, 8).await?;
        self.world.pass(SignedDuration::from_mins(10)).await?;
        self.note("the deletions are done").await?;
        self.world.skip(SignedDuration::from_hours(24 * 200));
        self.world.stack.aws().ttl_sweep_once().await?;
        self.note("what TTL leaves after 200 days").await
    }

    async fn ask_by_mail(&mut self) -> Result<()> {
        let wire = Wire::to(&self.world.stack.wiring().api_origin)?;
        let body = json!({ "email": MAIL }).to_string();
        let headers = [("content-type", "application/json"), ("accept", "application/json")];
        let answer = wire.send(&Method::POST, "/deletion-requests", &headers, Some(body.as_bytes())).await?;
        ensure!(answer.status == 202, "{}: {}", answer.status, answer.body);
        self.note("somebody has asked by mail").await?;
        self.world.stack.drain().await?;
        self.note("the mail has left").await?;
        let mails = self.world.stack.aws().mails();
        let mut words = mails.iter().flat_map(|mail| mail.text.split_whitespace());
        let link = words.find(|word| word.contains("/deletion-requests/")).context("no link")?;
        Person::new()?.get(&Url::parse(link)?).await?;
        self.note("the link was opened").await
    }
}

#[tokio::test]
async fn a_journey_stores_what_it_stored_before() -> Result<()> {
    let mut journey = Journey::start().await?;
    journey.set_up().await?;
    let connected = journey.connect().await?;
    journey.sync(&connected).await?;
    journey.fail().await?;
    journey.delete(&connected).await?;
    std::fs::write("/tmp/snapshot.out", journey.snapshot.text())?;
    Ok(())
}
