//! Consent, codes, tokens and their end.

use crate::support::{APP, Answer, REDIRECT, SECRET, World, config, shared};
use axum::body::Body;
use axum::http::Request;
use mooring_sandbox::SandboxConfig;
use serde_json::json;
use url::Url;
use url::form_urlencoded::Serializer;

const STATE: &str = "a b+c/ü=&%";

async fn open(world: &World, app: &str, redirect: &str) -> Answer {
    let query = Serializer::new(String::new())
        .extend_pairs([("app_id", app), ("state", STATE), ("redirect_uri", redirect)])
        .finish();
    world.send(Request::get(format!("/portal/auth?{query}")).body(Body::empty()).expect("a request")).await
}

async fn decide(world: &World, redirect: &str, fields: &[(&str, &str)]) -> Answer {
    let body = Serializer::new(String::new())
        .extend_pairs([("app_id", APP), ("state", STATE), ("redirect_uri", redirect)])
        .extend_pairs(fields)
        .finish();
    let request = Request::post("/portal/auth").header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(body)).expect("a request")).await
}

fn query_of(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let location = answer.headers["location"].to_str().expect("text");
    assert!(location.starts_with(&format!("{REDIRECT}?")), "{location}");
    Url::parse(location).expect("an address").query_pairs().into_owned().collect()
}

fn field(query: &[(String, String)], name: &str) -> String {
    query.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

#[tokio::test]
async fn the_page_says_what_it_is_and_loads_nothing() {
    let world = shared();
    let page = open(world, APP, REDIRECT).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Sandbox.") && page.text.contains("not TikTok"));
    let policy = page.headers["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'; style-src 'unsafe-inline'"));
    assert!(policy.contains("form-action 'self' http: https:;"), "{policy}");
    assert!(!page.text.contains("src=") && !page.text.contains("<script"), "{}", page.text);
    assert!(page.text.contains("value=\"a b+c/ü=&amp;%\""), "the state is escaped, not lost");
    assert_eq!(page.text.matches("name=\"advertiser\"").count(), 3);
    assert_eq!(page.text.matches("name=\"scope\"").count(), 5);
}

#[tokio::test]
async fn unknown_app_or_redirect_never_redirects() {
    let world = shared();
    let foreign = "http://127.0.0.1:9000/oauth/callback/tiktok_ads/main/";
    for (app, redirect) in [("1", REDIRECT), (APP, foreign), (APP, "")] {
        let answer = open(world, app, redirect).await;
        assert_eq!(answer.status, 400);
        assert!(!answer.headers.contains_key("location"));
    }
    assert_eq!(decide(world, foreign, &[("decision", "cancel")]).await.status, 400);
}

#[tokio::test]
async fn consent_gives_a_code_for_what_was_ticked() {
    let world = World::new(config());
    let advertiser = world.advertiser(1);
    let fields = [("decision", "allow"), ("advertiser", &*advertiser), ("scope", "100"), ("scope", "44")];
    let query = query_of(&decide(&world, REDIRECT, &fields).await);
    assert_eq!(field(&query, "state"), STATE);
    assert_eq!(field(&query, "auth_code"), field(&query, "code"));
    let data = world.exchange(&field(&query, "auth_code")).await.json()["data"].clone();
    assert_eq!(data["advertiser_ids"], json!([advertiser]));
    assert_eq!(data["scope"], json!([100, 44]));
    let token = data["access_token"].as_str().expect("a token");
    let listed = world.get_as(token, "campaign/get/", &[("advertiser_id", &advertiser)]).await;
    assert_eq!(listed.code(), 40001, "scope 200 was unticked");
    let app = [("app_id", APP), ("secret", SECRET)];
    let reached = world.get_as(token, "oauth2/advertiser/get/", &app).await.json()["data"]["list"].clone();
    assert_eq!(reached[0]["advertiser_id"], advertiser);
    assert_eq!(reached.as_array().expect("a list").len(), 1);
    let foreign = json!([world.advertiser(0)]).to_string();
    assert_eq!(world.get_as(token, "advertiser/info/", &[("advertiser_ids", &foreign)]).await.code(), 40001);
}

#[tokio::test]
async fn cancel_and_nothing_chosen() {
    let world = shared();
    let query = query_of(&decide(world, REDIRECT, &[("decision", "cancel")]).await);
    assert_eq!(field(&query, "error"), "access_denied");
    assert_eq!(field(&query, "state"), STATE);
    assert!(field(&query, "auth_code").is_empty());
    let answer = decide(world, REDIRECT, &[("decision", "allow"), ("advertiser", "1")]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("role=\"alert\""));
}

#[tokio::test]
async fn a_code_works_once_and_for_an_hour() {
    let world = World::new(config());
    let code = || world.sandbox.consent(world.sandbox.advertiser_ids(), vec![100]);
    let first = code();
    assert_eq!(world.exchange(&first).await.code(), 0);
    assert_eq!(world.exchange(&first).await.code(), 40110, "used");
    assert_eq!(world.exchange("moon").await.code(), 40110, "unknown");
    let (late, in_time) = (code(), code());
    world.pass_seconds(3599);
    assert_eq!(world.exchange(&in_time).await.code(), 0);
    world.pass_seconds(1);
    assert_eq!(world.exchange(&late).await.code(), 40110, "expired");
}

