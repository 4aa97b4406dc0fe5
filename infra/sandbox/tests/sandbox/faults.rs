//! The edge: slash rule, envelope, throttling, every fault switch, the admin API.

use std::time::{Duration, Instant};

use crate::support::{World, config, shared};
use axum::body::Body;
use axum::http::Request;
use mooring_sandbox::{Faults, SandboxConfig};
use serde_json::json;

#[tokio::test]
async fn without_its_slash_a_path_is_plain_not_found() {
    let world = shared();
    for path in ["user/info", "moon/get/", "oauth2/access_token"] {
        let answer = world.get(path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, "404 page not found"));
        assert!(answer.headers["content-type"].to_str().expect("text").starts_with("text/plain"));
    }
    let wrong_version = Request::get("/open_api/v1.2/user/info/").body(Body::empty()).expect("a request");
    assert_eq!(world.send(wrong_version).await.status, 404);
    assert_eq!(world.get("oauth2/access_token/", &[]).await.status, 405);
}

#[tokio::test]
async fn the_envelope_has_four_fields_and_a_request_id_of_34() {
    let world = shared();
    for path in ["user/info/", "ad/get/"] {
        let answer = world.get(path, &[]).await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        let mut fields: Vec<_> = body.as_object().expect("an object").keys().collect();
        fields.sort();
        assert_eq!(fields, ["code", "data", "message", "request_id"]);
        let id = body["request_id"].as_str().expect("text");
        let (time, rest) = id.split_at(14);
        assert_eq!(time, "20261121123000");
        assert!(
            rest.len() == 20 && rest.chars().all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c)),
            "{id}"
        );
    }
    assert_eq!(world.get("ad/get/", &[]).await.json()["data"], json!({}));
}

#[tokio::test]
async fn throttles_the_app_and_the_advertiser_with_codes_only() {
    let world = World::new(SandboxConfig { app_qps: 3, ..config() });
    let mut codes = Vec::new();
    for _ in 0..5 {
        let answer = world.get("user/info/", &[]).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("retry-after"));
        codes.push(answer.code());
    }
    assert_eq!(codes[..3], [0, 0, 0]);
    assert!(codes[3..].contains(&40100), "{codes:?}");
    let world = World::new(SandboxConfig { advertiser_qps: 1, ..config() });
    let (one, two) = (world.advertiser(0), world.advertiser(1));
    assert_eq!(world.get("campaign/get/", &[("advertiser_id", &one)]).await.code(), 0);
    assert_eq!(world.get("campaign/get/", &[("advertiser_id", &one)]).await.code(), 40133);
    assert_eq!(world.get("campaign/get/", &[("advertiser_id", &two)]).await.code(), 0);
}

#[tokio::test]
async fn counted_switches_apply_that_often() {
    let world = World::new(config());
    let faults = json!({"status_5xx": 1, "throttle": 1, "expired_token": 1, "wrong_json": 1, "truncate": 1});
    assert_eq!(world.admin("faults", &faults).await.status, 200);
    let bad = world.get("user/info/", &[]).await;
    assert!(bad.status == 502 && bad.text.starts_with("<html>"));
    assert_eq!(world.get("user/info/", &[]).await.code(), 40100);
    assert_eq!(world.get("user/info/", &[]).await.code(), 40105);
    let wrong = world.get("user/info/", &[]).await;
    assert!(wrong.status == 200 && wrong.json().get("code").is_none());
    let cut = world.get("user/info/", &[]).await;
    assert!(cut.status == 200 && serde_json::from_str::<serde_json::Value>(&cut.text).is_err());
    assert_eq!(world.get("user/info/", &[]).await.code(), 0);
    assert_eq!(world.sandbox.faults(), Faults::default());
}

#[tokio::test]
async fn switches_can_be_limited_to_an_endpoint() {
    let world = World::new(config());
    let endpoint = Some("campaign".to_owned());
    world.sandbox.set_faults(Faults {
        expired_token: 1,
        expired_token_code: Some(40102),
        endpoint,
        ..Faults::default()
    });
    assert_eq!(world.get("user/info/", &[]).await.code(), 0);
    let advertiser = world.advertiser(0);
    assert_eq!(world.get("campaign/get/", &[("advertiser_id", &advertiser)]).await.code(), 40102);
}

#[tokio::test]
async fn slow_answers_take_their_time() {
    let world = World::new(config());
    world.sandbox.set_faults(Faults { slow_ms: 60, ..Faults::default() });
    let start = Instant::now();
    assert_eq!(world.get("user/info/", &[]).await.code(), 0);
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn queries_can_be_made_too_large() {
    let world = World::new(config());
    world.sandbox.set_faults(Faults { query_too_large_days: Some(7), ..Faults::default() });
    let advertiser = world.advertiser(0);
    let ask = async |end: &str| {
        let query = [
            ("advertiser_id", advertiser.as_str()),
            ("report_type", "BASIC"),
            ("data_level", "AUCTION_AD"),
            ("dimensions", "[\"ad_id\",\"stat_time_day\"]"),
            ("start_date", "2026-11-01"),
            ("end_date", end),
        ];
        world.get("report/integrated/get/", &query).await.code()
    };
    assert_eq!(ask("2026-11-07").await, 0);
    assert_eq!(ask("2026-11-08").await, 40067);
}

#[tokio::test]
async fn counts_calls_and_forgets_on_reset() {
    let world = World::new(config());
    for path in ["user/info/", "user/info/", "ad/get/", "moon/"] {
        world.get(path, &[]).await;
    }
    let counters = world.sandbox.counters();
    assert_eq!(counters.total, 3, "unknown paths never reach the API");
    assert_eq!(counters.endpoints["user/info/"], 2);
    assert_eq!((counters.codes[&0], counters.codes[&40002]), (2, 1));
    assert!(counters.max_per_second >= 2);
    let page = world.send(Request::get("/_sandbox/").body(Body::empty()).expect("a request")).await;
    assert!(page.status == 200 && page.text.contains("user/info/"));
    let state =
        world.send(Request::get("/_sandbox/state").body(Body::empty()).expect("a request")).await.json();
    assert_eq!(state["tokens"], json!({"living": 1, "revoked": 0}));
    assert_eq!(state["counters"]["total"], 3);
    assert!(!state.to_string().contains(&world.token), "the admin API shows no token");
    assert_eq!(world.admin("reset", &json!({})).await.status, 200);
    assert_eq!(world.sandbox.counters().total, 0);
    assert!(world.sandbox.issued_tokens().is_empty());
    assert_eq!(world.get("user/info/", &[]).await.code(), 40105);
}

#[tokio::test]
async fn admin_refuses_unknown_switches_and_bodies_that_need_no_permission() {
    let world = shared();
    assert_eq!(world.admin("faults", &json!({"moon": 1})).await.status, 422);
    let form = Request::post("/_sandbox/reset").header("content-type", "text/plain");
    let answer = world.send(form.body(Body::from("{}")).expect("a request")).await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn pages_of_other_origins_move_no_lever() {
    let world = shared();
    for (method, path) in [("GET", "state"), ("DELETE", "edits"), ("POST", "reset")] {
        for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
            let request = Request::builder().method(method).uri(format!("/_sandbox/{path}"));
            let request = request.header(name, value).header("content-type", "application/json");
            let answer = world.send(request.body(Body::from("{}")).expect("a request")).await;
            assert_eq!(answer.status, 403, "{method} {path} {name}");
        }
    }
}
