//! The server half against a fake API: the key stays here, tokens are for our own page, and a connection is activated
//! only for the visitor who came back.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use mooring_demo::DemoConfig;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const KEY: &str = "moor_test_canaryKEYthatNoBrowserMaySee";
const GOOD: &str = "code-of-the-visitor";

/// The calls to the fake API: path, authorization, body.
type Calls = Arc<Mutex<Vec<(String, String, Value)>>>;

async fn serve(router: Router, listener: TcpListener) {
    axum::serve(listener, router).await.unwrap();
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn bearer(headers: &HeaderMap) -> String {
    headers[header::AUTHORIZATION].to_str().unwrap().to_owned()
}

async fn mint(State(calls): State<Calls>, headers: HeaderMap, Json(body): Json<Value>) -> Response {
    calls.lock().unwrap().push(("mint".to_owned(), bearer(&headers), body.clone()));
    Json(json!({ "token": "moor_ft_test_x", "expires_at": "2026-11-22T10:00:00Z", "scopes": body["scopes"], "debug": KEY }))
        .into_response()
}

async fn list(State(calls): State<Calls>, headers: HeaderMap, Query(asked): Query<Value>) -> Response {
    calls.lock().unwrap().push(("list".to_owned(), bearer(&headers), asked));
    Json(json!({ "connections": [{ "id": "con_1" }], "next_cursor": null })).into_response()
}

/// Answers as the API does: the code has to belong to this end user.
async fn activate(
    State(calls): State<Calls>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    calls.lock().unwrap().push((id, bearer(&headers), body.clone()));
    if body["code"] == GOOD {
        return Json(json!({ "id": "con_1", "state": "active" })).into_response();
    }
    (StatusCode::NOT_FOUND, Json(json!({ "code": "not_found", "detail": KEY }))).into_response()
}

/// A running demo in front of a fake API.
struct World {
    origin: String,
    calls: Calls,
    client: reqwest::Client,
    moved: Arc<Mutex<Duration>>,
}

impl World {
    async fn start() -> Self {
        let calls = Calls::default();
        let (api, api_address) = listen().await;
        let fake = Router::new()
            .route("/v1/frontend-tokens", post(mint))
            .route("/v1/connections", get(list))
            .route("/v1/connections/{id}/activate", post(activate))
            .with_state(Arc::clone(&calls));
        tokio::spawn(serve(fake, api));
        let (listener, address) = listen().await;
        let origin = format!("http://{address}");
        let config = DemoConfig {
            origin: origin.clone(),
            api_origin: format!("http://{api_address}"),
            api_key: KEY.to_owned().into(),
            sandbox_origin: "http://localhost:8788".to_owned(),
            mailbox_url: "http://127.0.0.1:8787/mailbox".to_owned(),
        };
        assert!(!format!("{config:?}").contains("canary"));
        let (moved, now) = (Arc::new(Mutex::new(Duration::ZERO)), "2026-11-30T10:00:00Z".parse().unwrap());
        let time = mooring_demo::Time {
            clock: Arc::new(move || now),
            skip: Some(Arc::new({
                let moved = Arc::clone(&moved);
                move |by| *moved.lock().unwrap() += by
            })),
        };
        tokio::spawn(serve(mooring_demo::router_at(config, time).unwrap(), listener));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        Self { origin, calls, client, moved }
    }

    /// Makes a new visitor: the cookie and the end-user reference.
    async fn visitor(&self) -> (String, String) {
        let response = self.client.get(format!("{}/session", self.origin)).send().await.unwrap();
        let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
        let session: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        let pair = cookie.split(';').next().unwrap().to_owned();
        (pair, session["end_user"].as_str().unwrap().to_owned())
    }

    async fn post(&self, path: &str, cookie: &str, origin: Option<&str>, body: &Value) -> reqwest::Response {
        let mut request = self
            .client
            .post(format!("{}{path}", self.origin))
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.to_string());
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        request.send().await.unwrap()
    }

    /// Takes a connection up as the page does; returns the refusal's word, or nothing.
    async fn activate(&self, cookie: &str, returned: &Value) -> Option<String> {
        let response = self.post("/activate", cookie, Some(&self.origin), returned).await;
        if response.status() == StatusCode::NO_CONTENT {
            return None;
        }
        let refused: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
        Some(refused["code"].as_str().unwrap().to_owned())
    }

    fn calls(&self) -> Vec<(String, String, Value)> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

#[tokio::test]
async fn a_token_is_minted_for_the_visitor_and_with_the_key() {
    let world = World::start().await;
    let (cookie, end_user) = world.visitor().await;
    let response = world.post("/token", &cookie, Some(&world.origin), &json!({})).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert_eq!(body["token"], "moor_ft_test_x");
    let [(path, bearer, asked)] = &world.calls()[..] else { panic!("one call") };
    assert_eq!((path.as_str(), bearer.as_str()), ("mint", format!("Bearer {KEY}").as_str()));
    assert_eq!(asked["end_user"], end_user.as_str());
    let scopes = ["connect", "connections.read", "connections.disconnect", "reports.read", "deletions.read"];
    assert_eq!(asked["scopes"], json!(scopes));
}

#[tokio::test]
async fn only_our_own_page_gets_a_token() {
    let world = World::start().await;
    let (cookie, _) = world.visitor().await;
    let shorter = world.origin.strip_suffix(|_: char| true).unwrap();
    for origin in [None, Some("https://evil.example"), Some("null"), Some(shorter), Some("http://localhost")]
    {
        let response = world.post("/token", &cookie, origin, &json!({})).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin:?}");
        let switched = world.post("/person", &cookie, origin, &json!({ "person": "ben" })).await;
        assert_eq!(switched.status(), StatusCode::FORBIDDEN, "{origin:?}");
    }
    let nobody = world.post("/token", "", Some(&world.origin), &json!({})).await;
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn activation_takes_the_end_user_from_the_cookie_alone() {
    let world = World::start().await;
    let (cookie, end_user) = world.visitor().await;
    let returned = json!({ "connection_id": "con_1", "code": GOOD, "end_user": "somebody" });
    assert_eq!(world.activate(&cookie, &returned).await, None);
    let [(id, bearer, body)] = &world.calls()[..] else { panic!("one call") };
    assert_eq!((id.as_str(), bearer.as_str()), ("con_1", format!("Bearer {KEY}").as_str()));
    assert_eq!(*body, json!({ "code": GOOD, "end_user": end_user }));
}

#[tokio::test]
async fn a_foreign_code_activates_nothing() {
    let world = World::start().await;
    let (cookie, _) = world.visitor().await;
    let foreign = json!({ "connection_id": "con_1", "code": "code-of-somebody-else" });
    assert_eq!(world.activate(&cookie, &foreign).await.as_deref(), Some("not_found"));
    assert_eq!(world.calls().len(), 1);
    for (cookie, returned, word) in [
        ("", json!({ "connection_id": "con_1", "code": "x" }), "no_session"),
        (&cookie, json!({ "code": "x" }), "incomplete_return"),
        (&cookie, json!({ "connection_id": "con_1" }), "incomplete_return"),
        (&cookie, json!({ "connection_id": "../../deletion-requests", "code": "x" }), "incomplete_return"),
    ] {
        assert_eq!(world.activate(cookie, &returned).await.as_deref(), Some(word));
    }
    assert!(world.calls().is_empty());
}

/// A visit alone changes nothing: neither another site's link nor what a browser fetches in advance activates.
#[tokio::test]
async fn the_way_back_activates_by_our_own_page_alone() {
    let world = World::start().await;
    let (cookie, _) = world.visitor().await;
    let url = format!("{}/connected?connection_id=con_1&code={GOOD}", world.origin);
    let page = world.client.get(url).header(header::COOKIE, &cookie).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert!(!page.text().await.unwrap().contains(GOOD));
    for origin in [None, Some("https://evil.example")] {
        let returned = json!({ "connection_id": "con_1", "code": GOOD });
        assert_eq!(world.post("/activate", &cookie, origin, &returned).await.status(), StatusCode::FORBIDDEN);
    }
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn another_person_has_another_reference() {
    let world = World::start().await;
    let (cookie, end_user) = world.visitor().await;
    let response = world.post("/person", &cookie, Some(&world.origin), &json!({ "person": "ben" })).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    let ben = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    world.post("/token", &ben, Some(&world.origin), &json!({})).await;
    assert_ne!(world.calls()[0].2["end_user"], end_user.as_str());
}

/// Every route, called in every way that the tests know: no answer holds the key, and every answer has the policy.
#[tokio::test]
async fn the_key_never_reaches_a_browser() {
    let world = World::start().await;
    let (cookie, _) = world.visitor().await;
    let mut answers = Vec::new();
    for path in [
        "/",
        "/app.js",
        "/style.css",
        "/returned",
        "/session",
        "/clock",
        "/nothing",
        "/connected?connection_id=con_1&code=x",
    ] {
        let request = world.client.get(format!("{}{path}", world.origin)).header(header::COOKIE, &cookie);
        answers.push((path, request.send().await.unwrap()));
    }
    for path in ["/token", "/person", "/language", "/activate"] {
        answers
            .push((path, world.post(path, &cookie, Some(&world.origin), &json!({ "person": "ben" })).await));
    }
    for (path, answer) in answers {
        let headers = format!("{:?}", answer.headers());
        assert!(headers.contains("default-src 'none'"), "{path} has no policy");
        assert!(!headers.contains("unsafe-inline") && !headers.contains("canary"), "{path}");
        let body = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        assert!(!body.contains("canary"), "{path}");
    }
}

#[tokio::test]
async fn the_page_has_no_inline_script_and_names_files_that_may_be_kept() {
    let world = World::start().await;
    let fetch = async |path: &str| {
        let response = world.client.get(format!("{}{path}", world.origin)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        let kept = response.headers()[header::CACHE_CONTROL].to_str().unwrap().to_owned();
        (kept, response.text().await.unwrap())
    };
    for page in ["/", "/returned"] {
        let (kept, text) = fetch(page).await;
        assert_eq!(kept, "no-store", "a page names the files of today");
        assert!(!text.contains("style=\"") && !text.contains(" onclick") && !text.contains("<script>"));
        let files: Vec<&str> =
            text.split('"').filter(|part| part.starts_with('/') && part.contains('?')).collect();
        assert!(files.len() >= 3, "{page} names {files:?}");
        for file in files {
            assert!(fetch(file).await.0.contains("immutable"), "{file}");
            let (path, _) = file.split_once('?').unwrap();
            assert_eq!(fetch(path).await.0, "no-store", "{path} without its version is of today");
            assert_eq!(
                fetch(&format!("{path}?other")).await.0,
                "no-store",
                "{path} with another version is of today"
            );
        }
    }
    let (_, script) = fetch("/app.js").await;
    assert!(!script.lines().any(|line| line.starts_with("import ") || line.starts_with("export ")));
    for module in ["// dom.js", "// chart.js", "// texts.js", "// app.js"] {
        assert_eq!(script.matches(module).count(), 1, "{module}");
    }
}

#[tokio::test]
async fn the_page_speaks_the_visitors_language_from_its_first_byte() {
    let world = World::start().await;
    let page = async |accept: &str, cookie: &str| {
        let request = world
            .client
            .get(&world.origin)
            .header(header::ACCEPT_LANGUAGE, accept)
            .header(header::COOKIE, cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    let german = page("de-AT,en;q=0.5", "").await;
    assert!(german.contains("<html lang=\"de\">") && german.contains("TikTok Ads verbinden"), "{german}");
    assert!(page("fr", "").await.contains("Connect TikTok Ads</button>"));
    let chosen = world.post("/language", "", Some(&world.origin), &json!({ "language": "de" })).await;
    assert_eq!(chosen.status(), StatusCode::NO_CONTENT);
    let cookie = chosen.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(page("en", &cookie).await.contains("<html lang=\"de\">"));
    let unknown = world.post("/language", "", Some(&world.origin), &json!({ "language": "../de" })).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    let foreign =
        world.post("/language", "", Some("https://evil.example"), &json!({ "language": "de" })).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

/// The session brings the token along, so that the page need not ask in turn; for every other page it brings none.
#[tokio::test]
async fn the_session_brings_the_first_answers_to_our_own_page_alone() {
    let world = World::start().await;
    let (cookie, end_user) = world.visitor().await;
    let session = async |site: Option<&str>| {
        let mut request =
            world.client.get(format!("{}/session", world.origin)).header(header::COOKIE, &cookie);
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let bytes = request.send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    for site in [None, Some("none"), Some("same-site"), Some("cross-site")] {
        assert_eq!(session(site).await["first"], Value::Null, "{site:?}");
    }
    assert!(world.calls().is_empty());
    let own = session(Some("same-origin")).await;
    assert_eq!(own["first"]["token"]["token"], "moor_ft_test_x");
    assert_eq!(
        own["first"]["connections"],
        json!({ "connections": [{ "id": "con_1" }], "next_cursor": null })
    );
    let mut calls = world.calls();
    calls.sort_by(|left, right| left.0.cmp(&right.0));
    let [(list, _, asked), (mint, bearer, minted)] = &calls[..] else { panic!("two calls: {calls:?}") };
    assert_eq!(
        (list.as_str(), mint.as_str(), bearer.as_str()),
        ("list", "mint", format!("Bearer {KEY}").as_str())
    );
    assert_eq!((&asked["end_user"], &minted["end_user"]), (&json!(end_user), &json!(end_user)));
}

/// The quickstart's return page belongs to whoever comes back, with or without a visitor's cookie.
#[tokio::test]
async fn the_return_page_is_for_everybody_and_activates_nothing() {
    let world = World::start().await;
    let url = format!("{}/returned?connection_id=con_1&code={GOOD}", world.origin);
    let response = world.client.get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("default-src 'none'")
    );
    assert!(!response.headers().contains_key(header::SET_COOKIE));
    let text = response.text().await.unwrap();
    assert!(text.contains("/returned.js") && !text.contains(GOOD), "{text}");
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn a_wait_is_skipped_by_our_own_page_and_by_a_day_at_most() {
    let world = World::start().await;
    let skip = async |origin: Option<&str>, until: &str| {
        world.post("/clock", "", origin, &json!({ "until": until })).await.status()
    };
    let own = Some(world.origin.as_str());
    assert_eq!(skip(own, "2026-12-01T10:05:00Z").await, StatusCode::NO_CONTENT);
    assert_eq!(*world.moved.lock().unwrap(), Duration::from_mins(24 * 60 + 5));
    assert_eq!(skip(own, "2026-11-30T09:00:00Z").await, StatusCode::NO_CONTENT, "it has come already");
    assert_eq!(skip(own, "2026-12-03T10:00:00Z").await, StatusCode::BAD_REQUEST);
    assert_eq!(skip(own, "tomorrow").await, StatusCode::BAD_REQUEST);
    for origin in [None, Some("https://evil.example")] {
        assert_eq!(skip(origin, "2026-11-30T11:00:00Z").await, StatusCode::FORBIDDEN);
    }
    assert_eq!(*world.moved.lock().unwrap(), Duration::from_mins(24 * 60 + 5));
}
