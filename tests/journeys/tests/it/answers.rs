//! Scorecard 30: headers, policy and cookies on every route of the table as they are on AWS, where the origin is https:
//! answers, refusals, preflights, and requests that match no route.

use anyhow::{Context as _, Result, ensure};
use http::Method;
use mooring_edge::routes::{ROUTES, preflights};
use mooring_local::{Adapters, Wiring};
use mooring_tests_journeys::connecting::request;
use mooring_tests_journeys::headers::secured;
use mooring_tests_journeys::rig::Functions;
use mooring_tests_journeys::{Size, World, say};
use url::Url;

const ORIGIN: &str = "https://api.example.org";

/// Makes all functions as they are deployed: behind an https origin.
fn deployed(world: &World) -> Result<Functions> {
    let wiring = Wiring { api_origin: ORIGIN.to_owned(), ..world.stack.wiring().clone() };
    Ok(Functions::over(&Adapters::new(&wiring, world.stack.clock())?))
}

/// Returns a path of a route with ids that do not exist.
fn path(pattern: &str) -> String {
    pattern.replace(['{', '}'], "x")
}

#[tokio::test]
async fn every_answer_of_every_route_is_secured() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let functions = deployed(&world)?;
    let bearer = format!("Bearer {}", world.stack.seeded().api_key);
    let mut cases = 0;
    for route in ROUTES {
        let method: Method = route.method.parse()?;
        for credential in [bearer.as_str(), "Bearer x"] {
            for accept in ["text/html", "application/json"] {
                let headers =
                    [("authorization", credential), ("accept", accept), ("x-forwarded-proto", "https")];
                let answer = functions.http(&method, &path(route.path), &headers, None).await?;
                let place = || format!("{}: {} {}", route.operation_id, answer.status, answer.body);
                ensure!(!answer.status.is_server_error(), place());
                secured(&answer, true).with_context(place)?;
                cases += 1;
            }
        }
    }
    say(&format!("headers: {cases} answers of {} routes", ROUTES.len()));
    Ok(())
}

#[tokio::test]
async fn preflights_and_what_is_no_route_are_secured() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let functions = deployed(&world)?;
    for route in preflights() {
        for origin in [world.stack.demo_origin(), "https://evil.example"] {
            let headers = [("origin", origin), ("access-control-request-method", route.method)];
            let answer = functions.http(&Method::OPTIONS, &path(route.path), &headers, None).await?;
            secured(&answer, true).with_context(|| format!("{} from {origin}", route.path))?;
        }
    }
    for unknown in [
        "/documents",
        "/docs/nothing",
        "/v1",
        "/v1/",
        "/v1/./connections",
        "/v2/connections",
        "/.git/config",
        "/%00",
        "/connect/a/b",
        "/%3Cscript%3E",
    ] {
        for accept in ["*/*", "text/html,*/*;q=0.8"] {
            let headers = [("x-forwarded-proto", "https"), ("accept", accept)];
            let answer = functions.http(&Method::GET, unknown, &headers, None).await?;
            let place = || format!("{unknown} as {accept}: {} {}", answer.status, answer.body);
            ensure!(answer.status == 404 && !answer.body.contains("script"), place());
            if accept == "*/*" {
                ensure!(answer.is_problem() && answer.json()["code"] == "no_route", place());
            } else {
                ensure!(answer.header("content-type").starts_with("text/html"), place());
                ensure!(answer.body.contains("href=\"/\""), place());
            }
            secured(&answer, true).with_context(place)?;
        }
    }
    let headers = [("x-forwarded-proto", "https"), ("accept", "*/*")];
    for route in ROUTES {
        let answer = functions.http(&Method::TRACE, &path(route.path), &headers, None).await?;
        let place = || format!("TRACE {}: {} {}", route.path, answer.status, answer.body);
        ensure!(answer.status == 405 && answer.is_problem(), place());
        ensure!(answer.header("allow").split(", ").any(|method| method == route.method), place());
        secured(&answer, true).with_context(place)?;
    }
    Ok(())
}

/// The cookie that binds the flow to the browser, as a browser gets it from the real origin.
#[tokio::test]
async fn cookies_belong_to_the_host_alone() -> Result<()> {
    let world = World::start(Size::SMALL).await?;
    let functions = deployed(&world)?;
    let bearer = format!("Bearer {}", world.stack.seeded().api_key);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let body = request(&world, "cookie").to_string();
    let session = functions.http(&Method::POST, "/v1/connect-sessions", &headers, Some(body)).await?;
    let page = Url::parse(session.json()["url"].as_str().context("no session")?)?;
    ensure!(page.as_str().starts_with(ORIGIN), "{page}");
    let shown = functions.http(&Method::GET, page.path(), &[], None).await?;
    secured(&shown, true).context("the page")?;
    let form = [("sec-fetch-site", "same-origin"), ("content-type", "application/x-www-form-urlencoded")];
    let sent = functions.http(&Method::POST, page.path(), &form, Some(String::new())).await?;
    ensure!(sent.status == 303 && sent.headers.contains_key("set-cookie"), "{} {}", sent.status, sent.body);
    secured(&sent, true).context("the redirect")?;
    ensure!(sent.header("set-cookie").contains("Max-Age="), "{}", sent.header("set-cookie"));
    Ok(())
}
