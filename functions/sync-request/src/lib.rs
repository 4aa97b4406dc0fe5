//! POST /v1/connections/{id}/accounts/{account}/sync: asks for a sync of one account now.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountId, ConnectionId};
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, Scope};
pub use mooring_domain::sync::ops::request_sync::Ports;
use mooring_domain::sync::ops::request_sync::{ASK_EVERY, SENT, run};
use mooring_edge::openapi::{Api, Value, id_pattern, json};
use mooring_edge::views::time::Time;
use mooring_edge::{Edge, Reply, ReplyExt, accepted, path};
use schemars::JsonSchema;
use serde::Serialize;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
}

/// The outcome of a request for a sync.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = example())]
struct SyncRequested {
    /// The connection: its account has the state of the sync.
    #[schemars(regex(pattern = id_pattern("con")))]
    connection_id: String,
    /// The account.
    #[schemars(regex(pattern = id_pattern("acc")))]
    account_id: String,
    /// Whether the request sent a sync.
    outcome: Outcome,
    /// When the next sync comes by itself.
    next_at: Time,
    /// From when on the next sync of this account may be asked for.
    again_at: Time,
}

/// Whether a request for a sync sent one: `sent`, or `under_way`, because one that was sent before has not ended, or tries
/// again. `sync.completed` or `sync.failed` tells the end; where the platform refuses the token, or the account is let go,
/// the events of the connection do.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "SyncRequestOutcome")]
enum Outcome {
    Sent,
    UnderWay,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let ask = async |caller, attempt| ask(app, &request, &caller, &attempt).await;
    app.edge.once(&request, Scope::Sync, ask).await
}

async fn ask(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    let (connection, account): (ConnectionId, AccountId) = (path(request, "id")?, path(request, "account")?);
    let output = run(&app.ports, attempt, caller, &connection, &account).await?;
    let view = SyncRequested {
        connection_id: connection.to_string(),
        account_id: account.to_string(),
        outcome: if output.is_sent { Outcome::Sent } else { Outcome::UnderWay },
        next_at: output.next_at.into(),
        again_at: output.again_at.into(),
    };
    let reply = accepted(&view, &app.edge.site.url(&format!("/v1/connections/{connection}")))?;
    // What a repetition has to say again.
    Ok(if output.is_sent { reply.about(SENT) } else { reply })
}

fn example() -> Value {
    json!({
        "connection_id": "con_01M8Q0F1BWFACT7HHBJ07088KV",
        "account_id": "acc_01M8Q0F1BZFZ8ABBA807Q0P5FS",
        "outcome": "sent",
        "next_at": "2026-11-30T20:41:00.000Z",
        "again_at": "2026-11-30T20:11:20.036Z",
    })
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("requestSync", "Ask for a sync of an account now")
        .id("id", "con")
        .id("account", "acc")
        .says(format!(
            "Once in {} minutes for each account; sooner the answer is 429 (`sync_too_soon`) with `Retry-After`. The \
             sync reads the days that the next one by itself would read. Watch `sync` of the account in the connection, \
             or the events `sync.completed` and `sync.failed`.",
            ASK_EVERY.as_mins(),
        ))
        .accepted::<SyncRequested>("The sync is on its way; the connection is the resource to watch.")
        .add();
}
