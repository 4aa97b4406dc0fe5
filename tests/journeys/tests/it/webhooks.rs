//! Webhooks from end to end: events arrive signed, failures are tried again, and nobody else gets them.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use anyhow::{Context as _, Result, ensure};
use data_encoding::BASE64;
use http::Method;
use jiff::SignedDuration;
use mooring_domain::base::table::Table;
use mooring_tests_journeys::rig::{Batch, Queue};
use mooring_tests_journeys::{Receiver, Size, World, say, tables};
use serde_json::{Value, json};

const ENDPOINTS: &str = "/v1/webhook-endpoints";

/// An endpoint with its secret.
struct Endpoint {
    id: String,
    secret: String,
}

impl Endpoint {
    async fn at(world: &World, body: Value) -> Result<Self> {
        let made = world.product.call(Method::POST, ENDPOINTS, Some(&body)).await?;
        let text = |name: &str| made[name].as_str().map(str::to_owned).context("no text");
        Ok(Self { id: text("id")?, secret: text("secret")? })
    }

    fn path(&self, rest: &str) -> String {
        format!("{ENDPOINTS}/{}{rest}", self.id)
    }

    async fn deliveries(&self, world: &World) -> Result<Vec<Value>> {
        let list = world.product.get(&self.path("/deliveries")).await?;
        Ok(list["deliveries"].as_array().context("no list")?.clone())
    }

    async fn test(&self, world: &World) -> Result<Value> {
        let delivery = world.product.call(Method::POST, &self.path("/test"), None).await?;
        world.stack.drain().await?;
        world
            .product
            .get(&self.path(&format!("/deliveries/{}", delivery["id"].as_str().context("no id")?)))
            .await
    }

    async fn change(&self, world: &World, change: Value) -> Result<Value> {
        world.product.call(Method::PATCH, &self.path(""), Some(&change)).await
    }
}

async fn minute(world: &World) -> Result<()> {
    world.pass(SignedDuration::from_secs(61)).await
}

#[tokio::test]
async fn what_happens_to_a_connection_arrives_signed() -> Result<()> {
    let world = World::start(Size::PAIR).await?;
    let receiver = Receiver::start().await?;
    let endpoint = Endpoint::at(&world, json!({ "url": receiver.origin() })).await?;
    let some = json!({ "url": format!("{}/some", receiver.origin()), "event_types": ["deletion.completed"] });
    let some = Endpoint::at(&world, some).await?;
    let connected = world.connect_and_sync("hooks").await?;
    minute(&world).await?;
    let path = format!("/v1/connections/{}/accounts/{}", connected.id, connected.accounts[0]);
    let account = world.product.call(Method::DELETE, &path, None).await?;
    minute(&world).await?;
    let deletion = world.disconnect(&connected.id).await?;
    minute(&world).await?;
    world.finish(deletion["id"].as_str().context("no id")?, 8).await?;
    minute(&world).await?;

    for (kind, state, deletion) in [
        ("connection.activated", "active", None),
        ("account.disconnected", "purging", Some(&account)),
        ("connection.disconnected", "purging", Some(&deletion)),
    ] {
        let heard = receiver.of_type(kind);
        ensure!(heard.len() == 1, "{kind}: {heard:?}");
        ensure!(heard[0].verified(&endpoint.secret)? == 1 && heard[0].path == "/", "{kind}");
        ensure!(heard[0].verified(&some.secret).is_err(), "another endpoint's secret fits");
        let body = heard[0].json();
        let data = &body["data"];
        ensure!(data["connection_id"] == connected.id.as_str() && data["state"] == state, "{kind}: {body}");
        ensure!(
            data["deletion_id"] == deletion.map_or(Value::Null, |deletion| deletion["id"].clone()),
            "{body}"
        );
        ensure!(deletion.is_none() || data["reason"] == "disconnected", "{kind}: {body}");
        ensure!(heard[0].header("webhook-id").starts_with("evt_"), "{kind}");
    }
    let all = receiver.of_type("deletion.completed");
    let ends: Vec<_> =
        all.iter().filter(|heard| heard.json()["data"]["deletion_id"] == deletion["id"]).collect();
    ensure!(ends.len() == 2 && ends[0].header("webhook-id") == ends[1].header("webhook-id"), "{ends:?}");
    for (path, endpoint) in [("/", &endpoint), ("/some", &some)] {
        let heard = ends.iter().find(|heard| heard.path == path).context("not at every endpoint")?;
        heard.verified(&endpoint.secret)?;
        let data = heard.json()["data"].clone();
        ensure!(data["status_url"] == deletion["status_url"] && data["state"] == "deleted", "{data}");
    }
    ensure!(
        receiver.heard().iter().filter(|heard| heard.path == "/some").count() == all.len() / 2,
        "a type too many"
    );
    for delivery in endpoint.deliveries(&world).await? {
        ensure!(delivery["state"] == "delivered" && delivery["attempts"][0]["status"] == 204, "{delivery}");
    }
    Ok(())
}

