//! C30, K3: every call with a valid credential leaves an entry in the access log, in pseudonyms that end with the tenant.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::table::Table;
use mooring_edge::routes::ROUTES;
use mooring_tests_journeys::{Answer, Size, Wire, World, say, tables};
use serde_json::{Value, json};

const END_USER: &str = "canary-access-log-person-91c4";
const AGENT: &str = "CanaryAgent/7.7 (canary-device)";
const QUERY: &str = "canary.access%40mailbox.example";

type Entry = BTreeMap<String, String>;

/// Reads the entries of the access log, by the id of their request; lists as one text.
async fn entries(world: &World) -> Result<BTreeMap<String, Entry>> {
    let mut entries = BTreeMap::new();
    for item in world.stack.items(Table::Activity).await? {
        let text = |value: &aws_sdk_dynamodb::types::AttributeValue| match value {
            aws_sdk_dynamodb::types::AttributeValue::L(all) => {
                all.iter().filter_map(|one| one.as_s().ok().cloned()).collect::<Vec<_>>().join(" ")
            }
            other => other.as_s().or_else(|_| other.as_n()).cloned().unwrap_or_default(),
        };
        let entry: Entry = item.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        if entry.get("what").is_some_and(|what| what == "access") {
            entries.insert(entry.get("request").cloned().context("no request")?, entry);
        }
    }
    Ok(entries)
}

fn class(answer: &Answer) -> &'static str {
    match answer.status.as_u16() {
        0..400 => "2xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

#[tokio::test]
async fn every_call_with_a_credential_leaves_one_entry() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let seeded = world.stack.seeded();
    let bearer = format!("Bearer {}", seeded.api_key);
    let headers = [("authorization", bearer.as_str()), ("user-agent", AGENT)];
    let mut sent = BTreeMap::new();
    for route in ROUTES.iter().filter(|route| !route.is_public()) {
        for place in ["con_00000000000000000000000009", QUERY] {
            let path = route.path.split('/').map(|part| if part.starts_with('{') { place } else { part });
            let path = format!("{}?x={QUERY}", path.collect::<Vec<_>>().join("/"));
            let answer = wire.send(&route.method.parse()?, &path, &headers, None).await?;
            let named = route.path.contains('{') && place.starts_with("con_");
            sent.insert(answer.header("x-request-id").to_owned(), (route, class(&answer), named));
            let stranger = wire.send(&route.method.parse()?, &path, &[("user-agent", AGENT)], None).await?;
            ensure!(stranger.status == 401, "{}", stranger.status);
        }
    }
    let entries = entries(&world).await?;
    ensure!(entries.len() == sent.len(), "{} entries of {} calls", entries.len(), sent.len());
    for (request, (route, class, named)) in &sent {
        let entry = entries.get(request).with_context(|| format!("no entry of {}", route.operation_id))?;
        let field = |name: &str| entry.get(name).map(String::as_str).unwrap_or_default();
        ensure!(field("action") == route.operation_id && field("outcome") == *class, "{entry:?}");
        ensure!(
            field("pk") == seeded.tenant.as_str() && field("credential").starts_with("key_"),
            "{entry:?}"
        );
        ensure!(
            field("targets").starts_with("con_") == *named && !field("targets").contains('@'),
            "{entry:?}"
        );
        let kept = field("expires_at").parse::<i64>()? - field("at").parse::<Timestamp>()?.as_second();
        ensure!(kept == 83 * 86_400, "kept {kept} seconds");
    }
    let bytes = tables::bytes(&world.stack, Table::Activity).await?;
    let text = String::from_utf8_lossy(&bytes);
    for canary in ["canary", "mailbox.example", "127.0.0.1", &seeded.api_key] {
        ensure!(!text.contains(canary), "{canary} is in the log");
    }
    say(&format!("access log: {} calls of {} routes", sent.len(), sent.len() / 2));
    Ok(())
}

/// A browser's calls carry one pseudonym of its person; the same person of another tenant has another pseudonym.
#[tokio::test]
async fn a_person_has_one_pseudonym_in_a_tenant_and_none_elsewhere() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let other = world.stack.another_tenant("Quay Books").await?;
    for product in [world.product.clone(), world.product.with_credential(&other.api_key)] {
        let asked = json!({ "end_user": END_USER });
        let minted = product.call(Method::POST, "/v1/frontend-tokens", Some(&asked)).await?;
        let browser = product.with_credential(minted["token"].as_str().context("no token")?);
        for _ in 0..3 {
            browser.get("/v1/connections").await?;
        }
    }
    let mut persons: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in entries(&world).await?.into_values() {
        let person = entry.get("person").cloned();
        ensure!(person.is_some() == (entry["action"] == "listConnections"), "{entry:?}");
        persons.entry(entry["pk"].clone()).or_default().extend(person);
    }
    let all: BTreeSet<_> = persons.values().flatten().collect();
    ensure!(
        persons.len() == 2 && persons.values().all(|one| one.len() == 1) && all.len() == 2,
        "{persons:?}"
    );
    let bytes = tables::bytes(&world.stack, Table::Activity).await?;
    ensure!(!String::from_utf8_lossy(&bytes).contains("canary"), "the reference itself is in the log");
    Ok(())
}

/// A deletion of a tenant deletes its key too; the pseudonyms that stay in the log cannot be computed again.
#[tokio::test]
async fn with_the_tenant_goes_the_key_of_its_pseudonyms() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let tenant = world.stack.seeded().tenant.clone();
    let asked = json!({ "end_user": END_USER });
    let minted = world.product.call(Method::POST, "/v1/frontend-tokens", Some(&asked)).await?;
    let browser = world.product.with_credential(minted["token"].as_str().context("no token")?);
    browser.get("/v1/connections").await?;
    let row = world.stack.items_naming(Table::Directory, tenant.as_str()).await?;
    let key =
        row.iter().find_map(|item| item.get("pseudonym_key")?.as_b().ok().cloned()).context("no key")?;
    let whole = json!({ "tenant": true });
    let deletion: Value = world.product.call(Method::POST, "/v1/deletion-requests", Some(&whole)).await?;
    ensure!(deletion["subject"]["kind"] == "tenant", "{deletion}");
    world.stack.drain().await?;
    for _ in 0..4 {
        world.pass(SignedDuration::from_hours(25)).await?;
    }
    let mut left = 0;
    for table in Table::ALL {
        let bytes = tables::bytes(&world.stack, table).await?;
        let found = bytes.windows(key.as_ref().len()).any(|window| window == key.as_ref());
        ensure!(!found, "the key is still in {}", table.as_str());
    }
    for entry in entries(&world).await?.into_values() {
        left += 1;
        let names: BTreeSet<&str> = entry.keys().map(String::as_str).collect();
        let opaque = [
            "action",
            "at",
            "browser",
            "credential",
            "expires_at",
            "outcome",
            "person",
            "pk",
            "request",
            "sk",
        ];
        let opaque: BTreeSet<&str> = opaque.into_iter().chain(["targets", "what"]).collect();
        ensure!(names.is_subset(&opaque), "{names:?}");
    }
    ensure!(left == 3, "{left} entries are left of minting, listing and deleting");
    Ok(())
}
