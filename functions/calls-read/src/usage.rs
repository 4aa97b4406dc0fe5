//! GET /v1/usage: how many calls and syncs there were, by day.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use lambda_http::Request;
use mooring_domain::base::retention::ACTIVITY_DAYS;
use mooring_domain::base::window::Window;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::people::log_entry::LogPosition;
use mooring_domain::people::ops::read_usage::{Counts, run};
use mooring_domain::{Error, Result};
use mooring_edge::openapi::{Api, Value, cursor_form, json};
use mooring_edge::{Cursor, Paging, Query, Reply, ok};
use schemars::JsonSchema;
use serde::Serialize;

use crate::App;

/// How many days an answer is about without `from`.
const DAYS: i64 = 7;

/// A page of days.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = example())]
struct UsageList {
    /// The days, newest first.
    days: Vec<UsageDay>,
    /// The cursor of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// The counts of one day, or of a part of it.
#[derive(Debug, Serialize, JsonSchema)]
struct UsageDay {
    /// The day, in UTC.
    #[schemars(extend("format" = "date"))]
    day: String,
    /// The calls of the API.
    calls: CallCounts,
    /// The syncs of accounts.
    syncs: SyncCounts,
}

/// How many calls there were.
#[derive(Debug, Serialize, JsonSchema)]
struct CallCounts {
    /// All calls with a valid credential; calls that a rate limit refused do not count.
    total: u64,
    /// Calls that did what was asked.
    succeeded: u64,
    /// Calls that were refused.
    refused: u64,
    /// Calls that failed at Mooring or a platform.
    failed: u64,
    /// Calls with an API key.
    with_api_key: u64,
    /// Calls with a frontend token.
    with_frontend_token: u64,
}

/// How many syncs there were.
#[derive(Debug, Serialize, JsonSchema)]
struct SyncCounts {
    /// Syncs that ended well.
    completed: u64,
    /// Syncs that gave up, or whose token the platform refused.
    failed: u64,
}

pub(crate) async fn handle(app: &App, request: &Request) -> Reply {
    app.edge.api(request, Scope::UsageRead, async |caller| page(app, request, &caller).await).await
}

async fn page(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let mut query = Query::of(request)?;
    let before = query.take("cursor").map(|cursor| position(&cursor)).transpose()?;
    let window = window(&mut query, app.edge.clock.now())?;
    query.finish()?;
    let usage = run(&app.usage, caller, window, before).await?;
    ok(&UsageList {
        days: usage.days.into_iter().map(UsageDay::of).collect(),
        next_cursor: usage.next.as_ref().map(Paging::cursor),
    })
}

fn position(cursor: &str) -> Result<LogPosition> {
    let foreign = |_| Error::invalid("invalid_cursor", "The cursor is not one that this list gave.");
    Cursor::decode(cursor)?.parse().map_err(foreign)
}

/// Reads the days: without bounds the last seven, today included.
fn window(query: &mut Query, now: Timestamp) -> Result<Window> {
    let today = TimeZone::UTC.to_datetime(now).date();
    let to = day(query, "to")?.unwrap_or(today);
    let from = day(query, "from")?;
    let week = || to.checked_sub((DAYS - 1).days()).unwrap_or(to);
    let window = Window::new(from.unwrap_or_else(week), to);
    let most = u32::from(ACTIVITY_DAYS) + 1;
    let window = window.filter(|window| window.days() <= most && to <= today);
    let message = format!(
        "`from` has to be at most `to`, `to` at most today, and together they are at most {most} days."
    );
    window.ok_or_else(|| Error::invalid("bad_days", message))
}

/// Takes a day as `YYYY-MM-DD` and in no other form.
fn day(query: &mut Query, name: &str) -> Result<Option<Date>> {
    let Some(text) = query.take(name) else { return Ok(None) };
    let day: Option<Date> = text.parse().ok().filter(|day: &Date| day.year() >= 0 && day.to_string() == text);
    let message = format!("The parameter `{name}` is a day such as 2026-11-22.");
    day.map(Some).ok_or_else(|| Error::invalid("invalid_parameter", message))
}

impl UsageDay {
    fn of((day, counts): (Date, Counts)) -> Self {
        let Counts { succeeded, refused, failed, by_key, by_browser, syncs_done, syncs_failed } = counts;
        Self {
            day: day.to_string(),
            calls: CallCounts {
                total: succeeded + refused + failed,
                succeeded,
                refused,
                failed,
                with_api_key: by_key,
                with_frontend_token: by_browser,
            },
            syncs: SyncCounts { completed: syncs_done, failed: syncs_failed },
        }
    }
}

fn example() -> Value {
    json!({
        "days": [{
            "day": "2026-11-30",
            "calls": {
                "total": 412, "succeeded": 401, "refused": 11, "failed": 0,
                "with_api_key": 300, "with_frontend_token": 112,
            },
            "syncs": { "completed": 48, "failed": 0 },
        }],
        "next_cursor": null,
    })
}

pub(crate) fn describe(api: &mut Api) {
    let day = || json!({ "format": "date" });
    api.operation("getUsage", "Count calls and syncs by day")
        .says(format!(
            "Counted from the log of {ACTIVITY_DAYS} days. A page counts a bounded part of it: a busy day comes in parts \
             on several pages, and its parts add up. Go on while there is a `next_cursor`.",
        ))
        .query("from", "string", false, "The first day, in UTC; six days before `to` without it.")
        .narrow("from", day())
        .query("to", "string", false, "The last day, in UTC; today without it.")
        .narrow("to", day())
        .query("cursor", "string", false, "Where to go on: `next_cursor` of the page before.")
        .narrow("cursor", cursor_form())
        .ok::<UsageList>("A page of days, also those on which nothing happened.")
        .add();
}
