//! The clock: scale, moves, sleepers, restarts.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use mooring_aws_local::LocalClock;

use crate::support::Dir;

#[tokio::test]
async fn time_runs_at_its_scale() {
    let clock = LocalClock::new(3600);
    let (before, real) = (clock.now(), Instant::now());
    clock.scaled_sleep(Duration::from_mins(3)).await;
    let passed = clock.now().duration_since(before);
    assert!(passed >= SignedDuration::from_secs(180), "{passed:?}");
    assert!(real.elapsed() >= Duration::from_millis(50) && real.elapsed() < Duration::from_mins(2));
}

#[tokio::test]
async fn a_standing_clock_moves_by_hand_alone() {
    let clock = LocalClock::standing_at("2026-11-22T10:02:30Z".parse().unwrap());
    let (before, sleeper) = (clock.now(), clock.clone());
    let sleeper = tokio::spawn(async move { sleeper.scaled_sleep(Duration::from_mins(1)).await });
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(clock.now() == before && !sleeper.is_finished());
    clock.advance(Duration::from_mins(1));
    sleeper.await.unwrap();
    assert_eq!(clock.now(), before + SignedDuration::from_mins(1));
}

#[tokio::test]
async fn a_move_wakes_those_who_sleep_past_it() {
    let clock = LocalClock::new(1);
    let sleeper = tokio::spawn({
        let clock = clock.clone();
        async move { clock.scaled_sleep(Duration::from_hours(7 * 24)).await }
    });
    tokio::task::yield_now().await;
    clock.advance(Duration::from_hours(6 * 24));
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(!sleeper.is_finished());
    clock.advance(Duration::from_hours(2 * 24));
    sleeper.await.unwrap();
}

#[test]
fn moves_survive_a_restart() {
    let dir = Dir::new();
    let clock = LocalClock::open(dir.path(), 1).unwrap();
    clock.advance(Duration::from_hours(24));
    let last = clock.now();
    drop(clock);
    let again = LocalClock::open(dir.path(), 1).unwrap();
    let ahead = again.now().duration_since(Timestamp::now());
    // The wall's clock is read between the two, and may be set back a little.
    assert!(again.now() + SignedDuration::from_secs(1) >= last);
    assert!((SignedDuration::from_hours(23)..SignedDuration::from_hours(25)).contains(&ahead), "{ahead:?}");
}

#[test]
fn time_never_goes_back_when_a_fast_process_was_killed() {
    let dir = Dir::new();
    let clock = LocalClock::open(dir.path(), 100_000).unwrap();
    clock.persist(false).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    let last = clock.now();
    drop(clock);
    assert!(LocalClock::open(dir.path(), 100_000).unwrap().now() >= last);
}

#[test]
fn time_off_passes_at_the_wall_s_pace() {
    let dir = Dir::new();
    let (local, wall) = ("2030-01-01T00:00:00Z", Timestamp::now() - SignedDuration::from_hours(1));
    let saved = format!(r#"{{"local":"{local}","wall":"{wall}","clean":true}}"#);
    std::fs::write(dir.path().join("clock.json"), saved).unwrap();
    let now = LocalClock::open(dir.path(), 3600).unwrap().now();
    let passed = now.duration_since(local.parse().unwrap());
    assert!((SignedDuration::from_mins(60)..SignedDuration::from_mins(90)).contains(&passed), "{passed:?}");
}
