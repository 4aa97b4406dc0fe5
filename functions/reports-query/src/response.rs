//! Writes the JSON of an answer.

use mooring_domain::platform::figures::{Metric, Values};
use mooring_domain::report::ops::query_report::{DayInfo, Query, Report, ReportRow};
use mooring_edge::Cursor;
use mooring_edge::openapi::{id_pattern, words};
use mooring_edge::views::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

use crate::metrics::{self, Metrics, ReportMetrics};
use crate::words::{day_reason, day_status};

/// A page of a report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Report", example = crate::example::report())]
pub(crate) struct ReportResponse {
    /// The connection.
    #[schemars(regex(pattern = id_pattern("con")))]
    connection_id: String,
    /// The account.
    #[schemars(regex(pattern = id_pattern("acc")))]
    account_id: String,
    /// The level of the rows.
    #[schemars(with = "words::Level")]
    level: &'static str,
    /// The first day.
    #[schemars(with = "words::Day")]
    from: String,
    /// The last day, included.
    #[schemars(with = "words::Day")]
    to: String,
    /// The time zone of the days: an IANA name, or an offset such as `+05:30`.
    time_zone: String,
    /// The currency of all money.
    #[schemars(with = "words::CurrencyCode")]
    currency: String,
    /// The grouping by which rows are summed.
    #[schemars(with = "words::GroupBy")]
    group_by: &'static str,
    /// The columns, in the order of the request.
    #[schemars(with = "Vec<words::Metric>")]
    metrics: Vec<&'static str>,
    /// The rows of this page.
    rows: Vec<RowResponse>,
    /// The sums of all rows, not only of this page.
    #[schemars(with = "ReportMetrics")]
    totals: Metrics,
    /// The completeness of each day.
    completeness: Vec<DayResponse>,
    /// The days that the platform may still change.
    #[schemars(with = "Vec<words::Day>")]
    provisional_days: Vec<String>,
    /// The cursor of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// One row.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReportRow")]
struct RowResponse {
    /// The day, if grouped by day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::Day>")]
    day: Option<String>,
    /// The row's entity, if grouped by entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<EntityResponse>,
    /// The sums, and ratios of them; `null` where the platform reported no value.
    #[schemars(with = "ReportMetrics")]
    metrics: Metrics,
}

/// A campaign, ad group, ad or account at the platform.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Entity")]
struct EntityResponse {
    /// The entity's id at the platform.
    id: String,
    /// The entity's name; `null` while it is not known.
    name: Option<String>,
    /// The platform's own word for the entity's status; `null` while it is not known.
    status: Option<String>,
    /// The id of the campaign or ad group above the entity.
    parent_id: Option<String>,
}

/// The completeness of a day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DayCompleteness")]
struct DayResponse {
    /// The day.
    #[schemars(with = "words::Day")]
    day: String,
    /// The completeness of the day's rows.
    #[schemars(with = "words::DayStatus")]
    status: &'static str,
    /// Why the day is `partial` or `failed`; `null` for every other status.
    #[schemars(with = "Option<words::DayReason>")]
    reason: Option<&'static str>,
    /// Metrics that the platform does not offer at this level: they are `null`, which does not mean zero, and
    /// stay so.
    #[schemars(with = "Vec<words::Metric>")]
    not_offered: Vec<&'static str>,
    /// True when the account's own total of the day is higher than the sum of its campaigns: the difference
    /// to `level=account` belongs to no campaign. The rows are complete all the same.
    unattributed: bool,
    /// When the rows were observed at the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<Time>,
}

impl ReportResponse {
    pub(crate) fn of(query: &Query, report: &Report) -> Self {
        let metrics = |values: &Values| metrics::of(query, values, report.currency);
        let provisional = |day: &&DayInfo| day_status(day.status) == "provisional";
        Self {
            connection_id: report.connection.to_string(),
            account_id: report.account.to_string(),
            level: query.level.as_str(),
            from: query.window.from.to_string(),
            to: query.window.to.to_string(),
            time_zone: report.zone.clone(),
            currency: report.currency.as_str().to_owned(),
            group_by: query.group_by.as_str(),
            metrics: query.columns.iter().map(|column| column.as_str()).collect(),
            rows: report.rows.iter().map(|row| RowResponse::of(row, metrics(&row.values))).collect(),
            totals: metrics(&report.totals),
            completeness: report.days.iter().map(DayResponse::of).collect(),
            provisional_days: report.days.iter().filter(provisional).map(|day| day.day.to_string()).collect(),
            next_cursor: report.next.map(|next| Cursor::encode(&next.to_string())),
        }
    }
}

impl RowResponse {
    fn of(row: &ReportRow, metrics: Metrics) -> Self {
        let described = row.described.as_ref();
        let entity = row.entity.as_ref().map(|id| EntityResponse {
            id: id.clone(),
            name: described.map(|entity| entity.name.clone()),
            status: described.map(|entity| entity.status.clone()).filter(|status| !status.is_empty()),
            parent_id: described.map(|entity| entity.parent.clone()).filter(|parent| !parent.is_empty()),
        });
        Self { day: row.day.map(|day| day.to_string()), entity, metrics }
    }
}

impl DayResponse {
    fn of(day: &DayInfo) -> Self {
        Self {
            day: day.day.to_string(),
            status: day_status(day.status),
            reason: day_reason(day.status),
            not_offered: day.marks.not_offered.iter().map(Metric::as_str).collect(),
            unattributed: day.marks.unattributed,
            observed_at: day.observed_at.map(Time::from),
        }
    }
}
