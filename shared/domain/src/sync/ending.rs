//! The end of a job's try: how it changes the state of the account's syncs, and the news that it makes.

use jiff::Timestamp;

use crate::base::window::Window;
use crate::sync::job::JobKind;
use crate::sync::state::{Backfill, Failure, SyncState};
use crate::sync::trouble::Trouble;

/// How a try of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryOutcome {
    /// The job read everything.
    Done,
    /// The job put itself back and tries again.
    PutBack(Trouble),
    /// The job gave up.
    GaveUp(Trouble),
}

/// The end of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncEnd {
    /// The reason for the job.
    pub kind: JobKind,
    /// The slot of the job.
    pub slot: Timestamp,
    /// The days of the job.
    pub window: Window,
    /// Whether the newest days are among them.
    pub has_newest: bool,
    /// How the try ended.
    pub outcome: TryOutcome,
    /// When the try ended.
    pub at: Timestamp,
}

/// The news of an end for the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncNews {
    /// A wait is over.
    Completed(Wait, Window),
    /// Syncs of the account do not succeed any more.
    Failed(Trouble, Window),
}

/// What somebody waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    /// The first figures of an account.
    First,
    /// All days that were asked for when the account was connected.
    Backfill,
    /// A sync that the product asked for.
    Requested,
    /// The first success after a failure.
    Recovered,
}

impl Wait {
    /// All waits.
    pub const ALL: [Self; 4] = [Self::First, Self::Backfill, Self::Requested, Self::Recovered];

    /// Returns the wait's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Backfill => "backfill",
            Self::Requested => "requested",
            Self::Recovered => "recovered",
        }
    }
}

/// The state after an end, with its news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The state.
    pub state: SyncState,
    /// The news.
    pub news: Vec<SyncNews>,
}

impl SyncState {
    /// Computes the state after the end of a try.
    ///
    /// The hourly sync of an account that is well makes no news: with 1,000 accounts nobody could hear anything else.
    pub fn after(&self, end: &SyncEnd) -> Ended {
        let mut state =
            Self { last_attempt: self.last_attempt.max(Some(end.at)), ends: self.ends + 1, ..self.clone() };
        if !matches!(end.outcome, TryOutcome::PutBack(_)) {
            state.settle_backfill(end);
        }
        let news = match end.outcome {
            TryOutcome::Done => {
                state.last_success = state.last_success.max(Some(end.at));
                state.newest_at = state.newest_at.max(end.has_newest.then_some(end.at));
                state.failure = None;
                self.waits_over(&state, end)
            }
            TryOutcome::PutBack(trouble) => {
                state.fail(trouble, false, end.at);
                Vec::new()
            }
            TryOutcome::GaveUp(trouble) => {
                // A refused token is news of the connection. Its failure was not told, so that the next one that is a
                // failure of syncs is told, and the first success after it ends no wait.
                state.fail(trouble, trouble != Trouble::NeedsReauth, end.at);
                self.failed(trouble, end).into_iter().collect()
            }
        };
        Ended { state, news }
    }

    fn settle_backfill(&mut self, end: &SyncEnd) {
        let backfill = self.backfill.take();
        self.backfill = backfill.map(|backfill| {
            let is_part = matches!(end.kind, JobKind::First | JobKind::Backfill) && backfill.slot == end.slot;
            if is_part { backfill.with(end.window) } else { backfill }
        });
    }

    fn fail(&mut self, trouble: Trouble, gave_up: bool, at: Timestamp) {
        let before = self.failure;
        self.failure = Some(Failure {
            trouble,
            since: before.map_or(at, |failure| failure.since),
            gave_up: gave_up || before.is_some_and(|failure| failure.gave_up),
        });
    }

    fn waits_over(&self, after: &Self, end: &SyncEnd) -> Vec<SyncNews> {
        let is_over = |state: &Self| state.backfill.as_ref().is_some_and(Backfill::is_over);
        let over = [
            (Wait::First, self.newest_at.is_none() && after.newest_at.is_some()),
            (Wait::Backfill, !is_over(self) && is_over(after)),
            (Wait::Requested, end.kind == JobKind::Requested),
            (Wait::Recovered, self.failure.is_some_and(|failure| failure.gave_up)),
        ];
        let window = |wait| match (&after.backfill, wait) {
            (Some(backfill), Wait::Backfill) => backfill.all,
            _ => end.window,
        };
        let over = over.into_iter().filter(|(_, is_over)| *is_over);
        over.map(|(wait, _)| SyncNews::Completed(wait, window(wait))).collect()
    }

