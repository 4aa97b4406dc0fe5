//! Reads the levels of a window, the account's own first and then its parts, and stores their days oldest first.

use jiff::civil::Date;

use super::context::{Step, Stop, SyncContext};
use super::days::Known;
use super::progress::{JobDays, JobEnd, JobProgress, Stored};
use super::question::Answer;
use super::save::save;
use super::totals::{Judged, Totals};
use super::window::halves;
use super::{days, question};
use crate::base::error::{Error, Kind};
use crate::base::window::Window;
use crate::platform::capabilities::{LEVEL_NOT_OFFERED, Reports};
use crate::platform::figures::Level;
use crate::sync::completeness::Days;
use crate::sync::state::Checkpoint;

/// After how many rows the job writes its progress: a crash costs little then, and a small job is one write.
const SAVE_ROWS: u64 = 20_000;

/// What the levels of a job share. No level changes it.
struct Reading<'a> {
    cx: &'a SyncContext<'a>,
    reports: &'a dyn Reports,
    /// The job's id, by which it finds its checkpoint again.
    id: String,
    /// The records that the store had when the job began.
    known: Days,
}

/// What the levels gave up to now.
struct Reached {
    progress: JobProgress,
    totals: Totals,
}

/// What the levels gave, and how the last step ended.
type Folded = (Reached, Step<()>);

/// Reads every level of the job's window that an earlier invocation did not finish.
pub(super) async fn read(cx: &SyncContext<'_>, days: JobDays) -> JobEnd {
    let (progress, ended) = match begin(cx, &days).await {
        Ok((reading, checkpoint)) => read_all(&reading, days.window, checkpoint).await,
        Err(stop) => (JobProgress::default(), Err(stop)),
    };
    JobEnd { days, progress, ended }
}

async fn begin<'a>(cx: &'a SyncContext<'a>, days: &JobDays) -> Step<(Reading<'a>, Checkpoint)> {
    let reports = cx.opened.connector.reports().ok_or_else(no_reports)?;
    let id = days.job.id();
    let checkpoint = cx.ports.rows.checkpoint(&cx.at, &id).await?;
    let known = cx.ports.rows.days(&cx.at, days.window.from, days.window.to).await?;
    Ok((Reading { cx, reports, id, known }, checkpoint))
}

async fn read_all(reading: &Reading<'_>, window: Window, checkpoint: Checkpoint) -> (JobProgress, Step<()>) {
    let progress = JobProgress { checkpoint, ..JobProgress::default() };
    let mut reached = Reached { progress, totals: Totals::default() };
    for level in Level::ALL {
        if let Some(window) = unread(&reached.progress.checkpoint, level, window) {
            let ended;
            (reached, ended) = reading.level(level, window, reached).await;
            if ended.is_err() {
                return (reached.progress, ended);
            }
        }
    }
    (reached.progress, Ok(()))
}

impl Reading<'_> {
    /// Reads and stores the days of a level, in as many questions as the platform wants.
    async fn level(&self, level: Level, window: Window, mut reached: Reached) -> Folded {
        let mut windows = vec![window];
        while let Some(window) = windows.pop() {
            let ended;
            (reached, ended) = match question::read(self.cx, self.reports, (level, window)).await {
                Err(Stop::Platform(error)) if error.kind == Kind::TooLarge && window.days() > 1 => {
                    windows.extend(halves(window).into_iter().rev().flatten());
                    continue;
                }
                Err(Stop::Platform(error)) if error.code == LEVEL_NOT_OFFERED => {
                    reached.with(level, days::not_offered((level, window), &self.known))
                }
                Err(stop) => return (reached, Err(stop)),
                Ok(answer) => self.settle(answer, reached).await,
            };
            if ended.is_err() {
                return (reached, ended);
            }
            let saved;
            (reached, saved) = self.save(reached).await;
            if saved.is_err() {
                return (reached, saved);
            }
        }
        (reached, Ok(()))
    }

    /// Holds an answer against the totals, asks again for the days that do not add up, and stores what came.
    async fn settle(&self, mut answer: Answer, mut reached: Reached) -> Folded {
        let mut judged = reached.totals.judge(&answer, &self.known, self.cx.today);
        if let Some(doubtful) = judged.doubtful {
            let again;
            (reached, again) = self.ask_again(answer, doubtful, reached).await;
            answer = match again {
                Ok(answer) => answer,
                Err(stop) => return (reached, Err(stop)),
            };
            judged = reached.totals.judge(&answer, &self.known, self.cx.today);
        }
        self.store(answer, judged, reached).await
    }

    /// Asks once more for doubtful days: first for the account's own figures, which are stored, then for the level's.
    async fn ask_again(
        &self,
        mut answer: Answer,
        doubtful: Window,
        mut reached: Reached,
    ) -> (Reached, Step<Answer>) {
        match question::again(self.cx, self.reports, (Level::Account, doubtful)).await {
            Err(stop) => return (reached, Err(stop)),
            Ok(None) => {}
            Ok(Some(whole)) => {
                let judged = reached.totals.judge(&whole, &self.known, self.cx.today);
                let stored;
                (reached, stored) = self.store(whole, judged, reached).await;
                if let Err(stop) = stored {
                    return (reached, Err(stop));
                }
            }
        }
        match question::again(self.cx, self.reports, (answer.level, doubtful)).await {
            Err(stop) => return (reached, Err(stop)),
            Ok(None) => {}
            Ok(Some(again)) => answer.replace(again),
        }
        (reached, Ok(answer))
    }

    async fn store(&self, answer: Answer, judged: Judged, reached: Reached) -> Folded {
        let level = answer.level;
        let known = Known { before: &self.known, unsaved: &reached.progress.records };
        let stored = days::store(self.cx, answer, &judged.fits, known).await;
        Reached { totals: judged.totals, ..reached }.with(level, stored)
    }

    /// Writes the progress once enough rows came.
    async fn save(&self, reached: Reached) -> Folded {
        if reached.progress.unsaved < SAVE_ROWS {
            return (reached, Ok(()));
        }
        let (progress, saved) = save(self.cx, &self.id, reached.progress).await;
        (Reached { progress, ..reached }, saved.map_err(Stop::from))
    }
}

