//! GET /v1/credential: whose credential calls, what it may do, and how much of its limits is left.

use jiff::Timestamp;
use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::guard::idempotency::KEPT;
use mooring_domain::guard::limits::{Gauge, Limits, Rate};
use mooring_domain::people::caller::{CredentialKind, Scope};
use mooring_domain::people::ops::read_credential::{Output, run};
use mooring_edge::openapi::{Api, Value, id_pattern, json, words};
use mooring_edge::views::time::Time;
use mooring_edge::{Admitted, Query, Reply, ok};
use schemars::JsonSchema;
use serde::Serialize;

use crate::App;

/// The credential that made the call.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Credential", example = example())]
struct CredentialResponse {
    /// The credential's id, which the access log names too.
    #[schemars(regex(pattern = id_pattern("key")))]
    id: String,
    /// The kind of the credential.
    kind: Kind,
    /// The label of an API key; `null` for a frontend token.
    name: Option<String>,
    /// The customer organisation that the credential belongs to.
    tenant: TenantResponse,
    /// The person whom a frontend token is for; `null` for an API key, which speaks for the whole tenant.
    end_user: Option<String>,
    /// The API key that minted a frontend token.
    #[schemars(regex(pattern = id_pattern("key")))]
    minted_by: Option<String>,
    /// The scopes that the credential has now.
    #[schemars(with = "Vec<words::Scope>")]
    scopes: Vec<String>,
    /// When the credential stops working; `null` for a key without end.
    expires_at: Option<Time>,
    /// The limits that count the credential's calls, this one included.
    limits: Vec<LimitResponse>,
    /// For how many hours an `Idempotency-Key` is remembered.
    idempotency_hours: i64,
}

/// The kind of a credential: an API key for the product's server, or a frontend token for one browser and one person.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "CredentialKind")]
enum Kind {
    ApiKey,
    FrontendToken,
}

/// A customer organisation of the product.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Tenant")]
struct TenantResponse {
    /// The tenant's id.
    #[schemars(regex(pattern = id_pattern("ten")))]
    id: String,
    /// The name that people read on the connect page.
    name: String,
}

/// One limit.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Limit")]
struct LimitResponse {
    /// Whose calls the limit counts.
    name: LimitName,
    /// How many calls a minute it lets through in the long run.
    calls_per_minute: u32,
    /// How many calls it lets through at once after a pause.
    at_once: u32,
    /// How many calls there is room for now; `null` when the limit could not be read.
    left: Option<u32>,
    /// When there is room for `at_once` calls again, if none comes until then.
    full_at: Option<Time>,
}

/// Whose calls a limit counts: those of this credential, or those of all credentials of the tenant.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum LimitName {
    Key,
    Tenant,
}

pub(crate) async fn handle(app: &App, request: &Request) -> Reply {
    let show = async |admitted| show(app, request, admitted).await;
    app.edge.admitted(request, None, show).await
}

async fn show(app: &App, request: &Request, admitted: Admitted) -> Result<Reply> {
    Query::of(request)?.finish()?;
    let known = run(&app.credential, &admitted.caller).await?;
    ok(&CredentialResponse::of(known, admitted, app.edge.limits))
}

impl CredentialResponse {
    fn of(known: Output, Admitted { caller, tenant, gauges }: Admitted, limits: Limits) -> Self {
        let end_user = caller.end_user().map(|user| user.as_str().to_owned());
        Self {
            id: caller.credential.to_string(),
            kind: match caller.kind {
                CredentialKind::ApiKey => Kind::ApiKey,
                CredentialKind::FrontendToken(_) => Kind::FrontendToken,
            },
            name: known.name,
            tenant: TenantResponse { id: tenant.id.to_string(), name: tenant.name },
            end_user,
            minted_by: known.minted_by.map(|key| key.to_string()),
            scopes: caller.scopes.into_iter().map(Scope::as_str).map(str::to_owned).collect(),
            expires_at: known.expires_at.map(Time::from),
            limits: LimitResponse::all(limits, &gauges),
            idempotency_hours: KEPT.as_hours(),
        }
    }
}

impl LimitResponse {
    fn all(limits: Limits, gauges: &[Gauge]) -> Vec<Self> {
        let [key, tenant] = limits.named();
        [(LimitName::Key, key), (LimitName::Tenant, tenant)]
            .map(|(name, (word, rate))| Self::of(name, rate, gauges.iter().find(|gauge| gauge.name == word)))
            .into()
    }

    fn of(name: LimitName, rate: Rate, gauge: Option<&Gauge>) -> Self {
        let full_at = gauge.and_then(|gauge| Timestamp::from_microsecond(gauge.full_at).ok());
        Self {
            name,
            calls_per_minute: rate.calls(),
            at_once: rate.burst(),
            left: gauge.map(|gauge| gauge.left),
            full_at: full_at.map(Time::from),
        }
    }
}

fn example() -> Value {
    json!({
        "id": "key_01M8Q0EZ7Y3K5M7P9R1T3V5X7Z",
        "kind": "api_key",
        "name": "Server",
        "tenant": { "id": "ten_01M8Q0EZ7Y3K5M7P9R1T3V5X7Z", "name": "Quay Books" },
        "end_user": null,
        "minted_by": null,
        "scopes": ["connections.read", "reports.read"],
        "expires_at": null,
        "limits": [
            { "name": "key", "calls_per_minute": 600, "at_once": 120, "left": 119, "full_at": "2026-11-30T19:56:14.100Z" },
            { "name": "tenant", "calls_per_minute": 3000, "at_once": 600, "left": 599, "full_at": "2026-11-30T19:56:14.020Z" },
        ],
        "idempotency_hours": 24,
    })
}

pub(crate) fn describe(api: &mut Api) {
    api.operation("getCredential", "Read the credential that calls")
        .says(
            "Every valid credential may make this call, also one without scopes. It counts as one call of its limits, \
             like every other.",
        )
        .ok::<CredentialResponse>("The credential, its tenant, its scopes and its limits.")
        .add();
}
