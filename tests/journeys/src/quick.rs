//! The connect flow without a browser or pages: the same functions through the same events, in a few calls.
//!
//! Crash tests make hundreds of connections; each gets fresh functions, so that no connection waits for another one's
//! rate limit.

use anyhow::{Context as _, Result, ensure};
use http::Method;
use http::header::{LOCATION, SET_COOKIE};
use mooring_local::Connected;
use serde_json::{Value, json};
use url::Url;

use crate::connecting::{parameter, request};
use crate::rig::Functions;
use crate::{Answer, Wire, World};

/// A browser before our callback: the path to open and the cookie to open it with.
#[derive(Debug, Clone)]
pub struct Door {
    /// Path and query.
    pub path: String,
    /// The cookie header.
    pub cookie: String,
}

/// A code that the product can redeem.
#[derive(Debug, Clone)]
pub struct Code {
    /// The pending connection.
    pub connection: String,
    /// The code.
    pub code: String,
    /// The end user.
    pub end_user: String,
}

/// Opens a session, goes on to the platform and consents to everything.
pub async fn depart(world: &World, functions: &Functions, end_user: &str) -> Result<Door> {
    depart_for(world, functions, end_user, world.stack.sandbox().advertiser_ids()).await
}

/// Opens a session, goes on to the platform and gives access to these advertisers.
async fn depart_for(
    world: &World,
    functions: &Functions,
    end_user: &str,
    advertisers: Vec<String>,
) -> Result<Door> {
    let session = call(world, functions, "/v1/connect-sessions", &request(world, end_user)).await?;
    let page = Url::parse(session.json()["url"].as_str().context("a session without url")?)?;
    let sent = post_form(world, functions, page.path(), "", "").await?;
    let state = parameter(&location(&sent)?, "state")?;
    let code = world.stack.sandbox().consent(advertisers, vec![100, 200, 210, 220, 44]);
    let path = format!("/oauth/callback/tiktok_ads/statasphere?auth_code={code}&code={code}&state={state}");
    Ok(Door { path, cookie: cookie(&sent)? })
}

/// Opens the callback; returns the confirm ticket's cookie.
pub async fn land(functions: &Functions, door: &Door) -> Result<String> {
    let answer = functions.http(&Method::GET, &door.path, &[("cookie", &door.cookie)], None).await?;
    ensure!(answer.status == 303, "the callback answered {} {}", answer.status, answer.body);
    cookie(&answer)
}

/// Chooses the first account of the page, as the stack's own functions show it; where the choice was made before, the
/// page itself leads on.
pub async fn confirm(world: &World, functions: &Functions, ticket: &str) -> Result<Answer> {
    let handle = handle(ticket)?;
    let path = format!("/connect/confirm?ticket={handle}");
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let page = wire.send(&Method::GET, &path, &[("cookie", ticket)], None).await?;
    if page.status == 303 {
        return Ok(page);
    }
    let account = page.body.split("name=\"account\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = format!("ticket={handle}&account={}&decision=connect", account.unwrap_or("none"));
    post_form(world, functions, "/connect/confirm", ticket, &form).await
}

/// Returns the handle in the name of a ticket's cookie.
fn handle(ticket: &str) -> Result<&str> {
    let name = ticket.split('=').next().unwrap_or_default();
    Ok(name.rsplit_once('-').context("not a ticket")?.1)
}

/// Goes the whole way to a code.
pub async fn until_code(world: &World, functions: &Functions, end_user: &str) -> Result<Code> {
    let door = depart(world, functions, end_user).await?;
    let ticket = land(functions, &door).await?;
    code_of(&confirm(world, functions, &ticket).await?, end_user)
}

/// Returns the code in the answer to the choice.
pub fn code_of(confirmed: &Answer, end_user: &str) -> Result<Code> {
    let back = location(confirmed)?;
    let (connection, code) = (parameter(&back, "connection_id")?, parameter(&back, "code")?);
    Ok(Code { connection, code, end_user: end_user.to_owned() })
}

/// Redeems a code.
pub async fn activate(world: &World, functions: &Functions, code: &Code) -> Result<Answer> {
    let body = json!({ "code": code.code, "end_user": code.end_user });
    call(world, functions, &format!("/v1/connections/{}/activate", code.connection), &body).await
}

/// Connects one account.
pub async fn connect(world: &World, functions: &Functions, end_user: &str) -> Result<Connected> {
    let code = until_code(world, functions, end_user).await?;
    take_up(world, functions, code).await
}

/// Connects one advertiser with a grant for it alone: connections of one account each search for the others.
pub async fn connect_alone(
    world: &World,
    functions: &Functions,
    end_user: &str,
    advertiser: &str,
) -> Result<Connected> {
    let door = depart_for(world, functions, end_user, vec![advertiser.to_owned()]).await?;
    let ticket = land(functions, &door).await?;
    let code = code_of(&confirm(world, functions, &ticket).await?, end_user)?;
    take_up(world, functions, code).await
}

async fn take_up(world: &World, functions: &Functions, code: Code) -> Result<Connected> {
    let answer = activate(world, functions, &code).await?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.body);
    let active = answer.json();
    let accounts = active["accounts"].as_array().context("no accounts")?;
    let accounts = accounts.iter().filter_map(|account| account["id"].as_str().map(str::to_owned)).collect();
    Ok(Connected { id: code.connection, accounts })
}

async fn call(world: &World, functions: &Functions, path: &str, body: &Value) -> Result<Answer> {
    let bearer = format!("Bearer {}", world.stack.seeded().api_key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    functions.http(&Method::POST, path, &headers, Some(body.to_string())).await
}

async fn post_form(
    world: &World,
    functions: &Functions,
    path: &str,
    cookie: &str,
    form: &str,
) -> Result<Answer> {
    let headers = [
        ("cookie", cookie),
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("origin", world.stack.wiring().api_origin.as_str()),
    ];
    let headers = if cookie.is_empty() { &headers[1..] } else { &headers[..] };
    functions.http(&Method::POST, path, headers, Some(form.to_owned())).await
}

fn location(answer: &Answer) -> Result<Url> {
    let value = answer.headers.get(LOCATION).with_context(|| format!("{} {}", answer.status, answer.body))?;
    Ok(Url::parse(value.to_str()?)?)
}

/// Returns the first cookie that is set and not removed.
fn cookie(answer: &Answer) -> Result<String> {
    let set = answer.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut kept = set.filter(|cookie| !cookie.contains("Max-Age=0"));
    let first = kept.next().and_then(|cookie| cookie.split(';').next());
    first.map(str::to_owned).context("no cookie was set")
}
