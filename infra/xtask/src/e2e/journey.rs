//! The whole way, once: connect, sync, poison, reports, schedules, disconnect, verified deletion.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use mooring_local::{Connected, Person, Product};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::aws::{DELETION, DELETION_DEAD, Item, SYNC, SYNC_DEAD, key};
use super::cloud::{Cloud, World, text};
use super::steps::Steps;
use super::{Built, ageing, doctor, poison, reading, until};

const WORLD: World = World { ads: 6, advertisers: 2 };
const END_USER: &str = "e2e-anna";
/// The schedules come every minute; a tick may fall just before.
const TICK: Duration = Duration::from_mins(3);
const SYNC_PATIENCE: Duration = Duration::from_mins(15);

/// Plays the whole way.
pub(crate) async fn run(built: &Built) -> Result<()> {
    let mut steps = Steps::begin("Mooring in a cloud: the whole way");
    let cloud = Cloud::start(built, WORLD).await?;
    let (resources, routes) = (cloud.places.resources, cloud.places.routes);
    steps.done("template.yaml deployed", format!("{resources} resources, {routes} routes"));
    let product = cloud.seed()?;
    described(&product).await?;
    steps.done("app secret and tenant registered", "with `app-secret` and `tenant`");

    doctor::play(&cloud, &mut steps).await?;
    cloud.seed_app()?;

    let connected = product.connect(&mut Person::new()?, END_USER, None).await?;
    steps.done("connected through the pages", format!("{} ad accounts", connected.accounts.len()));
    let chunks = reading::wait_complete(&product, &connected, SYNC_PATIENCE).await?;
    steps.done("synced", format!("{chunks} day chunks"));
    steps.done("poison message", poison::play(&cloud, &connected).await?);
    compare(&cloud, &product, &connected, &mut steps).await?;
    planned(&cloud, &connected, &mut steps).await?;
    disconnect(&cloud, &product, &connected, &mut steps).await?;
    queues(&cloud, &mut steps).await?;
    cloud.stop()?;
    steps.done("stopped", "every process ended, ports free");
    steps.end();
    Ok(())
}

/// Checks that the deployed API describes itself as the repository does.
async fn described(product: &Product) -> Result<()> {
    let served = product.get("/openapi.json").await?;
    let committed: Value = serde_json::from_str(&crate::openapi_text()?)?;
    ensure!(served == committed, "the deployed functions are of another version: run `cargo xtask package`");
    Ok(())
}

async fn compare(cloud: &Cloud, product: &Product, connected: &Connected, steps: &mut Steps) -> Result<()> {
    let (platform, advertisers) = (cloud.platform().await?, cloud.advertisers().await?);
    for reader in reading::readers(product, &connected.id).await? {
        let figures = reader.compare(product, &platform, &advertisers).await?;
        let spend = mooring_domain::base::money::Micros(figures.spend);
        let said = format!("4 levels, spend {spend}, {} clicks", figures.clicks);
        steps.done("JSON = CSV = platform", said);
    }
    Ok(())
}

/// Checks that the planner runs by itself and sends the jobs that are due.
async fn planned(cloud: &Cloud, connected: &Connected, steps: &mut Steps) -> Result<()> {
    let account = connected.accounts.first().context("no account")?;
    let items = cloud.items("connections").await?;
    let row =
        items.iter().find(|item| key(item, "sk") == format!("acc#{account}")).context("no account row")?;
    let mut due = row.clone();
    let minute = Timestamp::now().as_second().div_euclid(60).rem_euclid(60);
    due.insert("due_at".to_owned(), json!({ "S": format!("{minute:04}") }));
    ensure!(cloud.put_back("connections", &due, "state").await?, "the account changed meanwhile");
    // Only the planner sends jobs without a window; the account may have been due by its own slot before.
    let begins = format!("acc#{account}#job#restate.");
    until("the planner's own tick and its sync", TICK, async || {
        let rows = cloud.items("connections").await?;
        let mut jobs = rows.iter().filter(|row| key(row, "sk").starts_with(&begins));
        let done = |row: &Item| row.get("done").is_some_and(|done| done["BOOL"] == true);
        Ok(jobs.any(|row| key(row, "sk").ends_with(".-") && done(row)).then_some(()))
    })
    .await?;
    let ticks = cloud.logged("sync jobs sent").await?.len();
    steps.done("planner by its schedule", format!("{ticks} ticks; an account that was due is synced"));
    Ok(())
}

