//! The state of an account's syncs, and the progress of a job.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::base::window::Window;
use crate::platform::figures::Level;
use crate::sync::trouble::Trouble;

/// The progress of a job: finished parts are not fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// True when names and statuses are stored.
    pub structure: bool,
    /// Levels whose days are stored up to and including this one, oldest first.
    pub levels: Vec<(Level, Date)>,
    /// True when the whole job is done.
    pub done: bool,
}

/// The state of an account's syncs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncState {
    /// When a job for any days last ended well: the platform accepted the token then.
    pub last_success: Option<Timestamp>,
    /// When a job for the newest days last ended well: this says how fresh the figures are.
    pub newest_at: Option<Timestamp>,
    /// When a daily job last asked for names, statuses and the whole restatement window.
    pub structure_at: Option<Timestamp>,
    /// True when names and statuses could not all be read then; each further job asks for them until all are stored.
    pub names_due: bool,
    /// How many campaigns, ad groups and ads the account has. Jobs split their windows by this number.
    pub entities: u64,
    /// When a job last ended its try, well or not.
    pub last_attempt: Option<Timestamp>,
    /// Why the last try did not end well; `None` when it did.
    pub failure: Option<Failure>,
    /// The days that were asked for when the account was connected, and those that are done.
    pub backfill: Option<Backfill>,
    /// When the product last asked for a sync, in whole seconds.
    pub asked_at: Option<Timestamp>,
    /// How many tries ended. Each end is stored under the condition that no other came in between.
    pub ends: u64,
}

/// Why syncs of an account do not succeed, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// The reason of the last try.
    pub trouble: Trouble,
    /// When the first try failed after the last success.
    pub since: Timestamp,
    /// True when a job gave up and an event told so; false while one waits for its next try, and when the platform
    /// refused the token: the connection's own events tell that.
    pub gave_up: bool,
}

/// The days that the first job of an account and its further jobs read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backfill {
    /// The slot of the first job, which its further jobs have too.
    pub slot: Timestamp,
    /// All days.
    pub all: Window,
    /// The days whose jobs ended, merged, oldest first. A job that gave up counts too: the days say why they are empty.
    pub ended: Vec<Window>,
}

impl Backfill {
    /// Begins with no day done.
    pub const fn begin(slot: Timestamp, all: Window) -> Self {
        Self { slot, all, ended: Vec::new() }
    }

    /// Returns how many days are done.
    pub fn days_done(&self) -> u32 {
        self.ended.iter().map(Window::days).sum()
    }

    /// Returns whether every day is done.
    pub fn is_over(&self) -> bool {
        self.days_done() >= self.all.days()
    }

    /// Adds the days of a job, as far as they were asked for. Days that come twice count once.
    #[must_use]
    pub fn with(&self, window: Window) -> Self {
        let inside = Window::new(window.from.max(self.all.from), window.to.min(self.all.to));
        let mut parts: Vec<Window> = self.ended.iter().copied().chain(inside).collect();
        parts.sort_unstable_by_key(|part| part.from);
        let mut ended: Vec<Window> = Vec::new();
        for part in parts {
            match ended.last_mut() {
                Some(last) if last.to.tomorrow().is_ok_and(|next| part.from <= next) => {
                    last.to = last.to.max(part.to);
                }
                _ => ended.push(part),
            }
        }
        Self { ended, ..self.clone() }
    }
}

/// The changes of a job to an account's [`SyncState`]. A field without a value stays: jobs of one account run at the
/// same time, and none may undo what another one wrote since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyncChange {
    /// See [`SyncState::structure_at`].
    pub structure_at: Option<Timestamp>,
    /// See [`SyncState::names_due`].
    pub names_due: Option<bool>,
    /// See [`SyncState::entities`].
    pub entities: Option<u64>,
    /// See [`SyncState::backfill`].
    pub backfill: Option<Backfill>,
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const ALL: Window = Window { from: date(2026, 9, 1), to: date(2026, 11, 22) };

    #[test]
    fn days_that_come_twice_count_once_and_others_do_not_count() {
        let window = |from, to| Window { from, to };
        let mut backfill = Backfill::begin(Timestamp::UNIX_EPOCH, ALL);
        for part in [
            window(date(2026, 11, 16), date(2026, 11, 22)),
            window(date(2026, 11, 16), date(2026, 11, 23)),
            window(date(2026, 8, 1), date(2026, 8, 31)),
        ] {
            backfill = backfill.with(part);
        }
        assert_eq!((backfill.days_done(), backfill.is_over()), (7, false));
        let over = backfill.with(window(date(2026, 8, 30), date(2026, 11, 15)));
        assert_eq!((over.ended.as_slice(), over.is_over()), ([ALL].as_slice(), true));
    }

    proptest! {
        /// Jobs end in any order, some twice, and halves of a window instead of the window: the days add up.
        #[test]
        fn the_parts_of_a_backfill_end_it_in_any_order(days in 1_u32..40, order: Vec<prop::sample::Index>) {
            let parts = ALL.cut(days);
            let mut backfill = Backfill::begin(Timestamp::UNIX_EPOCH, ALL);
            for at in &order {
                backfill = backfill.with(*at.get(&parts));
            }
            let mut ended: Vec<_> = order.iter().map(|at| *at.get(&parts)).collect();
            ended.sort_unstable_by_key(|part| part.from);
            ended.dedup();
            prop_assert_eq!(backfill.days_done(), ended.iter().map(Window::days).sum::<u32>());
            let over = parts.iter().rev().fold(backfill, |backfill, part| backfill.with(*part));
            prop_assert!(over.is_over() && over.ended == [ALL]);
        }
    }
}
