//! GET /v1/reports: answers rows by account, level, dates, metrics and grouping, as JSON or as CSV.

mod question;
mod response;
mod table;
#[cfg(test)]
mod tests;
mod words;

use lambda_http::Request;
use lambda_http::http::header::{HeaderName, LINK};
use mooring_domain::Result;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::platform::figures::Level;
pub use mooring_domain::report::ops::query_report::Ports;
use mooring_domain::report::ops::query_report::{Report, run};
use mooring_edge::openapi::{Api, cursor_form, json};
use mooring_edge::{Cursor, Edge, Reply, ReplyExt, csv, ok, wants_csv};

use crate::response::ReportResponse;

/// The header that gives a CSV answer one word for the completeness of all its days together.
const COMPLETENESS: HeaderName = HeaderName::from_static("mooring-completeness");

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::ReportsRead, async |caller| answer(app, &request, &caller).await).await
}

async fn answer(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let (query, wants_csv) = (question::read(request)?, wants_csv(request)?);
    let report = run(&app.ports, caller, &query).await?;
    if !wants_csv {
        return ok(&ReportResponse::of(&query, &report));
    }
    let reply = csv(table::write(&query, &report)?)?;
    let reply = reply.header_value(COMPLETENESS, words::overall(&report.days))?;
    match next_link(app, request, &report) {
        Some(link) => reply.header_value(LINK, &link),
        None => Ok(reply),
    }
}

/// Returns the address of the next page, for an answer whose body has no place for it.
fn next_link(app: &App, request: &Request, report: &Report) -> Option<String> {
    let cursor = Cursor::encode(&report.next?.to_string());
    let query = url::form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
    let mut next = url::form_urlencoded::Serializer::new(String::new());
    next.extend_pairs(query.filter(|(name, _)| name != "cursor")).append_pair("cursor", &cursor);
    Some(format!("<{}?{}>; rel=\"next\"", app.edge.site.url("/v1/reports"), next.finish()))
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    let operation = api.operation("queryReport", "Query a report").says(
        "Sums of daily rows of one account. Ratios are computed from the sums, totals are of all rows and not of the \
         page, and every answer says of each day what is known of it. Later pages see the rows as the first page saw \
         them. As CSV, money is in whole units, `status` is of the row's day, or of all days where rows are not by \
         day; the header `Mooring-Completeness` is of all days, and `Link` has the next page.",
    );
    question::PARAMETERS
        .iter()
        .fold(operation, |operation, (name, kind, required, meaning)| {
            operation.query(name, kind, *required, meaning)
        })
        .id("connection_id", "con")
        .id("account_id", "acc")
        .narrow("level", json!({ "enum": Level::ALL.map(Level::as_str) }))
        .narrow("from", json!({ "format": "date" }))
        .narrow("to", json!({ "format": "date" }))
        .narrow("metrics", question::metrics_form())
        .narrow("group_by", json!({ "enum": ["day", "entity", "day,entity", "none"] }))
        .narrow("sort", question::sort_form())
        .narrow("limit", json!({ "minimum": 1, "maximum": question::MOST, "default": question::LIMIT }))
        .narrow("cursor", cursor_form())
        .narrow("as_of", json!({ "format": "date-time" }))
        .ok::<ReportResponse>("The rows of the page, the totals, and what is known of each day.")
        .media("text/csv", "The rows of the page.")
        .add();
}
