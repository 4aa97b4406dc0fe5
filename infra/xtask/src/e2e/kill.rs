//! Function processes killed at random while people connect, syncs run and products disconnect. Then everything comes
//! to rest, and the tables are read.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use mooring_local::screen::say;
use mooring_local::{Connected, Person, Product};
use reqwest::{Method, StatusCode};

use super::aws::{DELETION, DELETION_DEAD, SYNC, SYNC_DEAD};
use super::chance::Chance;
use super::cloud::{Cloud, World};
use super::journey::report_path;
use super::process::{Process, processes_below};
use super::steps::Steps;
use super::{Built, ageing, invariants, until};

const WORLD: World = World { ads: 3, advertisers: 1 };
/// How many connections live at once: each is 360 day chunks, and the cloud is small.
const LIVING: usize = 4;
/// How long a message stays hidden after a receive: the template's 6 and 90 minutes would be the run's length.
const VISIBILITY: u32 = 30;

/// The longest pause between two kills, in milliseconds: on average, some calls of a connect flow end well.
const PAUSE: u64 = 2_500;

/// How long the killer watches a process to see whether it is at work.
const GLANCE: Duration = Duration::from_millis(5);

/// One connection of the run.
#[derive(Debug, Clone)]
pub(crate) struct Story {
    /// Its id.
    pub(crate) connection: String,
    /// Its accounts.
    pub(crate) accounts: Vec<String>,
    /// True when the product got the answer that its deletion has begun.
    pub(crate) disconnected: bool,
}

/// The state that the people and the killer share.
#[derive(Default)]
struct Storm {
    stories: Mutex<Vec<Story>>,
    over: AtomicBool,
    failed: AtomicUsize,
    violations: Mutex<Vec<String>>,
}

