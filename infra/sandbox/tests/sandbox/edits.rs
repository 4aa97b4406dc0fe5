//! Rules edit single answers; everything else passes as it is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use axum::body::Body;
use axum::http::{Method, Request};
use mooring_sandbox::{Rule, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Answer, World, config};

const USER: &str = "/open_api/v1.3/user/info/";

/// Calls the admin interface; without a body for a GET or DELETE.
async fn admin(world: &World, method: Method, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(format!("/_sandbox/{path}"));
    world.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn one_answer_is_edited_and_all_others_pass_byte_for_byte() {
    let (edited, plain) = (World::new(config()), World::new(config()));
    let advertiser = edited.advertiser(0);
    let query = [("advertiser_id", advertiser.as_str())];
    let rule = Rule::on("/open_api/v1.3/{list}/get/").query("advertiser_id", &advertiser).from(2).times(1);
    let id = edited.sandbox.edit(rule.set("/data/list", json!([]))).expect("a rule");
    for nth in 1..=3 {
        let (ours, theirs) =
            (edited.get("campaign/get/", &query).await, plain.get("campaign/get/", &query).await);
        let emptied = ours.json()["data"]["list"] == json!([]);
        assert_eq!(emptied, nth == 2, "{nth}: {}", ours.text);
        assert_eq!(ours.headers.len(), theirs.headers.len());
        assert_eq!(ours.text.len() == theirs.text.len(), nth != 2);
    }
    assert_eq!(edited.get("user/info/", &[]).await.code(), 0);
    let state = edited.sandbox.edited();
    assert_eq!((state.seen, state.edited), (4, 1));
    let rule = &state.rules[0];
    assert_eq!((rule.id, rule.matched, rule.edited, rule.missed), (id, 3, 1, 0));
    assert!(edited.sandbox.unedit(id) && !edited.sandbox.unedit(id));
}

#[tokio::test]
async fn an_edit_changes_what_the_caller_hears_and_not_what_the_platform_did() {
    let world = World::new(config());
    let code = world.sandbox.consent(world.sandbox.advertiser_ids(), vec![100]);
    let exchange = Rule::on("/open_api/v1.3/oauth2/access_token/").method("post").asking(&code).times(1);
    world.sandbox.edit(exchange.status(503).body("busy").header("x-tt-logid", None)).expect("a rule");
    let answer = world.exchange(&code).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (503, "busy"));
    assert!(!answer.headers.contains_key("x-tt-logid"));
    let again = world.exchange(&code).await;
    assert_ne!(again.code(), 0, "the code was redeemed by the call whose answer was edited");
}

#[tokio::test]
async fn a_rule_that_found_nothing_to_change_says_so() {
    let world = World::new(config());
    world.sandbox.edit(Rule::on(USER).remove("/data/moon")).expect("a rule");
    let before = World::new(config()).get("user/info/", &[]).await.json()["data"].clone();
    assert_eq!(world.get("user/info/", &[]).await.json()["data"], before);
    let state = world.sandbox.edited();
    assert_eq!((state.edited, state.rules[0].edited, state.rules[0].missed), (0, 0, 1));
}

#[tokio::test]
async fn rules_apply_in_order_and_a_cut_body_has_a_length_that_fits() {
    let world = World::new(config());
    world.sandbox.edit(Rule::on(USER).body(r#"{"code":1}"#).status(401)).expect("a rule");
    world.sandbox.edit(Rule::on(USER).set("/code", "40105").header("x-more", Some("1"))).expect("a rule");
    world.sandbox.edit(Rule::on(USER).from(2).truncate(5).delay_ms(1)).expect("a rule");
    let first = world.get("user/info/", &[]).await;
    assert_eq!((first.status.as_u16(), first.text.as_str()), (401, r#"{"code":"40105"}"#));
    assert_eq!(first.headers["x-more"], "1");
    assert_eq!(world.get("user/info/", &[]).await.text, r#"{"cod"#);
}

#[tokio::test]
async fn the_admin_interface_adds_shows_and_removes_rules_and_is_not_edited_itself() {
    let world = World::new(config());
    let rule = json!({"match": {"path": "/{*everything}"}, "edit": {"status": 500}});
    let added = world.admin("edits", &rule).await;
    assert_eq!((added.status.as_u16(), added.json()), (201, json!({"id": 1})));
    assert_eq!(world.get("user/info/", &[]).await.status, 500);
    let shown = admin(&world, Method::GET, "edits").await;
    assert_eq!(shown.status, 200);
    let rule = &shown.json()["rules"][0];
    assert_eq!((&rule["id"], &rule["matched"], &rule["edited"]), (&json!(1), &json!(1), &json!(1)));
    assert_eq!(rule["match"]["path"], "/{*everything}");
    assert_eq!(admin(&world, Method::DELETE, "edits/1").await.status, 204);
    assert_eq!(admin(&world, Method::DELETE, "edits/1").await.status, 404);
    assert_eq!(world.get("user/info/", &[]).await.status, 200);
    for bad in [
        json!({"match": {}, "edit": {}}),
        json!({"match": {"moon": 1}, "edit": {"status": 500}}),
        json!({"match": {}, "edit": {"status": 20}}),
        json!({"match": {}, "edit": {"json": [{"op": "turn", "at": "/a"}]}}),
    ] {
        let refused = world.admin("edits", &bad).await;
        assert!(refused.status == 422 && !refused.text.is_empty(), "{bad}: {}", refused.status);
    }
    world.admin("edits", &json!({"match": {}, "edit": {"status": 500}})).await;
    assert_eq!(admin(&world, Method::DELETE, "edits").await.json()["rules"], json!([]));
    world.admin("edits", &json!({"match": {}, "edit": {"status": 500}})).await;
    assert_eq!(world.admin("reset", &json!({})).await.status, 200);
    assert!(world.sandbox.edited().rules.is_empty());
}

#[tokio::test]
async fn rules_come_from_a_file_too() {
    let file = std::env::temp_dir().join(format!("mooring-edits-{}.json", std::process::id()));
    let rules = json!([{"match": {"path": USER}, "edit": {"status": 418}}]);
    std::fs::write(&file, rules.to_string()).expect("a file");
    let world = World::new(config());
    world.sandbox.edit_from(&file).expect("rules");
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(world.get("user/info/", &[]).await.status, 418);
}

/// Returns what a caller receives on the wire, as far as it comes.
async fn heard(sandbox: &Sandbox) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = sandbox.router();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let bytes = tokio::task::spawn_blocking(move || read(address)).await.expect("a reader");
    serving.abort();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn read(address: SocketAddr) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let request = format!("GET {USER} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut bytes = Vec::new();
    // After a reset, the bytes before it are still here.
    let _ended = stream.read_to_end(&mut bytes).is_ok();
    bytes
}

#[tokio::test]
async fn a_dropped_answer_ends_its_connection_before_or_within_the_answer() {
    let world = World::new(config());
    world.sandbox.edit(Rule::on(USER).times(1).dropped()).expect("a rule");
    assert_eq!(heard(&world.sandbox).await, "");
    world.sandbox.edit(Rule::on(USER).from(1).times(1).truncate(9).dropped()).expect("a rule");
    let within = heard(&world.sandbox).await;
    assert!(within.starts_with("HTTP/1.1 200") && within.contains("{\"code\":"), "{within:?}");
    assert!(!within.ends_with("0\r\n\r\n"), "the answer came to its end: {within:?}");
    let whole: Value =
        serde_json::from_str(heard(&world.sandbox).await.split("\r\n\r\n").nth(1).expect("a body"))
            .expect("JSON");
    assert!(whole["code"].is_number());
}
