//! GET /v1/connections and /v1/connections/{id}: lists connections, or reads one.

mod account;
mod examples;
mod filter;
mod sync;

use std::sync::Arc;

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::ids::ConnectionId;
pub use mooring_domain::connect::ops::read_connections::Ports;
use mooring_domain::connect::ops::read_connections::{View, get, list};
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::platform::profile::Profile;
use mooring_edge::openapi::{Api, id_pattern, words};
use mooring_edge::views::time::Time;
use mooring_edge::{Edge, Paging, Query, Reply, ok, one};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use self::account::AccountResponse;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
    /// The product.
    pub profile: Arc<Profile>,
}

/// A page of connections.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = examples::list())]
struct ConnectionList {
    /// The connections, oldest first.
    connections: Vec<ConnectionResponse>,
    /// The cursor of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// A connection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Connection", example = examples::connection())]
struct ConnectionResponse {
    /// The connection's id.
    #[schemars(regex(pattern = id_pattern("con")))]
    id: String,
    /// The platform.
    #[schemars(with = "words::Platform")]
    platform: String,
    /// The connection's state.
    #[schemars(with = "words::ConnectionState")]
    state: String,
    /// The granted scopes, in the platform's words.
    scopes: Vec<String>,
    /// When the person came back from the platform.
    created_at: Time,
    /// The product's own reference to the person.
    end_user: String,
    /// For how many days figures are kept; `null`: as long as their account is connected.
    figures_kept_days: Option<u16>,
    /// The running deletion, while the connection is `purging`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = id_pattern("del")))]
    deletion_id: Option<String>,
    /// When everything must be gone, while the connection is `purging`.
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_by: Option<Time>,
    /// The connection's accounts; none while it is `pending` or `purging`.
    accounts: Vec<AccountResponse>,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge
        .api(&request, Scope::ConnectionsRead, async |caller| match one(&request, "id")? {
            Some(id) => read(app, &caller, &id).await,
            None => page(app, &request, &caller).await,
        })
        .await
}

async fn read(app: &App, caller: &Caller, id: &ConnectionId) -> Result<Reply> {
    let view = get(&app.ports, caller, id).await?;
    ok(&ConnectionResponse::of(view, &app.profile))
}

async fn page(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let mut query = Query::of(request)?;
    let Paging { limit, after } = Paging::take(&mut query)?;
    let filter = filter::take(&mut query, &app.profile)?;
    query.finish()?;
    let listing = list(&app.ports, caller, &filter, after, limit).await?;
    ok(&ConnectionList {
        connections: listing
            .connections
            .into_iter()
            .map(|view| ConnectionResponse::of(view, &app.profile))
            .collect(),
        next_cursor: listing.next.as_ref().map(Paging::cursor),
    })
}

impl ConnectionResponse {
    fn of(view: View, profile: &Profile) -> Self {
        let row = view.connection;
        Self {
            id: row.id.to_string(),
            platform: row.platform,
            state: row.state.as_str().to_owned(),
            scopes: row.scopes,
            created_at: row.created_at.into(),
            end_user: row.end_user.as_str().to_owned(),
            figures_kept_days: profile.retention_days,
            // A pending connection also has a deletion, which waits. Nobody asked for that one, so it is not
            // shown.
            deletion_id: row.delete_by.and(row.deletion).map(|id| id.to_string()),
            delete_by: row.delete_by.map(Time::from),
            accounts: view.accounts.into_iter().map(AccountResponse::of).collect(),
        }
    }
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("listConnections", "List connections")
        .says(
            "With a frontend token, those of its end user. A filter can leave a page short or empty though more follow: \
             go on while there is a `next_cursor`.",
        )
        .query("end_user", "string", false, "Only the connections of this end user.")
        .narrow("end_user", json!({ "pattern": "^[!-?A-~]{1,128}$" }))
        .query_of::<words::ConnectionState>("state", false, "Only the connections in this state.")
        .query_of::<words::Platform>("platform", false, "Only the connections to this platform.")
        .paged()
        .ok::<ConnectionList>("A page of connections.")
        .add();
    api.operation("getConnection", "Read a connection")
        .says("With a frontend token, only a connection of its end user.")
        .id("id", "con")
        .ok::<ConnectionResponse>("The connection with its accounts.")
        .add();
}
