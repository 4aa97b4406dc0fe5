//! The good request of every route, each with things of its own, so that no request needs what another uses up.

use anyhow::{Context as _, Result, bail};
use http::Method;
use mooring_edge::routes::Route;
use mooring_local::{Connected, Person, Product};
use mooring_tests_journeys::connecting::{arrive, land, request, session, set_cookie};
use mooring_tests_journeys::{Answer, Wire, World};
use serde_json::{Value, json};

/// A request that works.
#[derive(Debug, Clone)]
pub(crate) struct Good {
    pub(crate) method: Method,
    /// The path with its parameters filled in, without the query.
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Body>,
    pub(crate) status: u16,
}

/// A body.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// A JSON object, and its optional fields.
    Json(Value, &'static [&'static str]),
    /// A form.
    Form(String),
}

impl Good {
    fn new(route: &Route, path: impl Into<String>, status: u16) -> Result<Self> {
        Ok(Self {
            method: route.method.parse()?,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            status,
        })
    }

    fn json(mut self, body: Value, optional: &'static [&'static str]) -> Self {
        self.body = Some(Body::Json(body, optional));
        self
    }

    fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Makes it a form as our own page sends it.
    fn form(mut self, fields: &str, world: &World) -> Self {
        self.body = Some(Body::Form(fields.to_owned()));
        self.header("sec-fetch-site", "same-origin")
            .header("origin", world.stack.wiring().api_origin.as_str())
    }

    fn query(mut self, pairs: &[(&'static str, &str)]) -> Self {
        self.query.extend(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self
    }

    /// Returns path and query.
    pub(crate) fn target(&self) -> String {
        let pairs: Vec<_> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, pairs.join("&")) }
    }

    /// Sends it as it is, with a credential if there is one.
    pub(crate) async fn send(&self, wire: &Wire, credential: Option<&str>) -> Result<Answer> {
        let (media, body) = match &self.body {
            None => (None, None),
            Some(Body::Json(value, _)) => (Some("application/json"), Some(value.to_string().into_bytes())),
            Some(Body::Form(text)) => {
                (Some("application/x-www-form-urlencoded"), Some(text.clone().into_bytes()))
            }
        };
        self.send_other(wire, credential, media, body.as_deref()).await
    }

    /// Sends it with another body.
    pub(crate) async fn send_other(
        &self,
        wire: &Wire,
        credential: Option<&str>,
        media: Option<&str>,
        body: Option<&[u8]>,
    ) -> Result<Answer> {
        let bearer = credential.map(|credential| format!("Bearer {credential}"));
        let mut headers: Vec<(&str, &str)> =
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        headers.extend(media.map(|media| ("content-type", media)));
        wire.send(&self.method, &self.target(), &headers, body).await
    }
}

/// Makes the things that a route needs, and its good request.
#[expect(clippy::match_same_arms, reason = "one line says one route")]
pub(crate) async fn good(world: &World, route: &Route) -> Result<Good> {
    let product = &world.product;
    let good = |path: &str, status| Good::new(route, path, status);
    Ok(match route.operation_id {
        "createFrontendToken" => {
            good(route.path, 201)?.json(json!({ "end_user": "u", "scopes": ["reports.read"] }), &["scopes"])
        }
        "createConnectSession" => {
            let mut body = request(world, "u");
            body["end_user_email"] = json!("a@example.net");
            good(route.path, 201)?.json(body, &["end_user_email"])
        }
        "showConnectPage" => good(session(product, &request(world, "page")).await?.path(), 200)?,
        "startAuthorization" => {
            good(session(product, &request(world, "start")).await?.path(), 303)?.form("", world)
        }
        "completeCallback" | "showConfirmPage" | "confirmAccounts" => pages(world, route).await?,
        "activateConnection" => activation(world, route).await?,
        "listConnections" | "listAccesses" => good(route.path, 200)?.query(&[("limit", "2")]),
        "getConnection" => good(&format!("/v1/connections/{}", live(world).await?.id), 200)?,
        "disconnectConnection" => good(&format!("/v1/connections/{}", live(world).await?.id), 202)?,
        "disconnectAccount" => good(&account(world).await?, 202)?,
        "queryReport" | "exportReport" => report(world, route).await?,
        "requestSync" => {
            let account = account(world).await?;
            world.stack.drain().await?;
            good(&format!("{account}/sync"), 202)?
        }
        "requestDeletion" => {
            let body = json!({ "connection_id": live(world).await?.id });
            good(route.path, 202)?.json(body, &[])
        }
        "requestDeletionByMail" => good(route.path, 202)?
            .json(json!({ "email": "b@example.net" }), &[])
            .header("accept", "application/json"),
        "showDeletionLink" | "confirmDeletionLink" => link(world, route).await?,
        "showDeletionStatus" => good(&status_path(&deletion(world).await?)?, 200)?,
        "listDeletions" => good(route.path, 200)?.query(&[("limit", "2")]),
        "getDeletion" => good(&format!("/v1/deletions/{}", id(&deletion(world).await?)?), 200)?,
        "getReceipt" => {
            let id = id(&deletion(world).await?)?;
            world.finish(&id, 8).await?;
            good(&format!("/v1/deletions/{id}/receipt"), 200)?
        }
        operation if operation.contains("Webhook") => webhook(world, route).await?,
        "getUsage" => good(route.path, 200)?.query(&[("from", "2026-11-20"), ("to", "2026-11-21")]),
        "getCredential"
        | "getOpenApi"
        | "showFront"
        | "showDocs"
        | "getLlmsTxt"
        | "getHealth"
        | "headHealth"
        | "showDeletionRequestForm" => good(route.path, 200)?,
        "showDocument" => good("/docs/quickstart", 200)?,
        "showReference" => good("/docs/api/errors.md", 200)?,
        other => bail!("{other} has no good request here: add one"),
    })
}

