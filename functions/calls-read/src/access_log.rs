//! GET /v1/access-log: who called what, when, about what, and with which outcome.

use jiff::Timestamp;
use lambda_http::Request;
use mooring_domain::base::ids::{CredentialId, EndUser, is_id};
use mooring_domain::base::retention::{ACTIVITY_DAYS, ACTIVITY_KEPT};
use mooring_domain::people::access_log::Pseudonym;
use mooring_domain::people::caller::Scope;
use mooring_domain::people::log_entry::{CallEntry, CallOutcome, LogEntry, LogSpan};
use mooring_domain::people::ops::read_access_log::{Filter, list};
use mooring_domain::people::tenant::Tenant;
use mooring_domain::{Error, Result};
use mooring_edge::openapi::{Api, END_USER_PATTERN, Value, id_pattern, json};
use mooring_edge::views::time::Time;
use mooring_edge::{Admitted, Paging, Query, Reply, ok};
use schemars::JsonSchema;
use serde::Serialize;

use crate::App;

/// The form of an actor in the log.
const ACTOR: &str = "^(key_[0-7][0-9A-HJKMNP-TV-Z]{25}|[0-9a-f]{32})$";

/// A page of the access log.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = example())]
struct AccessList {
    /// The calls, newest first.
    accesses: Vec<Access>,
    /// The cursor of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// A call.
#[derive(Debug, Serialize, JsonSchema)]
struct Access {
    /// When the call was made.
    time: Time,
    /// Who called.
    actor: Actor,
    /// The operation, by its name in the description of the API.
    operation: String,
    /// The ids that the call named or made.
    subject_ids: Vec<String>,
    /// How the call ended.
    outcome: Outcome,
    /// The request's id, which the answer had in `X-Request-Id`.
    request_id: String,
}

/// Who called.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AccessActor")]
struct Actor {
    /// The kind of the credential.
    kind: ActorKind,
    /// The credential's id.
    #[schemars(regex(pattern = id_pattern("key")))]
    id: String,
    /// The person whom a frontend token was for, under the pseudonym that the log knows; `end_user` finds the entries
    /// of a person.
    person: Option<String>,
}

/// The kind of the credential that called.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum ActorKind {
    ApiKey,
    FrontendToken,
}

/// How a call ended: it did what was asked; it was refused, and the caller had to change something; or Mooring or a
/// platform failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "AccessOutcome")]
enum Outcome {
    Succeeded,
    Refused,
    Failed,
}

pub(crate) async fn handle(app: &App, request: &Request) -> Reply {
    let page = async |admitted| page(app, request, admitted).await;
    app.edge.admitted(request, Some(Scope::AccessLogRead), page).await
}

async fn page(app: &App, request: &Request, Admitted { caller, tenant, .. }: Admitted) -> Result<Reply> {
    let mut query = Query::of(request)?;
    let Paging { limit, after } = Paging::take(&mut query)?;
    let span = span(&mut query, app.edge.clock.now())?;
    let filter = filter(app, &tenant, &mut query)?;
    query.finish()?;
    let Some(filter) = filter else { return ok(&AccessList { accesses: Vec::new(), next_cursor: None }) };
    let listing = list(&app.log, &caller, &filter, span, after, limit).await?;
    ok(&AccessList {
        accesses: listing.calls.into_iter().map(Access::of).collect(),
        next_cursor: listing.next.as_ref().map(Paging::cursor),
    })
}

/// Reads the span: without bounds the whole log, this moment included.
fn span(query: &mut Query, now: Timestamp) -> Result<LogSpan> {
    let expected = "an instant such as `2026-11-22T10:00:00Z`";
    let from = query.take_as("from", expected)?.unwrap_or(now - ACTIVITY_KEPT);
    let to = query.take_as("to", expected)?.unwrap_or(now + jiff::SignedDuration::from_secs(1));
    if from < to {
        return Ok(LogSpan { from, to });
    }
    Err(Error::invalid("bad_days", "`from` has to be before `to`."))
}

