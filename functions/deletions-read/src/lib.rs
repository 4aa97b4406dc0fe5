//! GET /v1/deletions, /v1/deletions/{id} and /v1/deletions/{id}/receipt.

mod receipt;

use std::sync::Arc;

use lambda_http::{Request, RequestExt};
use mooring_domain::Result;
use mooring_domain::caller::{Caller, Scope};
use mooring_domain::connector::Connectors;
use mooring_domain::ops::read_deletions::{self, Ports};
use mooring_domain::ports::{DeletionOwnerRead, LedgerRead};
use mooring_edge::openapi::Api;
use mooring_edge::views::deletion::DeletionView;
use mooring_edge::{Edge, Paging, Query, Reply, ok, path};
use schemars::JsonSchema;
use serde::Serialize;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The Ledger.
    pub ledger: Arc<dyn LedgerRead>,
    /// Whose deletions are.
    pub owners: Arc<dyn DeletionOwnerRead>,
    /// Where people end grants at the platforms themselves.
    pub connectors: Arc<dyn Connectors>,
}

/// A page of deletions.
#[derive(Debug, Serialize, JsonSchema)]
struct DeletionList {
    /// The deletions, oldest first.
    deletions: Vec<DeletionView>,
    /// Where the next page starts; `null` on the last.
    next_cursor: Option<String>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::DeletionsRead, async |caller| read(app, &request, &caller).await).await
}

async fn read(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let one = request.path_parameters_ref().is_some_and(|parameters| parameters.first("id").is_some());
    if !one {
        return list(app, request, caller).await;
    }
    Query::of(request)?.finish()?;
    let id = path(request, "id")?;
    if request.uri().path().ends_with("/receipt") {
        let proof = read_deletions::receipt::get(&ports(app), app.connectors.as_ref(), caller, &id).await?;
        return ok(&receipt::ReceiptResponse::of(&proof));
    }
    ok(&DeletionView::of(&app.edge, &read_deletions::get(&ports(app), caller, &id).await?))
}

async fn list(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    let paging = Paging::of(request)?;
    let (after, wanted) = (paging.after.as_ref(), paging.wanted());
    let mut found = read_deletions::list(&ports(app), caller, after, wanted).await?;
    ok(&DeletionList {
        next_cursor: paging.cut(&mut found, |deletion| &deletion.id),
        deletions: found.iter().map(|deletion| DeletionView::of(&app.edge, deletion)).collect(),
    })
}

fn ports(app: &App) -> Ports<'_> {
    Ports { ledger: app.ledger.as_ref(), owners: app.owners.as_ref(), clock: app.edge.clock.as_ref() }
}

/// Describes the operations.
pub fn describe(api: &mut Api) {
    api.operation("listDeletions", "List deletions")
        .says(
            "Only for API keys: whose a deletion was is forgotten once everything must be gone, so that a browser's list \
             could not be narrowed to its end user.",
        )
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
