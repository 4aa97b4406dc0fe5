//! POST /v1/deletion-requests, and for people without an account: /deletion-requests and its mailed link.

mod page;
mod people;

use std::sync::Arc;

use lambda_http::Request;
pub use mooring_domain::deletion::ops::request_deletion::Ports;
use mooring_domain::deletion::ops::request_deletion::{Input, run};
pub use mooring_domain::deletion::ops::request_deletion::{by_link, by_mail};
use mooring_domain::deletion::steps::begin_deletion::Target;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::platform::profile::Profile;
use mooring_domain::{Error, Result};
use mooring_edge::flow::{self, Back, Exit};
use mooring_edge::openapi::{Api, Value, id_pattern, json};
use mooring_edge::views::deletion::DeletionView;
use mooring_edge::{Edge, Query, Reply, ReplyExt, accepted, field, json_body};
use schemars::JsonSchema;
use serde::Deserialize;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of a request by the product's server.
    pub ports: Ports,
    /// The ports of a request by e-mail address.
    pub mail: by_mail::Ports,
    /// The ports of a mailed link.
    pub link: by_link::Ports,
    /// The product.
    pub profile: Arc<Profile>,
}

/// The subject of the deletion, in whichever form: the rule that holds its fields together is in
/// [`DeletionRequest::into_input`], whose error says what to do. [`DeletionTarget`] describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeletionRequest {
    connection_id: Option<String>,
    account_id: Option<String>,
    tenant: Option<bool>,
}

/// The subject of the deletion: a connection, one account of it, or the whole tenant.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "DeletionRequest", example = connection_example(), example = account_example(), example = tenant_example())]
#[expect(
    dead_code,
    reason = "only its schema is used: serde's errors for it would not say which field is wrong"
)]
enum DeletionTarget {
    Connection(ConnectionDeletion),
    Account(AccountDeletion),
    Tenant(TenantDeletion),
}

/// Deletes a connection.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct ConnectionDeletion {
    /// The connection.
    #[schemars(regex(pattern = id_pattern("con")))]
    connection_id: String,
}

/// Deletes one account of a connection. With the last account the whole connection goes.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct AccountDeletion {
    /// The connection.
    #[schemars(regex(pattern = id_pattern("con")))]
    connection_id: String,
    /// The account.
    #[schemars(regex(pattern = id_pattern("acc")))]
    account_id: String,
}

/// Deletes the whole tenant with its API keys. This cannot be undone.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
struct TenantDeletion {
    /// Always `true`.
    #[schemars(extend("const" = true))]
    tenant: bool,
}

fn connection_example() -> Value {
    json!({ "connection_id": "con_01M8Q0F1BWFACT7HHBJ07088KV" })
}

fn account_example() -> Value {
    json!({
        "connection_id": "con_01M8Q0F1BWFACT7HHBJ07088KV",
        "account_id": "acc_01M8Q0F1BZFZ8ABBA807Q0P5FS",
    })
}

fn tenant_example() -> Value {
    json!({ "tenant": true })
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    if request.uri().path().starts_with("/v1/") {
        let ask = async |caller, attempt| ask(app, &request, &caller, &attempt).await;
        return app.edge.once(&request, Scope::DeletionsWrite, ask).await;
    }
    let anew = Back { path: "/deletion-requests".to_owned(), says: "common.ask_anew" };
    let exit = Exit { profile: &app.profile, back: Some(anew) };
    flow::run(&app.edge, &request, &exit, async || people::answer(app, &request).await).await
}

async fn ask(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    Query::of(request)?.finish()?;
    let input = json_body::<DeletionRequest>(request)?.into_input()?;
    let started = run(&app.ports, attempt, caller, &input).await?;
    if let Some(error) = started.unsent {
        left_to_the_sweeper(&error);
    }
    let view = DeletionView::of(&app.edge.site, &started.deletion);
    Ok(accepted(&view, &view.location(&app.edge.site))?.about(&view.id))
}

impl DeletionRequest {
    fn into_input(self) -> Result<Input> {
        match (self.connection_id, self.account_id, self.tenant.unwrap_or(false)) {
            (Some(connection), account, false) => {
                let account = account.map(|account| field(&account, "account_id", "an account's id"));
                let connection = field(&connection, "connection_id", "a connection's id")?;
                Ok(Input::Part(Target { connection, account: account.transpose()? }))
            }
            (None, None, true) => Ok(Input::Tenant),
            _ => {
                let message =
                    "Say one of: `connection_id`, `connection_id` with `account_id`, or `tenant: true`.";
                Err(Error::invalid("invalid_target", message))
            }
        }
    }
}

fn left_to_the_sweeper(error: &Error) {
    tracing::warn!(error.code = error.code, "left to the sweeper: {error}");
}

/// Describes the operations for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("requestDeletion", "Ask for deletion")
        .says(
            "Of a connection, of one account (with the last account the whole connection goes), or of the whole \
             tenant. A tenant's credentials stop working at once; watch `status_url`, which needs none.",
        )
        .body::<DeletionTarget>()
        .accepted::<DeletionView>("The deletion to watch.")
        .add();
    people::describe(api);
}

#[cfg(test)]
mod tests {
    use super::*;

    const CON: &str = "con_00000000000000000000000001";
    const ACC: &str = "acc_00000000000000000000000001";

    fn input(connection: Option<&str>, account: Option<&str>, tenant: Option<bool>) -> Result<Input> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        DeletionRequest { connection_id: owned(connection), account_id: owned(account), tenant }.into_input()
    }

    #[test]
    fn exactly_one_thing_is_deleted() {
        assert_eq!(input(None, None, Some(true)).unwrap(), Input::Tenant);
        let whole = Target { connection: CON.parse().unwrap(), account: None };
        assert_eq!(input(Some(CON), None, Some(false)).unwrap(), Input::Part(whole.clone()));
        let part = Target { account: Some(ACC.parse().unwrap()), ..whole };
        assert_eq!(input(Some(CON), Some(ACC), None).unwrap(), Input::Part(part));
        for (connection, account, tenant) in [
            (None, None, None),
            (None, None, Some(false)),
            (None, Some(ACC), None),
            (Some(CON), None, Some(true)),
            (None, Some(ACC), Some(true)),
        ] {
            assert_eq!(input(connection, account, tenant).unwrap_err().code, "invalid_target");
        }
        assert!(input(Some(ACC), None, None).is_err());
    }
}
