//! The rules of a grant's life, over times that a day's luck could give.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::deletion::ledger::ALARM_AFTER;

fn at(hours: i64) -> Timestamp {
    "2026-11-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(hours)
}

fn account() -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(7))
}

#[test]
fn a_revocation_counts_from_its_first_sign_and_only_when_it_is_said_again_a_day_later() {
    let mut life = Life::begin(at(0));
    assert_eq!(life.refuse(true, State::Active, None, at(1)), Verdict::Stays(State::Suspect));
    life.schedule_probe(at(1));
    assert_eq!(life.due_at, at(24), "within a day");
    assert_eq!(life.refuse(true, State::Suspect, None, at(24)), Verdict::Stays(State::Suspect));
    life.schedule_probe(at(24));
    assert_eq!(life.due_at, at(25), "exactly when it can be confirmed");
    let end = Verdict::Ends(Reason::RevokedAtPlatform, at(1));
    assert_eq!(life.refuse(true, State::Suspect, None, at(25)), end);
    assert_eq!(life.refuse(true, State::NeedsReauth, None, at(25)), end, "in every live state");
}

#[test]
fn an_answer_in_between_takes_the_evidence_back() {
    let mut life = Life::begin(at(0));
    life.refuse(true, State::Active, None, at(1));
    life.refuse(false, State::Suspect, Some(30), at(3));
    life.take_back();
    assert_eq!(life, Life::begin(at(0)));
    assert_eq!(life.refuse(true, State::Active, None, at(26)), Verdict::Stays(State::Suspect));
}

#[test]
fn an_expired_login_waits_for_the_person_for_ever() {
    let mut life = Life::begin(at(0));
    assert_eq!(life.refuse(false, State::Active, None, at(0)), Verdict::Stays(State::Suspect));
    life.schedule_probe(at(0));
    assert_eq!(life.due_at, at(1));
    assert_eq!(life.refuse(false, State::Suspect, None, at(1)), Verdict::Stays(State::NeedsReauth));
    for day in 1..2_000 {
        let now = at(1 + 24 * day);
        assert_eq!(life.refuse(false, State::NeedsReauth, None, now), Verdict::Stays(State::NeedsReauth));
        life.schedule_probe(now);
        assert!(life.due_at <= now + PROBE_AFTER && life.take_notice(now).is_none());
    }
}

#[test]
fn a_profile_may_end_what_waits_and_the_date_is_told_fourteen_and_three_days_before() {
    let days = Some(30);
    let mut life = Life::begin(at(0));
    life.refuse(false, State::Active, days, at(0));
    life.refuse(false, State::Suspect, days, at(2));
    let date = at(2 + 30 * 24);
    assert_eq!((life.ends_at, life.notices), (Some(date), 0));
    assert_eq!(life.take_notice(date - of_days(14) - SignedDuration::from_secs(1)), None);
    assert_eq!(life.take_notice(date - of_days(14)), Some(date - of_days(14)));
    assert_eq!(life.take_notice(date - of_days(4)), None, "once each");
    life.schedule_probe(date - of_days(4));
    assert_eq!(life.due_at, date - of_days(4) + PROBE_AFTER);
    assert_eq!(life.take_notice(date - of_days(3)), Some(date - of_days(3)));
    let before = date - SignedDuration::from_secs(1);
    assert_eq!(life.refuse(false, State::NeedsReauth, days, before), Verdict::Stays(State::NeedsReauth));
    let end = Verdict::Ends(Reason::NotReauthorised, date);
    assert_eq!(life.refuse(false, State::NeedsReauth, days, date + STALE), end);
}

#[test]
fn a_rule_that_comes_later_ends_nothing_without_a_warning_and_one_that_goes_takes_its_date_along() {
    let mut life = Life { waiting_since: Some(at(0)), ..Life::begin(at(0)) };
    let now = at(300 * 24);
    assert_eq!(life.refuse(false, State::NeedsReauth, Some(30), now), Verdict::Stays(State::NeedsReauth));
    assert_eq!(life.ends_at, Some(now + of_days(14)));
    assert_eq!(life.take_notice(now), None, "the change itself is told");
    life.refuse(false, State::NeedsReauth, None, now);
    assert_eq!(life.ends_at, None);
}

#[test]
fn an_account_is_lost_only_when_it_is_missed_again_a_day_later() {
    let mut life = Life::begin(at(0));
    assert_eq!(life.lose(&account(), at(0)), None);
    life.schedule_probe(at(0));
    assert_eq!(life.due_at, at(23));
    assert_eq!(life.lose(&account(), at(23)), None);
    life.schedule_probe(at(23));
    assert_eq!(life.due_at, at(24));
    assert_eq!(life.lose(&account(), at(24)), Some(at(0)));
    life.find(&account());
    assert_eq!(life.lose(&account(), at(48)), None);
}

