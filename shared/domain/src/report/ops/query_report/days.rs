//! Describes each day of a question.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Seen;
use crate::base::window::Window;
use crate::platform::figures::Level;
use crate::sync::completeness::{DayRecord, DayStatus, Days, Marks};

/// The completeness of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayInfo {
    /// The day.
    pub day: Date,
    /// The day's status; `None` when the day was not fetched yet, or not yet at the earlier state that was asked for.
    pub status: Option<DayStatus>,
    /// The marks of the day's rows.
    pub marks: Marks,
    /// When the rows of this answer were observed, if there are any.
    pub observed_at: Option<Timestamp>,
}

/// Describes every day of the window. Where an earlier state was asked for, later knowledge does not count.
pub(super) fn describe(level: Level, window: Window, known: &Days, seen: &Seen) -> Vec<DayInfo> {
    let version = |day: Date| seen.iter().find(|(other, _)| *other == day).map(|(_, version)| *version);
    window
        .iter()
        .map(|day| {
            let observed_at = version(day);
            let record = known.get(&(level, day));
            DayInfo {
                day,
                status: record.and_then(|record| status(record, observed_at)),
                marks: record.map(|record| record.marks).unwrap_or_default(),
                observed_at,
            }
        })
        .collect()
}

fn status(record: &DayRecord, observed_at: Option<Timestamp>) -> Option<DayStatus> {
    match (record.version, observed_at) {
        (Some(_), None) => None,
        // A later sync changed the rows that this answer shows.
        (Some(stored), Some(shown)) if shown < stored => Some(DayStatus::Provisional),
        _ => Some(record.status),
    }
}