#[tokio::test]
async fn a_failure_is_tried_again_and_a_delivery_can_be_replayed() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let receiver = Receiver::start().await?;
    let endpoint = Endpoint::at(&world, json!({ "url": receiver.origin() })).await?;
    receiver.answers(&[500, 302, 200]);
    let first = endpoint.test(&world).await?;
    ensure!(first["state"] == "pending" && first["attempts"][0]["failure"] == "status", "{first}");
    // The queue's own delay brings the second try, with no tick of the sweeper.
    world.skip(SignedDuration::from_secs(7));
    world.stack.drain().await?;
    ensure!(receiver.heard().len() == 2, "{:?}", receiver.heard().len());
    world.skip(SignedDuration::from_secs(200));
    world.stack.tick().await?;
    world.stack.drain().await?;
    ensure!(receiver.heard().len() == 2, "tried before its time");
    world.pass(SignedDuration::from_secs(200)).await?;
    let path = endpoint.path(&format!("/deliveries/{}", first["id"].as_str().context("no id")?));
    let done = world.product.get(&path).await?;
    let seen: Vec<_> =
        done["attempts"].as_array().context("no log")?.iter().map(|one| one["status"].clone()).collect();
    ensure!(seen == [json!(500), json!(302), json!(200)] && done["state"] == "delivered", "{done}");
    ensure!(
        done["attempts"][1]["failure"] == "redirect" && done["attempts"][2]["failure"].is_null(),
        "{done}"
    );
    ensure!(world.product.get(&endpoint.path("")).await?["failing_since"].is_null());

    let again = world.product.call(Method::POST, &format!("{path}/replay"), None).await?;
    ensure!(again["state"] == "pending", "{again}");
    world.stack.drain().await?;
    let heard = receiver.heard();
    ensure!(heard.len() == 4, "{}", heard.len());
    ensure!(heard.iter().all(|one| one.header("webhook-id") == heard[0].header("webhook-id")), "another id");
    ensure!(heard.iter().all(|one| one.verified(&endpoint.secret).is_ok() && one.body == heard[0].body));
    Ok(())
}

#[tokio::test]
async fn a_replaced_secret_signs_beside_the_new_one_for_a_day() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let receiver = Receiver::start().await?;
    let endpoint = Endpoint::at(&world, json!({ "url": receiver.origin() })).await?;
    let rotated = world.product.call(Method::POST, &endpoint.path("/rotate-secret"), None).await?;
    let secret = rotated["secret"].as_str().context("no secret")?.to_owned();
    endpoint.test(&world).await?;
    world.skip(SignedDuration::from_hours(25));
    endpoint.test(&world).await?;
    let heard = receiver.heard();
    ensure!(heard[0].verified(&endpoint.secret)? == 2 && heard[0].verified(&secret)? == 2);
    ensure!(heard[1].verified(&secret)? == 1 && heard[1].verified(&endpoint.secret).is_err());
    // A new address needs no new secret, and gets the events from now on.
    endpoint
        .change(&world, json!({ "url": format!("{}/moved", receiver.origin()), "description": "moved" }))
        .await?;
    endpoint.test(&world).await?;
    let last = receiver.heard().pop().context("nothing came")?;
    ensure!(last.path == "/moved" && last.verified(&secret)? == 1, "{last:?}");
    Ok(())
}

#[tokio::test]
async fn an_endpoint_that_is_off_hears_nothing_and_others_hear_of_it() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let (gone, watcher) = (Receiver::start().await?, Receiver::start().await?);
    let endpoint = Endpoint::at(&world, json!({ "url": gone.origin() })).await?;
    Endpoint::at(&world, json!({ "url": watcher.origin(), "event_types": ["webhook_endpoint.disabled"] }))
        .await?;
    gone.answers(&[410]);
    let delivery = endpoint.test(&world).await?;
    ensure!(delivery["state"] == "failed" && delivery["next_attempt_at"].is_null(), "{delivery}");
    let view = world.product.get(&endpoint.path("")).await?;
    ensure!(view["enabled"] == false && view["disabled_reason"] == "gone", "{view}");
    minute(&world).await?;
    let told = watcher.of_type("webhook_endpoint.disabled");
    ensure!(
        told.len() == 1 && told[0].json()["data"]["webhook_endpoint_id"] == endpoint.id.as_str(),
        "{told:?}"
    );
    let refused = world.product.send(Method::POST, &endpoint.path("/test"), None).await?;
    ensure!(refused.status() == 409, "{}", refused.status());
    let count = gone.heard().len();
    world.connect("off").await?;
    minute(&world).await?;
    ensure!(gone.heard().len() == count, "it still hears");
    endpoint.change(&world, json!({ "enabled": true })).await?;
    ensure!(endpoint.test(&world).await?["state"] == "delivered");
    let deleted = world.product.send(Method::DELETE, &endpoint.path(""), None).await?;
    ensure!(deleted.status() == 204 && world.status(&endpoint.path("")).await? == 404);
    Ok(())
}

