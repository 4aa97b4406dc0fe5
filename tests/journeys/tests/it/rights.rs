//! The whole way with the rights of template.yaml and no others: the roles allow everything that the product does, and
//! the product needs every right.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_edge::routes::ROUTES;
use mooring_local::{Connected, Person};
use mooring_sandbox::Faults;
use mooring_tests_journeys::connecting::arrive_again;
use mooring_tests_journeys::guarded::{Guard, Right};
use mooring_tests_journeys::unreached::{UNREACHED, Unreached, problems};
use mooring_tests_journeys::{Receiver, Size, Wire, World, say};
use mooring_tests_tidy::decide::rights;
use mooring_tests_tidy::grants::grants;
use mooring_tests_tidy::template::Template;
use serde_json::{Value, json};

use crate::bad_input::places::good;

const ENDPOINTS: &str = "/v1/webhook-endpoints";
const REQUESTS: &str = "/v1/deletion-requests";
const MAIL: &str = "anna@example.net";
const DAY: SignedDuration = SignedDuration::from_hours(24);

fn text(value: &Value, field: &str) -> Result<String> {
    value[field].as_str().map(str::to_owned).with_context(|| format!("no {field}"))
}

/// Calls every route of the API as a browser that may not, and every POST with a key for missing things.
async fn refusals(world: &World) -> Result<()> {
    let body = json!({ "end_user": "rights" });
    let minted = world.product.call(Method::POST, "/v1/frontend-tokens", Some(&body)).await?;
    let browser = format!("Bearer {}", text(&minted, "token")?);
    let server = format!("Bearer {}", world.stack.seeded().api_key);
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    for route in ROUTES.iter().filter(|route| !route.is_public()) {
        let (method, path) =
            (Method::from_bytes(route.method.as_bytes())?, route.path.replace(['{', '}'], ""));
        let plain = [
            ("authorization", browser.as_str()),
            ("content-type", "application/json"),
            ("origin", world.stack.demo_origin()),
        ];
        let body = (method != Method::GET).then_some(b"{}".as_slice());
        wire.send(&method, &path, &plain, body).await?;
        wire.send(&Method::OPTIONS, &path, &plain[2..], None).await?;
        if method == Method::POST {
            let keyed = [("authorization", server.as_str()), plain[1], ("idempotency-key", "refused")];
            let answer = wire.send(&method, &path, &keyed, body).await?;
            ensure!(answer.status.is_client_error(), "{path}: {} {}", answer.status, answer.body);
        }
    }
    Ok(())
}

/// Makes every call of a product about webhook endpoints, with an endpoint that fails and one that is gone.
async fn webhook_calls(world: &World, receiver: &Receiver) -> Result<()> {
    let product = &world.product;
    let made = product.call(Method::POST, ENDPOINTS, Some(&json!({ "url": receiver.origin() }))).await?;
    let path = format!("{ENDPOINTS}/{}", text(&made, "id")?);
    product.get(ENDPOINTS).await?;
    product.get(&path).await?;
    product.call(Method::PATCH, &path, Some(&json!({ "description": "ours" }))).await?;
    product.call(Method::POST, &format!("{path}/rotate-secret"), None).await?;
    receiver.answers(&[500]);
    let delivery = product.call(Method::POST, &format!("{path}/test"), None).await?;
    world.stack.drain().await?;
    world.skip(SignedDuration::from_secs(7));
    world.stack.drain().await?;
    let delivery = format!("{path}/deliveries/{}", text(&delivery, "id")?);
    product.get(&format!("{path}/deliveries")).await?;
    ensure!(product.get(&delivery).await?["state"] == "delivered", "the second try failed too");
    product.call(Method::POST, &format!("{delivery}/replay"), None).await?;
    world.stack.drain().await?;
    let other = product.call(Method::POST, ENDPOINTS, Some(&json!({ "url": receiver.origin() }))).await?;
    let other = format!("{ENDPOINTS}/{}", text(&other, "id")?);
    receiver.answers(&[410]);
    product.call(Method::POST, &format!("{other}/test"), None).await?;
    world.stack.drain().await?;
    ensure!(product.get(&other).await?["disabled_reason"] == "gone", "it still hears");
    product.send(Method::DELETE, &other, None).await?;
    Ok(())
}

/// Reads everything of a connection.
async fn reads(world: &World, connected: &Connected) -> Result<()> {
    world.product.get("/v1/connections").await?;
    for level in ["account", "campaign", "ad_group", "ad"] {
        let rest = format!("level={level}&from=2026-11-16&to=2026-11-21&metrics=spend&limit=5");
        world.report(connected, &connected.accounts[0], &rest).await?;
    }
    Ok(())
}

