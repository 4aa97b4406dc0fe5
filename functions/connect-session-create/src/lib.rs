//! POST /v1/connect-sessions: opens a connect session.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::secret::Confidential;
pub use mooring_domain::connect::ops::create_connect_session::Ports;
use mooring_domain::connect::ops::create_connect_session::{Input, run};
use mooring_domain::connect::session::SESSION_MINUTES;
use mooring_domain::guard::idempotency::Attempt;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_edge::openapi::{Api, END_USER_PATTERN, Value, id_pattern, json, words};
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
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = request_example())]
struct SessionRequest {
    /// The product's own opaque reference to the person who connects: 1 to 128 visible ASCII characters, no e-mail address.
    #[schemars(length(min = 1, max = 128), regex(pattern = END_USER_PATTERN))]
    end_user: String,
    /// The platform.
    #[schemars(with = "words::Platform")]
    platform: String,
    /// The address to which the flow returns: exactly one of the URLs registered for the tenant.
    #[schemars(extend("format" = "uri"))]
    return_url: String,
    /// The person's e-mail address, so that they can ask for deletion by mail. Only a fingerprint of it is kept.
    #[schemars(email, length(max = 254))]
    end_user_email: Option<String>,
    /// The live connection to authorise again, if it is not a new one.
    #[schemars(regex(pattern = id_pattern("con")))]
    connection_id: Option<String>,
    /// The language in which Mooring's pages speak to the person, as a tag of BCP 47 such as `de` or `pt-BR`. The closest
    /// language that there is counts, otherwise English. Without it the browser's languages count.
    #[schemars(length(max = 35), regex(pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"))]
    locale: Option<String>,
}

/// The session.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(example = answer_example())]
struct SessionResponse {
    /// The page to open in the person's browser; shown only this once.
    #[schemars(with = "words::Address")]
    url: String,
    /// When the session ends.
    expires_at: Time,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let open = async |caller, attempt| open(app, &request, &caller, &attempt).await;
    app.edge.once(&request, Scope::Connect, open).await
}

async fn open(app: &App, request: &Request, caller: &Caller, attempt: &Attempt) -> Result<Reply> {
    let input = json_body::<SessionRequest>(request)?.into_input()?;
    let session = run(&app.ports, attempt, caller, input).await?;
    let url = app.edge.site.url(&format!("/connect/{}", session.token.text()));
    let expires_at = session.expires_at.into();
    created(&SessionResponse { url: url.clone(), expires_at }, Some(&url))
}

impl SessionRequest {
    fn into_input(self) -> Result<Input> {
        let locale = self.locale.map(|tag| field(&tag, "locale", "a language tag, such as `de` or `pt-BR`"));
        let connection = self.connection_id.map(|id| field(&id, "connection_id", "a connection's id"));
        Ok(Input {
            end_user: field(
                &self.end_user,
                "end_user",
                "1 to 128 visible ASCII characters, no e-mail address",
            )?,
            platform: self.platform,
            return_url: self.return_url,
            mail: self.end_user_email.map(Confidential::new),
            reauthorise: connection.transpose()?,
            locale: locale.transpose()?,
        })
    }
}

fn request_example() -> Value {
    json!({
        "end_user": "user-4711",
        "platform": "tiktok_ads",
        "return_url": "https://app.example.com/connected",
        "end_user_email": "anna@example.net",
    })
}

fn answer_example() -> Value {
    json!({
        "url": "https://api.example.com/connect/hBTy5T4DzNXooYHc3Zq5I2Ll1NhGXPie6bWitMF2YWq",
        "expires_at": "2026-11-30T20:26:13.895Z",
    })
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("createConnectSession", "Open a connect session")
        .says(format!(
            "Open `url` in the person's browser. The session works once and for {SESSION_MINUTES} minutes."
        ))
        .body::<SessionRequest>()
        .created::<SessionResponse>("The session.")
        .add();
}
