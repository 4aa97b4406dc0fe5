//! GET /v1/reports and /v1/reports.csv: answers rows by account, level, dates, metrics and grouping, as JSON or as CSV.

mod example;
mod metrics;
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
pub use mooring_domain::report::ops::query_report::Ports;
use mooring_domain::report::ops::query_report::{Report, run};
use mooring_edge::openapi::Api;
use mooring_edge::{Cursor, Edge, Reply, ReplyExt, csv, ok, wants_csv};

use crate::response::ReportResponse;

/// The path that answers CSV whatever the client accepts.
const CSV_PATH: &str = "/v1/reports.csv";

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
    let query = question::read(request)?;
    let wants_csv = request.uri().path() == CSV_PATH || wants_csv(request)?;
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
    Some(format!("<{}?{}>; rel=\"next\"", app.edge.site.url(request.uri().path()), next.finish()))
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    let operation = api.operation("queryReport", "Query a report").says(
        "Sums of daily rows of one account. Ratios are computed from the sums, totals are of all rows and not of the \
         page, and every answer says of each day what is known of it. Later pages see the rows as the first page saw \
         them. A client that prefers `text/csv` in `Accept` gets what `/v1/reports.csv` answers.",
    );
    question::describe(operation)
        .ok::<ReportResponse>("The rows of the page, the totals, and what is known of each day.")
        .add();
    let operation = api.operation("exportReport", "Query a report as CSV").says(
        "The rows of the same question as lines under a line of column names. Money is in whole units of `currency`; \
         `status` and `reason` are of the row's day, or `status` is of all days where rows are not by day. A text that a \
         spreadsheet would run as a formula begins with an apostrophe. A page has 100 rows unless `limit` says more: \
         the header `Link` has the address of the next one (`rel=\"next\"`), and `Mooring-Completeness` says what is \
         known of the days.",
    );
    question::describe(operation)
        .media("text/csv", "The rows of the page.")
        .header("200", "Completeness")
        .header("200", "Link")
        .add();
}
