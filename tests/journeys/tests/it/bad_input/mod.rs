//! Bad input, generated from the table of routes: every route answers it with a 4xx problem document or page, never
//! with a 5xx, and loses nothing by it: the good request works afterwards.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what is not there, and a test fails by panicking"
)]

mod junk;
pub(crate) mod places;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use mooring_edge::routes::{ROUTES, Route};
use mooring_local::{gateway::respond, mount};
use mooring_tests_journeys::{Answer, Size, Wire, World, headers, say};
use serde_json::{Value, json};

use self::places::{Body, Callers, Good, good};

const PATIENCE: Duration = Duration::from_mins(2);

/// One route under test.
struct Bench<'a> {
    route: &'static Route,
    good: Good,
    wire: Wire,
    callers: Callers,
    cases: &'a AtomicUsize,
}

impl Bench<'_> {
    fn credential(&self) -> Option<&str> {
        (!self.route.is_public()).then_some(self.callers.own.as_str())
    }

    /// Fails unless the answer is a refusal: 4xx, as a problem document or a page, with security headers.
    fn refused(&self, what: &str, answer: &Answer) -> Result<()> {
        let shown: String = answer.body.chars().take(300).collect();
        let place = || format!("{} with {what}: {} {shown}", self.route.operation_id, answer.status);
        self.cases.fetch_add(1, Ordering::Relaxed);
        ensure!(answer.status.is_client_error(), place());
        if !is_the_gateways(answer) {
            let fits = answer.is_problem() || (self.route.is_public() && answer.is_page());
            ensure!(fits, "{} as {}", place(), answer.header("content-type"));
            secured(answer).with_context(place)?;
        }
        Ok(())
    }

    async fn sent(&self, answer: impl Future<Output = Result<Answer>>, what: &str) -> Result<()> {
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let answer = answer.with_context(|| format!("{} hangs with {what}", self.route.operation_id))??;
        self.refused(what, &answer)
    }

    /// Credentials: none, junk, another tenant's, one without the scope.
    async fn credentials(&self) -> Result<()> {
        if self.route.is_public() {
            return Ok(());
        }
        self.status(self.good.send(&self.wire, None), "no credential", 401).await?;
        for junk in junk::credentials(&self.callers.own) {
            let mut with = self.good.clone();
            with.headers.push(("authorization".to_owned(), junk.clone()));
            self.status(with.send(&self.wire, None), &format!("credential {junk:.30}"), 401).await?;
        }
        if self.route.scope().is_some() {
            self.status(self.good.send(&self.wire, Some(&self.callers.without)), "no scope", 403).await?;
        }
        if names_something(&self.good) {
            // 404 and not 403: another tenant's things do not exist.
            self.status(self.good.send(&self.wire, Some(&self.callers.foreign)), "another tenant's key", 404)
                .await?;
        }
        Ok(())
    }

    async fn status(
        &self,
        answer: impl Future<Output = Result<Answer>>,
        what: &str,
        status: u16,
    ) -> Result<()> {
        let answer = answer.await?;
        ensure!(
            answer.status == status,
            "{} with {what}: {} {}",
            self.route.operation_id,
            answer.status,
            answer.body
        );
        self.refused(what, &answer)
    }

    /// Every path parameter replaced by junk.
    async fn paths(&self) -> Result<()> {
        let pattern: Vec<_> = self.route.path.split('/').collect();
        let parts: Vec<_> = self.good.path.split('/').map(str::to_owned).collect();
        for (at, name) in pattern.iter().enumerate().filter(|(_, part)| part.starts_with('{')) {
            for segment in junk::segments() {
                let mut other = parts.clone();
                if let Some(part) = other.get_mut(at) {
                    part.clone_from(&segment);
                }
                let with = Good { path: other.join("/"), ..self.good.clone() };
                // A callback that fits in all other ways would be used up.
                let with = Good {
                    query: if is_callback(self.route) { Vec::new() } else { with.query.clone() },
                    ..with
                };
                self.sent(with.send(&self.wire, self.credential()), &format!("{name} {segment:.40}")).await?;
            }
        }
        Ok(())
    }

    /// Every query parameter junk, twice, missing or too long; and an unknown one.
    async fn queries(&self) -> Result<()> {
        if self.route.method != "GET" || (self.route.is_public() && !is_callback(self.route)) {
            return Ok(());
        }
        for (at, (name, value)) in self.good.query.iter().enumerate() {
            let mut twice = self.good.clone();
            twice.query.push((name, value.clone()));
            self.sent(twice.send(&self.wire, self.credential()), &format!("{name} twice")).await?;
            if is_callback(self.route) && *name != "state" {
                continue;
            }
            for junk in junk::values(name) {
                let mut with = self.good.clone();
                if let Some(pair) = with.query.get_mut(at) {
                    pair.1.clone_from(&junk);
                }
                self.sent(with.send(&self.wire, self.credential()), &format!("{name}={junk:.40}")).await?;
            }
        }
        for (name, values) in self.unasked() {
            for value in values {
                let mut with = self.good.clone();
                with.query.push((name, value.clone()));
                self.sent(with.send(&self.wire, self.credential()), &format!("{name}={value:.40}")).await?;
            }
        }
        Ok(())
    }

    /// Parameters that the good request does not have.
    fn unasked(&self) -> Vec<(&'static str, Vec<String>)> {
        if is_callback(self.route) {
            return Vec::new();
        }
        let mut all = vec![
            ("unknown", vec!["1".to_owned()]),
            ("Limit", vec!["1".to_owned()]),
            ("%00", vec![String::new()]),
        ];
        if self.route.operation_id == "queryReport" {
            all.extend([("cursor", junk::values("cursor")), ("as_of", junk::values("as_of"))]);
            all.push(("tenant_id", vec!["ten_00000000000000000000000001".to_owned()]));
        }
        if self.route.operation_id.starts_with("list") {
            all.push(("cursor", junk::values("cursor")));
        }
        all
    }

    /// Bodies: not JSON, not this JSON, of another media type, too large.
    async fn bodies(&self) -> Result<()> {
        let Some(body) = &self.good.body else { return Ok(()) };
        let cases = match body {
            Body::Json(good, optional) => {
                let media = Some("application/json");
                let all = junk::bodies(good).into_iter().chain(junk::objects(good, optional));
                all.map(|(what, bytes)| (what, media, bytes))
                    .chain(media_types(good.to_string().as_bytes()))
                    .collect()
            }
            Body::Form(_) => self.forms(),
        };
        let cases: Vec<(String, Option<&str>, Vec<u8>)> = cases;
        for (what, media, bytes) in cases {
            let answer = self.good.send_other(&self.wire, self.credential(), media, Some(&bytes));
            self.sent(answer, &what).await?;
        }
        Ok(())
    }

    /// Forms: only the choice of accounts has fields.
    fn forms(&self) -> Vec<(String, Option<&'static str>, Vec<u8>)> {
        if self.route.operation_id != "confirmAccounts" {
            return Vec::new();
        }
        let junk = [
            "",
            "x=1",
            "account=x",
            "account=-1",
            "account=99999999999999999999",
            "account=1.5",
            "account=",
            "account=%00",
            "account=0&x=1",
            "decision=connect",
            "account[]=0",
            "account=0&account=x",
            "%ff=%ff",
        ];
        let media = Some("application/x-www-form-urlencoded");
        let mut all: Vec<_> = junk.map(|text| (text.to_owned(), media, text.as_bytes().to_vec())).into();
        all.push((
            "70 KiB".to_owned(),
            media,
            format!("account=0&account={}", "0".repeat(70 * 1024)).into_bytes(),
        ));
        all.push(("JSON".to_owned(), Some("application/json"), b"{\"account\":0}".to_vec()));
        all.push(("no media type".to_owned(), None, b"account=0".to_vec()));
        all
    }

    /// A browser of another origin may not read, not with a valid key either.
    async fn origins(&self) -> Result<()> {
        if self.route.is_public() {
            return Ok(());
        }
        for origin in [
            "https://evil.example",
            "null",
            "",
            "http://localhost",
            "https://registered-elsewhere.example",
            "*",
        ] {
            let mut with = self.good.clone();
            with.headers.push(("origin".to_owned(), origin.to_owned()));
            let answer = with.send(&self.wire, self.credential()).await?;
            ensure!(answer.header("access-control-allow-origin").is_empty(), "{origin} may read");
            self.status(async { Ok(answer) }, &format!("origin {origin}"), 403).await?;
        }
        Ok(())
    }

    /// Sends the good request, last: nothing was lost.
    async fn good(&self) -> Result<()> {
        let answer = self.good.send(&self.wire, self.credential()).await?;
        let place = || format!("{} afterwards: {} {}", self.route.operation_id, answer.status, answer.body);
        ensure!(answer.status == self.good.status, place());
        secured(&answer).with_context(place)
    }
}

