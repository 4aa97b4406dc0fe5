//! POST /v1/connections/{id}/activate: the product activates a connection.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::connect::account::Account;
pub use mooring_domain::connect::ops::activate_connection::Ports;
use mooring_domain::connect::ops::activate_connection::{Input, Output, run};
use mooring_domain::connect::ports::MOST_HOLDERS;
use mooring_domain::connect::session::PENDING_MINUTES;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_edge::openapi::{Api, END_USER_PATTERN, Value, id_pattern, json, words};
use mooring_edge::views::time::Time;
use mooring_edge::{Edge, Reply, field, json_body, ok, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const _: () = assert!(MOST_HOLDERS == 10, "the description of `also_in` says so");

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
}

/// The body of the request.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = request_example())]
struct ActivateRequest {
    /// The one-time code that came with the return URL.
    #[schemars(length(min = 1, max = 128))]
    code: String,
    /// The end user in front of the product now; it has to be the one who asked to connect.
    #[schemars(length(min = 1, max = 128), regex(pattern = END_USER_PATTERN))]
    end_user: String,
}

/// An active connection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = answer_example())]
struct ActivatedConnection {
    /// The connection's id.
    #[schemars(regex(pattern = id_pattern("con")))]
    id: String,
    /// The platform.
    #[schemars(with = "words::Platform")]
    platform: String,
    /// `active`.
    #[schemars(with = "words::ConnectionState")]
    state: String,
    /// The granted scopes, in the platform's words.
    scopes: Vec<String>,
    /// When the person came back from the platform.
    created_at: Time,
    /// The product's own reference to the person.
    end_user: String,
    /// The chosen accounts; `GET /v1/connections/{id}` has their names.
    accounts: Vec<ActivatedAccount>,
}

/// A chosen account.
#[derive(Debug, Serialize, JsonSchema)]
struct ActivatedAccount {
    /// The account's id.
    #[schemars(regex(pattern = id_pattern("acc")))]
    id: String,
    /// The account's currency (ISO 4217).
    #[schemars(with = "words::CurrencyCode")]
    currency: String,
    /// The time zone of the account's days: an IANA name, or an offset such as `+05:30`.
    time_zone: String,
    /// `active`.
    #[schemars(with = "words::AccountState")]
    state: String,
    /// Other live connections of the tenant that hold the same account, as far as this credential sees them.
    /// A sum over these connections counts the account more than once. At most 10 connections are read.
    #[schemars(inner(regex(pattern = id_pattern("con"))))]
    also_in: Vec<String>,
    /// True when `also_in` may lack some: more connections hold the account than were read, or reading them
    /// failed.
    also_in_more: bool,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let activate = async |caller, attempt| activate(app, &request, &caller, &attempt).await;
    app.edge.once(&request, Scope::Connect, activate).await
}

async fn activate(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    let connection = path(request, "id")?;
    let body: ActivateRequest = json_body(request)?;
    let end_user = field(&body.end_user, "end_user", "1 to 128 visible ASCII characters, no e-mail address")?;
    let input = Input { connection, code: body.code, end_user };
    let output = run(&app.ports, attempt, caller, &input).await?;
    if let Some(error) = &output.unseen {
        mooring_edge::log_suppressed(error, "the answer does not say where else the accounts are connected");
    }
    if let Some(error) = &output.unsent {
        mooring_edge::log_suppressed(error, "the first jobs stay in the outbox");
    }
    ok(&ActivatedConnection::of(&output))
}

impl ActivatedConnection {
    fn of(output: &Output) -> Self {
        let row = &output.connection;
        Self {
            id: row.id.to_string(),
            platform: row.platform.clone(),
            state: row.state.as_str().to_owned(),
            scopes: row.scopes.clone(),
            created_at: row.created_at.into(),
            end_user: row.end_user.as_str().to_owned(),
            accounts: output.accounts.iter().map(|account| ActivatedAccount::of(account, output)).collect(),
        }
    }
}

impl ActivatedAccount {
    fn of(account: &Account, output: &Output) -> Self {
        let also = output.also.iter().filter(|also| also.account == account.fingerprint);
        let others = also.clone().flat_map(|also| &also.connections);
        Self {
            also_in: others.map(ToString::to_string).collect(),
            also_in_more: output.unseen.is_some() || also.clone().any(|also| also.more),
            id: account.id.to_string(),
            currency: account.currency.as_str().to_owned(),
            time_zone: account.zone.clone(),
            state: account.state.as_str().to_owned(),
        }
    }
}

fn request_example() -> Value {
    json!({ "code": "PVDzZdmXpF7FfN5IvD9BFBRn4jLemuUhTF3dV2tTZSb", "end_user": "user-4711" })
}

fn answer_example() -> Value {
    json!({
        "id": "con_01M8Q0F1BWFACT7HHBJ07088KV",
        "platform": "tiktok_ads",
        "state": "active",
        "scopes": ["100", "200", "210", "220", "44"],
        "created_at": "2026-11-30T19:56:14.591Z",
        "end_user": "user-4711",
        "accounts": [{
            "id": "acc_01M8Q0F1BZFZ8ABBA807Q0P5FS",
            "currency": "EUR",
            "time_zone": "Europe/Berlin",
            "state": "active",
            "also_in": [],
            "also_in_more": false,
        }],
    })
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("activateConnection", "Take a connection up")
        .id("id", "con")
        .says(format!(
            "Until then a connection is pending, reads nothing, and ends by itself after {PENDING_MINUTES} minutes."
        ))
        .body::<ActivateRequest>()
        .ok::<ActivatedConnection>("The active connection; its first figures are on their way.")
        .add();
}
