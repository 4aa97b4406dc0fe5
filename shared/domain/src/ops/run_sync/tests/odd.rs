//! What is odd about figures and names, and what it costs: a day a reason, never the window.

use std::collections::BTreeMap;

use super::*;
use crate::ops::run_sync::days::Asked;
use crate::report::{Metric, MetricSet};

fn yesterday() -> Date {
    TODAY.yesterday().unwrap()
}

fn status(world: &World, level: Level, day: Date) -> DayStatus {
    world.days.lock().unwrap()[&(level, day)].status
}

fn extra(entity: &str, day: Date, spend: i64) -> Row {
    Row { entity: entity.into(), day, values: values(spend, 0) }
}

fn questions(world: &World, level: Level) -> usize {
    world.asked.lock().unwrap().iter().filter(|(asked, _)| *asked == level).count()
}

#[test]
fn parts_that_are_more_than_the_whole_make_a_closed_day_partial_on_their_level() {
    let world = World::new();
    *world.extra.lock().unwrap() = vec![extra("9", yesterday(), 5)];
    world.run(&world.job(JobKind::First)).unwrap();
    assert_eq!(status(&world, Level::Ad, yesterday()), DayStatus::Partial(Reason::TotalsDiffer));
    assert_eq!(status(&world, Level::Campaign, yesterday()), DayStatus::Provisional);
    assert_eq!(status(&world, Level::Ad, TODAY), DayStatus::Provisional);
    assert_eq!((questions(&world, Level::Account), questions(&world, Level::Ad)), (4, 4), "asked once more");
}

#[test]
fn parts_of_a_whole_that_is_not_there_make_a_closed_day_partial() {
    let world = World::new();
    *world.without_account.lock().unwrap() = Some(yesterday());
    world.run(&world.job(JobKind::First)).unwrap();
    for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
        assert_eq!(status(&world, level, yesterday()), DayStatus::Partial(Reason::TotalsDiffer), "{level:?}");
    }
    assert_eq!(status(&world, Level::Ad, TODAY), DayStatus::Provisional);
}

#[test]
fn the_open_day_moves_between_two_questions_and_is_never_partial_for_it() {
    for step in [10_000, -10_000] {
        let world = World::new();
        world.unattributed.lock().unwrap().insert(TODAY, 0);
        *world.moving.lock().unwrap() = step;
        world.run(&world.job(JobKind::First)).unwrap();
        let days = world.days.lock().unwrap();
        assert!(days.values().all(|record| record.status == DayStatus::Provisional), "{days:?}");
    }
}

#[test]
fn a_closed_day_that_moves_while_it_is_read_is_asked_again_before_it_is_partial() {
    let world = World::new();
    *world.extra.lock().unwrap() = vec![extra("9", yesterday(), 5)];
    world.run(&world.job(JobKind::First)).unwrap();
    assert_eq!(status(&world, Level::Ad, yesterday()), DayStatus::Partial(Reason::TotalsDiffer));
    world.extra.lock().unwrap().clear();
    world.advance(60);
    world.run(&world.job(JobKind::Restate)).unwrap();
    assert_eq!(status(&world, Level::Ad, yesterday()), DayStatus::Provisional, "mended by the next job");
}

#[test]
fn what_belongs_to_no_campaign_is_unattributed_and_not_incomplete() {
    let world = World::new();
    let settled = date(2026, 10, 20);
    *world.unattributed.lock().unwrap() = BTreeMap::from([(settled, 100), (yesterday(), 100)]);
    world.run(&world.job(JobKind::First)).unwrap();
    let later: Vec<_> = world.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    for job in later {
        world.run(&job).unwrap();
    }
    let days = world.days.lock().unwrap();
    for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
        let record = days[&(level, settled)];
        assert_eq!((record.status, record.marks.unattributed), (DayStatus::Complete, true), "{level:?}");
        let record = days[&(level, yesterday())];
        assert_eq!((record.status, record.marks.unattributed), (DayStatus::Provisional, true), "{level:?}");
        assert!(!days[&(level, settled.tomorrow().unwrap())].marks.unattributed);
    }
    assert!(!days[&(Level::Account, settled)].marks.unattributed);
}

#[test]
fn less_than_the_campaigns_have_is_incomplete_whatever_is_unattributed() {
    let world = World::new();
    world.unattributed.lock().unwrap().insert(yesterday(), 100);
    *world.extra.lock().unwrap() = vec![extra("9", yesterday(), -5)];
    world.run(&world.job(JobKind::First)).unwrap();
    assert_eq!(status(&world, Level::Ad, yesterday()), DayStatus::Partial(Reason::TotalsDiffer));
    assert_eq!(status(&world, Level::AdGroup, yesterday()), DayStatus::Provisional);
}