/// Lists bodies in other media types than the right one.
fn media_types(good: &[u8]) -> Vec<(String, Option<&'static str>, Vec<u8>)> {
    [
        "",
        "text/plain",
        "text/json",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "*/*",
        "\u{7f}",
    ]
    .into_iter()
    .filter(|media| !media.contains('\u{7f}'))
    .map(|media| (format!("media type {media:?}"), Some(media), good.to_vec()))
    .collect()
}

/// Returns whether the gateway itself answered, as API Gateway does for requests that reach no function.
fn is_the_gateways(answer: &Answer) -> bool {
    let body = answer.json();
    body.as_object().is_some_and(|fields| fields.len() == 1) && body["message"].is_string()
}

fn is_callback(route: &Route) -> bool {
    route.operation_id == "completeCallback"
}

/// Returns whether a request names a thing of a tenant.
fn names_something(good: &Good) -> bool {
    let body = match &good.body {
        Some(Body::Json(body, _)) => body.to_string(),
        _ => String::new(),
    };
    ["con_", "acc_", "del_", "whe_"]
        .iter()
        .any(|prefix| good.target().contains(prefix) || body.contains(prefix))
}

/// Checks the headers that every answer of Mooring carries; the local origin is not https.
fn secured(answer: &Answer) -> Result<()> {
    headers::secured(answer, false)
}

