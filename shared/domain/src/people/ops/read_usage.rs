//! Counts what a tenant used, by day: calls and syncs. The log that is written anyway is counted, so that a call costs
//! no further write.
//!
//! A page reads a bounded part of the log. A day that does not fit comes in parts, which add up.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::base::error::{Error, Result};
use crate::base::window::Window;
use crate::people::caller::{Caller, Scope};
use crate::people::log_entry::{CallOutcome, LogContent, LogEntry, LogPosition, LogSpan, SyncEntry};
use crate::people::ports::LogRead;

/// How many entries one read returns.
const READ: u32 = 2_500;

/// How many entries a page counts before it returns where to go on.
const MOST: usize = 10_000;

rows!(LogRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads.
    pub rows: Arc<dyn Rows>,
}

/// The counts of a day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls that did what was asked.
    pub succeeded: u64,
    /// Calls that were refused.
    pub refused: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Calls with an API key.
    pub by_key: u64,
    /// Calls with a frontend token.
    pub by_browser: u64,
    /// Syncs that ended well.
    pub syncs_done: u64,
    /// Syncs that gave up, or whose token was refused.
    pub syncs_failed: u64,
}

impl Counts {
    fn add(&mut self, content: &LogContent) {
        match content {
            LogContent::Call(call) => {
                let outcome = match call.outcome {
                    CallOutcome::Succeeded => &mut self.succeeded,
                    CallOutcome::Refused => &mut self.refused,
                    CallOutcome::Failed => &mut self.failed,
                };
                *outcome += 1;
                *(if call.is_browser { &mut self.by_browser } else { &mut self.by_key }) += 1;
            }
            LogContent::Sync(SyncEntry::Done) => self.syncs_done += 1,
            LogContent::Sync(SyncEntry::Failed | SyncEntry::Refused) => self.syncs_failed += 1,
            LogContent::Sync(SyncEntry::NamesIncomplete) => {}
        }
    }
}

/// A page of days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// The days that the page reaches, newest first, also those on which nothing happened. The first and the last can be
    /// parts of a day.
    pub days: Vec<(Date, Counts)>,
    /// The place from which the next page goes on; `None` on the last page.
    pub next: Option<LogPosition>,
}

/// Counts the days of a window, in UTC, from its end or from before a position.
pub async fn run(
    ports: &Ports,
    caller: &Caller,
    window: Window,
    before: Option<LogPosition>,
) -> Result<Usage> {
    caller.require(Scope::UsageRead)?;
    let span =
        LogSpan { from: midnight(window.from)?, to: midnight(window.to.tomorrow().map_err(|_| bad())?)? };
    if before.as_ref().is_some_and(|position| position.at() < span.from || position.at() >= span.to) {
        let message = "The cursor belongs to a question about other days; begin again without it.";
        return Err(Error::invalid("foreign_cursor", message));
    }
    let newest = before.as_ref().map_or(window.to, |position| day(position.at()));
    let (mut counts, mut seen, mut next) = (BTreeMap::<Date, Counts>::new(), 0, before);
    loop {
        let found = ports.rows.entries(&caller.tenant, span, next.as_ref(), READ).await?;
        let is_last = found.len() < usize::try_from(READ).unwrap_or(usize::MAX);
        seen += found.len();
        for LogEntry { at, content, .. } in &found {
            counts.entry(day(*at)).or_default().add(content);
        }
        next = found.into_iter().next_back().map(|entry| entry.position).filter(|_| !is_last);
        if next.is_none() || seen >= MOST {
            break;
        }
    }
    let oldest = next.as_ref().map_or(window.from, |position| day(position.at()));
    let days = Window { from: oldest, to: newest.max(oldest) }.iter();
    let mut days: Vec<_> = days.map(|day| (day, counts.get(&day).copied().unwrap_or_default())).collect();
    days.reverse();
    Ok(Usage { days, next })
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

fn midnight(day: Date) -> Result<Timestamp> {
    TimeZone::UTC.to_timestamp(day.to_datetime(Time::midnight())).map_err(|_| bad())
}

fn bad() -> Error {
    Error::invalid("bad_days", "The days lie outside of the calendar.")
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::testing::{World, ports, ready, server};

    fn page(world: &Arc<World>, from: Date, to: Date, before: Option<LogPosition>) -> Usage {
        ready(run(&ports!(world, Ports { rows }), &server(), Window { from, to }, before)).unwrap()
    }

    #[test]
    fn a_position_outside_of_the_question_is_refused() {
        let world = World::new();
        let (from, to) = (date(2026, 10, 1), date(2026, 10, 3));
        for at in ["2026-09-30T23:59:59.999Z", "2026-10-04T00:00:00.000Z", "9999-12-30T00:00:00.000Z"] {
            let position = format!("{at}#evt_01M81BA3QGE3PTAKDPNFZNW122").parse().unwrap();
            let window = Window { from, to };
            let error =
                ready(run(&ports!(world, Ports { rows }), &server(), window, Some(position))).unwrap_err();
            assert_eq!(error.code, "foreign_cursor", "{at}");
        }
        let last = "2026-10-03T23:59:59.999Z#evt_01M81BA3QGE3PTAKDPNFZNW122".parse().unwrap();
        assert_eq!(page(&world, from, to, Some(last)).days.len(), 3);
    }

    #[test]
    fn calls_and_syncs_are_counted_by_day_and_quiet_days_are_zero() {
        let world = World::new();
        let today = day(world.now());
        world.log_call(0, "listConnections", &[]);
        world.log_call(1, "queryReport", &[]);
        for entry in [SyncEntry::Done, SyncEntry::Refused, SyncEntry::NamesIncomplete] {
            world.log_sync(2, entry);
        }
        let yesterday = today.yesterday().unwrap();
        let usage = page(&world, yesterday, today.tomorrow().unwrap(), None);
        let counts = Counts { succeeded: 2, by_key: 2, syncs_done: 1, syncs_failed: 1, ..Counts::default() };
        let quiet = Counts::default();
        assert_eq!(usage.days, [(today.tomorrow().unwrap(), quiet), (today, counts), (yesterday, quiet)]);
        assert_eq!(usage.next, None);
        assert_eq!(page(&world, yesterday, yesterday, None).days, [(yesterday, quiet)]);
    }

    /// A busy day comes in parts, and the parts add up.
    #[test]
    fn the_parts_of_a_busy_day_add_up() {
        let world = World::new();
        let today = day(world.now());
        (0..25_001).for_each(|number| world.log_call(number, "x", &[]));
        let (mut before, mut sum, mut pages) = (None, 0, 0);
        loop {
            let usage = page(&world, today, today, before);
            assert!(usage.days.iter().all(|(other, _)| *other == today));
            sum += usage.days.iter().map(|(_, counts)| counts.succeeded).sum::<u64>();
            pages += 1;
            before = usage.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!((sum, pages), (25_001, 3));
        assert_eq!(day(Timestamp::UNIX_EPOCH), date(1970, 1, 1));
    }
}
