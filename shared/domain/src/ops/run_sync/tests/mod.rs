//! The rules of a sync job, each in the small world of [`world`].

mod odd;
mod waiting;
pub(in crate::ops) mod world;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use self::world::{NOW, Step, World, account, connection, key, tenant, values};
use super::failure::MOST_DEFERRALS;
use super::*;
use crate::completeness::{DayStatus, Reason};
use crate::error::{EXPIRED, PLATFORM_SETUP, REVOKED};
use crate::keys::KeyContext;
use crate::life::Life;
use crate::ports::DataKey as _;
use crate::report::{Level, Row};
use crate::sheet::slot;
use crate::sync::Window;

const TODAY: Date = date(2026, 11, 22);

fn puts(world: &World) -> usize {
    world.count(|step| matches!(step, Step::Put(_)))
}

fn pages(world: &World) -> usize {
    world.count(|step| *step == Step::Page)
}

#[test]
fn the_first_sync_stores_names_and_seven_days_and_leaves_the_rest_to_others() {
    let world = World::new();
    let job = world.job(JobKind::First);
    assert_eq!(world.run(&job).unwrap(), Outcome::Done { rows: 7 * (1 + 2 * 3), days: 4 * 7 });
    assert_eq!(puts(&world), 3 + 4 * 7);
    let sheets = world.sheets.lock().unwrap();
    assert_eq!(sheets["structure/ad"].rows, 3, "a repeated entity counts once");
    assert!(sheets.contains_key("ad/2026-11-16") && sheets.contains_key("ad/2026-11-22"));
    assert!(world.days.lock().unwrap().values().all(|record| record.status == DayStatus::Provisional));
    let sent: Vec<_> =
        world.sent.lock().unwrap().iter().map(|(job, _)| (job.kind, job.window.unwrap())).collect();
    let backfill = |from, to| (JobKind::Backfill, Window { from, to });
    assert_eq!(
        sent,
        [backfill(date(2026, 10, 17), date(2026, 11, 15)), backfill(date(2026, 10, 14), date(2026, 10, 16))]
    );
    assert_eq!(world.sync.lock().unwrap().entities, 9);
}

/// A disconnect between a look and a write is nobody's fault: no error, which would alarm, and no other try.
#[test]
fn a_job_whose_account_ends_before_a_write_is_dropped() {
    for writes in 0.. {
        let world = World::new();
        *world.writes_left.lock().unwrap() = Some(writes);
        let outcome = world.run(&world.job(JobKind::First)).unwrap();
        if matches!(outcome, Outcome::Done { .. }) {
            assert!(writes > 3, "days, checkpoints and the state are written");
            return;
        }
        assert_eq!(outcome, Outcome::Dropped, "after {writes} writes");
    }
}

/// A first job of an account that has figures follows a change of its currency or zone.
#[test]
fn a_first_sync_of_an_account_with_figures_reads_every_day_of_them_again() {
    let oldest = date(2025, 12, 1);
    for (retention_days, from) in [(None, oldest), (Some(100), date(2026, 8, 15))] {
        let mut world = World::new();
        world.profile.retention_days = retention_days;
        world.run(&world.job(JobKind::First)).unwrap();
        world.advance(60);
        let mut record = world.days.lock().unwrap()[&(Level::Ad, TODAY)];
        world.days.lock().unwrap().insert((Level::Ad, oldest), record);
        // A day that was asked for in vain has nothing that could be read again.
        record.version = None;
        world.days.lock().unwrap().insert((Level::Ad, date(2025, 6, 1)), record);
        world.sent.lock().unwrap().clear();
        world.run(&world.job(JobKind::First)).unwrap();
        let sent = world.sent.lock().unwrap();
        let mut parts: Vec<_> = sent.iter().map(|(job, _)| job.window.unwrap()).collect();
        parts.sort_unstable_by_key(|part| part.from);
        assert!(parts.windows(2).all(|pair| pair[0].to.tomorrow().unwrap() == pair[1].from), "{parts:?}");
        assert_eq!((parts[0].from, parts[parts.len() - 1].to), (from, date(2026, 11, 15)));
    }
}

#[test]
fn s14_figures_and_names_are_stored_sealed_for_their_account_and_place() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    let key = key(&KeyContext::account(&tenant(), &connection(), &account()));
    let sheets = world.sheets.lock().unwrap();
    assert!(sheets.keys().any(|name| name.starts_with("structure/")));
    assert!(sheets.keys().any(|name| name.starts_with("ad/")));
    for sheet in sheets.values() {
        for (part, sealed) in sheet.parts.iter().enumerate() {
            assert!(key.open(&slot(&sheet.name, sheet.version, part), sealed).is_ok(), "{}", sheet.name);
        }
    }
}

