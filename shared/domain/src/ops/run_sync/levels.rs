//! Reads the levels of a window, the whole first and then its parts, and stores their days oldest first.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::days::{self, Asked};
use super::window::halves;
use super::work::{Step, Stop, Track, Work};
use crate::connector::{PageCursor, ReportQuestion, Reports};
use crate::error::{Error, Kind};
use crate::report::{Level, Values};
use crate::sync::{Checkpoint, WINDOW_ROWS, Window};

/// More items than this from one question are not believed: memory has to stay bounded.
const MOST_ITEMS: u64 = 10 * WINDOW_ROWS;

/// The account's own figures by day, against which the sums of its parts are held.
pub(super) type Totals = BTreeMap<Date, Values>;

/// What is known is written after so many rows, so that a crash costs little and a small job is one write.
const SAVE_ROWS: u64 = 20_000;

/// Reads every level of the job's window that an earlier invocation did not finish.
pub(super) async fn read(work: &Work<'_>, track: &mut Track) -> Step<()> {
    let reports = work.opened.connector.reports().ok_or_else(no_reports)?;
    let id = track.job.id();
    let mut checkpoint = work.ports.progress.checkpoint(&work.at, &id).await?;
    let known = work.ports.completeness.days(&work.at, track.window.from, track.window.to).await?;
    let mut totals = Totals::new();
    for level in Level::ALL {
        // The account's figures are one row a day; they are read again, because the other levels need them.
        let from = if level == Level::Account {
            Some(track.window.from)
        } else {
            resume(&checkpoint, level, track.window)
        };
        let mut windows: Vec<_> =
            from.and_then(|from| Window::new(from, track.window.to)).into_iter().collect();
        while let Some(window) = windows.pop() {
            match read_window(work, reports, level, window).await {
                Err(Stop::Platform(error)) if error.kind == Kind::TooLarge && window.days() > 1 => {
                    windows.extend(halves(window).into_iter().rev().flatten());
                }
                Err(stop) => return Err(stop),
                Ok(asked) => {
                    let stored = days::store(work, asked, &known, &mut totals, track).await;
                    note(track, &mut checkpoint, level, &stored);
                    stored.ended?;
                    if track.unsaved >= SAVE_ROWS {
                        work.save(track).await?;
                    }
                }
            }
        }
    }
    Ok(())
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

/// Asks for all rows of one level in a window.
async fn read_window(work: &Work<'_>, reports: &dyn Reports, level: Level, window: Window) -> Step<Asked> {
    let account = work.opened.external.as_str();
    let question = ReportQuestion { account, level, window };
    let mut asked = Asked::new(level, window, work.now());
    let mut cursor = None;
    loop {
        work.in_time()?;
        let cx = work.cx();
        let page = reports.page(&cx, &question, cursor.as_ref()).await;
        let page = page.map_err(|error| work.stop(&cx, error))?;
        asked.take(page.items).map_err(Stop::Platform)?;
        cursor = next_page(cursor.as_ref(), page.next, asked.rows)?;
        if cursor.is_none() {
            asked.sort().map_err(Stop::Platform)?;
            return Ok(asked);
        }
    }
}

/// The cursor of the next page. One that stays where it is would be followed for ever.
pub(super) fn next_page(
    before: Option<&PageCursor>,
    next: Option<PageCursor>,
    items: usize,
) -> Step<Option<PageCursor>> {
    if next.is_some() && next.as_ref() == before {
        return Err(Stop::Platform(changed("the next page is the same page")));
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
