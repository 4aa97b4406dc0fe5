//! Slots and ticks: everybody is sent once in each period, and a lost tick loses nobody.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::base::ids::{AccountId, TenantId};
use crate::sync::job::slot_of;
use crate::testing::{World, account_of, connection_of, ports, ready};

/// Makes a world with `count` accounts in the due index.
fn world(count: u128, period: u16) -> Arc<World> {
    let world = World::new();
    let account = |number: u128| AccountRef {
        tenant: TenantId::from_uuid(Uuid::from_u128(number / 7)),
        connection: connection_of(number << 3),
        account: account_of(number),
    };
    *world.sync.due.lock().unwrap() = ((0..count).map(account).collect(), period);
    world
}

fn tick(world: &Arc<World>, minute: i64) -> Planned {
    let tick = Timestamp::from_second(minute * 60 + 7).unwrap();
    let period_minutes = world.sync.due.lock().unwrap().1;
    ready(run(&ports!(world, Ports { rows, queue, probes }), Input { tick, period_minutes })).unwrap()
}

fn sent(world: &World) -> Vec<SyncJob> {
    world.sync.sent.lock().unwrap().iter().map(|(job, _)| job.clone()).collect()
}

/// How many different jobs each account got, by slot.
fn slots(world: &World) -> HashMap<AccountId, HashSet<i64>> {
    let mut slots: HashMap<_, HashSet<_>> = HashMap::new();
    for job in sent(world) {
        slots.entry(job.account).or_default().insert(job.slot.as_second() / 60);
    }
    slots
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn every_account_has_one_job_in_each_period_even_when_every_other_tick_is_lost(
        start in 0_i64..40_000_000,
        period in prop_oneof![Just(10_u16), Just(60), Just(61), Just(1_440)],
        lost in 0_i64..2,
    ) {
        let world = world(60, period);
        let minutes = i64::from(period) * 3 + 2 * COVERED_MINUTES;
        for number in 0..=minutes / 5 {
            if number % 2 == lost {
                tick(&world, start + number * 5);
            }
        }
        // Three whole periods between the first and the last slots that all ticks cover.
        let from = start + COVERED_MINUTES;
        let whole = from..from + i64::from(period) * 3 - COVERED_MINUTES;
        let slots = slots(&world);
        for account in &world.sync.due.lock().unwrap().0 {
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
        let world = world(60, period);
        assert_eq!(tick(&world, 29_000_000).due, 60, "{period}");
    }
}

#[test]
fn a_double_tick_sends_the_same_ids() {
    let world = world(200, 60);
    assert!(tick(&world, 29_000_000).due > 10);
    let once: HashSet<_> = sent(&world).iter().map(|job| (job.account.clone(), job.id())).collect();
    tick(&world, 29_000_000);
    let twice: HashSet<_> = sent(&world).iter().map(|job| (job.account.clone(), job.id())).collect();
    assert_eq!(once, twice);
}

#[test]
fn an_outbox_job_is_sent_again_after_a_minute_and_then_removed() {
    let world = world(0, 60);
    let job = |seconds: i64| SyncJob {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        connection: connection_of(2),
        account: account_of(3),
        kind: JobKind::First,
        window: None,
        slot: Timestamp::from_second(seconds).unwrap(),
        deferred: 0,
        not_before: None,
    };
    let at = 29_000_000 * 60;
    *world.sync.outbox.lock().unwrap() = vec![("old".to_owned(), job(at - 120)), ("new".to_owned(), job(at))];
    assert_eq!(tick(&world, 29_000_000), Planned { due: 0, probes: 0, resent: 1 });
    assert_eq!(sent(&world), [job(at - 120)]);
    assert_eq!(world.sync.outbox.lock().unwrap().len(), 1);
    assert_eq!(tick(&world, 29_000_000).resent, 0);
}

/// P3: a probe is sent once it is due; while nobody answers it, again each hour, however many ticks pass, and for ever.
#[test]
fn a_probe_that_comes_to_nothing_is_sent_again_each_hour_and_not_at_every_tick() {
    let world = world(0, 60);
    let start = 29_000_000;
    let due_at = Timestamp::from_second(start * 60).unwrap();
    *world.sync.probe_at.lock().unwrap() = Some(due_at);
    for number in -2..12 * 48 {
        tick(&world, start + number * 5);
    }
    let probes = world.sync.probes.lock().unwrap();
    // Ticks cover twice their distance, so that a lost one loses nothing.
    assert_eq!(probes.len(), 2 * 48);
    assert!(probes.iter().all(|probe| probe.due_at == due_at));
}
