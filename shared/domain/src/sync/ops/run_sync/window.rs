//! Computes the days that a job reads, and those that it leaves to further jobs.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

use crate::base::error::{Error, Kind, Result};
use crate::base::window::Window;
use crate::base::zone;
use crate::sync::job::{JobKind, WINDOW_ROWS};

/// How many days the first sync reads at once, because people look at the newest first.
const FIRST_DAYS: u32 = 7;

/// How many days every period reads again.
const TRAILING_DAYS: u32 = 3;

/// How often a settled day is read once more, so that its last restatement is not missed.
const SETTLED_REPEATS: u32 = 2;

/// The limits of a job's windows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Days that one question of the platform may span.
    pub(super) window_days: u32,
    /// Days that the platform still changes.
    pub(super) restatement_days: u32,
    /// Days that the first sync reaches back.
    pub(super) backfill_days: u32,
    /// Days that the product keeps.
    pub(super) retention_days: u32,
    /// The oldest day that has figures, where a first job finds some: the account's currency or zone changed.
    pub(super) stored: Option<Date>,
    /// Campaigns, ad groups and ads of the account.
    pub(super) entities: u64,
}

/// The days of a job, and those that it leaves to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) now: Window,
    pub(super) later: Vec<Window>,
}

impl Limits {
    /// Returns how many days hold at most [`WINDOW_ROWS`] rows, if every entity has one each day.
    pub(super) fn days_at_once(&self) -> u32 {
        let days = WINDOW_ROWS / self.entities.saturating_add(1);
        u32::try_from(days).unwrap_or(u32::MAX).clamp(1, self.window_days.max(1))
    }
}

/// Finds the zone of an account.
pub(super) fn zone(name: &str) -> Result<TimeZone> {
    let unknown =
        || Error::new(Kind::UpstreamChanged, "unknown_zone", "The account's time zone is not known.");
    zone::find(name).ok_or_else(unknown)
}

/// Returns the day of an instant in a zone.
pub(super) fn day(zone: &TimeZone, at: Timestamp) -> Date {
    zone.to_datetime(at).date()
}

/// Splits the days of a job. Days that the product no longer keeps are left out, but never all of them.
pub(super) fn plan(kind: JobKind, given: Option<Window>, today: Date, daily: bool, limits: &Limits) -> Plan {
    let oldest = back(today, limits.retention_days);
    let all = match (given, kind) {
        (Some(window), _) => window,
        (None, JobKind::First | JobKind::Backfill) => {
            let Window { from, to } = trailing(today, limits.backfill_days);
            Window { from: from.min(limits.stored.unwrap_or(from)), to }
        }
        (None, JobKind::Restate | JobKind::Requested) if daily => {
            trailing(today, limits.restatement_days + SETTLED_REPEATS)
        }
        (None, JobKind::Restate | JobKind::Requested) => trailing(today, TRAILING_DAYS),
    };
    let all = Window { from: all.from.max(oldest).min(all.to), to: all.to };
    let most = limits.days_at_once();
    let first = if given.is_none() && kind == JobKind::First { most.min(FIRST_DAYS) } else { most };
    let now = Window { from: back(all.to, first).max(all.from), to: all.to };
    let rest = now.from.yesterday().ok().and_then(|to| Window::new(all.from, to));
    Plan { now, later: rest.map(|rest| rest.cut(most)).unwrap_or_default() }
}

/// Halves a window of at least two days, the older half first.
pub(super) fn halves(window: Window) -> [Option<Window>; 2] {
    let older = window.days() / 2;
    let end = window.from.checked_add(span(older.saturating_sub(1))).unwrap_or(window.to);
    let start = end.tomorrow().unwrap_or(window.to);
    [Window::new(window.from, end), Window::new(start, window.to)]
}

/// Returns all days that can have figures.
pub(super) fn ever(today: Date) -> Window {
    trailing(today, u32::MAX)
}

fn trailing(today: Date, days: u32) -> Window {
    Window { from: back(today, days), to: today }
}

/// Returns the first of a number of days that end with `to`.
fn back(to: Date, days: u32) -> Date {
    to.checked_sub(span(days.max(1) - 1)).unwrap_or(to)
}

fn span(days: u32) -> Span {
    i64::from(days.min(10_000)).days()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = jiff::civil::date(2026, 11, 22);

    fn limits() -> impl Strategy<Value = Limits> {
        let stored = prop::option::of(1_u32..800);
        (1_u32..=365, 0_u32..60, 1_u32..800, 1_u32..800, 0_u64..200_000, stored).prop_map(
            |(window_days, restatement_days, backfill_days, retention_days, entities, stored)| Limits {
                window_days,
                restatement_days,
                backfill_days,
                retention_days,
                stored: stored.map(|days| back(TODAY, days)),
                entities,
            },
        )
    }

    proptest! {
        #[test]
        fn the_parts_cover_the_days_once_and_none_is_too_large(
            limits in limits(),
            kind in prop_oneof![Just(JobKind::First), Just(JobKind::Restate), Just(JobKind::Requested)],
            daily: bool,
        ) {
            let plan = plan(kind, None, TODAY, daily, &limits);
            let mut days: Vec<Date> = plan.later.iter().rev().flat_map(Window::iter).chain(plan.now.iter()).collect();
            let want = match kind {
                JobKind::First | JobKind::Backfill => {
                    let stored = limits.stored.map_or(0, |from| Window { from, to: TODAY }.days());
                    limits.backfill_days.max(stored)
                }
                JobKind::Restate | JobKind::Requested if daily => limits.restatement_days + SETTLED_REPEATS,
                JobKind::Restate | JobKind::Requested => 3,
            };
            prop_assert_eq!(days.len(), usize::try_from(want.min(limits.retention_days)).unwrap());
            prop_assert_eq!(days.last(), Some(&TODAY));
            days.dedup();
            prop_assert!(days.windows(2).all(|pair| pair[0].tomorrow().unwrap() == pair[1]));
            for part in plan.later.iter().chain([&plan.now]) {
                prop_assert!(part.days() <= limits.window_days);
                let rows = u64::from(part.days()) * (limits.entities + 1);
                prop_assert!(rows <= WINDOW_ROWS || part.days() == 1);
            }
            prop_assert!(kind != JobKind::First || plan.now.days() <= FIRST_DAYS);
        }

        #[test]
        fn halves_meet_and_lose_nothing(days in 2_u32..400) {
            let window = trailing(TODAY, days);
            let [older, newer] = halves(window).map(Option::unwrap);
            prop_assert_eq!((older.from, newer.to), (window.from, window.to));
            prop_assert_eq!(older.to.tomorrow().unwrap(), newer.from);
            prop_assert!(older.days().abs_diff(newer.days()) <= 1);
        }
    }

    #[test]
    fn days_belong_to_the_accounts_zone() {
        let now: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
        assert_eq!(day(&zone("Europe/Berlin").unwrap(), now), TODAY);
        assert_eq!(day(&zone("America/Los_Angeles").unwrap(), now), TODAY.yesterday().unwrap());
        assert!(zone("Mars/Olympus").is_err());
    }

    #[test]
    fn a_given_window_is_cut_again_when_the_account_has_grown() {
        let limits = Limits {
            window_days: 30,
            restatement_days: 28,
            backfill_days: 90,
            retention_days: 400,
            stored: None,
            entities: 9_999,
        };
        let plan = plan(JobKind::Backfill, Some(trailing(TODAY, 12)), TODAY, false, &limits);
        assert_eq!(plan.now, trailing(TODAY, 5));
        assert_eq!(plan.later.iter().map(Window::days).collect::<Vec<_>>(), [5, 2]);
    }
}