async fn disconnect(
    cloud: &Cloud,
    product: &Product,
    connected: &Connected,
    steps: &mut Steps,
) -> Result<()> {
    let id = &connected.id;
    let reports: Vec<_> = connected.accounts.iter().map(|account| report_path(id, account)).collect();
    let before = cloud.held(id).await?;
    let deletion = product.call(Method::DELETE, &format!("/v1/connections/{id}"), None).await?;
    for report in &reports {
        let status = product.send(Method::GET, report, None).await?.status();
        ensure!(status == StatusCode::NOT_FOUND, "after the disconnect a report answers {status}");
    }
    steps.done("disconnected", format!("{} reports answer 404 at once", reports.len()));
    let deletion = text(&deletion, "/id")?.to_owned();
    step(product, &deletion, "purge_again", TICK).await?;
    steps.done("first pass", "keys shredded, places purged, grant revoked");
    for next in ["verify", "done"] {
        grow_old(cloud, &deletion).await?;
        step(product, &deletion, next, TICK).await?;
        steps.done("sweeper by its schedule", format!("the deletion is at {next}"));
    }
    let receipt = product.get(&format!("/v1/deletions/{deletion}/receipt")).await?;
    let places = receipt["counted"].as_array().context("the receipt counted nothing")?;
    ensure!(!places.is_empty() && places.iter().all(|place| place["count"] == 0), "counted: {places:?}");
    let after = cloud.held(id).await?;
    ensure!(after.is_empty(), "the recount found {after:?}");
    steps.done("verified", format!("receipt and recount at zero; before: {before:?}"));
    // The token with which this run calls the platform itself lives on.
    let living = cloud.living_tokens().await?;
    ensure!(living == 1, "{living} tokens live at the platform");
    Ok(())
}

/// Returns the path of a report that the API answers while the connection is there.
pub(crate) fn report_path(connection: &str, account: &str) -> String {
    format!(
        "/v1/reports?connection_id={connection}&account_id={account}&level=account&from=2026-01-01&to=2026-01-02"
    )
}

/// Waits until a deletion is at a step.
async fn step(product: &Product, deletion: &str, step: &str, patience: Duration) -> Result<()> {
    until(&format!("the deletion to be at {step}"), patience, async || {
        let view = product.get(&format!("/v1/deletions/{deletion}")).await?;
        Ok((view["step"] == step).then_some(()))
    })
    .await
}

/// Makes the deletion as old as its next step needs it.
async fn grow_old(cloud: &Cloud, deletion: &str) -> Result<()> {
    let rows = ageing::deletions(cloud).await?;
    let row = rows.iter().find(|row| key(row, "sk") == deletion).context("no row of the deletion")?;
    ensure!(ageing::make_due(cloud, row).await?, "the deletion moved on before its time");
    Ok(())
}

/// Checks that only the poison is left of all messages.
async fn queues(cloud: &Cloud, steps: &mut Steps) -> Result<()> {
    until("the queues to be empty", TICK, async || {
        let (sync, deletion) = (cloud.messages(SYNC).await?, cloud.messages(DELETION).await?);
        Ok((sync == [0, 0, 0] && deletion == [0, 0, 0]).then_some(()))
    })
    .await?;
    let dead = cloud.messages(SYNC_DEAD).await?.iter().sum::<u64>();
    let deletions = cloud.messages(DELETION_DEAD).await?.iter().sum::<u64>();
    ensure!((dead, deletions) == (1, 0), "{dead} and {deletions} dead letters");
    steps.done("queues", "empty; the poison is the only dead letter");
    Ok(())
}