/// Authorises a live connection again; the browser opens the callback twice.
async fn comes_back(world: &World, connected: &Connected, end_user: &str) -> Result<()> {
    let mut again = arrive_again(world, end_user, &connected.id).await?;
    for _ in 0..2 {
        let landed = again.person.get(&again.callback).await?;
        ensure!(landed.follow()?.as_str().contains(&connected.id), "{:?}", landed.location);
    }
    Ok(())
}

/// Passes time until a connection is as awaited, its slot of the hour at the latest.
async fn until(world: &World, path: &str, awaited: impl Fn(&Value) -> bool) -> Result<()> {
    for _ in 0..8 {
        if awaited(&world.product.get(path).await?) {
            return Ok(());
        }
        world.pass(SignedDuration::from_mins(10)).await?;
    }
    bail!("it still is {}", world.product.get(path).await?)
}

/// Ends an account and, after a day of the other one, its connection, with everything that can be read about it.
async fn ends(world: &World, connected: &Connected) -> Result<()> {
    let path = format!("/v1/connections/{}/accounts/{}", connected.id, connected.accounts[0]);
    let account = world.product.call(Method::DELETE, &path, None).await?;
    world.finish(&text(&account, "id")?, 8).await?;
    let path = format!("/v1/connections/{}", connected.id);
    let before = world.product.get(&path).await?["accounts"].clone();
    until(world, &path, |view| view["accounts"] != before).await?;
    let deletion = world.disconnect(&connected.id).await?;
    let id = text(&deletion, "id")?;
    ensure!(world.disconnect(&connected.id).await?["id"] == id.as_str(), "disconnected twice");
    world.finish(&id, 8).await?;
    world.product.get("/v1/deletions").await?;
    world.product.get(&format!("/v1/deletions/{id}/receipt")).await?;
    let status = url::Url::parse(&text(&deletion, "status_url")?)?;
    ensure!(Person::new()?.get(&status).await?.status == 200, "no status page");
    Ok(())
}

/// Ends an account and its connection by requests, the second of which came before.
async fn ends_by_request(world: &World) -> Result<()> {
    let connected = world.connect("rights-requests").await?;
    let account = json!({ "connection_id": connected.id, "account_id": connected.accounts[0] });
    world.product.call(Method::POST, REQUESTS, Some(&account)).await?;
    let whole = json!({ "connection_id": connected.id });
    let [first, again] = [
        world.product.call(Method::POST, REQUESTS, Some(&whole)).await?,
        world.product.call(Method::POST, REQUESTS, Some(&whole)).await?,
    ];
    ensure!(first["id"] == again["id"], "{first} {again}");
    Ok(())
}

/// The platform is down at a first sync; then it says, twice a day apart, that access was revoked.
async fn ends_at_the_platform(world: &World) -> Result<()> {
    let connected = world.connect("rights-revoked").await?;
    let sandbox = world.stack.sandbox();
    sandbox.set_faults(Faults { status_5xx: u32::MAX, ..Faults::default() });
    world.stack.drain().await?;
    sandbox.set_faults(Faults::default());
    sandbox.revoke_all_tokens();
    let path = format!("/v1/connections/{}", connected.id);
    until(world, &path, |view| view["state"] == "suspect").await?;
    world.skip(DAY);
    until(world, &path, |view| view["state"] == "purging").await?;
    Ok(())
}

/// Ends a connection by mail, and the tenant with all the rest.
async fn ends_from_outside(world: &World) -> Result<()> {
    let mut person = Person::new()?;
    world.product.connect(&mut person, "rights-mail", Some(MAIL)).await?;
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let headers = [("content-type", "application/json"), ("accept", "application/json")];
    let body = json!({ "email": MAIL }).to_string();
    // The second mail has to wait, and finds nothing to delete any more.
    for _ in 0..2 {
        wire.send(&Method::POST, "/deletion-requests", &headers, Some(body.as_bytes())).await?;
        world.pass(SignedDuration::from_mins(6)).await?;
    }
    let mails = world.stack.aws().mails();
    ensure!(mails.len() == 1, "{} mails", mails.len());
    let mut words = mails.iter().flat_map(|mail| mail.text.split_whitespace());
    let link = words.find(|word| word.contains("/deletion-requests/")).context("no mail came")?;
    let page = person.get(&url::Url::parse(link)?).await?;
    person.submit(&page.form("<button")?, |_, _| true).await?;
    world.pass(SignedDuration::from_mins(30)).await?;
    world.connect("rights-last").await?;
    let body = json!({ "tenant": true });
    world.product.call(Method::POST, REQUESTS, Some(&body)).await?;
    for minutes in [1, 21, 24 * 60, 6] {
        world.pass(SignedDuration::from_mins(minutes)).await?;
    }
    Ok(())
}