/// Makes a live connection of the product.
async fn live(world: &World) -> Result<Connected> {
    world.product.connect(&mut Person::new()?, "live", None).await
}

/// Makes a live connection, and returns the path of its first account.
async fn account(world: &World) -> Result<String> {
    let connected = live(world).await?;
    Ok(format!("/v1/connections/{}/accounts/{}", connected.id, first(&connected)?))
}

fn first(connected: &Connected) -> Result<&str> {
    connected.accounts.first().map(String::as_str).context("no account")
}

async fn pages(world: &World, route: &Route) -> Result<Good> {
    let mut flow = arrive(world, &world.product, "pages").await?;
    if route.operation_id == "completeCallback" {
        let cookie = format!("{}={}", flow.cookie.0, flow.cookie.1);
        let mut good = Good::new(route, flow.callback.path(), 303)?.header("cookie", cookie);
        let pairs =
            flow.callback.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        for (name, value) in pairs {
            let known = ["state", "code", "auth_code"].into_iter().find(|known| *known == name);
            good.query.extend(known.map(|known| (known, value.to_owned())));
        }
        return Ok(good);
    }
    let landed = flow.person.get(&flow.callback).await?;
    let (name, value) = set_cookie(&landed)?;
    let fields = flow.person.get(landed.follow()?).await?.form("checkbox")?.fields;
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        found.with_context(|| format!("the form has no {name}"))
    };
    let ticket = field("ticket")?;
    let good = |status| {
        Ok::<_, anyhow::Error>(
            Good::new(route, route.path, status)?.header("cookie", format!("{name}={value}")),
        )
    };
    if route.operation_id == "showConfirmPage" {
        Ok(good(200)?.query(&[("ticket", ticket.as_str())]))
    } else {
        let form = format!("ticket={ticket}&account={}&decision=connect", field("account")?);
        Ok(good(303)?.form(&form, world))
    }
}

async fn activation(world: &World, route: &Route) -> Result<Good> {
    let mut flow = arrive(world, &world.product, "taken-up").await?;
    let form = land(&mut flow).await?.form("checkbox")?;
    let done = flow.person.submit(&form, |_, value| value != "cancel").await?;
    let back = done.follow()?.clone();
    let id = mooring_tests_journeys::connecting::parameter(&back, "connection_id")?;
    let code = mooring_tests_journeys::connecting::parameter(&back, "code")?;
    let path = format!("/v1/connections/{id}/activate");
    Ok(Good::new(route, path, 200)?.json(json!({ "code": code, "end_user": "taken-up" }), &[]))
}

async fn report(world: &World, route: &Route) -> Result<Good> {
    let connected = live(world).await?;
    world.stack.drain().await?;
    Ok(Good::new(route, route.path, 200)?.query(&[
        ("connection_id", connected.id.as_str()),
        ("account_id", first(&connected)?),
        ("level", "ad"),
        ("from", "2026-11-18"),
        ("to", "2026-11-22"),
        ("metrics", "spend,ctr"),
        ("group_by", "day"),
        ("sort", "-spend"),
        ("limit", "2"),
    ]))
}

