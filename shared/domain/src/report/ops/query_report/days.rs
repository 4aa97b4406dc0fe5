//! What is known of each day of a question.

use jiff::Timestamp;
use jiff::civil::Date;

use super::Seen;
use crate::base::window::Window;
use crate::platform::figures::Level;
use crate::sync::completeness::{DayRecord, DayStatus, Days, Marks};

/// What is known of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayInfo {
    /// The day.
    pub day: Date,
    /// What is known; `None` when it was not fetched yet, or not yet then.
    pub status: Option<DayStatus>,
    /// What else is known of its rows.
    pub marks: Marks,
    /// When the rows of this answer were observed, where there are any.
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
        // What was seen then was changed later.
        (Some(stored), Some(shown)) if shown < stored => Some(DayStatus::Provisional),
        _ => Some(record.status),
    }
}