/// Runs every kind of bad input against a share of the routes.
async fn run(share: usize, of: usize) -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let cases = AtomicUsize::new(0);
    for (_, route) in ROUTES.iter().enumerate().filter(|(number, _)| number % of == share) {
        let before = cases.load(Ordering::Relaxed);
        let good = good(&world, route).await.with_context(|| format!("making {}", route.operation_id))?;
        let callers = Callers::of(&world, route).await?;
        let wire = Wire::to(&world.stack.wiring().api_origin)?;
        let bench = Bench { route, good, wire, callers, cases: &cases };
        bench.credentials().await?;
        bench.paths().await?;
        bench.queries().await?;
        bench.bodies().await?;
        bench.origins().await?;
        bench.good().await?;
        say(&format!("{}: {} cases", route.operation_id, cases.load(Ordering::Relaxed) - before));
    }
    say(&format!("bad input, part {} of {of}: {} cases", share + 1, cases.load(Ordering::Relaxed)));
    Ok(())
}

/// The table of routes in four parts, so that they run beside each other.
mod every_route_refuses_bad_input_and_loses_nothing {
    use anyhow::Result;

    #[tokio::test]
    async fn part_1_of_4() -> Result<()> {
        super::run(0, 4).await
    }

    #[tokio::test]
    async fn part_2_of_4() -> Result<()> {
        super::run(1, 4).await
    }

    #[tokio::test]
    async fn part_3_of_4() -> Result<()> {
        super::run(2, 4).await
    }

    #[tokio::test]
    async fn part_4_of_4() -> Result<()> {
        super::run(3, 4).await
    }
}

