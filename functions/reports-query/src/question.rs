//! Reads the query parameters of a report question.

use jiff::civil::Date;
use lambda_http::Request;
use mooring_domain::base::window::Window;
use mooring_domain::platform::figures::Level;
use mooring_domain::report::ops::query_report::{Column, GroupBy, Query, Sort};
use mooring_domain::{Error, Result};
use mooring_edge::Cursor;
use mooring_edge::openapi::{Describe, cursor_form, json, words};
use mooring_edge::views::time::Time;

/// How many rows a page has without `limit`, and at most.
pub(crate) const LIMIT: u32 = 100;
pub(crate) const MOST: u32 = 1_000;

/// Describes the parameters for OpenAPI.
pub(crate) fn describe(operation: Describe<'_>) -> Describe<'_> {
    operation
        .query("connection_id", "string", true, "The connection.")
        .id("connection_id", "con")
        .query("account_id", "string", true, "The account of the connection.")
        .id("account_id", "acc")
        .query_of::<words::Level>("level", true, "The level of the rows.")
        .query_of::<words::Day>("from", true, "The first day, in the account's time zone. A question spans at most 400 days for the account and its campaigns, 92 for ad groups and ads.")
        .query_of::<words::Day>("to", true, "The last day, included.")
        .query_list_of::<words::Metric>("metrics", "Which columns; all without it. Values with commas between are read, too.")
        .query_of::<words::GroupBy>("group_by", false, "The grouping of rows; `day` without it.")
        .query_of::<words::ReportOrder>("sort", false, "The order of rows, by a column that the answer has; by day or entity without it.")
        .query("limit", "integer", false, "How many rows, from 1 to 1000; 100 without it.")
        .narrow("limit", json!({ "minimum": 1, "maximum": MOST, "default": LIMIT }))
        .query("cursor", "string", false, "Where to go on: `next_cursor` of the page before, for the same question.")
        .narrow("cursor", cursor_form())
        .query_of::<Time>("as_of", false, "The rows as they were known at a time.")
        .example("metrics", json!(["spend", "ctr"]))
        .example("level", json!("campaign"))
        .example("from", json!("2026-11-16"))
        .example("to", json!("2026-11-22"))
}

/// Reads the question.
pub(crate) fn read(request: &Request) -> Result<Query> {
    let mut query = mooring_edge::Query::with_lists(request, &["metrics"])?;
    let group_by =
        query.take("group_by").map_or_else(|| GroupBy::parse("day"), |text| GroupBy::parse(&text))?;
    let question = Query {
        connection: required(query.take_as("connection_id", "a connection's id, con_…")?, "connection_id")?,
        account: required(query.take_as("account_id", "an account's id, acc_…")?, "account_id")?,
        level: level(&required(query.take("level"), "level")?)?,
        window: window(day(&mut query, "from")?, day(&mut query, "to")?)?,
        columns: query.take("metrics").map_or_else(|| Ok(Column::all()), |text| Column::parse_list(&text))?,
        group_by,
        sort: Sort::parse(&query.take("sort").unwrap_or_else(|| default_sort(group_by).to_owned()))?,
        limit: query.take_limit(LIMIT, MOST)?,
        as_of: query.take_as("as_of", "an RFC 3339 time such as 2026-11-22T10:00:00Z")?,
        after: query.take("cursor").map(|text| Cursor::decode(&text)?.parse()).transpose()?,
    };
    query.finish()?;
    Ok(question)
}

fn required<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| Error::invalid("missing_parameter", format!("The parameter `{name}` is required.")))
}

fn level(text: &str) -> Result<Level> {
    Level::parse(text).ok_or_else(|| {
        let words = Level::ALL.map(Level::as_str).join(", ");
        Error::invalid("unknown_level", format!("A level is one of: {words}."))
    })
}

/// Takes a day as `YYYY-MM-DD` and in no other form, so that the answer repeats the day as it was asked.
fn day(query: &mut mooring_edge::Query, name: &'static str) -> Result<Option<Date>> {
    let Some(text) = query.take(name) else { return Ok(None) };
    let day: Option<Date> = text.parse().ok().filter(|day: &Date| day.year() >= 0 && day.to_string() == text);
    day.map(Some).ok_or_else(|| {
        Error::invalid("invalid_parameter", format!("The parameter `{name}` is a day such as 2026-11-22."))
    })
}

fn window(from: Option<Date>, to: Option<Date>) -> Result<Window> {
    Window::new(required(from, "from")?, required(to, "to")?)
        .ok_or_else(|| Error::invalid("bad_days", "The first day is after the last."))
}

fn default_sort(group_by: GroupBy) -> &'static str {
    match (group_by.day, group_by.entity) {
        (true, _) => "day",
        (false, true) => "entity",
        (false, false) => "-spend",
    }
}