#[test]
fn equal_rows_are_one_and_of_rows_that_contradict_each_other_none_is_believed() {
    let world = World::new();
    *world.extra.lock().unwrap() = vec![Row { entity: "1".into(), day: TODAY, values: values(500, 1) }];
    world.run(&world.job(JobKind::First)).unwrap();
    assert_eq!(status(&world, Level::Ad, TODAY), DayStatus::Provisional);
    assert_eq!(world.days.lock().unwrap()[&(Level::Ad, TODAY)].rows, 2);

    let world = World::new();
    *world.extra.lock().unwrap() = vec![extra("1", TODAY, 7)];
    assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
    assert_eq!(status(&world, Level::Ad, TODAY), DayStatus::Partial(Reason::OddRows));
    assert_eq!(world.days.lock().unwrap()[&(Level::Ad, TODAY)].rows, 1);
    assert_eq!(status(&world, Level::Ad, yesterday()), DayStatus::Provisional);
}

#[test]
fn a_day_whose_sum_is_no_number_costs_itself_a_reason_and_not_the_window() {
    let world = World::new();
    let most = i64::MAX / 2 + 1;
    *world.extra.lock().unwrap() = vec![extra("8", yesterday(), most), extra("9", yesterday(), most)];
    assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
    let days = world.days.lock().unwrap();
    let odd = days[&(Level::Ad, yesterday())];
    assert_eq!((odd.status, odd.rows), (DayStatus::Partial(Reason::OddRows), 0));
    assert_eq!(days[&(Level::Ad, TODAY)].status, DayStatus::Provisional);
    assert_eq!(days[&(Level::AdGroup, yesterday())].status, DayStatus::Provisional);
}

#[test]
fn figures_of_another_account_are_not_believed_and_say_nothing_of_the_parts() {
    let world = World::new();
    *world.foreign_account.lock().unwrap() = Some(yesterday());
    assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
    let days = world.days.lock().unwrap();
    let odd = days[&(Level::Account, yesterday())];
    assert_eq!((odd.status, odd.rows), (DayStatus::Partial(Reason::OddRows), 0));
    assert_eq!(days[&(Level::Account, TODAY)].status, DayStatus::Provisional);
    for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
        assert_eq!(days[&(level, yesterday())].status, DayStatus::Provisional, "{level:?}");
    }
}

#[test]
fn empty_pages_without_end_are_not_followed() {
    let world = World::new();
    *world.endless.lock().unwrap() = true;
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("upstream_changed"));
    assert!(world.sync.lock().unwrap().names_due);
    let (names, figures) = (*world.name_pages.lock().unwrap(), world.asked.lock().unwrap().len());
    assert_eq!((names, figures), (3 * 20, 20), "three lists of names, and the account's figures");
}

#[test]
fn an_odd_row_is_asked_for_again_and_then_costs_its_day_a_reason() {
    for (answers, expected) in [(1, DayStatus::Provisional), (9, DayStatus::Partial(Reason::OddRows))] {
        let world = World::new();
        *world.odd.lock().unwrap() = (vec![Some(TODAY)], answers);
        assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
        assert_eq!(status(&world, Level::Ad, TODAY), expected, "{answers}");
        assert_eq!(status(&world, Level::Ad, yesterday()), DayStatus::Provisional);
        let last = world.asked.lock().unwrap().last().copied().unwrap();
        assert_eq!(last, (Level::Ad, Window { from: TODAY, to: TODAY }), "only the odd day");
    }
}

#[test]
fn days_that_are_asked_for_again_leave_the_count_of_the_others() {
    let asked = |from, odd: &[Option<Date>]| {
        let window = Window { from, to: TODAY };
        let mut asked = Asked::new("77", Level::Ad, window, NOW.parse().unwrap());
        asked.take(vec![extra("1", TODAY, 1), extra("1", TODAY, 2)], odd, MetricSet::default()).unwrap();
        asked.sort();
        asked
    };
    let mut first = asked(yesterday(), &[Some(yesterday()), Some(yesterday()), Some(TODAY)]);
    assert_eq!(first.odd(), 4, "two that contradict each other are one");
    first.replace(asked(TODAY, &[]));
    assert_eq!(first.odd(), 3);
    first.replace(asked(TODAY, &[None]));
    assert_eq!(first.odd(), 4);
    first.replace(asked(yesterday(), &[]));
    assert_eq!(first.odd(), 1, "nothing is left of an answer that was replaced as a whole");
}