/// Preflights: answered for origins that a tenant registered, for no other, and without saying anything else.
#[tokio::test]
async fn preflights_are_for_registered_origins_alone() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let known = world.stack.demo_origin().to_owned();
    let mut cases = 0;
    for route in mooring_edge::routes::preflights() {
        let path = route.path.replace(['{', '}'], "x");
        let ask = [
            ("access-control-request-method", route.method),
            ("access-control-request-headers", "authorization"),
        ];
        for origin in
            ["https://evil.example", "null", "", "http://localhost:1", &format!("{known}.evil.example"), "*"]
        {
            let headers = [ask.as_slice(), &[("origin", origin)]].concat();
            let answer = wire.send(&Method::OPTIONS, &path, &headers, None).await?;
            ensure!(answer.status == 403 && answer.is_problem(), "{path} from {origin}: {}", answer.status);
            ensure!(answer.header("access-control-allow-origin").is_empty(), "{path} from {origin}");
            secured(&answer)?;
            cases += 1;
        }
        let headers = [ask.as_slice(), &[("origin", known.as_str())]].concat();
        let answer = wire.send(&Method::OPTIONS, &path, &headers, None).await?;
        ensure!(answer.status == 204 && answer.body.is_empty(), "{path}: {}", answer.status);
        ensure!(answer.header("access-control-allow-origin") == known, "{path}");
        ensure!(answer.header("access-control-allow-methods").contains(route.method), "{path}");
        ensure!(answer.header("access-control-allow-headers").contains("authorization"), "{path}");
        secured(&answer)?;
        cases += 1;
    }
    say(&format!("preflights: {cases} cases"));
    Ok(())
}

/// A frontend may read what it needs: location, waits, limits and request ids, on success and on failure.
#[tokio::test]
async fn a_frontend_reads_the_exposed_headers() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let (origin, bearer) = (world.stack.demo_origin(), format!("Bearer {}", world.stack.seeded().api_key));
    for (path, credential, status) in [
        ("/v1/connections", bearer.as_str(), 200),
        ("/v1/connections/x", &bearer, 404),
        ("/v1/connections", "Bearer x", 401),
    ] {
        let headers = [("origin", origin), ("authorization", credential)];
        let answer = wire.send(&Method::GET, path, &headers, None).await?;
        ensure!(answer.status == status, "{path}: {}", answer.status);
        ensure!(answer.header("access-control-allow-origin") == origin, "{path}");
        let exposed = answer.header("access-control-expose-headers").to_lowercase();
        for name in ["location", "retry-after", "x-request-id", "ratelimit", "ratelimit-policy"] {
            ensure!(exposed.split(", ").any(|known| known == name), "{name} is not exposed");
        }
        ensure!(!answer.header("x-request-id").is_empty(), "no request id");
    }
    Ok(())
}

/// Every function takes every shape of an event: a request that is none gets a 4xx problem document, and no function
/// ends.
#[tokio::test]
async fn events_by_hand_end_no_function() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let functions = mount::all(world.stack.adapters()).http;
    let odd = [
        ("/rawQueryString", json!("a=\"<> \t"), 400),
        ("/headers/host", json!("[::1"), 0),
        ("/headers/x-forwarded-proto", json!(""), 0),
        ("/body", json!("***"), 400),
        ("/requestContext/http/method", json!("A B"), 400),
        ("/requestContext", json!(null), 400),
        ("/requestContext/stage", json!("prod"), 500),
    ];
    for route in ROUTES {
        let function = functions.get(route.function).with_context(|| route.function.to_owned())?;
        for (place, value, expected) in &odd {
            let mut event = event_of(route);
            *event.pointer_mut(place).context("no such place")? = value.clone();
            event["isBase64Encoded"] = json!(*place == "/body");
            let answer = respond(function, event).await;
            let status = answer.status_code;
            let fits = if *expected == 0 { (200..500).contains(&status) } else { status == *expected };
            ensure!(fits, "{} with {place} = {value}: {status}", route.operation_id);
            let media = answer.headers.get("content-type").map(String::as_str);
            // The route itself refuses a query, so a page refuses it as a page.
            let is_page = *place == "/rawQueryString" && media == Some("text/html; charset=utf-8");
            let fits = media == Some("application/problem+json") || (is_page && route.is_public());
            ensure!(*expected == 0 || fits, "{} with {place}: {media:?}", route.operation_id);
        }
    }
    Ok(())
}

/// Makes the event of a request to a route, without a credential.
fn event_of(route: &Route) -> Value {
    let key = format!("{} {}", route.method, route.path);
    json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": route.path.replace(['{', '}'], ""),
        "rawQueryString": "",
        "headers": { "host": "api.example.org", "x-forwarded-proto": "https" },
        "body": "",
        "isBase64Encoded": false,
        "requestContext": {
            "http": { "method": route.method, "path": route.path, "sourceIp": "192.0.2.1" },
            "requestId": "abc=",
            "routeKey": key,
            "stage": "$default",
        },
    })
}