/// Makes the good request of each route whose function has a right that nothing needed up to here, so that a new route
/// needs no step of its own in this journey.
async fn the_rest(world: &World, template: &Template, guard: &Guard) -> Result<()> {
    let (granted, used) = (granted(template), guard.seen().used);
    let is_listed = |right: &&Right| UNREACHED.iter().any(|other| other.named() == **right);
    let missing = granted.difference(&used).filter(|right| !is_listed(right));
    let rest: BTreeSet<_> = missing.map(|(function, _, _)| function.as_str()).collect();
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let key = &world.stack.seeded().api_key;
    for route in ROUTES.iter().filter(|route| !route.is_public() && rest.contains(route.function)) {
        let good = good(world, route).await.with_context(|| format!("making {}", route.operation_id))?;
        let answer = good.send(&wire, Some(key)).await?;
        ensure!(answer.status == good.status, "{}: {} {}", route.operation_id, answer.status, answer.body);
    }
    Ok(())
}

async fn whole_way(world: &World, template: &Template, guard: &Guard) -> Result<()> {
    let receiver = Receiver::start().await?;
    refusals(world).await?;
    webhook_calls(world, &receiver).await?;
    let connected = world.connect_and_sync("rights").await?;
    reads(world, &connected).await?;
    comes_back(world, &connected, "rights").await?;
    ends(world, &connected).await?;
    // A connection that nobody activates ends by itself.
    world.product.connect_until_return(&mut Person::new()?, "rights-lost", None).await?;
    world.pass(SignedDuration::from_mins(16)).await?;
    ends_by_request(world).await?;
    ends_at_the_platform(world).await?;
    the_rest(world, template, guard).await?;
    ends_from_outside(world).await
}

/// Returns the rights that calls can need: Lambda writes the log and takes the messages, not the function's own
/// clients.
fn granted(template: &Template) -> BTreeSet<Right> {
    let mut all = rights(&grants(template));
    all.retain(|(_, sid, _)| sid != "Logs" && !sid.starts_with("Take"));
    all
}

#[tokio::test]
async fn the_whole_way_needs_every_right_of_the_roles_and_no_other() -> Result<()> {
    let template = Template::read()?;
    let (world, guard) = World::guarded(Size::PAIR, &template).await?;
    let went = whole_way(&world, &template, &guard).await;
    let seen = guard.seen();
    ensure!(seen.denied.is_empty(), "denied: {:#?}", seen.denied);
    went?;
    ensure!(seen.calls > 500, "{} calls are not the whole way", seen.calls);
    let wrong = problems(&granted(&template), &seen.used)?;
    ensure!(wrong.is_empty(), "{wrong:#?}");
    say(&format!(
        "{} calls, 0 denied, {} rights needed, {} elsewhere",
        seen.calls,
        seen.used.len(),
        UNREACHED.len()
    ));
    Ok(())
}

/// The broken runs of the test above: a right too many, a right that left the list too late, a right that nobody has.
#[test]
fn a_right_that_nothing_needs_is_seen() -> Result<()> {
    let granted = granted(&Template::read()?);
    let listed = UNREACHED.first().map(Unreached::named).context("an empty list")?;
    let mut needed = granted.clone();
    needed.retain(|right| !UNREACHED.iter().any(|other| other.named() == *right));
    ensure!(problems(&granted, &needed)?.is_empty(), "{:?}", problems(&granted, &needed)?);

    let mut wider = granted.clone();
    wider.insert(("openapi".to_owned(), "Ledger".to_owned(), "dynamodb:GetItem".to_owned()));
    let wrong = problems(&wider, &needed)?;
    ensure!(
        wrong.len() == 1 && wrong[0].starts_with("openapi Ledger dynamodb:GetItem: no call"),
        "{wrong:?}"
    );
    let mut reached = needed.clone();
    reached.insert(listed.clone());
    let wrong = problems(&granted, &reached)?;
    ensure!(
        wrong.len() == 1 && wrong[0].ends_with("the journey needs it; take it from the list"),
        "{wrong:?}"
    );
    let mut narrower = granted;
    narrower.remove(&listed);
    let wrong = problems(&narrower, &needed)?;
    ensure!(wrong.len() == 1 && wrong[0].ends_with("no role has it; take it from the list"), "{wrong:?}");
    Ok(())
}

/// Without a statement a call is denied.
#[tokio::test]
async fn a_statement_that_is_missing_is_seen() -> Result<()> {
    let mut template = Template::read()?;
    let place = "/Resources/ConnectionsReadRole/Properties/Policies/0/PolicyDocument/Statement";
    let statements = template.0.pointer_mut(place).and_then(Value::as_array_mut).context("no statements")?;
    statements.retain(|statement| statement["Sid"] != "Connections");
    let (world, guard) = World::guarded(Size::SMALL, &template).await?;
    ensure!(world.product.get("/v1/connections").await.is_err(), "it was read without a right");
    let denied = guard.seen().denied;
    ensure!(denied.iter().all(|call| call.starts_with("connections-read dynamodb:")), "{denied:?}");
    ensure!(!denied.is_empty(), "nothing was denied");
    Ok(())
}