#[test]
fn figures_are_kept_as_long_as_the_account_is_connected_unless_the_profile_bounds_it() {
    for (retention_days, is_bounded) in [(None, false), (Some(400), true)] {
        let mut world = World::new();
        world.profile.retention_days = retention_days;
        world.run(&world.job(JobKind::First)).unwrap();
        let kept = world.kept.lock().unwrap();
        assert_eq!(kept.len(), puts(&world));
        assert!(kept.iter().all(|end| end.is_some() == is_bounded), "{retention_days:?}: {kept:?}");
    }
}

#[test]
fn a_job_that_is_delivered_twice_is_done_once() {
    let world = World::new();
    let job = world.job(JobKind::First);
    world.run(&job).unwrap();
    let before = world.steps.lock().unwrap().len();
    assert_eq!(world.run(&job).unwrap(), Outcome::Already);
    assert_eq!(world.steps.lock().unwrap()[before..], [Step::Fence(true)]);
}

#[test]
fn an_unchanged_day_writes_nothing_and_a_changed_one_writes_itself() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    world.advance(60);
    let before = (puts(&world), world.count(|step| *step == Step::Days));
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { rows: 21, days: 0 });
    assert_eq!((puts(&world), world.count(|step| *step == Step::Days)), before);

    world.advance(60);
    *world.spend.lock().unwrap() = 2_000;
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { rows: 21, days: 12 });
    assert_eq!(puts(&world), before.0 + 12);
}

#[test]
fn once_a_day_names_and_the_whole_restatement_window_are_read_and_old_days_settle() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    world.advance(12 * 60);
    world.sent.lock().unwrap().clear();
    // Midnight in Berlin: the first slot of the day.
    *world.now.lock().unwrap() = "2026-11-22T23:00:00Z".parse().unwrap();
    assert_eq!(
        world.run(&world.job(JobKind::Restate)).unwrap(),
        Outcome::Done { rows: 30 * 7, days: 23 * 4 }
    );
    assert_eq!(puts(&world), 3 + 4 * 7 + 4 * 23, "names did not change");
    let days = world.days.lock().unwrap();
    let settled: Vec<_> = days
        .iter()
        .filter(|((level, _), record)| *level == Level::Ad && record.status == DayStatus::Complete)
        .map(|((_, day), _)| *day)
        .collect();
    assert_eq!(settled, [date(2026, 10, 25), date(2026, 10, 26)]);
}

#[test]
fn an_older_observation_never_replaces_a_newer_one() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    let newer = world.sheets.lock().unwrap().clone();
    let known = world.days.lock().unwrap().clone();
    // A worker whose clock is behind saw other figures.
    world.advance(-5);
    *world.spend.lock().unwrap() = 4_000;
    world.run(&world.job(JobKind::Restate)).unwrap();
    assert_eq!(*world.sheets.lock().unwrap(), newer);
    assert_eq!(*world.days.lock().unwrap(), known);
}

/// Promise S20: after a disconnect nothing is opened, asked or written.
#[test]
fn a_job_of_a_disconnected_account_opens_no_key_and_calls_nobody() {
    let world = World::new();
    *world.fence_reads.lock().unwrap() = 0;
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Dropped);
    assert_eq!(*world.steps.lock().unwrap(), [Step::Fence(false)]);
}

#[test]
fn whenever_the_fence_closes_nothing_more_is_asked_or_written() {
    let mut reads = 1;
    loop {
        let world = World::new();
        *world.page_takes.lock().unwrap() = SignedDuration::from_millis(60);
        *world.fence_reads.lock().unwrap() = reads;
        let outcome = world.run(&world.job(JobKind::First)).unwrap();
        let steps = world.steps.lock().unwrap();
        match steps.iter().position(|step| *step == Step::Fence(false)) {
            None => break assert!(matches!(outcome, Outcome::Done { .. }) && reads > 12, "{reads}"),
            Some(closed) => {
                assert_eq!(outcome, Outcome::Dropped);
                assert_eq!(steps.len(), closed + 1, "{:?}", &steps[closed..]);
            }
        }
        reads += 1;
    }
}

