//! POST /v1/frontend-tokens: mints a browser's token.

use lambda_http::Request;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::FRONTEND_TOKEN_MINUTES;
use mooring_domain::people::caller::{Caller, Scope};
pub use mooring_domain::people::ops::create_frontend_token::Ports;
use mooring_domain::people::ops::create_frontend_token::{Input, Output, run};
use mooring_domain::{Error, Result};
use mooring_edge::openapi::{Api, END_USER_PATTERN, Value, json, words};
use mooring_edge::views::time::Time;
use mooring_edge::{Edge, Reply, created, field, json_body};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The ports of the operation.
    pub ports: Ports,
}

/// The body of the request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = request_example())]
struct TokenRequest {
    /// The product's own opaque reference to the person who uses the browser: 1 to 128 visible ASCII characters, no e-mail address.
    #[schemars(length(min = 1, max = 128), regex(pattern = END_USER_PATTERN))]
    end_user: String,
    /// The scopes. Without this field the token has all scopes of the key that a browser may have.
    #[schemars(with = "Option<Vec<words::BrowserScope>>", length(min = 1))]
    scopes: Option<Vec<String>>,
}

/// The token, shown only this once.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = answer_example())]
struct TokenResponse {
    /// The token, for `Authorization: Bearer`.
    token: String,
    /// When the token ends.
    expires_at: Time,
    /// The token's scopes.
    #[schemars(with = "Vec<words::BrowserScope>")]
    scopes: Vec<String>,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let mint = async |caller, attempt| mint(app, &request, &caller, &attempt).await;
    app.edge.once(&request, Scope::TokensMint, mint).await
}

async fn mint(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    let input = json_body::<TokenRequest>(request)?.into_input()?;
    created(&TokenResponse::of(&run(&app.ports, attempt, caller, input).await?), None)
}

impl TokenRequest {
    fn into_input(self) -> Result<Input> {
        let end_user =
            field(&self.end_user, "end_user", "1 to 128 visible ASCII characters, no e-mail address")?;
        let scopes = self.scopes.map(|names| names.iter().map(|name| scope(name)).collect::<Result<_>>());
        Ok(Input { end_user, scopes: scopes.transpose()? })
    }
}

fn scope(name: &str) -> Result<Scope> {
    Scope::parse(name)
        .ok_or_else(|| Error::invalid("unknown_scope", "`scopes` holds a scope that does not exist."))
}

impl TokenResponse {
    fn of(output: &Output) -> Self {
        Self {
            token: output.token.text().to_owned(),
            expires_at: output.expires_at.into(),
            scopes: output.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        }
    }
}

fn request_example() -> Value {
    json!({ "end_user": "user-4711", "scopes": ["connections.read", "reports.read"] })
}

/// Shows a token by its form alone: a whole one in a document would ring in scanners of secrets.
fn answer_example() -> Value {
    json!({
        "token": "moor_ft_live_…",
        "expires_at": "2026-11-30T20:56:14.064Z",
        "scopes": ["connections.read", "reports.read"],
    })
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("createFrontendToken", "Mint a browser's token")
        .says(format!("The token belongs to one end user and lives {FRONTEND_TOKEN_MINUTES} minutes, but no longer than the key that asks. At each call it has those of its scopes that this key has then."))
        .body::<TokenRequest>()
        .created_without_address::<TokenResponse>("The token; it is shown this once, and again to a repetition with the same key.")
        .add();
}
