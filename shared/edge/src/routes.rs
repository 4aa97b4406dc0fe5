//! The only table of routes: the local runner, the template check, OpenAPI and the tests read it.
//!
//! [`PREFLIGHT`] answers `OPTIONS` for every path below `/v1`. Every request without a route goes to
//! [`FALLBACK`], so that these answers, too, are problem documents with all headers.

use lambda_http::http::Method;
use mooring_domain::people::caller::Scope;

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The function's folder, which is also its binary.
    pub function: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path in API Gateway's syntax.
    pub path: &'static str,
    /// The right that the caller needs.
    pub needs: Needs,
    /// The operation's name in OpenAPI.
    pub operation_id: &'static str,
}

/// The right that a route needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// None: the route is public.
    Nothing,
    /// A valid credential with any scopes, or with none: the route is about the credential itself.
    Credential,
    /// A credential with this scope.
    Scope(Scope),
}

impl Route {
    /// Returns whether the route answers callers without a credential.
    pub const fn is_public(&self) -> bool {
        matches!(self.needs, Needs::Nothing)
    }

    /// Returns the scope that the caller needs, if the route needs one.
    pub const fn scope(&self) -> Option<Scope> {
        match self.needs {
            Needs::Scope(scope) => Some(scope),
            Needs::Nothing | Needs::Credential => None,
        }
    }
}

/// All routes.
pub const ROUTES: &[Route] = &[
    api("frontend-token-create", "POST", "/v1/frontend-tokens", Scope::TokensMint, "createFrontendToken"),
    api("connect-session-create", "POST", "/v1/connect-sessions", Scope::Connect, "createConnectSession"),
    public("connect-page", "GET", "/connect/{token}", "showConnectPage"),
    public("connect-page", "POST", "/connect/{token}", "startAuthorization"),
    public("connection-callback", "GET", "/oauth/callback/{platform}/{ctx}", "completeCallback"),
    public("connection-confirm", "GET", "/connect/confirm", "showConfirmPage"),
    public("connection-confirm", "POST", "/connect/confirm", "confirmAccounts"),
    api("connection-activate", "POST", "/v1/connections/{id}/activate", Scope::Connect, "activateConnection"),
    api("connections-read", "GET", "/v1/connections", Scope::ConnectionsRead, "listConnections"),
    api("connections-read", "GET", "/v1/connections/{id}", Scope::ConnectionsRead, "getConnection"),
    api("connection-disconnect", "DELETE", "/v1/connections/{id}", Scope::Disconnect, "disconnectConnection"),
    api(
        "connection-disconnect",
        "DELETE",
        "/v1/connections/{id}/accounts/{account}",
        Scope::Disconnect,
        "disconnectAccount",
    ),
    api("sync-request", "POST", "/v1/connections/{id}/accounts/{account}/sync", Scope::Sync, "requestSync"),
    api("reports-query", "GET", "/v1/reports", Scope::ReportsRead, "queryReport"),
    api("reports-query", "GET", "/v1/reports.csv", Scope::ReportsRead, "exportReport"),
    api("deletion-request", "POST", "/v1/deletion-requests", Scope::DeletionsWrite, "requestDeletion"),
    public("deletion-request", "GET", "/deletion-requests", "showDeletionRequestForm"),
    public("deletion-request", "POST", "/deletion-requests", "requestDeletionByMail"),
    public("deletion-request", "GET", "/deletion-requests/{link}", "showDeletionLink"),
    public("deletion-request", "POST", "/deletion-requests/{link}", "confirmDeletionLink"),
    public("deletion-status", "GET", "/deletions/{code}", "showDeletionStatus"),
    api("deletions-read", "GET", "/v1/deletions", Scope::DeletionsRead, "listDeletions"),
    api("deletions-read", "GET", "/v1/deletions/{id}", Scope::DeletionsRead, "getDeletion"),
    api("deletions-read", "GET", "/v1/deletions/{id}/receipt", Scope::DeletionsRead, "getReceipt"),
    api(
        "webhook-endpoint-create",
        "POST",
        "/v1/webhook-endpoints",
        Scope::WebhooksWrite,
        "createWebhookEndpoint",
    ),
    api(
        "webhook-endpoints-read",
        "GET",
        "/v1/webhook-endpoints",
        Scope::WebhooksRead,
        "listWebhookEndpoints",
    ),
    api(
        "webhook-endpoints-read",
        "GET",
        "/v1/webhook-endpoints/{id}",
        Scope::WebhooksRead,
        "getWebhookEndpoint",
    ),
    api(
        "webhook-endpoint-change",
        "PATCH",
        "/v1/webhook-endpoints/{id}",
        Scope::WebhooksWrite,
        "changeWebhookEndpoint",
    ),
    api(
        "webhook-endpoint-change",
        "DELETE",
        "/v1/webhook-endpoints/{id}",
        Scope::WebhooksWrite,
        "deleteWebhookEndpoint",
    ),
    api(
        "webhook-endpoint-change",
        "POST",
        "/v1/webhook-endpoints/{id}/rotate-secret",
        Scope::WebhooksWrite,
        "rotateWebhookSecret",
    ),
    api(
        "webhook-deliveries-read",
        "GET",
        "/v1/webhook-endpoints/{id}/deliveries",
        Scope::WebhooksRead,
        "listWebhookDeliveries",
    ),
    api(
        "webhook-deliveries-read",
        "GET",
        "/v1/webhook-endpoints/{id}/deliveries/{delivery}",
        Scope::WebhooksRead,
        "getWebhookDelivery",
    ),
    api(
        "webhook-send",
        "POST",
        "/v1/webhook-endpoints/{id}/test",
        Scope::WebhooksWrite,
        "testWebhookEndpoint",
    ),
    api(
        "webhook-send",
        "POST",
        "/v1/webhook-endpoints/{id}/deliveries/{delivery}/replay",
        Scope::WebhooksWrite,
        "replayWebhookDelivery",
    ),
    credential("calls-read", "GET", "/v1/credential", "getCredential"),
    api("calls-read", "GET", "/v1/access-log", Scope::AccessLogRead, "listAccesses"),
    api("calls-read", "GET", "/v1/usage", Scope::UsageRead, "getUsage"),
    public("openapi", "GET", "/openapi.json", "getOpenApi"),
    public("openapi", "GET", "/", "showFront"),
    public("openapi", "GET", "/docs", "showDocs"),
    public("openapi", "GET", "/docs/{page}", "showDocument"),
    public("openapi", "GET", "/docs/api/{page}", "showReference"),
    public("openapi", "GET", "/llms.txt", "getLlmsTxt"),
    public("openapi", "GET", "/health", "getHealth"),
    public("openapi", "HEAD", "/health", "headHealth"),
];

