//! What a journey stores: every row of every table, step by step, held against the text in `snapshot.txt`.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_local::{Connected, Person};
use mooring_sandbox::Faults;
use mooring_tests_journeys::connecting::arrive;
use mooring_tests_journeys::snapshot::Snapshot;
use mooring_tests_journeys::{Answer, Receiver, Size, Wire, World};
use serde_json::{Value, json};
use url::Url;

/// The seed of the journey's ids.
const SEED: u64 = 8;
/// The end user of the connection that is let go as a whole, and the address of the person.
const USER: &str = "snapshot-1";
const MAIL: &str = "anna.beck@example.net";

/// A world of one seed, the receiver of its webhooks, and what it has stored so far.
struct Journey {
    world: World,
    receiver: Receiver,
    snapshot: Snapshot,
}

impl Journey {
    async fn start() -> Result<Self> {
        // Each connection has one account: the order of two would hang on ids that no seed fixes.
        let (world, receiver) = (World::seeded(Size::SMALL, SEED).await?, Receiver::start().await?);
        let origins = vec![
            (world.stack.wiring().api_origin.clone(), "<api>"),
            (world.stack.demo_origin().to_owned(), "<demo>"),
            (receiver.origin().to_owned(), "<receiver>"),
        ];
        Ok(Self { world, receiver, snapshot: Snapshot::new(origins) })
    }

    async fn note(&mut self, step: &str) -> Result<()> {
        self.snapshot.add(&self.world.stack, step).await
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Result<Answer> {
        let wire = Wire::to(&self.world.stack.wiring().api_origin)?;
        let headers = [headers, &[("content-type", "application/json")]].concat();
        wire.send(&Method::POST, path, &headers, Some(body.to_string().as_bytes())).await
    }

    async fn set_up(&mut self) -> Result<()> {
        self.note("a tenant is registered").await?;
        // Ids of deliveries follow from their events, and those about accounts from ids that no seed fixes.
        let hears = ["connection.activated", "connection.disconnected", "deletion.completed"];
        let endpoint = json!({ "url": self.receiver.origin(), "event_types": hears });
        self.world.product.call(Method::POST, "/v1/webhook-endpoints", Some(&endpoint)).await?;
        let bearer = format!("Bearer {}", self.world.stack.seeded().api_key);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", "once")];
        for _ in 0..2 {
            let answer = self.post("/v1/frontend-tokens", &headers, &json!({ "end_user": USER })).await?;
            ensure!(answer.status == 201, "{}: {}", answer.status, answer.body);
        }
        self.note("the tenant has an endpoint and a frontend token").await
    }

    async fn connect(&mut self) -> Result<Connected> {
        let arrived = arrive(&self.world, &self.world.product, "snapshot-2").await?;
        self.note("a person has agreed at the platform").await?;
        arrived.person.clone().get(&arrived.callback).await?;
        self.note("the person is back and chooses nothing").await?;
        let back = self.world.product.connect_until_return(&mut Person::new()?, USER, Some(MAIL)).await?;
        self.note("another person has chosen an account").await?;
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
        self.note("a day has passed").await
    }

    async fn fail(&mut self) -> Result<()> {
        self.receiver.answers(&[500]);
        self.world.stack.sandbox().set_faults(Faults { status_5xx: 40, ..Faults::default() });
        self.world.an_hour().await?;
        self.note("the platform has failed for an hour").await?;
        self.world.stack.sandbox().set_faults(Faults::default());
        self.world.an_hour().await?;
        self.note("the platform has answered for an hour").await
    }

    async fn let_an_account_go(&mut self) -> Result<()> {
        let connected = self.world.connect_and_sync("snapshot-3").await?;
        self.note("a third person is connected").await?;
        let account = connected.accounts.first().context("no account")?;
        let path = format!("/v1/connections/{}/accounts/{account}", connected.id);
        self.world.product.call(Method::DELETE, &path, None).await?;
        self.note("the third person's account is let go").await?;
        self.world.stack.drain().await?;
        self.note("the account's rows are purged").await
    }

    async fn ask_by_mail(&mut self) -> Result<()> {
        let headers = [("accept", "application/json")];
        let answer = self.post("/deletion-requests", &headers, &json!({ "email": MAIL })).await?;
        ensure!(answer.status == 202, "{}: {}", answer.status, answer.body);
        self.note("a person has asked for a deletion by mail").await?;
        self.world.stack.drain().await?;
        self.note("the mail has left").await?;
        let mails = self.world.stack.aws().mails();
        let mut words = mails.iter().flat_map(|mail| mail.text.split_whitespace());
        let link = words.find(|word| word.contains("/deletion-requests/")).context("no link")?;
        let page = Person::new()?.get(&Url::parse(link)?).await?;
        ensure!(page.status == 200, "{}", page.status);
        self.note("the person has opened the link").await
    }

    async fn disconnect(&mut self, connected: &Connected) -> Result<()> {
        let deletion = self.world.disconnect(&connected.id).await?;
        self.note("the connection is let go").await?;
        self.world.finish(deletion["id"].as_str().context("no id")?, 8).await?;
        self.world.pass(SignedDuration::from_mins(10)).await?;
        self.note("the deletions are done").await?;
        self.world.skip(SignedDuration::from_hours(24 * 200));
        self.world.stack.aws().ttl_sweep_once().await?;
        self.note("TTL has removed what expired within 200 days").await
    }
}

/// The rows of a journey are those of `snapshot.txt`. Whoever changes what is stored puts the new text in its place, and
/// the change shows row by row in the review.
#[tokio::test]
async fn a_journey_stores_the_rows_of_its_snapshot() -> Result<()> {
    let mut journey = Journey::start().await?;
    journey.set_up().await?;
    let connected = journey.connect().await?;
    journey.sync(&connected).await?;
    journey.fail().await?;
    journey.let_an_account_go().await?;
    journey.ask_by_mail().await?;
    journey.disconnect(&connected).await?;
    let stored = journey.snapshot.text();
    let known = include_str!("../../snapshot.txt");
    if stored != known {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("snapshot.txt");
        std::fs::write(&path, stored)?;
        let other = stored.lines().zip(known.lines()).find(|(stored, known)| stored != known);
        anyhow::bail!(
            "{} is not tests/journeys/snapshot.txt; the first other line: {other:?}",
            path.display()
        );
    }
    Ok(())
}
