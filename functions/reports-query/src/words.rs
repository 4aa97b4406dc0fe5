//! The words that JSON and CSV share: the completeness of days, and the unit of a column.

use mooring_domain::platform::figures::Unit;
use mooring_domain::report::ops::query_report::{Column, DayInfo};
use mooring_domain::sync::completeness::{DayStatus, Reason};
use mooring_edge::openapi::words::NOT_FETCHED;

/// Returns the word for the completeness of a day.
pub(crate) fn day_status(status: Option<DayStatus>) -> &'static str {
    status.map_or(NOT_FETCHED, DayStatus::as_str)
}

/// Returns the word for why a day is partial or failed.
pub(crate) fn day_reason(status: Option<DayStatus>) -> Option<&'static str> {
    status?.reason().map(Reason::as_str)
}

/// Returns one word for all days: `incomplete` as soon as one of them is incomplete.
pub(crate) fn overall(days: &[DayInfo]) -> &'static str {
    let rank = |day: &DayInfo| match day.status {
        Some(DayStatus::Complete) => 0,
        Some(DayStatus::Provisional) => 1,
        _ => 2,
    };
    match days.iter().map(rank).max() {
        Some(0) => "complete",
        Some(1) => "provisional",
        _ => "incomplete",
    }
}

/// Returns the unit of a column's integer.
pub(crate) fn unit(column: Column) -> Unit {
    match column {
        Column::Metric(metric) => metric.unit(),
        Column::Ratio(ratio) if ratio.is_money() => Unit::Money,
        Column::Ratio(_) => Unit::Decimal,
    }
}