#[tokio::test]
async fn another_tenant_hears_and_sees_nothing() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let (own, foreign) = (Receiver::start().await?, Receiver::start().await?);
    let endpoint = Endpoint::at(&world, json!({ "url": own.origin() })).await?;
    let delivery = endpoint.test(&world).await?;
    let other = world.stack.another_tenant("Other").await?;
    let other = world.product.with_credential(other.api_key);
    other.call(Method::POST, ENDPOINTS, Some(&json!({ "url": foreign.origin() }))).await?;
    world.connect("mine").await?;
    minute(&world).await?;
    ensure!(own.of_type("connection.activated").len() == 1 && foreign.heard().is_empty());
    let one = format!("/deliveries/{}", delivery["id"].as_str().context("no id")?);
    let patch = json!({ "enabled": false });
    for (method, rest, body) in [
        (Method::GET, String::new(), None),
        (Method::PATCH, String::new(), Some(&patch)),
        (Method::DELETE, String::new(), None),
        (Method::POST, "/test".to_owned(), None),
        (Method::POST, "/rotate-secret".to_owned(), None),
        (Method::GET, "/deliveries".to_owned(), None),
        (Method::GET, one.clone(), None),
        (Method::POST, format!("{one}/replay"), None),
    ] {
        let answer = other.send(method.clone(), &endpoint.path(&rest), body).await?;
        ensure!(answer.status() == 404, "{method} {rest}: {}", answer.status());
    }
    let listed = other.get(ENDPOINTS).await?;
    ensure!(!listed.to_string().contains(&endpoint.id), "{listed}");
    Ok(())
}

#[tokio::test]
async fn a_lost_message_loses_no_delivery() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let receiver = Receiver::start().await?;
    let hears = json!({ "url": receiver.origin(), "event_types": ["connection.activated"] });
    let endpoint = Endpoint::at(&world, hears).await?;
    world.connect_and_sync("lost").await?;
    // The message that makes the deliveries, then each that makes a try.
    for _ in 0..3 {
        world.skip(SignedDuration::from_secs(61));
        world.stack.tick().await?;
        if let Some(lost) = Batch::receive(&world, Queue::Webhook).await? {
            lost.delete(&world, &[]).await?;
        }
    }
    ensure!(receiver.heard().is_empty());
    minute(&world).await?;
    ensure!(
        receiver.of_type("connection.activated").len() == 1 && endpoint.deliveries(&world).await?.len() == 1
    );
    Ok(())
}

/// Neither the address nor a secret is anywhere in clear, and the deletion of a tenant deletes them too.
#[tokio::test]
async fn address_and_secret_are_only_kept_sealed() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let receiver = Receiver::start().await?;
    let canary = "canary-endpoint-token-6f1d";
    let endpoint =
        Endpoint::at(&world, json!({ "url": format!("{}/in?token={canary}", receiver.origin()) })).await?;
    ensure!(endpoint.test(&world).await?["state"] == "delivered");
    ensure!(receiver.heard()[0].path.ends_with(canary));
    let view = world.product.get(ENDPOINTS).await?.to_string();
    ensure!(!view.contains(canary) && !view.contains("whsec_"), "{view}");
    let secret = endpoint.secret.trim_start_matches("whsec_").as_bytes();
    let raw = BASE64.decode(secret)?;
    for table in Table::ALL {
        let bytes = tables::bytes(&world.stack, table).await?;
        for needle in [canary.as_bytes(), secret, raw.as_slice()] {
            ensure!(
                !bytes.windows(needle.len()).any(|window| window == needle),
                "in clear in {}",
                table.as_str()
            );
        }
    }
    let body = json!({ "tenant": true });
    let deletion = world.product.call(Method::POST, "/v1/deletion-requests", Some(&body)).await?;
    let status =
        url::Url::parse(deletion["status_url"].as_str().context("no status page")?)?.path().to_owned();
    for minutes in [1, 21, 24 * 60] {
        world.pass(SignedDuration::from_mins(minutes)).await?;
        world.pass(SignedDuration::from_mins(6)).await?;
    }
    ensure!(world.status(&status).await? == 200);
    for table in [Table::Directory, Table::Vault] {
        ensure!(
            world.stack.items_naming(table, &endpoint.id).await?.is_empty(),
            "left in {}",
            table.as_str()
        );
    }
    say("address and secret: sealed while the tenant lives, gone with it");
    Ok(())
}
