//! Reads the levels of a window, the whole first and then its parts, and stores their days oldest first.

use jiff::civil::Date;

use super::days;
use super::days::{Asked, Stored};
use super::totals::{Fit, Totals};
use super::window::halves;
use super::work::{Step, Stop, Track, Work};
use crate::base::error::{Error, Kind};
use crate::base::window::Window;
use crate::platform::capabilities::{LEVEL_NOT_OFFERED, PageCursor, ReportQuestion, Reports};
use crate::platform::figures::{Level, Values};
use crate::sync::completeness::{DayStatus, Days, Reason};
use crate::sync::job::WINDOW_ROWS;
use crate::sync::state::Checkpoint;

/// More items than this from one question are not believed: memory has to stay bounded.
const MOST_ITEMS: u64 = 10 * WINDOW_ROWS;

/// Platforms leave pages empty that they have more behind; so many more pages than items are a list without an end.
const MOST_EMPTY_PAGES: usize = 20;

/// What is known is written after so many rows, so that a crash costs little and a small job is one write.
const SAVE_ROWS: u64 = 20_000;

/// What the levels of a job share.
struct Reading<'a> {
    work: &'a Work<'a>,
    reports: &'a dyn Reports,
    /// What was known of the days before.
    known: Days,
    totals: Totals,
}

/// Reads every level of the job's window that an earlier invocation did not finish.
pub(super) async fn read(work: &Work<'_>, track: &mut Track) -> Step<()> {
    let reports = work.opened.connector.reports().ok_or_else(no_reports)?;
    let mut checkpoint = work.ports.rows.checkpoint(&work.at, &track.job.id()).await?;
    let known = work.ports.rows.days(&work.at, track.window.from, track.window.to).await?;
    let mut reading = Reading { work, reports, known, totals: Totals::default() };
    for level in Level::ALL {
        // The account's figures are one row a day; they are read again, because the other levels need them.
        let from = if level == Level::Account {
            Some(track.window.from)
        } else {
            resume(&checkpoint, level, track.window)
        };
        let window = from.and_then(|from| Window::new(from, track.window.to));
        if let Some(window) = window {
            reading.level(level, window, track, &mut checkpoint).await?;
        }
    }
    Ok(())
}

impl Reading<'_> {
    /// Reads and stores the days of a level, in as many questions as the platform wants.
    async fn level(
        &mut self,
        level: Level,
        window: Window,
        track: &mut Track,
        checkpoint: &mut Checkpoint,
    ) -> Step<()> {
        let mut windows = vec![window];
        while let Some(window) = windows.pop() {
            let stored = match self.window(level, window, track).await {
                Err(Stop::Platform(error)) if error.kind == Kind::TooLarge && window.days() > 1 => {
                    windows.extend(halves(window).into_iter().rev().flatten());
                    continue;
                }
                Err(Stop::Platform(error)) if error.code == LEVEL_NOT_OFFERED => {
                    days::not_offered(&self.known, (level, window), track);
                    Stored { last: Some(window.to), ended: Ok(()) }
                }
                Err(stop) => return Err(stop),
                Ok(asked) => {
                    if matches!(level, Level::Account | Level::Campaign) {
                        self.totals.take(level, asked.sums());
                    }
                    days::store(self.work, asked, &self.known, &self.totals, track).await
                }
            };
            note(track, checkpoint, level, &stored);
            stored.ended?;
            if track.unsaved >= SAVE_ROWS {
                self.work.save(track).await?;
            }
        }
        Ok(())
    }

    /// Reads a window of a level. What is odd is asked for again, once, before it costs a day its place.
    async fn window(&mut self, level: Level, window: Window, track: &mut Track) -> Step<Asked> {
        let mut asked = self.ask(level, window).await?;
        if let Some(odd) = asked.odd_days()
            && let Some(again) = self.again(level, odd).await?
        {
            asked.replace(again);
        }
        if let Some(doubtful) = self.doubtful(&asked) {
            if let Some(whole) = self.again(Level::Account, doubtful).await? {
                self.totals.take(Level::Account, whole.sums());
                days::store(self.work, whole, &self.known, &self.totals, track).await.ended?;
            }
            if let Some(again) = self.again(level, doubtful).await? {
                asked.replace(again);
            }
        }
        Ok(asked)
    }

    /// Asks once more. A platform that cannot answer now leaves what was seen before.
    async fn again(&self, level: Level, window: Window) -> Step<Option<Asked>> {
        match self.ask(level, window).await {
            Err(Stop::Platform(_)) => Ok(None),
            asked => asked.map(Some),
        }
    }

    /// The closed days whose sums differ from the account's, and were not known to.
    fn doubtful(&self, asked: &Asked) -> Option<Window> {
        let level = asked.level();
        let sums = asked.sums();
        let differs = |(day, sum): &(&Date, &Values)| {
            let fit = self.totals.fit(level, **day, sum, asked.not_offered(), &self.known);
            let before = self.known.get(&(level, **day));
            match fit {
                Fit::Whole => false,
                Fit::Unattributed => !before.is_some_and(|record| record.marks.unattributed),
                Fit::Differs => {
                    !before.is_some_and(|record| record.status == DayStatus::Partial(Reason::TotalsDiffer))
                }
            }
        };
        let today = self.work.today;
        let mut days = sums.iter().filter(|(day, _)| **day < today).filter(differs).map(|(day, _)| *day);
        let from = days.next()?;
        Window::new(from, days.next_back().unwrap_or(from))
    }

    /// Asks for all rows of one level in a window.
    async fn ask(&self, level: Level, window: Window) -> Step<Asked> {
        let work = self.work;
        let account = work.opened.external.as_str();
        let question = ReportQuestion { account, level, window };
        let mut asked = Asked::new(account, level, window, work.now());
        let (mut cursor, mut pages) = (None, 0);
        loop {
            work.in_time()?;
            let cx = work.cx();
            let page = self.reports.page(&cx, &question, cursor.as_ref()).await;
            let page = page.map_err(|error| work.stop(&cx, error))?;
            asked.take(page.rows, &page.odd, page.not_offered).map_err(Stop::Platform)?;
            pages += 1;
            cursor = next_page(cursor.as_ref(), page.next, (pages, asked.items()))?;
            if cursor.is_none() {
                asked.sort();
                return Ok(asked);
            }
        }
    }
}

