//! F8: how long tenants wait beside a noisy one. Jobs and their groups come from the real planner; the fair queue and the
//! worker's time are simulated, because no work-alike of the queue is fair.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use anyhow::Result;
use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::base::ids::AccountRef;
use mooring_domain::base::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::base::queue::JobQueue;
use mooring_domain::sync::job::{ProbeJob, SyncJob};
use mooring_domain::sync::ops::plan_sync::{Input, Ports, run};
use mooring_domain::sync::ports::DueRead;

use crate::report::Report;

const NOISY_JOBS: usize = 10_000;
const OTHERS: usize = 99;
const JOBS: usize = 10;
/// Jobs at the same time: two workers of ten (template.yaml).
const AT_ONCE: usize = 20;
/// A job of six calls, 200 ms each.
const MILLIS: u64 = 1_200;

/// Hands out all accounts at once, as when the slots of all accounts fall in the same minute.
struct Everybody {
    accounts: Vec<AccountRef>,
    sent: Mutex<Vec<SyncJob>>,
}

#[async_trait]
impl DueRead for Everybody {
    async fn due(&self, shard: u16, first: u16, _: u16) -> mooring_domain::Result<Vec<AccountRef>> {
        let all = shard == 0 && first == 0;
        Ok(if all { self.accounts.clone() } else { Vec::new() })
    }

    async fn probes(&self, _: Timestamp) -> mooring_domain::Result<Vec<(TenantId, ConnectionId, Timestamp)>> {
        Ok(Vec::new())
    }

    async fn outbox(&self, _: Timestamp) -> mooring_domain::Result<Vec<(String, SyncJob)>> {
        Ok(Vec::new())
    }

    async fn outbox_done(&self, _: &SyncJob, _: &str) -> mooring_domain::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl JobQueue<SyncJob> for Everybody {
    async fn send(&self, jobs: &[SyncJob], _: u32) -> mooring_domain::Result<()> {
        self.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend_from_slice(jobs);
        Ok(())
    }
}

#[async_trait]
impl JobQueue<ProbeJob> for Everybody {
    async fn send(&self, _: &[ProbeJob], _: u32) -> mooring_domain::Result<()> {
        Ok(())
    }
}

/// Returns the groups of the planned messages, in the order in which they are sent.
async fn planned(tenants: &[usize]) -> Result<Vec<TenantId>> {
    let mut accounts = Vec::new();
    for (tenant, jobs) in tenants.iter().enumerate() {
        for job in 0..*jobs {
            let id =
                |low: usize| u128::try_from(low).map(|low| 0x0193_0000_0000_7000_8000_0000_0000_0000 + low);
            let uuid = |low| id(low).map(uuid_of);
            accounts.push(AccountRef {
                tenant: TenantId::from_uuid(uuid(tenant)?),
                connection: ConnectionId::from_uuid(uuid(tenant * 100_000 + job)?),
                account: AccountId::from_uuid(uuid(tenant * 100_000 + job)?),
            });
        }
    }
    let everybody = Arc::new(Everybody { accounts, sent: Mutex::default() });
    let input = Input { tick: Timestamp::from_second(1_800_000_000)?, period_minutes: 10 };
    run(&Ports { rows: everybody.clone(), queue: everybody.clone(), probes: everybody.clone() }, input)
        .await?;
    let sent = std::mem::take(&mut *everybody.sent.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    Ok(sent.into_iter().map(|job| job.tenant).collect())
}

fn uuid_of(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(number)
}

/// Serves messages as a fair queue does: of all groups that wait, the one with the fewest messages in flight is next.
/// Returns each group's waits in milliseconds.
fn serve(messages: &[TenantId]) -> BTreeMap<TenantId, Vec<u64>> {
    let mut waiting: BTreeMap<&TenantId, VecDeque<u64>> = BTreeMap::new();
    for group in messages {
        waiting.entry(group).or_default().push_back(0);
    }
    let mut flying: Vec<(u64, &TenantId)> = Vec::new();
    let mut waits: BTreeMap<TenantId, Vec<u64>> = BTreeMap::new();
    let mut now = 0;
    while waiting.values().any(|queue| !queue.is_empty()) {
        if flying.len() == AT_ONCE {
            now = flying.iter().map(|(end, _)| *end).min().unwrap_or(now);
            flying.retain(|(end, _)| *end > now);
        }
        let in_flight = |group: &TenantId| flying.iter().filter(|(_, other)| *other == group).count();
        let open = waiting.iter_mut().filter(|(_, queue)| !queue.is_empty());
        let Some((group, queue)) = open.min_by_key(|(group, _)| in_flight(group)) else { break };
        let sent = queue.pop_front().unwrap_or_default();
        waits.entry((*group).clone()).or_default().push(now - sent);
        flying.push((now + MILLIS, *group));
    }
    waits
}

fn p99(waits: &BTreeMap<TenantId, Vec<u64>>, noisy: Option<&TenantId>) -> u64 {
    let others = waits.iter().filter(|(tenant, _)| Some(*tenant) != noisy);
    let mut all: Vec<u64> = others.flat_map(|(_, waits)| waits.iter().copied()).collect();
    all.sort_unstable();
    all.get(all.len() * 99 / 100).copied().unwrap_or_default()
}

/// F8: measures the waits of 99 tenants without and with the noisy one.
pub(super) async fn waits(report: &mut Report) -> Result<()> {
    let quiet = [&[0][..], &[JOBS; OTHERS]].concat();
    let loud = [&[NOISY_JOBS][..], &[JOBS; OTHERS]].concat();
    let idle = p99(&serve(&planned(&quiet).await?), None);
    let messages = planned(&loud).await?;
    let noisy = messages.first().cloned();
    let beside = p99(&serve(&messages), noisy.as_ref());
    let text = format!("{:.1} s, {:.1} s", seconds(idle), seconds(beside));
    report.state("F8", "p99 wait of 99 tenants x 10 jobs: alone, beside 10,000 (simulated)", &text)?;
    let ratio = seconds(beside) / seconds(idle);
    report.judge(
        "F8",
        "beside against alone (simulated queue)",
        &format!("{ratio:.2} x"),
        "<= 3 x",
        ratio <= 3.0,
    )
}

fn seconds(millis: u64) -> f64 {
    std::time::Duration::from_millis(millis).as_secs_f64()
}
