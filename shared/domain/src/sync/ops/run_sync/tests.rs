//! The rules of a whole sync job. What one step alone decides is tested beside that step.

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::base::error::{EXPIRED, PLATFORM_SETUP, REVOKED};
use crate::connect::connection::State;
use crate::connect::token_life::Life;
use crate::platform::figures::Level;
use crate::sync::chunk::slot;
use crate::sync::completeness::{DayStatus, Reason};
use crate::sync::ending::{SyncEnd, SyncNews, TryOutcome, Wait};
use crate::sync::job::JobKind;
use crate::sync::state::SyncChange;
use crate::sync::trouble::Trouble;
use crate::testing::{NOW, Step, TODAY, World, account, connection, key, tenant};
use crate::vault::keys::{DataKey as _, KeyContext};

#[test]
fn the_first_sync_stores_names_and_seven_days_and_leaves_the_rest_to_others() {
    let world = World::connected();
    let job = world.job(JobKind::First);
    assert_eq!(world.run(&job).unwrap(), Outcome::Done { rows: 7 * (1 + 2 * 3), days: 4 * 7 });
    assert_eq!(world.puts(), 3 + 4 * 7);
    let chunks = world.sync.chunks.lock().unwrap();
    assert_eq!(chunks["structure/ad"].rows, 3, "a repeated entity counts once");
    assert!(chunks.contains_key("ad/2026-11-16") && chunks.contains_key("ad/2026-11-22"));
    assert!(world.sync.days.lock().unwrap().values().all(|record| record.status == DayStatus::Provisional));
    let sent: Vec<_> =
        world.sync.sent.lock().unwrap().iter().map(|(job, _)| (job.kind, job.window.unwrap())).collect();
    let backfill = |from, to| (JobKind::Backfill, Window { from, to });
    assert_eq!(
        sent,
        [backfill(date(2026, 10, 17), date(2026, 11, 15)), backfill(date(2026, 10, 14), date(2026, 10, 16))]
    );
    assert_eq!(world.sync.state.lock().unwrap().entities, 9);
}

/// A disconnect between a fence check and a write is nobody's fault: no error, which would alarm, and no other try.
#[test]
fn a_job_whose_account_ends_before_a_write_is_dropped() {
    for writes in 0.. {
        let world = World::connected();
        *world.sync.writes_left.lock().unwrap() = Some(writes);
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
        let world = World::connected();
        world.profile.lock().unwrap().retention_days = retention_days;
        world.run(&world.job(JobKind::First)).unwrap();
        world.advance(60);
        let mut record = world.sync.days.lock().unwrap()[&(Level::Ad, TODAY)];
        world.sync.days.lock().unwrap().insert((Level::Ad, oldest), record);
        // A day that was asked for in vain has nothing that could be read again.
        record.version = None;
        world.sync.days.lock().unwrap().insert((Level::Ad, date(2025, 6, 1)), record);
        world.sync.sent.lock().unwrap().clear();
        world.run(&world.job(JobKind::First)).unwrap();
        let sent = world.sync.sent.lock().unwrap();
        let mut parts: Vec<_> = sent.iter().map(|(job, _)| job.window.unwrap()).collect();
        parts.sort_unstable_by_key(|part| part.from);
        assert!(parts.windows(2).all(|pair| pair[0].to.tomorrow().unwrap() == pair[1].from), "{parts:?}");
        assert_eq!((parts[0].from, parts[parts.len() - 1].to), (from, date(2026, 11, 15)));
    }
}

#[test]
fn s14_figures_and_names_are_stored_sealed_for_their_account_and_place() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    let key = key(&KeyContext::account(&tenant(), &connection(), &account()));
    let chunks = world.sync.chunks.lock().unwrap();
    assert!(chunks.keys().any(|name| name.starts_with("structure/")));
    assert!(chunks.keys().any(|name| name.starts_with("ad/")));
    for chunk in chunks.values() {
        for (part, sealed) in chunk.parts.iter().enumerate() {
            assert!(key.open(&slot(&chunk.name, chunk.version, part), sealed).is_ok(), "{}", chunk.name);
        }
    }
}