impl Reached {
    /// Adds the days of a level that a step stored.
    fn with(self, level: Level, stored: Stored) -> Folded {
        let mut progress = self.progress;
        progress.rows += stored.rows;
        progress.unsaved += stored.rows;
        progress.odd += stored.odd;
        progress.days += u64::try_from(stored.records.len()).unwrap_or(u64::MAX);
        progress.records.extend(stored.records);
        // Each invocation reads the account's own level again, so that no checkpoint is needed for it.
        if let Some(last) = stored.last.filter(|_| level != Level::Account) {
            progress.checkpoint.structure = true;
            progress.checkpoint.levels.retain(|(other, _)| *other != level);
            progress.checkpoint.levels.push((level, last));
            (progress.is_ahead, progress.has_stored) = (true, true);
        }
        (Self { progress, ..self }, stored.ended)
    }
}

/// Returns the days of a level that are still to be read, up to the end of the window; `None` when there are none. The
/// account's figures are one row a day; they are read again, because the other levels are held against them.
fn unread(checkpoint: &Checkpoint, level: Level, window: Window) -> Option<Window> {
    let from = if level == Level::Account { Some(window.from) } else { resume(checkpoint, level, window) };
    from.and_then(|from| Window::new(from, window.to))
}

/// Returns the first day of a level that is still to be read; `None` when there is none.
fn resume(checkpoint: &Checkpoint, level: Level, window: Window) -> Option<Date> {
    let reached = checkpoint.levels.iter().find(|(other, _)| *other == level).map(|(_, day)| *day);
    let next = reached.map_or(Some(window.from), |day| day.tomorrow().ok())?;
    (next <= window.to).then_some(next.max(window.from))
}

fn no_reports() -> Stop {
    Stop::Platform(Error::new(Kind::Refused, "no_reports", "The platform has no reports for this product."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::figures::{Metric, MetricSet};
    use crate::sync::completeness::{DayStatus, Reason};
    use crate::sync::job::JobKind;
    use crate::sync::ops::run_sync::Outcome;
    use crate::testing::{TODAY, World, yesterday};

    #[test]
    fn figures_of_another_account_are_not_believed_and_say_nothing_of_the_parts() {
        let world = World::connected();
        *world.platform.foreign_account.lock().unwrap() = Some(yesterday());
        assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
        let days = world.sync.days.lock().unwrap();
        let odd = days[&(Level::Account, yesterday())];
        assert_eq!((odd.status, odd.rows), (DayStatus::Partial(Reason::OddRows), 0));
        assert_eq!(days[&(Level::Account, TODAY)].status, DayStatus::Provisional);
        for level in [Level::Campaign, Level::AdGroup, Level::Ad] {
            assert_eq!(days[&(level, yesterday())].status, DayStatus::Provisional, "{level:?}");
        }
    }

    #[test]
    fn empty_pages_without_end_are_not_followed() {
        for odd in [0, 1_000] {
            let world = World::connected();
            *world.platform.endless.lock().unwrap() = true;
            *world.platform.endless_odd.lock().unwrap() = odd;
            assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("upstream_changed"));
            assert!(world.sync.state.lock().unwrap().names_due);
            let (names, figures) =
                (*world.platform.name_pages.lock().unwrap(), world.platform.asked.lock().unwrap().len());
            assert_eq!(
                (names, figures),
                (3 * 20, 20),
                "three lists of names, and the account's figures, {odd}"
            );
        }
    }

    #[test]
    fn an_odd_row_is_asked_for_again_and_then_costs_its_day_a_reason() {
        for (answers, expected) in [(1, DayStatus::Provisional), (9, DayStatus::Partial(Reason::OddRows))] {
            let world = World::connected();
            *world.platform.odd.lock().unwrap() = (vec![Some(TODAY)], answers);
            assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
            assert_eq!(world.status(Level::Ad, TODAY), expected, "{answers}");
            assert_eq!(world.status(Level::Ad, yesterday()), DayStatus::Provisional);
            let last = world.platform.asked.lock().unwrap().last().copied().unwrap();
            assert_eq!(last, (Level::Ad, Window { from: TODAY, to: TODAY }), "only the odd day");
        }
    }

    #[test]
    fn what_is_not_offered_is_marked_and_the_rest_is_read() {
        let world = World::connected();
        let refused: MetricSet = [Metric::Impressions].into_iter().collect();
        *world.platform.no_metrics.lock().unwrap() = refused;
        *world.platform.no_level.lock().unwrap() = Some(Level::AdGroup);
        assert!(matches!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Done { .. }));
        let days = world.sync.days.lock().unwrap();
        for level in [Level::Account, Level::Campaign, Level::Ad] {
            let record = days[&(level, TODAY)];
            assert_eq!(
                (record.status, record.marks.not_offered),
                (DayStatus::Provisional, refused),
                "{level:?}"
            );
        }
        assert_eq!(days[&(Level::AdGroup, TODAY)].status, DayStatus::NotOffered);
        assert_eq!(days.len(), 28);
    }
}
