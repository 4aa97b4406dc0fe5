//! The server half's routes: who the visitor is, tokens for the page, and the activation of a new connection.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::Demo;
use crate::api::First;
use crate::language::{self, known};
use crate::visitor::{PEOPLE, Person, Visitor, person};

/// Builds the routes that are not files.
pub(crate) fn routes(demo: Demo) -> Router {
    Router::new()
        .route("/session", get(session))
        .route("/clock", get(clock).post(skip))
        .route("/person", post(switch_person))
        .route("/language", post(switch_language))
        .route("/token", post(token))
        .route("/activate", post(activate))
        .with_state(demo)
}

/// The facts that the page needs; none of them is secret.
#[derive(Serialize)]
struct Session<'a> {
    end_user: String,
    person: PersonView,
    people: [PersonView; 2],
    api_origin: &'a str,
    sandbox_origin: &'a str,
    mailbox_url: &'a str,
    return_url: String,
    /// Whether the page may offer to skip a wait.
    can_skip: bool,
    /// The stack's time.
    now: String,
    /// The answers to the first calls of the page, so that it need not wait for them in turn.
    first: Option<First>,
}

#[derive(Serialize)]
struct PersonView {
    key: &'static str,
    name: &'static str,
    email: &'static str,
}

impl From<Person> for PersonView {
    fn from(Person { key, name, email }: Person) -> Self {
        Self { key, name, email }
    }
}

/// The longest wait that can be skipped at once: the day of a deletion's last step, and what a step may come late.
const LONGEST_SKIP: SignedDuration = SignedDuration::from_hours(26);

/// Where the clock is moved: to an instant, or by some minutes.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SkipTo {
    Until(String),
    Minutes(u16),
}

#[derive(Deserialize)]
struct Speak {
    language: String,
}

#[derive(Deserialize)]
struct Switch {
    person: String,
}

/// The connection that Mooring's connect flow sent back, with its code.
#[derive(Deserialize)]
struct Returned {
    connection_id: Option<String>,
    code: Option<String>,
}

async fn session(State(demo): State<Demo>, headers: HeaderMap) -> Response {
    let known = Visitor::of(&headers);
    let is_new = known.is_none();
    let Ok(visitor) = known.map_or_else(Visitor::new, Ok) else { return unavailable() };
    let end_user = visitor.end_user();
    let first = if is_own_page(&headers) { demo.api.first(&end_user).await } else { None };
    let body = Json(Session {
        end_user,
        person: visitor.person.into(),
        people: PEOPLE.map(PersonView::from),
        api_origin: &demo.config.api_origin,
        sandbox_origin: &demo.config.sandbox_origin,
        mailbox_url: &demo.config.mailbox_url,
        return_url: format!("{}/connected", demo.config.origin),
        can_skip: demo.time.skip.is_some(),
        now: (demo.time.clock)().to_string(),
        first,
    })
    .into_response();
    if is_new { remember(&visitor, body) } else { body }
}

async fn clock(State(demo): State<Demo>) -> Response {
    Json(json!({ "now": (demo.time.clock)().to_string() })).into_response()
}

/// Moves the stack's clock, so that nobody has to wait a day to see a receipt.
async fn skip(State(demo): State<Demo>, headers: HeaderMap, Json(skip): Json<SkipTo>) -> Response {
    if !is_same_origin(&demo, &headers) {
        return refuse(StatusCode::FORBIDDEN, "other_origin");
    }
    let Some(move_by) = demo.time.skip else { return refuse(StatusCode::NOT_FOUND, "time_only_passes") };
    let by = match skip {
        SkipTo::Minutes(minutes) => SignedDuration::from_mins(minutes.into()),
        SkipTo::Until(until) => match until.parse::<Timestamp>() {
            Ok(until) => until.duration_since((demo.time.clock)()),
            Err(_) => return refuse(StatusCode::BAD_REQUEST, "no_instant"),
        },
    };
    if by > LONGEST_SKIP {
        return refuse(StatusCode::BAD_REQUEST, "too_far");
    }
    // An instant that has come by now needs no move.
    if let Ok(by) = Duration::try_from(by) {
        move_by(by);
    }
    StatusCode::NO_CONTENT.into_response()
}

async fn switch_person(State(demo): State<Demo>, headers: HeaderMap, Json(switch): Json<Switch>) -> Response {
    if !is_same_origin(&demo, &headers) {
        return refuse(StatusCode::FORBIDDEN, "other_origin");
    }
    match (Visitor::of(&headers), person(&switch.person)) {
        (Some(visitor), Some(person)) => {
            remember(&visitor.with_person(person), StatusCode::NO_CONTENT.into_response())
        }
        (None, _) => refuse(StatusCode::UNAUTHORIZED, "no_session"),
        (_, None) => refuse(StatusCode::NOT_FOUND, "unknown_person"),
    }
}

async fn switch_language(State(demo): State<Demo>, headers: HeaderMap, Json(speak): Json<Speak>) -> Response {
    if !is_same_origin(&demo, &headers) {
        return refuse(StatusCode::FORBIDDEN, "other_origin");
    }
    let Some(code) = known(&speak.language) else { return refuse(StatusCode::NOT_FOUND, "unknown_language") };
    let Ok(cookie) = language::remember(code) else { return unavailable() };
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

async fn token(State(demo): State<Demo>, headers: HeaderMap) -> Response {
    if !is_same_origin(&demo, &headers) {
        return refuse(StatusCode::FORBIDDEN, "other_origin");
    }
    let Some(visitor) = Visitor::of(&headers) else { return refuse(StatusCode::UNAUTHORIZED, "no_session") };
    match demo.api.mint(&visitor.end_user()).await {
        Ok(token) => Json(token).into_response(),
        Err(refused) => refuse(StatusCode::BAD_GATEWAY, &refused.0),
    }
}

/// Activates the connection with which the visitor came back. The end user comes from the visitor's own cookie, so that a
/// link with somebody else's connection and code activates nothing.
async fn activate(State(demo): State<Demo>, headers: HeaderMap, Json(returned): Json<Returned>) -> Response {
    if !is_same_origin(&demo, &headers) {
        return refuse(StatusCode::FORBIDDEN, "other_origin");
    }
    let Some(visitor) = Visitor::of(&headers) else { return refuse(StatusCode::UNAUTHORIZED, "no_session") };
    let Returned { connection_id: Some(id), code: Some(code) } = returned else {
        return refuse(StatusCode::BAD_REQUEST, "incomplete_return");
    };
    if !is_id(&id) {
        return refuse(StatusCode::BAD_REQUEST, "incomplete_return");
    }
    match demo.api.activate(&id, &code, &visitor.end_user()).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refused) => refuse(StatusCode::BAD_GATEWAY, &refused.0),
    }
}

/// Returns whether our own page asked, by the header that browsers add and no script can set. A GET names no origin. Where
/// the header is missing, as on plain HTTP to another machine, the page mints its token by a POST.
fn is_own_page(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

/// Returns whether our own page asked. A browser names the origin on every POST; a request without an origin is not
/// from our page.
fn is_same_origin(demo: &Demo, headers: &HeaderMap) -> bool {
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == demo.config.origin.as_bytes())
}

/// Returns whether a text can be an id, so that it cannot change the path into which it is put.
fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn remember(visitor: &Visitor, mut response: Response) -> Response {
    let Ok(cookie) = visitor.cookie() else { return unavailable() };
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

fn refuse(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({ "code": code }))).into_response()
}

fn unavailable() -> Response {
    refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable")
}