impl Storm {
    /// Works with the stories so far.
    fn stories<T>(&self, work: impl FnOnce(&mut Vec<Story>) -> T) -> T {
        work(&mut self.stories.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Plays the kills.
pub(crate) async fn run(built: &Built, kills: usize, seed: Option<u64>) -> Result<()> {
    let seed = seed.unwrap_or_else(Chance::fresh_seed);
    let mut steps = Steps::begin(&format!("Mooring in a cloud: {kills} processes killed, seed {seed}"));
    let cloud = Cloud::start(built, WORLD).await?;
    let product = cloud.seed()?;
    for queue in [SYNC, DELETION] {
        cloud.set_visibility(queue, VISIBILITY).await?;
    }
    steps.done("deployed", format!("{} resources", cloud.places.resources));
    let storm = Storm::default();
    let [mut chance, mut anna, mut ben, mut chloe] = [0, 1, 2, 3].map(|run| Chance::of(seed, run));
    let (victims, ..) = tokio::join!(
        killer(&cloud, &storm, kills, &mut chance),
        live(&storm, &product, &mut anna),
        live(&storm, &product, &mut ben),
        live(&storm, &product, &mut chloe),
    );
    told(&cloud, &storm, &victims?, &mut steps)?;
    let redriven = settle(&cloud).await?;
    steps.done("came to rest", format!("{redriven} dead letters sent again"));
    let stories = storm.stories(|stories| stories.clone());
    let mut findings = invariants::check(&cloud, &product, &stories).await?;
    findings.violations.append(&mut storm.violations.lock().unwrap_or_else(PoisonError::into_inner));
    for (what, figure) in findings.rows() {
        steps.done(&what, figure);
    }
    steps.done("tokens that live at the platform", cloud.living_tokens().await?.to_string());
    cloud.stop()?;
    steps.end();
    for violation in &findings.violations {
        say(&format!("  VIOLATION {violation}"));
    }
    let count = findings.violations.len();
    let proven = storm
        .stories(|all| all.iter().any(|one| one.disconnected) && all.iter().any(|one| !one.disconnected));
    ensure!(
        proven,
        "nobody connected and disconnected between the kills: this proves nothing; let it kill more"
    );
    ensure!(count == 0, "{count} violations; run again with --kill {kills} --seed {seed}");
    Ok(())
}

/// Kills one function process after the other; returns the functions that they ran.
async fn killer(cloud: &Cloud, storm: &Storm, kills: usize, chance: &mut Chance) -> Result<Vec<String>> {
    let mut victims = Vec::new();
    let outcome = async {
        while victims.len() < kills {
            tokio::time::sleep(Duration::from_millis(chance.below(PAUSE))).await;
            let at_work = chance.below(5) > 0;
            let mut functions: BTreeMap<String, Vec<Process>> = BTreeMap::new();
            for (function, process) in running(cloud, at_work).await? {
                functions.entry(function).or_default().push(process);
            }
            let functions: Vec<_> = functions.into_iter().collect();
            let Some((function, processes)) = chance.pick(&functions) else { continue };
            let Some(process) = chance.pick(processes) else { continue };
            if process.kill() {
                victims.push(function.clone());
                if victims.len() % 10 == 0 {
                    say(&format!("  {} killed", victims.len()));
                }
            }
        }
        anyhow::Ok(())
    }
    .await;
    storm.over.store(true, Ordering::Relaxed);
    outcome.map(|()| victims)
}

/// Lists the function processes; with `at_work` only those that are at work.
async fn running(cloud: &Cloud, at_work: bool) -> Result<Vec<(String, Process)>> {
    let all: Vec<_> =
        processes_below(cloud.ministack.pid())?.into_iter().map(|process| (process.ran(), process)).collect();
    tokio::time::sleep(GLANCE).await;
    let works = |(before, process): &(Option<u64>, Process)| !at_work || process.ran() != *before;
    let chosen = all.into_iter().filter(works);
    Ok(chosen.filter_map(|(_, process)| Some((process.function()?, process))).collect())
}

/// A person's product: connects while few connections live, disconnects while many do.
async fn live(storm: &Storm, product: &Product, chance: &mut Chance) {
    while !storm.is_over() {
        let living: Vec<_> =
            storm.stories(|all| all.iter().filter(|story| !story.disconnected).cloned().collect());
        let leave = living.len() >= LIVING || (living.len() > 1 && chance.below(3) == 0);
        match chance.pick(&living).filter(|_| leave) {
            Some(story) => disconnect(storm, product, story).await,
            None => connect(storm, product, chance.below(u64::MAX)).await,
        }
        tokio::time::sleep(Duration::from_millis(chance.below(1_000))).await;
    }
}

/// Goes through the pages; a flow that is killed on the way begins anew another time.
async fn connect(storm: &Storm, product: &Product, number: u64) {
    let end_user = format!("e2e-{number}");
    let arrived = async {
        let back = product.connect_until_return(&mut Person::new()?, &end_user, None).await?;
        // The activation may have been made although its answer was lost.
        let first = product.activate(&back, &end_user).await;
        anyhow::Ok(if first.is_ok() { first? } else { product.activate(&back, &end_user).await? })
    };
    match arrived.await {
        Ok(Connected { id, accounts }) => {
            storm.stories(|all| all.push(Story { connection: id, accounts, disconnected: false }));
        }
        Err(_) => storm.failed(),
    }
}

/// Disconnects, as often as it takes to get an answer; then nothing may be readable.
async fn disconnect(storm: &Storm, product: &Product, story: &Story) {
    let path = format!("/v1/connections/{}", story.connection);
    while !product.send(Method::DELETE, &path, None).await.is_ok_and(|answer| answer.status().is_success()) {
        storm.failed();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    storm.stories(|all| {
        all.iter_mut()
            .filter(|one| one.connection == story.connection)
            .for_each(|one| one.disconnected = true);
    });
    for account in &story.accounts {
        let answer = product.send(Method::GET, &report_path(&story.connection, account), None).await;
        match answer.map(|answer| answer.status()) {
            Ok(StatusCode::NOT_FOUND) => {}
            Ok(status) if !status.is_server_error() => {
                let mut violations = storm.violations.lock().unwrap_or_else(PoisonError::into_inner);
                violations.push(format!(
                    "right after the disconnect of {} a report answers {status}",
                    story.connection
                ));
            }
            _ => storm.failed(),
        }
    }
}

fn told(cloud: &Cloud, storm: &Storm, victims: &[String], steps: &mut Steps) -> Result<()> {
    let mut functions: BTreeMap<&str, usize> = BTreeMap::new();
    for victim in victims {
        let name = victim.split('-').nth(1).unwrap_or(victim);
        *functions.entry(name.trim_end_matches("Function")).or_default() += 1;
    }
    let shown: Vec<_> = functions.iter().map(|(name, count)| format!("{name} {count}")).collect();
    say(&format!("  {}", shown.join(", ")));
    let in_work = cloud.said(": Runtime exited before returning a response")?;
    let kinds = functions.len();
    steps.done(
        "killed",
        format!("{} of {kinds} functions, {in_work} in the middle of their work", victims.len()),
    );
    let (all, gone) = storm.stories(|all| (all.len(), all.iter().filter(|story| story.disconnected).count()));
    let failed = storm.failed.load(Ordering::Relaxed);
    steps.done("meanwhile", format!("{all} connected, {gone} disconnected, {failed} attempts failed"));
    Ok(())
}

/// The work that is still to come. A job that is only in the outbox counts too: otherwise an activation that was killed
/// before it sent its first job would be judged before the planner could send it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UnderWay {
    deletions: usize,
    outbox: usize,
    messages: u64,
}

impl UnderWay {
    /// Reads the outbox before the queues: a job that the planner takes from the outbox is in a queue by then.
    async fn read(cloud: &Cloud, deletions: usize) -> Result<Self> {
        let outbox = ageing::outbox(cloud).await?.len();
        let mut messages = 0;
        for queue in [SYNC, DELETION, SYNC_DEAD, DELETION_DEAD] {
            messages += cloud.messages(queue).await?.iter().sum::<u64>();
        }
        Ok(Self { deletions, outbox, messages })
    }

    fn is_nothing(self) -> bool {
        self == Self { deletions: 0, outbox: 0, messages: 0 }
    }
}

/// Lets all work that is under way end: makes each deletion as old as its next step needs it, and each job of the
/// outbox as old as the planner needs it. Returns how many dead letters were sent again.
async fn settle(cloud: &Cloud) -> Result<usize> {
    let mut redriven = 0;
    let patience = Duration::from_mins(30);
    until("everything to come to rest", patience, async || {
        redriven += redrive(cloud).await?;
        for job in ageing::outbox(cloud).await? {
            ageing::make_sendable(cloud, &job).await?;
        }
        cloud.tick("sync-planner").await?;
        let mut deletions = 0;
        for deletion in ageing::deletions(cloud).await?.iter().filter(|deletion| !ageing::is_over(deletion)) {
            ageing::make_due(cloud, deletion).await?;
            deletions += 1;
        }
        cloud.tick("deletion-sweeper").await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        Ok(UnderWay::read(cloud, deletions).await?.is_nothing().then_some(()))
    })
    .await?;
    Ok(redriven)
}

/// Sends dead letters again, as an operator does.
async fn redrive(cloud: &Cloud) -> Result<usize> {
    let mut count = 0;
    for (dead, queue) in [(SYNC_DEAD, SYNC), (DELETION_DEAD, DELETION)] {
        while let Some((body, handle, _)) = cloud.receive(dead).await? {
            cloud.send(queue, &[body]).await?;
            cloud.delete(dead, &handle).await?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run that read the tables while a first job lay in the outbox found a connection without a single day.
    #[test]
    fn it_is_not_at_rest_while_a_job_lies_in_the_outbox() {
        let rest = UnderWay { deletions: 0, outbox: 0, messages: 0 };
        assert!(rest.is_nothing());
        for more in [
            UnderWay { deletions: 1, ..rest },
            UnderWay { outbox: 1, ..rest },
            UnderWay { messages: 1, ..rest },
        ] {
            assert!(!more.is_nothing(), "{more:?}");
        }
    }
}
