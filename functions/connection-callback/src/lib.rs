//! GET /oauth/callback/{platform}/{ctx}: the way back from the platform.

use std::sync::Arc;

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::connect::binding::{cookie_name, unusable};
use mooring_domain::connector::Connectors;
use mooring_domain::ops::complete_callback::{Arrival, Input, Ports, run};
use mooring_domain::ports::{
    ConnectionCreate, ConnectionRead, DeletionBegin, KeyMint, KeyOpen, TransientPut, TransientRead,
    TransientTake, VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_domain::secret::Confidential;
use mooring_edge::openapi::Api;
use mooring_edge::{Edge, Exit, Query, Reply, path};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// Uses transactions up.
    pub take: Arc<dyn TransientTake>,
    /// Looks where a flow came to.
    pub read: Arc<dyn TransientRead>,
    /// Keeps the ticket, and how far the flow came.
    pub put: Arc<dyn TransientPut>,
    /// The connection that is authorised again.
    pub connections: Arc<dyn ConnectionRead>,
    /// Writes connections.
    pub create: Arc<dyn ConnectionCreate>,
    /// Lists the places of the deletion that waits for an abandoned connection.
    pub deletions: Arc<dyn DeletionBegin>,
    /// The app's sealed credentials.
    pub vault: Arc<dyn VaultRead>,
    /// Opens them.
    pub open: Arc<dyn KeyOpen>,
    /// Makes the connection's keys.
    pub mint: Arc<dyn KeyMint>,
    /// The platforms.
    pub connectors: Arc<dyn Connectors>,
    /// The product.
    pub profile: Arc<Profile>,
}

/// Answers the request.
pub async fn handle(app: &App, request: Request) -> Reply {
    app.edge
        .flow(&request, &Exit { profile: &app.profile, back: None }, async || arrive(app, &request).await)
        .await
}

async fn arrive(app: &App, request: &Request) -> Result<Reply> {
    app.edge.visit(request)?;
    let input = input(app, request).map_err(|_| unusable())?;
    match run(&ports(app), &input).await? {
        Arrival::Onward(onward) => app.edge.onward(&onward),
        Arrival::Ended { url, error } => app.edge.ended(&url, &error),
    }
}

/// The parameters that are read; no other one, and no value of any, is ever shown.
const READ: [&str; 5] = ["state", "code", "auth_code", "error", "iss"];

/// What the platform sent.
#[derive(Debug)]
struct Sent {
    state: String,
    code: Option<String>,
    issuer: Option<String>,
}

/// Reads what the platform sent. Only a repeated or oversized parameter of [`READ`] is refused: a platform may add others, long
/// or repeated, and the person could not do anything about it. What is no query at all is refused before.
fn sent(request: &Request) -> Result<Sent> {
    let mut query = Query::only(request, &READ)?;
    let state = query.take("state").ok_or_else(unusable)?;
    let refused = query.take("error").is_some();
    // TikTok calls the code `auth_code`, and some of its callbacks carry `code` with the same value beside it.
    let code = query.take("auth_code").or_else(|| query.take("code")).filter(|_| !refused);
    Ok(Sent { state, code, issuer: query.take("iss") })
}

fn input(app: &App, request: &Request) -> Result<Input> {
    let Sent { state, code, issuer } = sent(request)?;
    let cookie = app.edge.cookie(request, &binding(app, &state)).map(Confidential::new);
    Ok(Input {
        platform: path(request, "platform")?,
        context: path(request, "ctx")?,
        state: Confidential::new(state),
        code: code.map(Into::into),
        issuer,
        cookie,
    })
}

/// The name of the cookie that binds a state to its browser.
fn binding(app: &App, state: &str) -> String {
    cookie_name(&app.edge.entropy.digest(state.as_bytes()))
}

fn ports(app: &App) -> Ports<'_> {
    Ports {
        callers: app.edge.callers.as_ref(),
        take: app.take.as_ref(),
        read: app.read.as_ref(),
        put: app.put.as_ref(),
        connections: app.connections.as_ref(),
        create: app.create.as_ref(),
        deletions: app.deletions.as_ref(),
        vault: app.vault.as_ref(),
        open: app.open.as_ref(),
        mint: app.mint.as_ref(),
        connectors: app.connectors.as_ref(),
        profile: &app.profile,
        clock: app.edge.clock.as_ref(),
        entropy: app.edge.entropy.as_ref(),
    }
}

/// Describes the operation.
pub fn describe(api: &mut Api) {
    api.operation("completeCallback", "Come back from the platform")
        .says("The redirect URI. Whatever does not belong to a flow of this browser gets one and the same page. Only a visit counts: what a browser fetches in advance uses nothing up. The same browser finds the same way when it opens the callback again.")
        .query("state", "string", true, "The state that went to the platform.")
        .query("code", "string", false, "The code; some platforms call it `auth_code`.")
        .redirects("The choice of accounts, or the return URL; with `error` where the flow ended.")
        .add();
}

#[cfg(test)]
mod tests {
    use lambda_http::Body;
    use lambda_http::http::Request as HttpRequest;

    use super::*;

    fn read(query: &str) -> Result<Sent> {
        let uri = format!("/oauth/callback/p/c?{query}");
        sent(&HttpRequest::get(uri).body(Body::Empty).unwrap())
    }

    fn code(query: &str) -> Option<String> {
        read(query).unwrap().code
    }

    #[test]
    fn what_a_platform_adds_is_ignored_in_any_form() {
        let long = "x".repeat(5_000);
        let sent = read(&format!("scope=a&code=c&scope=b&state=s&hint={long}&{long}=1&iss=i")).unwrap();
        assert_eq!(
            (sent.state.as_str(), sent.code.as_deref(), sent.issuer.as_deref()),
            ("s", Some("c"), Some("i"))
        );
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        assert_eq!(code("state=s&auth_code=&code=c").as_deref(), Some("c"));
        assert_eq!(code("state=s&auth_code=a&code=").as_deref(), Some("a"));
        assert_eq!(code("state=s&code=c&error=").as_deref(), Some("c"));
        assert_eq!(code("state=s&code=c&error=access_denied"), None);
        assert_eq!(code("state=s&code="), None);
        assert!(read("state=s&iss=").unwrap().issuer.is_none());
        assert!(read("state=&code=c").is_err());
    }

    #[test]
    fn a_parameter_that_is_read_comes_once_and_is_not_too_long() {
        for name in READ {
            for pair in ["=1", "="] {
                assert!(read(&format!("state=s&{name}=1&{name}{pair}")).is_err(), "{name}{pair}");
            }
            assert!(read(&format!("state=s&{name}={}", "x".repeat(2_049))).is_err(), "{name}");
        }
    }
}
