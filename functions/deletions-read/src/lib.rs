//! GET /v1/deletions, /v1/deletions/{id} and /v1/deletions/{id}/receipt: lists deletions, reads one, or its
//! receipt.

mod example;
mod receipt;

use std::sync::Arc;

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::deletion::ops::read_deletions;
pub use mooring_domain::deletion::ops::read_deletions::Ports;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::platform::capabilities::Connectors;
use mooring_edge::openapi::{Api, json};
use mooring_edge::views::deletion::DeletionView;
use mooring_edge::views::examples;
use mooring_edge::{Edge, Paging, Query, Reply, ok, one};
use schemars::JsonSchema;
use serde::Serialize;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
    /// Gives the pages on which people end grants at the platforms themselves.
    pub connectors: Arc<dyn Connectors>,
}

/// A page of deletions.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = json!({ "deletions": [examples::deletion()], "next_cursor": null }))]
struct DeletionList {
    /// The deletions, oldest first.
    deletions: Vec<DeletionView>,
    /// The cursor of the next page; `null` on the last.
    next_cursor: Option<String>,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::DeletionsRead, async |caller| read(app, &request, &caller).await).await
}

async fn read(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let Some(id) = one(request, "id")? else { return list(app, request, caller).await };
    if request.uri().path().ends_with("/receipt") {
        let proof = read_deletions::receipt::get(&app.ports, app.connectors.as_ref(), caller, &id).await?;
        return ok(&receipt::ReceiptResponse::of(&proof));
    }
    ok(&DeletionView::of(&app.edge.site, &read_deletions::get(&app.ports, caller, &id).await?))
}

async fn list(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let mut query = Query::of(request)?;
    let Paging { limit, after } = Paging::take(&mut query)?;
    let connection = query.take_as("connection_id", "a connection's id")?;
    query.finish()?;
    let found = read_deletions::list(&app.ports, caller, connection.as_ref(), after, limit).await?;
    let view = |deletion| DeletionView::of(&app.edge.site, deletion);
    ok(&DeletionList {
        deletions: found.deletions.iter().map(view).collect(),
        next_cursor: found.next.as_ref().map(Paging::cursor),
    })
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("listDeletions", "List deletions")
        .says(
            "Only for API keys: whose a deletion was is forgotten once everything must be gone, so that a browser's list \
             could not be narrowed to its end user. With `connection_id` a page can be short or empty though more follow: go \
             on while there is a `next_cursor`.",
        )
        .query("connection_id", "string", false, "Only the deletions of this connection and of its accounts.")
        .id("connection_id", "con")
        .paged()
        .ok::<DeletionList>("A page of deletions.")
        .add();
    api.operation("getDeletion", "Read a deletion")
        .id("id", "del")
        .says(
            "A frontend token reads the deletions of its own end user, until `delete_by`; others do not exist for it. \
             `status_url` needs no credential and stays.",
        )
        .ok::<DeletionView>("The deletion with everything that happened so far.")
        .add();
    api.operation("getReceipt", "Read the receipt of a deletion")
        .id("id", "del")
        .says("It exists once everything was counted at zero; before that the answer is 409 with the next step.")
        .ok::<receipt::ReceiptResponse>("The proof.")
        .add();
}
