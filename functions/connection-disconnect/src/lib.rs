//! DELETE /v1/connections/{id} and /v1/connections/{id}/accounts/{account}: makes the cutoff (T0) of a
//! deletion.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::retention::DELETE_DAYS;
pub use mooring_domain::deletion::ops::disconnect::Ports;
use mooring_domain::deletion::ops::disconnect::run;
use mooring_domain::deletion::steps::begin_deletion::Target;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_edge::openapi::Api;
use mooring_edge::views::deletion::DeletionView;
use mooring_edge::{Edge, Query, Reply, accepted, one, path};

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
    app.edge.api(&request, Scope::Disconnect, async |caller| disconnect(app, &request, &caller).await).await
}

async fn disconnect(app: &App, request: &Request, caller: &Caller) -> Result<Reply> {
    Query::of(request)?.finish()?;
    let account = one(request, "account")?;
    let target = Target { connection: path(request, "id")?, account };
    let started = run(&app.ports, caller, &target).await?;
    if let Some(error) = started.unsent {
        tracing::warn!(
            deletion.id = started.deletion.id.as_str(),
            error.code = error.code,
            "left to the sweeper: {error}"
        );
    }
    let view = DeletionView::of(&app.edge.site, &started.deletion);
    accepted(&view, &view.location(&app.edge.site))
}

/// Describes the operations for OpenAPI.
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