/// Reads the filter; `None` when nothing can pass it, because the log names no person of this tenant.
fn filter(app: &App, tenant: &Tenant, query: &mut Query) -> Result<Option<Filter>> {
    let mut filter = Filter::default();
    if let Some(actor) = query.take("actor") {
        filter.credential = actor.parse::<CredentialId>().ok();
        filter.person = Pseudonym::parse(&actor);
        if filter == Filter::default() {
            return Err(misfit("actor", "the id of a credential, or a person as the log names one"));
        }
    }
    let subject = query.take("subject");
    if subject.as_ref().is_some_and(|subject| !is_id(subject)) {
        return Err(misfit("subject", "an id, such as a connection's"));
    }
    filter.subject = subject;
    let end_user: Option<EndUser> = query.take_as("end_user", "an end user as a connect session named it")?;
    let Some(end_user) = end_user else { return Ok(Some(filter)) };
    let person = tenant.pseudonyms.as_ref().map(|key| key.of(app.edge.entropy.as_ref(), &end_user));
    let fits = person.is_some() && filter.person.as_ref().is_none_or(|other| Some(other) == person.as_ref());
    Ok(fits.then_some(Filter { person, ..filter }))
}

fn misfit(name: &str, expected: &str) -> Error {
    Error::invalid("invalid_parameter", format!("The parameter `{name}` does not fit: expected {expected}."))
}

impl Access {
    fn of((entry, call): (LogEntry, CallEntry)) -> Self {
        Self {
            time: entry.at.into(),
            actor: Actor {
                kind: if call.is_browser { ActorKind::FrontendToken } else { ActorKind::ApiKey },
                id: call.credential.to_string(),
                person: call.person.map(|person| person.as_str().to_owned()),
            },
            operation: call.operation,
            subject_ids: call.subjects,
            outcome: match call.outcome {
                CallOutcome::Succeeded => Outcome::Succeeded,
                CallOutcome::Refused => Outcome::Refused,
                CallOutcome::Failed => Outcome::Failed,
            },
            request_id: call.request_id,
        }
    }
}

fn example() -> Value {
    json!({
        "accesses": [{
            "time": "2026-11-30T19:56:20.036Z",
            "actor": { "kind": "api_key", "id": "key_01M8Q0EZ7Y3K5M7P9R1T3V5X7Z", "person": null },
            "operation": "getConnection",
            "subject_ids": ["con_01M8Q0F1BWFACT7HHBJ07088KV"],
            "outcome": "succeeded",
            "request_id": "Kx3cTgBvFiAEMRg=",
        }],
        "next_cursor": null,
    })
}

pub(crate) fn describe(api: &mut Api) {
    let time = || json!({ "format": "date-time" });
    api.operation("listAccesses", "List the calls that were made")
        .says(format!(
            "Every call with a valid credential, for {ACTIVITY_DAYS} days, this list's own calls included; calls that a \
             rate limit refused are not there. A filter can leave a page short or empty though more follow: go on while \
             there is a `next_cursor`.",
        ))
        .query("from", "string", false, "Only calls from this instant on.")
        .narrow("from", time())
        .query("to", "string", false, "Only calls before this instant.")
        .narrow("to", time())
        .query("actor", "string", false, "Only calls of this credential, or of this `person`.")
        .narrow("actor", json!({ "pattern": ACTOR }))
        .query("end_user", "string", false, "Only calls with frontend tokens of this end user.")
        .narrow("end_user", json!({ "pattern": END_USER_PATTERN, "minLength": 1, "maxLength": 128 }))
        .query("subject", "string", false, "Only calls that named or made the thing with this id.")
        .narrow("subject", json!({ "pattern": "^[a-z]{2,8}_[0-7][0-9A-HJKMNP-TV-Z]{25}$" }))
        .paged()
        .ok::<AccessList>("A page of calls.")
        .add();
}