#[test]
fn a_row_whose_day_nobody_knows_costs_every_day_a_reason_and_keeps_the_rows() {
    let world = World::new();
    *world.extra.lock().unwrap() = vec![extra("9", TODAY.tomorrow().unwrap(), 0)];
    assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
    let days = world.days.lock().unwrap();
    let ads: Vec<_> = days.iter().filter(|((level, _), _)| *level == Level::Ad).map(|(_, day)| day).collect();
    assert!(ads.iter().all(|day| day.status == DayStatus::Partial(Reason::OddRows) && day.rows == 2));
    assert_eq!(days[&(Level::AdGroup, TODAY)].status, DayStatus::Provisional);
}

#[test]
fn what_is_not_offered_is_marked_and_the_rest_is_read() {
    let world = World::new();
    let refused: MetricSet = [Metric::Impressions].into_iter().collect();
    *world.no_metrics.lock().unwrap() = refused;
    *world.no_level.lock().unwrap() = Some(Level::AdGroup);
    assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
    let days = world.days.lock().unwrap();
    for level in [Level::Account, Level::Campaign, Level::Ad] {
        let record = days[&(level, TODAY)];
        assert_eq!((record.status, record.marks.not_offered), (DayStatus::Provisional, refused), "{level:?}");
    }
    assert_eq!(days[&(Level::AdGroup, TODAY)].status, DayStatus::NotOffered);
    assert_eq!(days.len(), 28);
}

#[test]
fn names_that_cannot_be_read_never_stop_figures_and_are_asked_for_by_each_further_job() {
    for kind in [Kind::Upstream, Kind::UpstreamChanged, Kind::RateLimited, Kind::Invalid] {
        let world = World::new();
        *world.no_names.lock().unwrap() = Some((Level::Ad, kind));
        assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }), "{kind:?}");
        let days = world.days.lock().unwrap().clone();
        assert!(days.len() == 28 && days.values().all(|record| record.status == DayStatus::Provisional));
        assert!(world.sheets.lock().unwrap().contains_key("structure/campaign"));
        assert!(world.sync.lock().unwrap().names_due);

        world.advance(60);
        *world.no_names.lock().unwrap() = None;
        assert_eq!(world.run(&world.job(JobKind::Restate)).unwrap(), Outcome::Done { rows: 21, days: 0 });
        assert!(world.sheets.lock().unwrap().contains_key("structure/ad"));
        assert!(!world.sync.lock().unwrap().names_due);
    }
}

#[test]
fn names_get_half_of_an_invocation_and_figures_the_rest() {
    let world = World::new();
    *world.page_takes.lock().unwrap() = SignedDuration::from_secs(16);
    world.run(&world.job(JobKind::First)).unwrap();
    assert!(world.sync.lock().unwrap().names_due);
    assert!(!world.asked.lock().unwrap().is_empty(), "no figure was asked for");
}

/// Jobs of one account run at the same time: what the newest days' job wrote stays, whatever an older job read before.
#[test]
fn an_older_job_undoes_nothing_that_another_one_decided_meanwhile() {
    let world = World::new();
    *world.no_day.lock().unwrap() = Some(TODAY);
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("answer_changed"));
    let older: Vec<_> = world.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    let at = *world.now.lock().unwrap();
    let change = SyncChange {
        newest_at: Some(at),
        structure_at: Some(at),
        names_due: Some(true),
        entities: Some(4_711),
        last_success: None,
    };
    *world.meanwhile.lock().unwrap() = Some(change);
    assert!(matches!(world.run(&older[0]).unwrap(), Outcome::Done { .. }));
    let expected = SyncState {
        last_success: Some(at),
        newest_at: Some(at),
        structure_at: Some(at),
        names_due: true,
        entities: 4_711,
    };
    assert_eq!(*world.sync.lock().unwrap(), expected);
}

#[test]
fn synced_means_that_the_newest_days_are_here() {
    let world = World::new();
    *world.no_day.lock().unwrap() = Some(TODAY);
    assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("answer_changed"));
    let older: Vec<_> = world.sent.lock().unwrap().drain(..).map(|(job, _)| job).collect();
    assert!(!older.is_empty());
    for job in older {
        assert!(matches!(world.run(&job).unwrap(), Outcome::Done { .. }));
    }
    let state = world.sync.lock().unwrap().clone();
    assert!(state.last_success.is_some() && state.newest_at.is_none(), "{state:?}");

    world.advance(60);
    *world.no_day.lock().unwrap() = None;
    world.run(&world.job(JobKind::Restate)).unwrap();
    assert_eq!(world.sync.lock().unwrap().newest_at, Some(*world.now.lock().unwrap()));
}