/// Sheets go out together after one look of their own; a call may leave for a moment after any look.
#[test]
fn every_page_and_every_put_comes_right_after_the_fence() {
    for (page_takes, most_pages) in [(60, 1), (30, 2), (0, usize::MAX)] {
        let world = World::new();
        *world.page_takes.lock().unwrap() = SignedDuration::from_millis(page_takes);
        world.run(&world.job(JobKind::First)).unwrap();
        let (mut looked, mut pages, mut may_put) = (false, 0, false);
        for step in world.steps.lock().unwrap().iter() {
            match step {
                Step::Fence(is_open) => (looked, pages, may_put) = (*is_open, 0, *is_open),
                Step::Page => (pages, may_put) = (pages + 1, false),
                Step::Put(_) => assert!(may_put, "a put without a look of its own"),
                _ => {}
            }
            assert!(
                pages == 0 || looked && pages <= most_pages,
                "{pages} pages after a look, {page_takes} ms each"
            );
        }
    }
}

#[test]
fn a_question_that_is_too_large_is_halved_until_it_fits() {
    let world = World::new();
    *world.most_days.lock().unwrap() = 2;
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { rows: 49, days: 28 });
    assert_eq!(world.days.lock().unwrap().len(), 28);
    let ads: Vec<_> = world
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|(level, _)| *level == Level::Ad)
        .map(|(_, w)| w.from)
        .collect();
    assert!(ads.is_sorted(), "older days first, so that a checkpoint is true: {ads:?}");

    *world.most_days.lock().unwrap() = 0;
    world.advance(60);
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed("too_large"));
}

#[test]
fn a_limited_job_waits_longer_each_time_and_then_says_so() {
    let world = World::new();
    *world.refuse.lock().unwrap() = Some((Kind::RateLimited, "rate_limited", true));
    let mut job = world.job(JobKind::First);
    for deferred in 0..MOST_DEFERRALS {
        let Outcome::Deferred { seconds } = world.run(&job).unwrap() else { panic!("not deferred") };
        assert!((1..=900).contains(&seconds) && seconds <= 30 << deferred.min(5));
        (job, _) = world.sent.lock().unwrap().pop().unwrap();
        assert_eq!(job.deferred, deferred + 1);
        assert!(world.days.lock().unwrap().is_empty());
    }
    assert_eq!(world.run(&job).unwrap(), Outcome::Failed("rate_limited"));
    let days = world.days.lock().unwrap();
    assert_eq!(days.len(), 28);
    assert!(days.values().all(|record| record.status == DayStatus::Failed(Reason::RateLimited)));
}

#[test]
fn a_failure_never_hides_days_that_were_read_and_is_mended_by_the_next_job() {
    let world = World::new();
    *world.refuse.lock().unwrap() = Some((Kind::Upstream, "upstream", true));
    assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Deferred { .. }));
    assert!(world.days.lock().unwrap().values().all(|day| day.status == DayStatus::Failed(Reason::Upstream)));
    *world.refuse.lock().unwrap() = None;
    let (again, _) = world.sent.lock().unwrap().pop().unwrap();
    world.run(&again).unwrap();
    let good = world.days.lock().unwrap().clone();
    assert!(good.values().all(|day| day.status == DayStatus::Provisional));
    world.advance(60);
    *world.refuse.lock().unwrap() = Some((Kind::NotPermitted, "not_permitted", false));
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed("not_permitted"));
    assert_eq!(*world.days.lock().unwrap(), good);
}

#[test]
fn days_that_the_grant_does_not_cover_are_not_permitted() {
    let world = World::new();
    *world.refuse.lock().unwrap() = Some((Kind::NotPermitted, "not_permitted", false));
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("not_permitted"));
    assert!(world.days.lock().unwrap().values().all(|day| day.status == DayStatus::NotPermitted));
}

/// Promise T43: the clock starts with the first refusal, and one day of refusals is needed, whatever else is tried.
#[test]
fn a_revocation_that_is_confirmed_begins_the_deletion_from_its_first_sign() {
    let world = World::new();
    let first: Timestamp = NOW.parse().unwrap();
    *world.refuse.lock().unwrap() = Some((Kind::Reauthorise, REVOKED, false));
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed(REVOKED));
    assert_eq!(*world.state.lock().unwrap(), State::Suspect);
    for _ in 0..23 {
        world.advance(60);
        assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed(REVOKED));
    }
    assert_eq!(
        world.life.lock().unwrap().due_at,
        first + SignedDuration::from_hours(24),
        "asked when it counts"
    );
    world.advance(60);
    assert!(matches!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Ended(_)));
    let begun = world.begun.lock().unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].t0, begun[0].delete_by), (first, first + SignedDuration::from_hours(168)));
    assert_eq!(begun[0].reason.as_str(), "revoked_at_platform");
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Dropped);
}

