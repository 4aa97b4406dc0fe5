//! Buckets: what is let through, what a refusal costs, what a wrong clock does.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::testing::{World, tenant};

fn poll<T>(work: &mut Pin<Box<impl Future<Output = T> + ?Sized>>) -> Poll<T> {
    work.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Runs one call alone.
fn alone<T>(work: impl Future<Output = T>) -> T {
    let mut work = Box::pin(work);
    for _ in 0..20 {
        if let Poll::Ready(value) = poll(&mut work) {
            return value;
        }
    }
    panic!("it does not end");
}

fn buckets() -> [Bucket; 2] {
    Bucket::of(&tenant(), &CredentialId::from_uuid(Uuid::from_u128(2)))
}

fn rates() -> impl Strategy<Value = Rate> {
    (1_u32..100_000, 1_u32..300).prop_map(|(calls, burst)| Rate::per_minute(calls, burst))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// In any span of time at most a burst and the rate times the span.
    #[test]
    fn never_more_than_the_burst_and_the_rate_is_let_through(
        rate in rates(),
        gaps in prop::collection::vec(0_i64..2_000_000, 1..200),
        blind in any::<bool>(),
    ) {
        let (world, [bucket, _]) = (World::new(), buckets());
        let (mut now, mut admitted) = (1_000_000_000_000_i64, Vec::new());
        for gap in gaps {
            now += gap;
            let seen = if blind { None } else { alone(world.peek(&buckets())).unwrap()[0] };
            if alone(draw(world.as_ref(), &bucket, rate, seen, now)).unwrap().admitted {
                admitted.push(now);
            }
        }
        for (from, first) in admitted.iter().enumerate() {
            for (to, last) in admitted.iter().enumerate().skip(from) {
                let allowed = i64::from(rate.burst) + (last - first) / rate.cost();
                prop_assert!(i64::try_from(to - from + 1).unwrap() <= allowed);
            }
        }
    }

    /// The same when calls overlap: every order of their reads and writes, each with its own idea of now.
    #[test]
    fn overlapping_calls_share_one_bucket(
        rate in rates(),
        starts in prop::collection::vec(0_i64..500_000, 1..60),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 200),
    ) {
        let (world, buckets) = (World::new(), buckets());
        let call = async |now: i64| {
            let seen = world.peek(&buckets).await.unwrap()[0];
            draw(world.as_ref(), &buckets[0], rate, seen, now).await.unwrap().admitted.then_some(now)
        };
        let mut open: Vec<_> = starts.iter().map(|start| Box::pin(call(1_000_000_000_000 + start))).collect();
        let mut admitted = Vec::new();
        let mut turns = turns.iter();
        while !open.is_empty() {
            let at = turns.next().map_or(0, |turn| turn.index(open.len()));
            if let Poll::Ready(outcome) = poll(&mut open[at]) {
                drop(open.swap_remove(at));
                admitted.extend(outcome);
            }
        }
        if let (Some(first), Some(last)) = (admitted.iter().min(), admitted.iter().max()) {
            let allowed = i64::from(rate.burst) + (last - first) / rate.cost();
            prop_assert!(i64::try_from(admitted.len()).unwrap() <= allowed);
        }
    }

    /// Time only gives: what is let through at one instant is let through later, and there is never less room.
    #[test]
    fn later_is_never_worse(rate in rates(), ahead in 0_i64..600_000_000, later in 0_i64..600_000_000) {
        let now = 1_000_000_000_000_i64;
        let full_at = now + ahead;
        prop_assert!(rate.left(full_at, now) <= rate.left(full_at, now + later));
        prop_assert!(rate.left(full_at, now) <= rate.burst);
        prop_assert_eq!(rate.left(full_at, now) == 0, full_at > rate.latest(now));
    }

    /// A caller that waits as it is told is let through, and one that does nothing gets the whole burst back.
    #[test]
    fn the_wait_is_long_enough(rate in rates(), calls in 1_usize..400) {
        let (world, [bucket, _]) = (World::new(), buckets());
        let mut now = 1_000_000_000_000_i64;
        for _ in 0..calls {
            let level = alone(draw(world.as_ref(), &bucket, rate, None, now)).unwrap();
            let seconds = i64::try_from(rate.window(level.full_at, now)).unwrap();
            if rate.left(level.full_at, now) > 0 {
                prop_assert_eq!(rate.left(level.full_at, now + seconds * SECOND), rate.burst);
            } else {
                now += seconds * SECOND;
                prop_assert!(rate.left(level.full_at, now) > 0);
            }
        }
    }
}

