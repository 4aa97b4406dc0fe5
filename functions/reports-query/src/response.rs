//! Writes the JSON of an answer.

use std::collections::BTreeMap;

use mooring_domain::base::money::{Currency, Micros};
use mooring_domain::platform::figures::{Metric, Unit, Values};
use mooring_domain::report::ops::query_report::{Column, DayInfo, Query, Report, ReportRow};
use mooring_edge::Cursor;
use mooring_edge::openapi::id_pattern;
use schemars::JsonSchema;
use serde::Serialize;

use crate::words::{day_status, unit};

/// A page of a report.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Report")]
pub(crate) struct ReportResponse {
    /// The connection.
    #[schemars(regex(pattern = id_pattern("con")))]
    connection_id: String,
    /// The account.
    #[schemars(regex(pattern = id_pattern("acc")))]
    account_id: String,
    /// The level of the rows.
    level: &'static str,
    /// The first day.
    from: String,
    /// The last day, included.
    to: String,
    /// The time zone of the days: an IANA name, or an offset such as `+05:30`.
    time_zone: String,
    /// The currency of all money.
    currency: String,
    /// The grouping by which rows are summed.
    group_by: &'static str,
    /// The columns, in the order of the request.
    metrics: Vec<&'static str>,
    /// The rows of this page.
    rows: Vec<RowResponse>,
    /// The sums of all rows, not only of this page.
    totals: Metrics,
    /// The completeness of each day.
    completeness: Vec<DayResponse>,
    /// The days that the platform may still change.
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
    day: Option<String>,
    /// The row's entity, if grouped by entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<EntityResponse>,
    /// The sums, and ratios of them; `null` where the platform reported no value.
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

type Metrics = BTreeMap<&'static str, Option<Value>>;

/// Money, a count, or a plain number.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "MetricValue")]
enum Value {
    /// Exact money.
    Money {
        /// Millionths of the currency's unit.
        amount_micros: i64,
        /// ISO 4217.
        currency: String,
    },
    /// A whole number.
    Count(i64),
    /// A number with at most six digits after the point.
    Number(f64),
}

/// The completeness of a day.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DayCompleteness")]
struct DayResponse {
    /// The day.
    day: String,
    /// `complete`, `provisional`, `not_permitted`, `not_offered`, `not_fetched`, or `partial` or `failed` with a reason
    /// after a colon.
    status: String,
    /// Metrics that the platform does not offer at this level: they are `null`, which does not mean zero, and
    /// stay so.
    not_offered: Vec<&'static str>,
    /// True when the account's own total of the day is higher than the sum of its campaigns: the difference
    /// to `level=account` belongs to no campaign. The rows are complete all the same.
    unattributed: bool,
    /// When the rows were observed at the platform (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<String>,
}

impl ReportResponse {
    pub(crate) fn of(query: &Query, report: &Report) -> Self {
        let metrics = |values: &Values| metrics(query, values, report.currency);
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
            not_offered: day.marks.not_offered.iter().map(Metric::as_str).collect(),
            unattributed: day.marks.unattributed,
            observed_at: day.observed_at.map(|time| time.to_string()),
        }
    }
}

fn metrics(query: &Query, values: &Values, currency: Currency) -> Metrics {
    let value = |column: Column| column.of(values).map(|value| Value::of(column, value, currency));
    query.columns.iter().map(|column| (column.as_str(), value(*column))).collect()
}

impl Value {
    fn of(column: Column, value: i64, currency: Currency) -> Self {
        match unit(column) {
            Unit::Money => Self::Money { amount_micros: value, currency: currency.as_str().to_owned() },
            Unit::Count => Self::Count(value),
            // The nearest binary number to the exact decimal, which prints as the same decimal again.
            Unit::Decimal => Self::Number(Micros(value).to_string().parse().unwrap_or_default()),
        }
    }
}
