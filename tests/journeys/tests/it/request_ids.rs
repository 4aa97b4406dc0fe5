//! Every answer carries its request's id, and so do the problem document and every log line of that request, beside the
//! id of the Lambda invocation: read from the real log, as the functions write it.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use mooring_edge::routes::ROUTES;
use mooring_telemetry::{redact, subscriber};
use mooring_tests_journeys::{Size, Wire, World, say};
use mooring_tests_logs::{Lines, listen};
use serde_json::Value;

/// Takes the lines since the last take.
fn take(log: &Lines) -> Result<Vec<Value>> {
    let text = log.take();
    text.lines().map(|line| serde_json::from_str(line).context("a line that is not JSON")).collect()
}

#[tokio::test]
async fn a_request_is_found_by_its_id() -> Result<()> {
    let log = Lines::default();
    let _listening = listen(subscriber("info", log.clone()));
    let world = World::start(Size::SMALL).await?;
    let wire = Wire::to(&world.stack.wiring().api_origin)?;
    let bearer = format!("Bearer {}", world.stack.seeded().api_key);
    log.take();
    let (mut lines, mut ids) = (0, BTreeSet::new());
    let unknown = [("GET", "/nothing/here"), ("PUT", "/v1/connections")];
    let routes = ROUTES.iter().map(|route| (route.method, route.path)).chain(unknown);
    for (method, path) in routes {
        for credential in [bearer.as_str(), "Bearer x"] {
            let headers = [("authorization", credential), ("accept", "application/json")];
            let method: Method = method.parse()?;
            let answer = wire.send(&method, &path.replace(['{', '}'], "x"), &headers, None).await?;
            let id = answer.header("x-request-id").to_owned();
            let place = || format!("{method} {path}: {} {}", answer.status, answer.body);
            ensure!(!id.is_empty() && ids.insert(id.clone()), place());
            ensure!(answer.header("apigw-requestid") == id, place());
            ensure!(!answer.is_problem() || answer.json()["request_id"] == id, place());
            ensure!(answer.status.as_u16() < 400 || answer.is_problem(), place());
            let said = take(&log)?;
            ensure!(!said.is_empty(), "nothing was logged of {}", place());
            for line in &said {
                let span = &line["span"];
                ensure!(span["request.id"] == id, "{line} is not of {id}");
                let invocation = span["invocation.id"].as_str().unwrap_or_default();
                ensure!(!invocation.is_empty() && invocation != id, "{line} names no invocation");
                ensure!(redact(&line.to_string()) == line.to_string(), "the redactor masks {line}");
            }
            lines += said.len();
        }
    }
    say(&format!("request ids: {} requests, {lines} log lines", ids.len()));
    Ok(())
}