#[test]
fn figures_are_kept_as_long_as_the_account_is_connected_unless_the_profile_bounds_it() {
    for (retention_days, is_bounded) in [(None, false), (Some(400), true)] {
        let world = World::connected();
        world.profile.lock().unwrap().retention_days = retention_days;
        world.run(&world.job(JobKind::First)).unwrap();
        let kept = world.sync.kept.lock().unwrap();
        assert_eq!(kept.len(), world.puts());
        assert!(kept.iter().all(|end| end.is_some() == is_bounded), "{retention_days:?}: {kept:?}");
    }
}

#[test]
fn a_job_that_is_delivered_twice_is_done_once() {
    let world = World::connected();
    let job = world.job(JobKind::First);
    world.run(&job).unwrap();
    let before = world.steps.lock().unwrap().len();
    assert_eq!(world.run(&job).unwrap(), Outcome::Already);
    assert_eq!(world.steps.lock().unwrap()[before..], [Step::Fence(true)]);
}

#[test]
fn an_unchanged_day_writes_nothing_and_a_changed_one_writes_itself() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    world.advance(60);
    let before = (world.puts(), world.count(|step| *step == Step::Days));
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { rows: 21, days: 0 });
    assert_eq!((world.puts(), world.count(|step| *step == Step::Days)), before);

    world.advance(60);
    *world.platform.spend.lock().unwrap() = 2_000;
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { rows: 21, days: 12 });
    assert_eq!(world.puts(), before.0 + 12);
}

#[test]
fn once_a_day_names_and_the_whole_restatement_window_are_read_and_old_days_settle() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    world.advance(12 * 60);
    world.sync.sent.lock().unwrap().clear();
    // Midnight in Berlin: the first slot of the day.
    world.set_now("2026-11-22T23:00:00Z".parse().unwrap());
    assert_eq!(
        world.run(&world.job(JobKind::Restate)).unwrap(),
        Outcome::Done { rows: 30 * 7, days: 23 * 4 }
    );
    assert_eq!(world.puts(), 3 + 4 * 7 + 4 * 23, "names did not change");
    let days = world.sync.days.lock().unwrap();
    let settled: Vec<_> = days
        .iter()
        .filter(|((level, _), record)| *level == Level::Ad && record.status == DayStatus::Complete)
        .map(|((_, day), _)| *day)
        .collect();
    assert_eq!(settled, [date(2026, 10, 25), date(2026, 10, 26)]);
}

#[test]
fn an_older_observation_never_replaces_a_newer_one() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    let newer = world.sync.chunks.lock().unwrap().clone();
    let known = world.sync.days.lock().unwrap().clone();
    // A worker whose clock is behind saw other figures.
    world.advance(-5);
    *world.platform.spend.lock().unwrap() = 4_000;
    world.run(&world.job(JobKind::Restate)).unwrap();
    assert_eq!(*world.sync.chunks.lock().unwrap(), newer);
    assert_eq!(*world.sync.days.lock().unwrap(), known);
}

/// Promise S20: after a disconnect nothing is opened, asked or written.
#[test]
fn a_job_of_a_disconnected_account_opens_no_key_and_calls_nobody() {
    let world = World::connected();
    *world.connect.fence_reads.lock().unwrap() = Some(0);
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Dropped);
    assert_eq!(*world.steps.lock().unwrap(), [Step::Fence(false)]);
}

#[test]
fn a_question_that_is_too_large_is_halved_until_it_fits() {
    let world = World::connected();
    *world.platform.most_days.lock().unwrap() = 2;
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { rows: 49, days: 28 });
    assert_eq!(world.sync.days.lock().unwrap().len(), 28);
    let ads: Vec<_> = world
        .platform
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|(level, _)| *level == Level::Ad)
        .map(|(_, w)| w.from)
        .collect();
    assert!(ads.is_sorted(), "older days first, so that a checkpoint is true: {ads:?}");

    *world.platform.most_days.lock().unwrap() = 0;
    world.advance(60);
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed("too_large"));
}