/// T43: a sign of weeks ago is not the first half of today's, and no deletion is late before it begins.
#[test]
fn evidence_that_nobody_confirmed_in_time_begins_anew() {
    let last = CONFIRM + STALE;
    let late = last + SignedDuration::from_secs(1);
    for (after, is_confirmed) in [(last, true), (late, false), (of_days(30), false)] {
        let mut life = Life::begin(at(0));
        life.refuse(true, State::Active, None, at(0));
        life.lose(&account(), at(0));
        let now = at(0) + after;
        let ends = Verdict::Ends(Reason::RevokedAtPlatform, at(0));
        assert_eq!(life.refuse(true, State::Suspect, None, now) == ends, is_confirmed, "{after}");
        assert_eq!(life.lose(&account(), now).is_some(), is_confirmed, "{after}");
        let since = if is_confirmed { at(0) } else { now };
        assert_eq!((life.revoked_since, life.missed_since(&account())), (Some(since), Some(since)));
        if !is_confirmed {
            let day = now + CONFIRM;
            let ends = Verdict::Ends(Reason::RevokedAtPlatform, now);
            assert_eq!(life.refuse(true, State::Suspect, None, day), ends);
            assert_eq!(life.lose(&account(), day), Some(now));
        }
    }
}

/// A deletion counts from evidence that is as old as this, and begins in time all the same.
#[test]
fn a_deletion_that_begins_with_old_evidence_is_not_late() {
    assert!(CONFIRM + STALE < ALARM_AFTER);
}

/// P3: no refusal comes while the platform is in trouble; a date that passes then is moved and told before it ends anything.
#[test]
fn a_date_that_came_without_its_notice_is_moved_three_days_and_told() {
    let (days, date) = (Some(30), at(2 + 30 * 24));
    // Before the first notice, between the two, and after both, when the trouble outlasts the date by far.
    // Or ends right before the date, or after half of the time between the last notice and the date.
    let hour = SignedDuration::from_hours(1);
    for (last_seen, next) in [
        (20, date),
        (10, date + of_days(2)),
        (2, date + of_days(20)),
        (4, date - hour),
        (4, date - of_days(2)),
        (20, date - of_days(2)),
    ] {
        let mut life = Life::begin(at(0));
        life.refuse(false, State::Active, days, at(0));
        life.refuse(false, State::Suspect, days, at(2));
        life.take_notice(date - of_days(last_seen));
        assert_eq!(life.refuse(false, State::NeedsReauth, days, next), Verdict::Stays(State::NeedsReauth));
        let moved = next + of_days(3);
        assert_eq!((life.ends_at, life.take_notice(next)), (Some(moved), Some(next)), "{last_seen}");
        assert_eq!(life.take_notice(moved), None, "once");
        let end = Verdict::Ends(Reason::NotReauthorised, moved);
        assert_eq!(life.refuse(false, State::NeedsReauth, days, moved), end);
    }
}

proptest! {
    /// P3: every live state is asked at least daily, whatever was seen of it before.
    #[test]
    fn the_next_question_is_never_more_than_a_day_away(
        seen in prop::collection::vec((0_i64..600, 0_u8..4), 0..40),
        days in prop::option::of(1_u16..90),
    ) {
        let (mut life, mut state, mut now) = (Life::begin(at(0)), State::Active, at(0));
        for (minutes, what) in seen {
            now += SignedDuration::from_mins(minutes * 10);
            match what {
                0 => {
                    life.take_back();
                    state = State::Active;
                }
                3 => {
                    if let Some(t0) = life.lose(&account(), now) {
                        prop_assert!(now >= t0 + CONFIRM && now <= t0 + CONFIRM + STALE);
                        life.find(&account());
                    }
                }
                word => match life.refuse(word == 1, state, days, now) {
                    Verdict::Stays(to) => state = to,
                    Verdict::Ends(Reason::RevokedAtPlatform, t0) => {
                        prop_assert!(now >= t0 + CONFIRM && now <= t0 + CONFIRM + STALE);
                        return Ok(());
                    }
                    Verdict::Ends(_, t0) => {
                        prop_assert!(now >= t0 && now <= t0 + STALE);
                        return Ok(());
                    }
                },
            }
            life.schedule_probe(now);
            prop_assert!(life.due_at > now && life.due_at <= now + PROBE_AFTER);
            prop_assert_eq!(state == State::NeedsReauth, life.waiting_since.is_some());
        }
    }
}