/// Makes an endpoint for each operation, and a failed delivery where the operation replays one.
async fn webhook(world: &World, route: &Route) -> Result<Good> {
    let at = "https://hooks.example.com/in";
    if route.operation_id == "createWebhookEndpoint" {
        let body = json!({ "url": at, "event_types": ["connection.activated"], "description": "d" });
        return Ok(Good::new(route, route.path, 201)?.json(body, &["event_types", "description"]));
    }
    if route.operation_id == "listWebhookEndpoints" {
        return Ok(Good::new(route, route.path, 200)?.query(&[("limit", "2")]));
    }
    let product = &world.product;
    let endpoints = "/v1/webhook-endpoints";
    // Nothing listens at that address, so that a delivery fails.
    let nobody = json!({ "url": "http://127.0.0.1:1/" });
    let made = product.call(Method::POST, endpoints, Some(&nobody)).await?;
    let of = format!("{endpoints}/{}", id(&made)?);
    let good = |rest: &str, status| Good::new(route, format!("{of}{rest}"), status);
    Ok(match route.operation_id {
        "getWebhookEndpoint" | "rotateWebhookSecret" => {
            good(if route.method == "GET" { "" } else { "/rotate-secret" }, 200)?
        }
        "changeWebhookEndpoint" => {
            let body = json!({ "url": at, "event_types": ["connection.activated"], "description": "d", "enabled": true });
            good("", 200)?.json(body, &["url", "event_types", "description", "enabled"])
        }
        "deleteWebhookEndpoint" => good("", 204)?,
        "testWebhookEndpoint" => good("/test", 202)?,
        "listWebhookDeliveries" => good("/deliveries", 200)?.query(&[("limit", "2")]),
        "getWebhookDelivery" | "replayWebhookDelivery" => {
            let delivery = id(&product.call(Method::POST, &format!("{of}/test"), None).await?)?;
            if route.method == "GET" {
                return good(&format!("/deliveries/{delivery}"), 200);
            }
            world.stack.drain().await?;
            // Ends the delivery, which may then be replayed.
            let off = json!({ "enabled": false });
            product.call(Method::PATCH, &of, Some(&off)).await?;
            world.pass(jiff::SignedDuration::from_mins(6)).await?;
            product.call(Method::PATCH, &of, Some(&json!({ "enabled": true }))).await?;
            good(&format!("/deliveries/{delivery}/replay"), 202)?
        }
        "showDocument" => good("/docs/quickstart", 200)?,
        "showReference" => good("/docs/api/errors.md", 200)?,
        other => bail!("{other} has no good request here: add one"),
    })
}

async fn link(world: &World, route: &Route) -> Result<Good> {
    let address = format!("{}@example.net", route.operation_id.to_lowercase());
    world.product.connect(&mut Person::new()?, "by-mail", Some(&address)).await?;
    let body = json!({ "email": address }).to_string();
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let headers = [("content-type", "application/json")];
    wire.send(&Method::POST, "/deletion-requests", &headers, Some(body.as_bytes())).await?;
    world.stack.drain().await?;
    let mails = world.stack.aws().mails();
    let mail = mails.iter().rev().find(|mail| mail.to == [address.clone()]).context("no mail")?;
    let url =
        mail.text.split_whitespace().find(|word| word.contains("/deletion-requests/")).context("no link")?;
    let path = url::Url::parse(url)?.path().to_owned();
    if route.method == "GET" {
        Good::new(route, path, 200)
    } else {
        Ok(Good::new(route, path, 303)?.form("", world))
    }
}

async fn deletion(world: &World) -> Result<Value> {
    world.disconnect(&live(world).await?.id).await
}

fn id(deletion: &Value) -> Result<String> {
    Ok(deletion["id"].as_str().context("a deletion without id")?.to_owned())
}

fn status_path(deletion: &Value) -> Result<String> {
    let url = deletion["status_url"].as_str().context("no status page")?;
    Ok(url::Url::parse(url)?.path().to_owned())
}

/// Credentials of callers that may not make a call.
pub(crate) struct Callers {
    /// The tenant's own key.
    pub(crate) own: String,
    /// Another tenant's key.
    pub(crate) foreign: String,
    /// The tenant's own token without the scope.
    pub(crate) without: String,
}

impl Callers {
    pub(crate) async fn of(world: &World, route: &Route) -> Result<Self> {
        let own = world.stack.seeded().api_key.clone();
        let foreign = world.stack.another_tenant("Foreign").await?.api_key;
        let scope = route.scope().map_or("", mooring_domain::people::caller::Scope::as_str);
        let other = if scope == "reports.read" { "connections.read" } else { "reports.read" };
        let without = token(&world.product, other).await?;
        Ok(Self { own, foreign, without })
    }
}

async fn token(product: &Product, scope: &str) -> Result<String> {
    let body = json!({ "end_user": "u", "scopes": [scope] });
    let minted = product.call(Method::POST, "/v1/frontend-tokens", Some(&body)).await?;
    Ok(minted["token"].as_str().context("no token")?.to_owned())
}
