//! GET /oauth/callback/{platform}/{ctx}: handles the person's return from the platform.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::secret::Confidential;
use mooring_domain::connect::binding::{cookie_name, unusable};
pub use mooring_domain::connect::ops::complete_callback::Ports;
use mooring_domain::connect::ops::complete_callback::{CallbackOutcome, Input, run};
use mooring_edge::flow::{self, Exit};
use mooring_edge::openapi::{Api, json};
use mooring_edge::{Edge, Query, Reply, language, path};

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
    flow::run(&app.edge, &request, &Exit { profile: &app.ports.profile, back: None }, async || {
        arrive(app, &request).await
    })
    .await
}

async fn arrive(app: &App, request: &Request) -> Result<Reply> {
    flow::visit(request)?;
    let input = input(app, request).map_err(|_| unusable())?;
    match run(&app.ports, &input).await? {
        CallbackOutcome::Onward(onward) => flow::onward(&app.edge.site, language(request), &onward),
        CallbackOutcome::Ask { token, error } => flow::ask_again(&app.edge.site, token.text(), &error),
        CallbackOutcome::Ended { url, error } => flow::ended(&url, &error),
    }
}

/// The parameters that are read. No other parameter and no value is ever shown.
const READ: [&str; 5] = ["state", "code", "auth_code", "error", "iss"];

/// The parameters that the platform sent.
#[derive(Debug)]
struct Sent {
    state: String,
    code: Option<String>,
    issuer: Option<String>,
}

/// Reads the parameters of [`READ`] and refuses them when one is repeated or oversized. Other parameters may
/// have any form: a platform may add them, and the person could not do anything about it. A text that is no
/// query is refused before.
fn sent(request: &Request) -> Result<Sent> {
    let mut query = Query::only(request, &READ)?;
    let state = query.take("state").ok_or_else(unusable)?;
    let refused = query.take("error").is_some();
    // TikTok calls the code `auth_code`, and some of its callbacks carry `code` with the same value beside
    // it.
    let code = query.take("auth_code").or_else(|| query.take("code")).filter(|_| !refused);
    Ok(Sent { state, code, issuer: query.take("iss") })
}

fn input(app: &App, request: &Request) -> Result<Input> {
    let Sent { state, code, issuer } = sent(request)?;
    let cookie = app.edge.site.cookie(request, &binding(app, &state)).map(Confidential::new);
    Ok(Input {
        platform: path(request, "platform")?,
        context: path(request, "ctx")?,
        state: Confidential::new(state),
        code: code.map(Into::into),
        issuer,
        cookie,
    })
}

/// Returns the name of the cookie that binds a state to its browser.
fn binding(app: &App, state: &str) -> String {
    cookie_name(&app.edge.entropy.digest(state.as_bytes()))
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("completeCallback", "Come back from the platform")
        .says("The redirect URI. Whatever does not belong to a flow of this browser gets one and the same page. Only a visit counts: what a browser fetches in advance uses nothing up. The same browser finds the same way when it opens the callback again.")
        .query("state", "string", true, "The state that went to the platform.")
        .query("code", "string", false, "The code; some platforms call it `auth_code`.")
        .meaning("platform", "The platform's word.")
        .meaning("ctx", "The callback context, which the product's app at the platform has.")
        .example("platform", json!("tiktok_ads"))
        .example("ctx", json!("main"))
        .example("state", json!("w2cXq0tq1y8n5dHkq6o0b3m5R9uVJtKxw4d2pQz7LsA"))
        .redirects("The choice of accounts; a connect page that asks again, where a needed permission was left out; or the return URL, with `error` where the flow ended.")
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