#[test]
fn a_refusal_that_passes_leaves_no_trace_and_one_that_lasts_asks_the_person_back() {
    let world = World::new();
    let refusal = Some((Kind::Reauthorise, EXPIRED, false));
    *world.refuse.lock().unwrap() = refusal;
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed("expired"));
    world.advance(59);
    *world.refuse.lock().unwrap() = None;
    world.run(&world.job(JobKind::Restate)).unwrap();
    assert_eq!(*world.state.lock().unwrap(), State::Active);
    assert_eq!(world.life.lock().unwrap().expired_since, None);

    *world.refuse.lock().unwrap() = refusal;
    for (minutes, state) in [(5, State::Suspect), (59, State::Suspect), (1, State::NeedsReauth)] {
        world.advance(minutes);
        world.run(&world.job(JobKind::Restate)).unwrap();
        assert_eq!(*world.state.lock().unwrap(), state, "{minutes}");
    }
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Dropped);
    assert!(world.begun.lock().unwrap().is_empty());
}

/// The operator's fault marks the days so, ends nothing, and is an error that the queue writes a line about.
#[test]
fn a_fault_of_our_set_up_is_neither_the_persons_nor_the_platforms() {
    let world = World::new();
    *world.refuse.lock().unwrap() = Some((Kind::Setup, PLATFORM_SETUP, false));
    let error = world.run(&world.job(JobKind::First)).unwrap_err();
    assert_eq!((error.kind, error.is_retryable()), (Kind::Setup, false));
    assert!(world.days.lock().unwrap().values().all(|day| day.status == DayStatus::Failed(Reason::Setup)));
    assert_eq!(*world.state.lock().unwrap(), State::Active);
    assert_eq!(*world.life.lock().unwrap(), Life::default());
}

#[test]
fn a_job_that_runs_out_of_time_goes_on_where_it_was() {
    let world = World::new();
    *world.page_takes.lock().unwrap() = SignedDuration::from_secs(5);
    let mut job = world.job(JobKind::First);
    let mut invocations = 1;
    while world.run(&job).unwrap() == (Outcome::Deferred { seconds: 0 }) {
        let again =
            world.sent.lock().unwrap().iter().rposition(|(job, _)| job.kind == JobKind::First).unwrap();
        (job, _) = world.sent.lock().unwrap().remove(again);
        assert!(job.window.is_some_and(|window| window.days() == 7));
        invocations += 1;
        assert!(invocations < 10, "{job:?} {:?}", world.asked.lock().unwrap());
    }
    assert_eq!(invocations, 2);
    let campaigns = world.asked.lock().unwrap().iter().filter(|(level, _)| *level == Level::Campaign).count();
    assert_eq!(campaigns, 2, "two pages, once");
    assert_eq!(puts(&world), 3 + 28);
    *world.page_takes.lock().unwrap() = SignedDuration::from_secs(0);
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { rows: 49, days: 0 });
}

#[test]
fn a_job_that_cannot_store_a_day_in_time_is_cut_and_at_last_gives_up() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    *world.page_takes.lock().unwrap() = SignedDuration::from_secs(45);
    world.advance(60);
    world.run(&world.job(JobKind::Restate)).unwrap();
    let mut queue: Vec<_> = world.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    queue.retain(|job| job.kind == JobKind::Restate);
    assert_eq!(queue.iter().map(|job| job.window.unwrap().days()).collect::<Vec<_>>(), [2, 1]);
    let mut outcomes = Vec::new();
    while let Some(job) = queue.pop() {
        outcomes.push(world.run(&job).unwrap());
        queue.extend(world.sent.lock().unwrap().drain(..).map(|(job, _)| job));
        assert!(outcomes.len() < 100);
    }
    let failed = outcomes.iter().filter(|outcome| **outcome == Outcome::Failed("too_slow")).count();
    assert_eq!(failed, 3);
}

#[test]
fn a_job_without_time_is_put_back_untouched() {
    let world = World::new();
    let job = world.job(JobKind::First);
    let deadline = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(19);
    let outcome = world.run_until(&job, deadline).unwrap();
    assert_eq!(outcome, Outcome::Deferred { seconds: 0 });
    assert_eq!(*world.sent.lock().unwrap(), [(job, 0)]);
    assert_eq!((pages(&world), world.count(|step| *step == Step::Opened)), (0, 0));
}

#[test]
fn only_ids_travel_with_a_job_and_sheets_are_bound_to_their_slots() {
    let world = World::new();
    world.run(&world.job(JobKind::First)).unwrap();
    let sheets = world.sheets.lock().unwrap();
    let sheet = &sheets["ad/2026-11-22"];
    let text = String::from_utf8_lossy(&sheet.parts[0].0).into_owned();
    let slot = crate::sheet::slot(&sheet.name, sheet.version, 0);
    assert!(text.contains(&slot) && text.contains(account().as_str()));
}