    /// Returns the news of a failure, if there is any. The connection's own events say that the token was refused: one
    /// for all accounts. Whoever asked for a sync hears that it failed also when others failed before.
    fn failed(&self, trouble: Trouble, end: &SyncEnd) -> Option<SyncNews> {
        let is_known = self.failure.is_some_and(|failure| failure.gave_up) && end.kind != JobKind::Requested;
        let is_news = !is_known && trouble != Trouble::NeedsReauth;
        is_news.then_some(SyncNews::Failed(trouble, end.window))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const NEWEST: Window = Window { from: date(2026, 11, 16), to: date(2026, 11, 22) };
    const OLDER: Window = Window { from: date(2026, 9, 1), to: date(2026, 11, 15) };
    const ALL: Window = Window { from: OLDER.from, to: NEWEST.to };

    fn end(kind: JobKind, window: Window, outcome: TryOutcome) -> SyncEnd {
        let at = Timestamp::from_second(1_000).unwrap();
        SyncEnd { kind, slot: Timestamp::UNIX_EPOCH, window, has_newest: window == NEWEST, outcome, at }
    }

    /// Plays tries one after the other and returns the news of each.
    fn play(state: &mut SyncState, ends: &[(JobKind, Window, TryOutcome)]) -> Vec<Vec<SyncNews>> {
        let mut news = Vec::new();
        for (number, (kind, window, outcome)) in ends.iter().enumerate() {
            let at = Timestamp::from_second(i64::try_from(number).unwrap() + 1).unwrap();
            let ended = state.after(&SyncEnd { at, ..end(*kind, *window, *outcome) });
            *state = ended.state;
            news.push(ended.news);
        }
        news
    }

    #[test]
    fn the_first_figures_and_the_last_of_the_backfill_are_news_and_the_hourly_sync_is_none() {
        let backfill = Backfill::begin(Timestamp::UNIX_EPOCH, ALL);
        let mut state = SyncState { backfill: Some(backfill), ..SyncState::default() };
        let done = |kind, window| (kind, window, TryOutcome::Done);
        let news = play(
            &mut state,
            &[
                done(JobKind::First, NEWEST),
                done(JobKind::Restate, NEWEST),
                done(JobKind::Backfill, OLDER),
                done(JobKind::Backfill, OLDER),
                done(JobKind::Restate, NEWEST),
                done(JobKind::Requested, NEWEST),
            ],
        );
        let completed = |wait, window| vec![SyncNews::Completed(wait, window)];
        let expected = [
            completed(Wait::First, NEWEST),
            Vec::new(),
            completed(Wait::Backfill, ALL),
            Vec::new(),
            Vec::new(),
            completed(Wait::Requested, NEWEST),
        ];
        assert_eq!(news, expected);
        assert_eq!(state.ends, 6);
    }

    #[test]
    fn a_failure_is_news_once_and_so_is_its_end() {
        let mut state = SyncState { newest_at: Some(Timestamp::UNIX_EPOCH), ..SyncState::default() };
        let limited = Trouble::RateLimited;
        let restate = |outcome| (JobKind::Restate, NEWEST, outcome);
        let news = play(
            &mut state,
            &[
                restate(TryOutcome::PutBack(limited)),
                restate(TryOutcome::GaveUp(limited)),
                restate(TryOutcome::GaveUp(Trouble::PlatformOutage)),
            ],
        );
        assert_eq!(news, [vec![], vec![SyncNews::Failed(limited, NEWEST)], vec![]]);
        let failure = state.failure.unwrap();
        assert_eq!((failure.trouble, failure.since.as_second()), (Trouble::PlatformOutage, 1));
        let asked = (JobKind::Requested, NEWEST, TryOutcome::GaveUp(limited));
        assert_eq!(play(&mut state, &[asked]), [vec![SyncNews::Failed(limited, NEWEST)]]);
        let over = play(&mut state, &[restate(TryOutcome::Done), restate(TryOutcome::Done)]);
        assert_eq!(over, [vec![SyncNews::Completed(Wait::Recovered, NEWEST)], vec![]]);
        assert_eq!(state.failure, None);
    }

    #[test]
    fn a_hiccup_is_no_news() {
        let mut state = SyncState { newest_at: Some(Timestamp::UNIX_EPOCH), ..SyncState::default() };
        let tries = [TryOutcome::PutBack(Trouble::PlatformOutage), TryOutcome::Done];
        let news = play(&mut state, &tries.map(|outcome| (JobKind::Restate, NEWEST, outcome)));
        assert_eq!(news, [vec![], vec![]]);
    }

    #[test]
    fn a_refused_token_is_the_connections_news() {
        let gave_up = end(JobKind::Restate, NEWEST, TryOutcome::GaveUp(Trouble::NeedsReauth));
        assert_eq!(SyncState::default().after(&gave_up).news, []);
    }

    /// A job of a backfill that gave up ends its days too; its days say why they are empty.
    #[test]
    fn a_backfill_that_cannot_succeed_is_over_all_the_same() {
        let backfill = Backfill::begin(Timestamp::UNIX_EPOCH, ALL);
        let mut state = SyncState { backfill: Some(backfill), ..SyncState::default() };
        let gave_up = (JobKind::Backfill, OLDER, TryOutcome::GaveUp(Trouble::NoPermission));
        let news = play(&mut state, &[gave_up, (JobKind::First, NEWEST, TryOutcome::Done)]);
        assert!(state.backfill.unwrap().is_over());
        let [_, last] = <[_; 2]>::try_from(news).unwrap();
        let waits = [Wait::First, Wait::Backfill, Wait::Recovered]
            .map(|wait| SyncNews::Completed(wait, if wait == Wait::Backfill { ALL } else { NEWEST }));
        assert_eq!(last, waits);
    }

    /// A job of another first sync, before the account's zone changed, does not end this one's days.
    #[test]
    fn only_jobs_of_the_same_first_sync_count() {
        let slot = Timestamp::from_second(60).unwrap();
        let state = SyncState { backfill: Some(Backfill::begin(slot, ALL)), ..SyncState::default() };
        let after = state.after(&end(JobKind::Backfill, OLDER, TryOutcome::Done)).state;
        assert_eq!(after.backfill.unwrap().days_done(), 0);
    }
}
