//! Slots and ticks: everybody is sent once in each period, and a lost tick loses nobody.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::ids::{AccountId, ConnectionId, TenantId};

/// Polls a future of fakes, which never wait.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a fake waited"),
    }
}

struct World {
    accounts: Vec<AccountRef>,
    period: u16,
    outbox: Mutex<Vec<(String, SyncJob)>>,
    /// When a grant is to be asked.
    probe_at: Mutex<Option<Timestamp>>,
    sent: Mutex<Vec<SyncJob>>,
    probes: Mutex<Vec<ProbeJob>>,
}

impl World {
    fn new(count: u128, period: u16) -> Self {
        let account = |number: u128| AccountRef {
            tenant: TenantId::from_uuid(Uuid::from_u128(number / 7)),
            connection: ConnectionId::from_uuid(Uuid::from_u128(number << 3)),
            account: AccountId::from_uuid(Uuid::from_u128(number)),
        };
        let accounts = (0..count).map(account).collect();
        Self {
            accounts,
            period,
            outbox: Mutex::default(),
            probe_at: Mutex::default(),
            sent: Mutex::default(),
            probes: Mutex::default(),
        }
    }

    fn tick(&self, minute: i64) -> Planned {
        let ports = Ports { due: self, queue: self };
        let tick = Timestamp::from_second(minute * 60 + 7).unwrap();
        ready(run(&ports, Input { tick, period_minutes: self.period })).unwrap()
    }

    /// How many different jobs each account got, by slot.
    fn slots(&self) -> HashMap<AccountId, HashSet<i64>> {
        let mut slots: HashMap<_, HashSet<_>> = HashMap::new();
        for job in self.sent.lock().unwrap().iter() {
            slots.entry(job.account.clone()).or_default().insert(job.slot.as_second() / 60);
        }
        slots
    }
}

#[async_trait]
impl DueRead for World {
    async fn due(&self, shard: u16, first: u16, last: u16) -> Result<Vec<AccountRef>> {
        let here = |account: &&AccountRef| {
            let (home, minute) = slot_of(&account.connection, self.period);
            home == shard && (first..=last).contains(&minute)
        };
        Ok(self.accounts.iter().filter(here).cloned().collect())
    }

    async fn probes(&self, until: Timestamp) -> Result<Vec<(TenantId, ConnectionId, Timestamp)>> {
        let due = self.probe_at.lock().unwrap().filter(|at| *at <= until);
        let (tenant, connection) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let probe = |at| (TenantId::from_uuid(tenant), ConnectionId::from_uuid(connection), at);
        Ok(due.map(probe).into_iter().collect())
    }

    async fn outbox(&self, before: Timestamp) -> Result<Vec<(String, SyncJob)>> {
        Ok(self.outbox.lock().unwrap().iter().filter(|(_, job)| job.slot <= before).cloned().collect())
    }

    async fn outbox_done(&self, _: &SyncJob, id: &str) -> Result<()> {
        self.outbox.lock().unwrap().retain(|(other, _)| other != id);
        Ok(())
    }
}

#[async_trait]
impl SyncQueue for World {
    async fn send_sync(&self, jobs: &[SyncJob], _: u32) -> Result<()> {
        self.sent.lock().unwrap().extend_from_slice(jobs);
        Ok(())
    }

    async fn send_probes(&self, probes: &[ProbeJob]) -> Result<()> {
        self.probes.lock().unwrap().extend_from_slice(probes);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_account_has_one_job_in_each_period_even_when_every_other_tick_is_lost(
        start in 0_i64..40_000_000,
        period in prop_oneof![Just(10_u16), Just(60), Just(61), Just(1_440)],
        lost in 0_i64..2,
    ) {
        let world = World::new(60, period);
        let minutes = i64::from(period) * 3 + 2 * COVERED_MINUTES;
        for tick in 0..=minutes / 5 {
            if tick % 2 == lost {
                world.tick(start + tick * 5);
            }
        }
        // Three whole periods between the first and the last slots that all ticks cover.
        let from = start + COVERED_MINUTES;
        let whole = from..from + i64::from(period) * 3 - COVERED_MINUTES;
        let slots = world.slots();
        for account in &world.accounts {
            let (_, minute) = slot_of(&account.connection, period);
            let want: HashSet<i64> = whole.clone().filter(|at| at.rem_euclid(i64::from(period)) == i64::from(minute)).collect();
            let got: HashSet<i64> = slots[&account.account].iter().copied().filter(|at| whole.contains(at)).collect();
            prop_assert_eq!(got, want);
        }
    }
}

#[test]
fn a_period_shorter_than_a_tick_covers_sends_everybody_once_a_tick() {
    for period in [0, 1, 7] {
        let world = World::new(60, period);
        assert_eq!(world.tick(29_000_000).due, 60, "{period}");
    }
}

#[test]
fn a_double_tick_sends_the_same_ids() {
    let world = World::new(200, 60);
    assert!(world.tick(29_000_000).due > 10);
    let once: HashSet<_> =
        world.sent.lock().unwrap().iter().map(|job| (job.account.clone(), job.id())).collect();
    world.tick(29_000_000);
    let twice: HashSet<_> =
        world.sent.lock().unwrap().iter().map(|job| (job.account.clone(), job.id())).collect();
    assert_eq!(once, twice);
}

#[test]
fn an_outbox_job_is_sent_again_after_a_minute_and_then_removed() {
    let world = World::new(0, 60);
    let job = |seconds: i64| SyncJob {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        connection: ConnectionId::from_uuid(Uuid::from_u128(2)),
        account: AccountId::from_uuid(Uuid::from_u128(3)),
        kind: JobKind::First,
        window: None,
        slot: Timestamp::from_second(seconds).unwrap(),
        deferred: 0,
        not_before: None,
    };
    let tick = 29_000_000 * 60;
    *world.outbox.lock().unwrap() = vec![("old".to_owned(), job(tick - 120)), ("new".to_owned(), job(tick))];
    assert_eq!(world.tick(29_000_000), Planned { due: 0, probes: 0, resent: 1 });
    assert_eq!(world.sent.lock().unwrap().as_slice(), [job(tick - 120)]);
    assert_eq!(world.outbox.lock().unwrap().len(), 1);
    assert_eq!(world.tick(29_000_000).resent, 0);
}

/// P3: a probe is sent once it is due; while nobody answers it, again each hour, however many ticks pass, and for ever.
#[test]
fn a_probe_that_comes_to_nothing_is_sent_again_each_hour_and_not_at_every_tick() {
    let world = World::new(0, 60);
    let start = 29_000_000;
    let due_at = Timestamp::from_second(start * 60).unwrap();
    *world.probe_at.lock().unwrap() = Some(due_at);
    for tick in -2..12 * 48 {
        world.tick(start + tick * 5);
    }
    let probes = world.probes.lock().unwrap();
    // Ticks cover twice their distance, so that a lost one loses nothing.
    assert_eq!(probes.len(), 2 * 48);
    assert!(probes.iter().all(|probe| probe.due_at == due_at));
}
