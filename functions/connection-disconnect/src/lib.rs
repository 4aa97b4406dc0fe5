//! DELETE /v1/connections/{id} and /v1/connections/{id}/accounts/{account}: the cut.

use std::sync::Arc;

use lambda_http::{Request, RequestExt};
use mooring_domain::Result;
use mooring_domain::caller::{Caller, Scope};
use mooring_domain::deletion_plan::{PlanPorts, Target};
use mooring_domain::ops::disconnect::{Ports, run};
use mooring_domain::ports::{ConnectionRead, DeletionBegin, DeletionQueue, LedgerRead};
use mooring_domain::retention::DELETE_DAYS;
use mooring_edge::openapi::Api;
use mooring_edge::views::deletion::DeletionView;
use mooring_edge::{Edge, Query, Reply, accepted, path};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The rows.
    pub connections: Arc<dyn ConnectionRead>,
    /// Makes the cut.
    pub begin: Arc<dyn DeletionBegin>,
    /// Earlier deletions.
    pub ledger: Arc<dyn LedgerRead>,
    /// Starts the first step.
    pub queue: Arc<dyn DeletionQueue>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge.api(&request, Scope::Disconnect, async |caller| disconnect(app, &request, &caller).await).await
}

async fn disconnect(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    Query::of(request)?.finish()?;
    let one = request.path_parameters_ref().is_some_and(|parameters| parameters.first("account").is_some());
    let account = one.then(|| path(request, "account")).transpose()?;
    let target = Target { connection: path(request, "id")?, account };
    let started = run(&ports(app), caller, &target).await?;
    if let Some(error) = started.unsent {
        tracing::warn!(
            deletion.id = started.deletion.id.as_str(),
            error.code = error.code,
            "left to the sweeper: {error}"
        );
    }
    let view = DeletionView::of(&app.edge, &started.deletion);
    accepted(&view, &view.location(&app.edge))
}

fn ports(app: &App) -> Ports<'_> {
    let plan = PlanPorts {
        connections: app.connections.as_ref(),
        begin: app.begin.as_ref(),
        ledger: app.ledger.as_ref(),
        clock: app.edge.clock.as_ref(),
        entropy: app.edge.entropy.as_ref(),
    };
    Ports { plan, queue: app.queue.as_ref() }
}

/// Describes the operations.
pub fn describe(api: &mut Api) {
    api.operation("disconnectConnection", "Disconnect a connection")
        .id("id", "con")
        .says(format!(
            "From this moment nothing of the connection can be read or written. Tokens, figures and names are deleted \
             at once, and everywhere within {DELETE_DAYS} days, backups included; the deletion becomes a receipt. Doing it again answers the same \
             deletion as long as the connection's row is there; afterwards 404.",
        ))
        .accepted::<DeletionView>("The deletion to watch.")
        .add();
    api.operation("disconnectAccount", "Disconnect one account")
        .id("id", "con")
        .id("account", "acc")
        .says(
            "The other accounts of the connection go on. With the last account that is left the whole connection is \
             disconnected, because access that reaches nothing must not be kept: the answer is the connection's \
             deletion then.",
        )
        .accepted::<DeletionView>("The deletion to watch.")
        .add();
}
