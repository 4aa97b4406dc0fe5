//! The sandbox's notion of now, and days as numbers.
//!
//! Everything that a caller can see (figures, code expiry, request ids) follows the given clock. Throttling does not,
//! because clients pace themselves by real seconds.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Returns the sandbox's time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Returns the machine's own clock.
pub fn system() -> Clock {
    Arc::new(Timestamp::now)
}

/// A day as the number of days since 1970-01-01.
pub(crate) type Day = i64;

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// Numbers a calendar day.
pub(crate) fn day_of(date: Date) -> Day {
    EPOCH.until(date).map_or(0, |span| i64::from(span.get_days()))
}

/// Names the calendar day behind a number.
pub(crate) fn date_of(day: Day) -> Date {
    i32::try_from(day).ok().and_then(|days| EPOCH.checked_add(days.days()).ok()).unwrap_or(EPOCH)
}

/// A moment in an account's zone, as precise as figures need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Moment {
    pub(crate) today: Day,
    pub(crate) hour: usize,
}

impl Moment {
    /// Reads the moment `now` on the wall of `zone`.
    pub(crate) fn at(now: Timestamp, zone: &TimeZone) -> Self {
        let local = now.to_zoned_datetime(zone.clone());
        Self { today: day_of(local.date()), hour: usize::try_from(local.hour()).unwrap_or(0) }
    }
}