#[test]
fn a_failure_never_hides_days_that_were_read_and_is_mended_by_the_next_job() {
    let world = World::connected();
    *world.platform.refuse.lock().unwrap() = Some((Kind::Upstream, "upstream", true));
    assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Deferred { .. }));
    assert!(
        world.sync.days.lock().unwrap().values().all(|day| day.status == DayStatus::Failed(Reason::Upstream))
    );
    *world.platform.refuse.lock().unwrap() = None;
    let (again, _) = world.sync.sent.lock().unwrap().pop().unwrap();
    world.run(&again).unwrap();
    let good = world.sync.days.lock().unwrap().clone();
    assert!(good.values().all(|day| day.status == DayStatus::Provisional));
    world.advance(60);
    *world.platform.refuse.lock().unwrap() = Some((Kind::NotPermitted, "not_permitted", false));
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed("not_permitted"));
    assert_eq!(*world.sync.days.lock().unwrap(), good);
}

#[test]
fn days_that_the_grant_does_not_cover_are_not_permitted() {
    let world = World::connected();
    *world.platform.refuse.lock().unwrap() = Some((Kind::NotPermitted, "not_permitted", false));
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("not_permitted"));
    assert!(world.sync.days.lock().unwrap().values().all(|day| day.status == DayStatus::NotPermitted));
}

/// Promise T43: the clock starts with the first refusal, and one day of refusals is needed, whatever else is tried.
#[test]
fn a_revocation_that_is_confirmed_begins_the_deletion_from_its_first_sign() {
    let world = World::connected();
    let first: Timestamp = NOW.parse().unwrap();
    *world.platform.refuse.lock().unwrap() = Some((Kind::Reauthorise, REVOKED, false));
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed(REVOKED));
    assert_eq!(world.state(), State::Suspect);
    for _ in 0..23 {
        world.advance(60);
        assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed(REVOKED));
    }
    assert_eq!(
        world.connect.life.lock().unwrap().due_at,
        first + SignedDuration::from_hours(24),
        "asked when it counts"
    );
    world.advance(60);
    assert!(matches!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Ended(_)));
    let begun = world.begun();
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].t0, begun[0].delete_by), (first, first + SignedDuration::from_hours(168)));
    assert_eq!(begun[0].reason.as_str(), "revoked_at_platform");
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Dropped);
}

#[test]
fn a_refusal_that_passes_leaves_no_trace_and_one_that_lasts_asks_the_person_back() {
    let world = World::connected();
    let refusal = Some((Kind::Reauthorise, EXPIRED, false));
    *world.platform.refuse.lock().unwrap() = refusal;
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Failed("expired"));
    world.advance(59);
    *world.platform.refuse.lock().unwrap() = None;
    world.run(&world.job(JobKind::Restate)).unwrap();
    assert_eq!(world.state(), State::Active);
    assert_eq!(world.connect.life.lock().unwrap().expired_since, None);

    *world.platform.refuse.lock().unwrap() = refusal;
    for (minutes, state) in [(5, State::Suspect), (59, State::Suspect), (1, State::NeedsReauth)] {
        world.advance(minutes);
        world.run(&world.job(JobKind::Restate)).unwrap();
        assert_eq!(world.state(), state, "{minutes}");
    }
    assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Dropped);
    assert!(world.begun().is_empty());
}

/// The operator's fault marks the days so, ends nothing, and is an error that the queue writes a line about.
#[test]
fn a_fault_of_our_set_up_is_neither_the_persons_nor_the_platforms() {
    let world = World::connected();
    *world.platform.refuse.lock().unwrap() = Some((Kind::Setup, PLATFORM_SETUP, false));
    let error = world.run(&world.job(JobKind::First)).unwrap_err();
    assert_eq!((error.kind, error.is_retryable()), (Kind::Setup, false));
    assert!(
        world.sync.days.lock().unwrap().values().all(|day| day.status == DayStatus::Failed(Reason::Setup))
    );
    assert_eq!(world.state(), State::Active);
    assert_eq!(*world.connect.life.lock().unwrap(), Life::default());
}