/// The only route of all preflights. It stands beside [`ROUTES`], because the API's description does not have
/// it.
pub static PREFLIGHT: Route = public("preflight", "OPTIONS", "/v1/{proxy+}", "answerPreflight");

/// The prefix of the paths for which [`PREFLIGHT`] answers.
pub(crate) const BELOW: &str = "/v1/";

/// The function that answers requests without a route: `$default` in the template.
pub const FALLBACK: &str = "openapi";

const fn api(
    function: &'static str,
    method: &'static str,
    path: &'static str,
    scope: Scope,
    operation_id: &'static str,
) -> Route {
    Route { function, method, path, needs: Needs::Scope(scope), operation_id }
}

const fn credential(
    function: &'static str,
    method: &'static str,
    path: &'static str,
    operation_id: &'static str,
) -> Route {
    Route { function, method, path, needs: Needs::Credential, operation_id }
}

const fn public(
    function: &'static str,
    method: &'static str,
    path: &'static str,
    operation_id: &'static str,
) -> Route {
    Route { function, method, path, needs: Needs::Nothing, operation_id }
}

/// The route of a request with its path parameters, still percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The route.
    pub route: &'static Route,
    /// The parameters' names and values.
    pub parameters: Vec<(&'static str, String)>,
}

/// Finds the route of a request in API Gateway's order: paths without parameters first, the greedy path last.
pub fn find(method: &str, path: &str) -> Option<Found> {
    let found = ROUTES.iter().filter(|route| route.method == method).filter_map(|route| {
        let parameters = parameters(route.path, path)?;
        Some(Found { route, parameters })
    });
    found.min_by_key(|found| found.parameters.len()).or_else(|| preflight(method, path))
}

/// Matches the requests that [`PREFLIGHT`] answers, whether their path is known or not.
fn preflight(method: &str, path: &str) -> Option<Found> {
    let rest = path.strip_prefix(BELOW).filter(|rest| !rest.is_empty() && method == PREFLIGHT.method)?;
    Some(Found { route: &PREFLIGHT, parameters: vec![("proxy", rest.to_owned())] })
}

/// Returns the name of a request's operation.
pub fn operation(method: &str, path: &str) -> &'static str {
    find(method, path).map_or("?", |found| found.route.operation_id)
}

/// Names a request in the log by its method and the pattern of its route. The path itself may hold a token
/// and is never logged.
pub(crate) fn pattern(method: &Method, path: &str) -> String {
    format!("{method} {}", find(method.as_str(), path).map_or("?", |found| found.route.path))
}

/// Lists the methods that a path answers, without `OPTIONS`.
pub fn methods(path: &str) -> Vec<&'static str> {
    ROUTES.iter().filter(|route| parameters(route.path, path).is_some()).map(|route| route.method).collect()
}

/// Lists each path that answers `OPTIONS`, by its first route.
pub fn preflights() -> Vec<&'static Route> {
    let mut paths: Vec<&'static Route> = Vec::new();
    for route in ROUTES.iter().filter(|route| route.path.starts_with(BELOW)) {
        if !paths.iter().any(|known| known.path == route.path) {
            paths.push(route);
        }
    }
    paths
}

/// Matches a path against a pattern.
fn parameters(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut patterns, mut parts) = (pattern.split('/'), path.split('/'));
    let mut found = Vec::new();
    loop {
        match (patterns.next(), parts.next()) {
            (None, None) => return Some(found),
            (Some(pattern), Some(part)) => match parameter(pattern) {
                Some(name) if !part.is_empty() => found.push((name, part.to_owned())),
                None if pattern == part => {}
                _ => return None,
            },
            _ => return None,
        }
    }
}

fn parameter(pattern: &'static str) -> Option<&'static str> {
    pattern.strip_prefix('{')?.strip_suffix('}')
}