#[tokio::test]
async fn exchange_checks_app_secret_and_fields() {
    let world = World::new(config());
    let code = world.sandbox.consent(world.sandbox.advertiser_ids(), vec![4]);
    let body = |app: &str, secret: &str| json!({"app_id": app, "secret": secret, "auth_code": code});
    let send = async |body| world.post("oauth2/access_token/", &body).await;
    assert_eq!(send(body("1", SECRET)).await.code(), 40101);
    assert_eq!(send(body(APP, "moon")).await.code(), 40113);
    assert_eq!(send(json!({"app_id": APP, "secret": SECRET})).await.code(), 40002);
    let mut quiet = body(APP, SECRET);
    quiet["return_advertiser_ids"] = false.into();
    let data = send(quiet).await.json()["data"].clone();
    assert!(data.get("advertiser_ids").is_none(), "{data}");
    let token = data["access_token"].as_str().expect("a token");
    assert!(world.sandbox.issued_tokens().contains(&token.to_owned()));
    // A parent scope allows its children: 4 covers 44, not 100.
    let report = world.get_as(token, "report/integrated/get/", &[]).await;
    assert_eq!(report.code(), 40002);
    assert_eq!(world.get_as(token, "advertiser/info/", &[]).await.code(), 40001);
}

#[tokio::test]
async fn tokens_are_empty_unknown_or_revoked() {
    let world = World::new(config());
    assert_eq!(world.get_as("", "user/info/", &[]).await.code(), 40104);
    assert_eq!(world.get_as("moon", "user/info/", &[]).await.code(), 40105);
    let user = world.data("user/info/", &[]).await;
    assert_eq!(user["email"], world.sandbox.canary_email());
    let body = json!({"app_id": APP, "secret": SECRET, "access_token": world.token});
    let revoked = world.post("oauth2/revoke_token/", &body).await.json();
    assert_eq!(revoked["data"], json!({"app_id": APP, "advertiser_ids": world.sandbox.advertiser_ids()}));
    assert_eq!(world.post("oauth2/revoke_token/", &body).await.code(), 40105, "already revoked");
    assert_eq!(world.sandbox.counters().after_revocation, 0);
    let answer = world.get("user/info/", &[]).await.json();
    assert_eq!(answer["code"], 40105);
    assert_eq!(answer["message"], "Access token is incorrect or has been revoked.");
    assert_eq!(world.sandbox.counters().after_revocation, 1);
}

#[tokio::test]
async fn silent_revocation_and_a_lost_advertiser() {
    let world = World::new(config());
    let lost = world.advertiser(0);
    let answer = world.admin("revoke", &json!({"advertiser_id": lost})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(world.get("campaign/get/", &[("advertiser_id", &lost)]).await.code(), 40001);
    let app = [("app_id", APP), ("secret", SECRET)];
    let left = world.data("oauth2/advertiser/get/", &app).await;
    assert!(!left.to_string().contains(&lost));
    assert_eq!(left["list"].as_array().expect("a list").len(), 2);
    assert_eq!(world.admin("revoke", &json!({"silent": true})).await.json()["revoked"], 1);
    assert_eq!(world.get("user/info/", &[]).await.code(), 40105);
}

#[tokio::test]
async fn a_lost_advertiser_that_is_given_back_is_reached_as_before() {
    let world = World::new(config());
    let id = json!({ "advertiser_id": world.advertiser(0) });
    let known = async || {
        let listed =
            world.data("oauth2/advertiser/get/", &[("app_id", APP), ("secret", SECRET)]).await["list"]
                .clone();
        (listed, world.get("campaign/get/", &[("advertiser_id", &world.advertiser(0))]).await.code())
    };
    let before = known().await;
    world.admin("revoke", &id).await;
    assert_ne!(known().await, before);
    assert_eq!(world.admin("restore", &id).await.json(), json!({ "restored": true }));
    assert_eq!(known().await, before, "the same grant reaches it again");
    assert_eq!(world.admin("restore", &id).await.json(), json!({ "restored": false }), "it was there");
    assert_eq!(world.admin("restore", &json!({})).await.status, 422);
}

/// A token that a person revoked stays revoked: only an advertiser can return to a grant.
#[tokio::test]
async fn a_revoked_token_is_not_given_back() {
    let world = World::new(config());
    world.admin("revoke", &json!({})).await;
    world.admin("restore", &json!({ "advertiser_id": world.advertiser(0) })).await;
    assert_eq!(world.get("user/info/", &[]).await.code(), 40105);
}

#[tokio::test]
async fn grants_outlive_a_restart_when_kept() {
    let file = std::env::temp_dir().join(format!("mooring-sandbox-{}.json", std::process::id()));
    let kept = || SandboxConfig { state_file: Some(file.clone()), ..config() };
    let (first, dead) = (World::new(kept()), World::new(kept()));
    dead.sandbox.revoke_all_tokens();
    let again = World::new(kept());
    let answers = [
        again.get_as(&first.token, "user/info/", &[]).await.code(),
        again.get_as(&dead.token, "user/info/", &[]).await.code(),
    ];
    std::fs::remove_file(&file).expect("the file was written");
    assert_eq!(answers, [40105, 40105], "the second run knew and revoked the first one's token");
    assert_eq!(again.sandbox.issued_tokens()[..2], [first.token, dead.token]);
}
