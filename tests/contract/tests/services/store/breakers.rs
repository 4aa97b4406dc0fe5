//! Breakers: of any number of writers that saw the same row one changes it.

use std::time::Duration;

use jiff::SignedDuration;
use mooring_domain::base::table::Table;
use mooring_domain::sync::breaker::Breakers as _;
use mooring_domain::sync::breaker::{Breaker, Circuit, PROBE_EVERY};
use mooring_tests_contract::{World, expiry};

fn circuit(context: &str) -> Circuit {
    Circuit { platform: "tiktok_ads".to_owned(), context: context.to_owned() }
}

#[tokio::test]
async fn one_of_many_becomes_the_probe() {
    let world = World::start().await.unwrap();
    let (circuit, now) = (circuit("statasphere"), world.now());
    let open = Breaker { failures: 5, since: now, probe_at: Some(now), version: 1 };
    let end = now + SignedDuration::from_hours(1);
    assert!(world.store.put_breaker(&circuit, None, &open, end).await.unwrap());
    assert!(!world.store.put_breaker(&circuit, None, &open, end).await.unwrap(), "somebody was first");
    let next = Breaker { probe_at: Some(now + PROBE_EVERY), version: 2, ..open.clone() };
    let askers: Vec<_> = (0..24)
        .map(|_| {
            let (store, circuit, open, next) =
                (world.store.clone(), circuit.clone(), open.clone(), next.clone());
            tokio::spawn(async move { store.put_breaker(&circuit, Some(&open), &next, end).await.unwrap() })
        })
        .collect();
    let mut probes = 0;
    for asker in askers {
        probes += usize::from(asker.await.unwrap());
    }
    assert_eq!(probes, 1);
    assert_eq!(world.store.breaker(&circuit).await.unwrap(), Some(next));
}

#[tokio::test]
async fn breakers_are_apart_name_nobody_and_are_forgotten() {
    let world = World::start().await.unwrap();
    let (one, other) = (circuit("one"), circuit("other"));
    let row = Breaker { failures: 1, since: world.now(), probe_at: None, version: 7 };
    let end = world.now() + SignedDuration::from_hours(1);
    assert!(world.store.put_breaker(&one, None, &row, end).await.unwrap());
    assert_eq!(world.store.breaker(&other).await.unwrap(), None);
    let rows = world.partition(Table::Transient, "breaker#tiktok_ads#one").await.unwrap();
    let [(_, stored)] = rows.as_slice() else { panic!("{rows:?}") };
    let mut names: Vec<_> = stored.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["expires_at", "failures", "pk", "since", "sk", "version"]);
    assert_eq!(expiry(stored), Some(end.as_second()));
    world.pass(Duration::from_mins(61));
    assert_eq!(world.store.breaker(&one).await.unwrap(), None, "TTL has not come, and it is gone");
    let first = Breaker { version: 1, since: world.now(), ..row };
    let end = world.now() + SignedDuration::from_hours(1);
    assert!(world.store.put_breaker(&one, None, &first, end).await.unwrap(), "over one that has ended");
}