#[test]
fn a_burst_is_let_through_at_once_and_the_next_call_is_not() {
    let (world, buckets, now) = (World::new(), buckets(), 1_000_000_000_000);
    let limits = Limits { key: Rate::per_minute(60, 3), tenant: Rate::per_minute(6_000, 100) };
    let call = |now| {
        let seen = alone(world.peek(&buckets)).unwrap();
        alone(count(world.as_ref(), limits, &buckets, seen, now))
    };
    for left in [2, 1, 0] {
        let reading = call(now);
        assert!(reading.refusal().is_none());
        assert_eq!((reading.gauges[0].name, reading.gauges[0].left), ("key", left));
    }
    let writes = *world.guard.writes.lock().unwrap();
    assert_eq!(writes, 6, "one write a bucket and call");
    let refused = call(now);
    let error = refused.refusal().unwrap();
    assert_eq!((error.kind, error.code, error.is_retryable()), (Kind::RateLimited, QUOTA_EXCEEDED, true));
    assert_eq!(error.retry, Retry::After(Some(Duration::from_secs(1))));
    assert!(error.source.unwrap().to_string().ends_with("key"));
    assert_eq!((refused.gauges[0].left, refused.gauges[0].window), (0, 1));
    assert!(refused.gauges[1].admitted && refused.gauges[1].left == 97, "the tenant pays nothing for it");
    assert_eq!(*world.guard.writes.lock().unwrap(), writes, "a refusal writes nothing");
    assert!(call(now + SECOND).refusal().is_none());
}

/// A burst whose calls all saw full buckets: each draws from both at once, and gets back what its own limit refused.
#[test]
fn a_burst_that_its_credential_refuses_costs_the_tenant_nothing() {
    let (world, buckets, now) = (World::new(), buckets(), 1_000_000_000_000);
    let limits = Limits { key: Rate::per_minute(60, 3), tenant: Rate::per_minute(6_000, 100) };
    let call = || Box::pin(count(world.as_ref(), limits, &buckets, [None, None], now));
    let mut open: Vec<_> = (0..20).map(|_| call()).collect();
    let mut readings = Vec::new();
    while !open.is_empty() {
        open.retain_mut(|work| match poll(work) {
            Poll::Ready(reading) => {
                readings.push(reading);
                false
            }
            Poll::Pending => true,
        });
    }
    let admitted = readings.iter().filter(|reading| reading.refusal().is_none()).count();
    assert_eq!(admitted, 3);
    let left = alone(world.peek(&buckets)).unwrap();
    assert_eq!(left[1], Some(now + 3 * limits.tenant.cost()), "the tenant pays for three calls");
}

/// Near its own limit a credential is drawn first, and a refusal does not touch the tenant's bucket.
#[test]
fn a_credential_near_its_limit_is_drawn_before_its_tenant() {
    let (world, buckets, now) = (World::new(), buckets(), 1_000_000_000_000);
    let limits = Limits { key: Rate::per_minute(60, 4), tenant: Rate::per_minute(6_000, 100) };
    let seen = [Some(now + 2 * SECOND), None];
    for _ in 0..4 {
        alone(draw(world.as_ref(), &buckets[0], limits.key, None, now)).unwrap();
    }
    let writes = *world.guard.writes.lock().unwrap();
    assert!(alone(count(world.as_ref(), limits, &buckets, seen, now)).refusal().is_some());
    assert_eq!(*world.guard.writes.lock().unwrap(), writes + 1, "one refused draw, and none of the tenant's");
}

#[test]
fn a_limit_that_cannot_be_counted_lets_through_and_says_so() {
    let world = World::new();
    *world.guard.is_broken.lock().unwrap() = true;
    let reading = alone(count(world.as_ref(), Limits::default(), &buckets(), [None, None], 1));
    assert!(reading.refusal().is_none() && reading.gauges.is_empty());
    assert_eq!(reading.blind.len(), 2);
}

#[test]
fn both_limits_can_refuse_and_the_longer_wait_counts() {
    let limits = Limits { key: Rate::per_minute(60, 1), tenant: Rate::per_minute(6, 1) };
    let (world, now) = (World::new(), 1_000_000_000_000);
    let seen = [Some(now + 1), Some(now + 9_500_000)];
    let reading = alone(count(world.as_ref(), limits, &buckets(), seen, now));
    assert_eq!(reading.refusal().unwrap().retry, Retry::After(Some(Duration::from_secs(10))));
}

/// Bad days: a process whose clock is five minutes ahead does not close the API for the others.
#[test]
fn a_clock_that_is_ahead_closes_nothing() {
    let limits = Limits { key: Rate::per_minute(60, 3), tenant: Rate::per_minute(6_000, 100) };
    let (world, buckets, now) = (World::new(), buckets(), 1_000_000_000_000);
    let call = |now| {
        let seen = alone(world.peek(&buckets)).unwrap();
        alone(count(world.as_ref(), limits, &buckets, seen, now))
    };
    assert!(call(now + 300 * SECOND).refusal().is_none());
    for left in [2, 1, 0] {
        let reading = call(now);
        assert!(reading.refusal().is_none());
        assert_eq!(reading.gauges[0].left, left);
    }
    assert!(call(now).refusal().is_some(), "the clocks that agree count as before");
}

#[test]
fn rates_are_read_as_they_are_documented() {
    assert_eq!("600/120".parse(), Ok(Rate::per_minute(600, 120)));
    for text in ["", "600", "600/", "0/1", "1/0", "-1/1", "6e2/1", "600/120/1"] {
        assert_eq!(text.parse::<Rate>(), Err(InvalidRate), "{text}");
    }
    assert_eq!(Rate::per_minute(600, 120).cost(), 100_000);
}