#[test]
fn a_job_that_runs_out_of_time_goes_on_where_it_was() {
    let world = World::connected();
    *world.platform.page_takes.lock().unwrap() = SignedDuration::from_secs(5);
    let mut job = world.job(JobKind::First);
    let mut invocations = 1;
    while world.run(&job).unwrap() == (Outcome::Deferred { seconds: 0 }) {
        let again =
            world.sync.sent.lock().unwrap().iter().rposition(|(job, _)| job.kind == JobKind::First).unwrap();
        (job, _) = world.sync.sent.lock().unwrap().remove(again);
        assert!(job.window.is_some_and(|window| window.days() == 7));
        invocations += 1;
        assert!(invocations < 10, "{job:?} {:?}", world.platform.asked.lock().unwrap());
    }
    assert_eq!(invocations, 2);
    let campaigns =
        world.platform.asked.lock().unwrap().iter().filter(|(level, _)| *level == Level::Campaign).count();
    assert_eq!(campaigns, 2, "two pages, once");
    assert_eq!(world.puts(), 3 + 28);
    *world.platform.page_takes.lock().unwrap() = SignedDuration::from_secs(0);
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { rows: 49, days: 0 });
}

#[test]
fn a_job_that_cannot_store_a_day_in_time_is_cut_and_at_last_gives_up() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    *world.platform.page_takes.lock().unwrap() = SignedDuration::from_secs(45);
    world.advance(60);
    world.run(&world.job(JobKind::Restate)).unwrap();
    let mut queue: Vec<_> = world.sync.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    queue.retain(|job| job.kind == JobKind::Restate);
    assert_eq!(queue.iter().map(|job| job.window.unwrap().days()).collect::<Vec<_>>(), [2, 1]);
    let mut outcomes = Vec::new();
    while let Some(job) = queue.pop() {
        outcomes.push(world.run(&job).unwrap());
        queue.extend(world.sync.sent.lock().unwrap().drain(..).map(|(job, _)| job));
        assert!(outcomes.len() < 100);
    }
    let failed = outcomes.iter().filter(|outcome| **outcome == Outcome::Failed("too_slow")).count();
    assert_eq!(failed, 3);
}

#[test]
fn who_asked_for_a_job_that_is_cut_hears_of_its_newest_days_alone() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    *world.platform.page_takes.lock().unwrap() = SignedDuration::from_secs(45);
    world.advance(60);
    world.sync.sent.lock().unwrap().clear();
    world.run(&world.job(JobKind::Requested)).unwrap();
    let sent = world.sync.sent.lock().unwrap();
    let asked: Vec<_> = sent.iter().filter(|(job, _)| job.kind == JobKind::Requested).collect();
    let newest = sent.iter().filter_map(|(job, _)| job.window).map(|window| window.to).max();
    assert_eq!(asked.iter().map(|(job, _)| job.window.map(|window| window.to)).collect::<Vec<_>>(), [newest]);
    assert!(sent.len() > 1, "{sent:?}");
}

#[test]
fn a_job_without_time_is_put_back_untouched() {
    let world = World::connected();
    let job = world.job(JobKind::First);
    let deadline = NOW.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(19);
    let outcome = world.run_until(&job, deadline).unwrap();
    assert_eq!(outcome, Outcome::Deferred { seconds: 0 });
    assert_eq!(*world.sync.sent.lock().unwrap(), [(job, 0)]);
    assert_eq!((world.pages(), world.count(|step| *step == Step::Opened)), (0, 0));
}

#[test]
fn only_ids_travel_with_a_job_and_chunks_are_bound_to_their_slots() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    let chunks = world.sync.chunks.lock().unwrap();
    let chunk = &chunks["ad/2026-11-22"];
    let text = String::from_utf8_lossy(&chunk.parts[0].0).into_owned();
    let slot = crate::sync::chunk::slot(&chunk.name, chunk.version, 0);
    assert!(text.contains(&slot) && text.contains(account().as_str()));
}

