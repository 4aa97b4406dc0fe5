//! The daily probe: whatever breaks, the next one asks again. A grant that lives stays untouched. A grant that the
//! platform calls revoked for the second time, a day after the first, ends once, and the day counts.

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::table::Table;
use mooring_domain::connect::ports::ConnectionState as _;
use mooring_domain::connect::token_life::{CONFIRM, Life, PROBE_AFTER, RETRY};
use mooring_tests_journeys::rig::{At, Batch, Functions, Mode, Queue, Trial};
use mooring_tests_journeys::{Size, quick, say, tables};

use super::{SINGLES, STORMS, Scene, every_call, most_runs, storms};

/// The most calls of a probe that ends a connection. The cutoff's own calls meet storms in the trial of a
/// disconnect.
const CALLS: usize = 20;
/// The delay of a tick behind the time of its jobs.
const A_MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// How long the product waits at most for its deletion, from the first evidence.
const PROMISED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The platform answers: probes of one connection, again and again, always find it alive.
pub(crate) async fn alive() -> Result<()> {
    let scene = Scene::open(1).await?;
    let advertiser = scene.world.stack.sandbox().advertiser_ids().pop().context("no advertiser")?;
    let id = taken_up(&scene, &advertiser).await?;
    let one = async |at: At| {
        let before = life(&scene, &id).await?;
        tick_at(&scene, before.due_at).await?;
        let trial = asked(&scene, &waiting(&scene, &id).await?, at).await?;
        if life(&scene, &id).await?.answered_at == before.answered_at {
            again(&scene).await?;
            asked(&scene, &waiting(&scene, &id).await?, (Mode::CrashBefore, 0).into()).await?;
        }
        let now = life(&scene, &id).await?;
        ensure!(now.answered_at > before.answered_at && now.due_at > before.due_at, "{}", trial.name());
        let Life { answered_at, due_at, version, .. } = now;
        ensure!(now == Life { answered_at, due_at, version, ..before }, "{}: {now:?}", trial.name());
        Ok(trial)
    };
    every_call("probe", &SINGLES, one).await?;
    storms("probe", &STORMS, one).await?;
    let view = scene.world.product.get(&format!("/v1/connections/{id}")).await?;
    ensure!(view["state"] == "active", "{view}");
    Ok(())
}

/// The platform says revoked for the second time: exactly one deletion ends each connection.
pub(crate) async fn revoked() -> Result<()> {
    let needed = most_runs(CALLS, &SINGLES, &[]) - CALLS;
    let scene = Scene::of(Size { ads: 1, advertisers: u32::try_from(needed)? }, 1).await?;
    let mut held = Vec::new();
    for advertiser in scene.world.stack.sandbox().advertiser_ids() {
        held.push(taken_up(&scene, &advertiser).await?);
    }
    scene.world.stack.sandbox().revoke_all_tokens();
    tick_at(&scene, scene.world.now() + PROBE_AFTER).await?;
    scene.drain(Queue::Sync).await?;
    let mut since = Vec::new();
    for id in &held {
        since.push(life(&scene, id).await?.revoked_since.with_context(|| format!("{id} was not asked"))?);
    }
    tick_at(&scene, scene.world.now() + CONFIRM).await?;
    let mut probes = probes(&scene, &held).await?.into_iter();
    let one = async |at: At| asked(&scene, &probes.next().context("too few connections")?, at).await;
    every_call("revoked probe", &SINGLES, one).await?;
    // The queue delivers again what a crash left there, and the planner sends again a probe without a result.
    again(&scene).await?;
    scene.drain(Queue::Sync).await?;
    for minutes in [8, 8] {
        scene.pass(SignedDuration::from_mins(minutes)).await?;
    }
    let_go(&scene, &held, &since).await
}

/// Checks that each connection has one deletion, which counts from the first evidence and has begun.
async fn let_go(scene: &Scene, held: &[String], since: &[Timestamp]) -> Result<()> {
    let deletions = scene.world.list("/v1/deletions", "deletions").await?;
    ensure!(deletions.len() == held.len(), "{} deletions of {} connections", deletions.len(), held.len());
    for (id, since) in held.iter().zip(since) {
        let mut all = deletions.iter();
        let deletion = all.find(|deletion| deletion["subject"].to_string().contains(id));
        let deletion = deletion.with_context(|| format!("{id} was not let go"))?;
        let at = |name: &str| deletion[name].as_str().unwrap_or_default().parse::<Timestamp>();
        ensure!(deletion["reason"] == "revoked_at_platform" && at("t0")? == *since, "{since}: {deletion}");
        ensure!(at("delete_by")? == *since + PROMISED, "{deletion}");
    }
    let vault = tables::sort_keys(&scene.world.stack, Table::Vault, "con_").await?;
    ensure!(!vault.iter().any(|key| key.starts_with("tok#")), "tokens are left: {vault:?}");
    say(&format!("revoked probe: {} connections let go, each once", held.len()));
    Ok(())
}

/// Makes a connection whose first job was sent and lost: this test does not need a sync.
async fn taken_up(scene: &Scene, advertiser: &str) -> Result<String> {
    let connected = quick::connect_alone(&scene.world, &scene.calm(), "crash", advertiser).await?;
    Batch::about(&scene.world, Queue::Sync, &connected.id).await?.delete(&scene.world, &[]).await?;
    Ok(connected.id)
}

/// Reads the life of a connection's grant.
async fn life(scene: &Scene, id: &str) -> Result<Life> {
    let tenant = &scene.world.stack.seeded().tenant;
    Ok(scene.world.stack.adapters().store.life(tenant, &id.parse()?).await?)
}

/// Moves to a minute after an instant and ticks.
async fn tick_at(scene: &Scene, instant: Timestamp) -> Result<()> {
    scene.world.skip(scene.world.now().duration_until(instant) + A_MINUTE);
    scene.calm().tick(&scene.world).await
}

/// Moves to the next tick that sends a probe without a result again.
async fn again(scene: &Scene) -> Result<()> {
    tick_at(scene, scene.world.now() + RETRY - A_MINUTE).await
}

/// Returns the message body of a connection's probe.
fn probe_of(id: &str) -> String {
    format!("{id}\",\"probe\"")
}

/// Receives the probe of a connection that the planner has sent.
async fn waiting(scene: &Scene, id: &str) -> Result<Batch> {
    Batch::about(&scene.world, Queue::Sync, &probe_of(id)).await
}

/// Receives the probes of connections, one delivery each. Other jobs of the queue stay for a later delivery.
async fn probes(scene: &Scene, held: &[String]) -> Result<Vec<Batch>> {
    let mut probes = Vec::new();
    while let Some(batch) = Batch::receive(&scene.world, Queue::Sync).await? {
        if held.iter().any(|id| batch.names(&probe_of(id))) {
            probes.push(batch);
        }
    }
    ensure!(probes.len() == held.len(), "{} probes of {} connections", probes.len(), held.len());
    Ok(probes)
}

/// Makes one delivery to the worker with calls broken.
async fn asked(scene: &Scene, probe: &Batch, at: At) -> Result<Trial<Vec<String>>> {
    // The test plays one outage after the other; the breaker would take them for one.
    tables::remove(&scene.world.stack, Table::Transient, "breaker#").await?;
    let run = async |functions: &Functions| functions.work(Queue::Sync, probe).await;
    let trial = scene.rig.broken(at, run).await?;
    if let Some(failed) = &trial.answered {
        probe.delete(&scene.world, failed).await?;
    }
    Ok(trial)
}