/// The first day of a level that is still to be read; `None` when there is none.
fn resume(checkpoint: &Checkpoint, level: Level, window: Window) -> Option<Date> {
    let reached = checkpoint.levels.iter().find(|(other, _)| *other == level).map(|(_, day)| *day);
    let next = reached.map_or(Some(window.from), |day| day.tomorrow().ok())?;
    (next <= window.to).then_some(next.max(window.from))
}

/// Remembers up to which day a level is stored.
fn note(track: &mut Track, checkpoint: &mut Checkpoint, level: Level, stored: &days::Stored) {
    let Some(last) = stored.last.filter(|_| level != Level::Account) else { return };
    checkpoint.structure = true;
    checkpoint.levels.retain(|(other, _)| *other != level);
    checkpoint.levels.push((level, last));
    track.reached = Some(checkpoint.clone());
    track.progressed = true;
}

/// The cursor of the next page, after so many pages with so many items. One that stays where it is would be followed
/// for ever, and so would one that leads from empty page to empty page.
pub(super) fn next_page(
    before: Option<&PageCursor>,
    next: Option<PageCursor>,
    (pages, items): (usize, usize),
) -> Step<Option<PageCursor>> {
    if next.is_some() && next.as_ref() == before {
        return Err(Stop::Platform(changed("the next page is the same page")));
    }
    if next.is_some() && pages >= items.saturating_add(MOST_EMPTY_PAGES) {
        return Err(Stop::Platform(changed("its pages are empty and do not end")));
    }
    if u64::try_from(items).is_ok_and(|items| items <= MOST_ITEMS) {
        return Ok(next);
    }
    Err(Stop::Platform(Error::new(Kind::TooLarge, "too_many_rows", "The platform's answer does not end.")))
}

pub(super) fn changed(what: &str) -> Error {
    Error::new(
        Kind::UpstreamChanged,
        "upstream_changed",
        format!("The platform's answer is not as agreed: {what}."),
    )
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
        let world = World::connected();
        *world.platform.endless.lock().unwrap() = true;
        assert_eq!(world.run(&world.job(JobKind::First)).unwrap(), Outcome::Failed("upstream_changed"));
        assert!(world.sync.state.lock().unwrap().names_due);
        let (names, figures) =
            (*world.platform.name_pages.lock().unwrap(), world.platform.asked.lock().unwrap().len());
        assert_eq!((names, figures), (3 * 20, 20), "three lists of names, and the account's figures");
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