/// Jobs of one account run at the same time: what the newest days' job wrote stays, whatever an older job read before.
#[test]
fn an_older_job_undoes_nothing_that_another_one_decided_meanwhile() {
    let world = World::connected();
    *world.platform.no_day.lock().unwrap() = Some(TODAY);
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("answer_changed"));
    let older: Vec<_> = world.sync.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    let at = world.now();
    let change =
        SyncChange { structure_at: Some(at), names_due: Some(true), entities: Some(4_711), backfill: None };
    *world.sync.meanwhile.lock().unwrap() = Some(change);
    let window = Window { from: TODAY, to: TODAY };
    let (kind, outcome) = (JobKind::Restate, TryOutcome::Done);
    let rival = SyncEnd { kind, slot: at, window, has_newest: true, outcome, at };
    *world.sync.rival.lock().unwrap() = Some(rival);
    assert!(matches!(world.run(&older[0]).unwrap(), Outcome::Done { .. }));
    let state = world.sync.state.lock().unwrap().clone();
    assert_eq!((state.last_success, state.newest_at, state.structure_at), (Some(at), Some(at), Some(at)));
    assert_eq!((state.names_due, state.entities, state.ends), (true, 4_711, 3));
    assert_eq!(state.backfill.unwrap().days_done(), 7 + 30, "the older days are counted beside the newest");
}

#[test]
fn synced_means_that_the_newest_days_are_here() {
    let world = World::connected();
    *world.platform.no_day.lock().unwrap() = Some(TODAY);
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("answer_changed"));
    let older: Vec<_> = world.sync.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    assert!(!older.is_empty());
    for job in older {
        assert!(matches!(world.run(&job).unwrap(), Outcome::Done { .. }));
    }
    let state = world.sync.state.lock().unwrap().clone();
    assert!(state.last_success.is_some() && state.newest_at.is_none(), "{state:?}");

    world.advance(60);
    *world.platform.no_day.lock().unwrap() = None;
    world.run(&world.job(JobKind::Restate)).unwrap();
    assert_eq!(world.sync.state.lock().unwrap().newest_at, Some(world.now()));
}

/// The first figures and the whole backfill are news; the jobs in between are progress.
#[test]
fn a_backfill_is_counted_job_by_job_and_its_end_is_told_once() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    let days = || {
        let backfill = world.sync.state.lock().unwrap().backfill.clone().unwrap();
        (backfill.days_done(), backfill.all.days())
    };
    assert_eq!(days(), (7, 40));
    let older: Vec<_> = world.sync.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    for (job, done) in older.iter().zip([37, 40]) {
        world.run(job).unwrap();
        assert_eq!(world.run(job).unwrap(), Outcome::Already);
        assert_eq!(days(), (done, 40));
    }
    world.advance(60);
    world.run(&world.job(JobKind::Restate)).unwrap();
    let news = world.sync.news.lock().unwrap();
    let waits = news.iter().map(|news| match news {
        SyncNews::Completed(wait, window) => (*wait, window.days()),
        SyncNews::Failed(trouble, _) => panic!("{trouble:?}"),
    });
    assert_eq!(waits.collect::<Vec<_>>(), [(Wait::First, 7), (Wait::Backfill, 40)]);
}

/// An account whose platform fails says so, and says since when; only the job that gives up is news.
#[test]
fn a_failing_account_is_told_once_and_says_since_when() {
    let world = World::connected();
    world.run(&world.job(JobKind::First)).unwrap();
    world.sync.news.lock().unwrap().clear();
    world.advance(60);
    *world.platform.refuse.lock().unwrap() = Some((Kind::RateLimited, "rate_limited", true));
    let (since, mut job) = (world.now(), world.job(JobKind::Restate));
    while let Outcome::Deferred { .. } = world.run(&job).unwrap() {
        (job, _) = world.sync.sent.lock().unwrap().pop().unwrap();
        let failure = world.sync.state.lock().unwrap().failure.unwrap();
        assert_eq!((failure.trouble, failure.since, failure.gave_up), (Trouble::RateLimited, since, false));
        assert!(world.sync.news.lock().unwrap().is_empty());
        world.advance(1);
    }
    let is_failed = |news: &SyncNews| matches!(news, SyncNews::Failed(Trouble::RateLimited, _));
    assert!(matches!(world.sync.news.lock().unwrap().as_slice(), [news] if is_failed(news)));
    *world.platform.refuse.lock().unwrap() = None;
    world.advance(60);
    world.run(&world.job(JobKind::Restate)).unwrap();
    let news = world.sync.news.lock().unwrap();
    assert!(matches!(news.as_slice(), [_, SyncNews::Completed(Wait::Recovered, _)]), "{news:?}");
    assert_eq!(world.sync.state.lock().unwrap().failure, None);
}
