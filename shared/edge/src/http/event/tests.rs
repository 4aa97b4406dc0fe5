use lambda_http::http::Method;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::http::reply::ok;

fn event(route: &str, path: &str, query: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": { "host": "api.example", "accept": "*/*" },
        "requestContext": {
            "http": { "method": "GET", "path": path, "sourceIp": "192.0.2.1" },
            "requestId": "abc=",
            "routeKey": route,
            "stage": "$default",
        },
        "isBase64Encoded": false,
    })
}

fn code(event: Value) -> &'static str {
    read(event).and_then(|request| require_fit(&request)).map_or_else(|error| error.code, |()| "read")
}

#[test]
fn a_plain_event_is_a_request() {
    let mut plain = event("GET /v1/connections/{id}", "/v1/connections/con_1", "a=%22&b=%20");
    plain["pathParameters"] = json!({ "id": "con_1" });
    plain["cookies"] = json!(["a=1", "b=\u{e9}", "c=3"]);
    plain["body"] = json!("e30=");
    plain["isBase64Encoded"] = json!(true);
    let request = read(plain).unwrap();
    assert_eq!(request.method(), Method::GET);
    assert_eq!(request.uri().to_string(), "/v1/connections/con_1?a=%22&b=%20");
    assert_eq!(request.path_parameters_ref().and_then(|all| all.first("id")), Some("con_1"));
    assert_eq!(request.body().as_ref(), b"{}");
    assert_eq!(crate::cookie(&request, "c"), Some("3"));
    assert_eq!(trace::given_id(&request), Some("abc="));
}

#[test]
fn raw_bytes_in_a_query_string_are_refused() {
    for raw in ["\"", "<", ">", " ", "\t", "#", "\n", "\u{7f}"] {
        let code = code(event("GET /v1/reports", "/v1/reports", &format!("level={raw}ad")));
        assert_eq!(code, "invalid_query", "{raw:?}");
    }
    for fine in ["", "a=|{}^`\\[]'", "a=é"] {
        assert_eq!(code(event("GET /v1/reports", "/v1/reports", fine)), "read", "{fine}");
    }
}

#[test]
fn odd_hosts_bodies_and_events_are_refused_or_read_and_end_nothing() {
    let mut host = event("GET /v1/reports", "/v1/reports", "");
    host["headers"] = json!({ "host": "[::1", "x-forwarded-proto": ":/" });
    assert_eq!(code(host), "read");
    let mut body = event("GET /v1/reports", "/v1/reports", "");
    body["isBase64Encoded"] = json!(true);
    body["body"] = json!("***");
    assert_eq!(code(body), "invalid_request");
    for other in [json!({}), json!(null), json!([1]), json!({ "Records": [] })] {
        assert_eq!(code(other), "invalid_request");
    }
}

#[test]
fn a_named_stage_and_a_path_mapping_are_refused_by_name() {
    let mut staged = event("GET /v1/reports", "/v1/reports", "");
    staged["requestContext"]["stage"] = json!("prod");
    assert_eq!(code(staged), "named_stage");
    for (route, path, placed) in [
        ("GET /v1/reports", "/api/v1/reports", false),
        ("GET /v1/reports", "/v1/v1/reports", false),
        ("GET /v1/connections/{id}", "/api/v1/connections/con_1", false),
        ("GET /connect/{token}", "/api/connect/abc", false),
        ("GET /v1/reports", "/v1/reports", true),
        ("GET /v1/reports", "/v1/reports/", true),
        ("GET /connect/{token}", "/connect/abc/d", true),
        ("GET /connect/{token}", "/connect/connect/d", true),
        ("$default", "/api/v1/reports", true),
    ] {
        assert_eq!(code(event(route, path, "")), if placed { "read" } else { "path_mapping" }, "{path}");
    }
}

#[tokio::test]
async fn a_refusal_is_a_problem_document_and_a_fault_of_the_set_up_is_ours() {
    let context = Context::default();
    let never = |_| -> Handling<'static> { Box::pin(async { Reply::default() }) };
    let refused = invoke(broken(), context.clone(), never).await;
    assert_eq!(
        (refused.status_code, refused.headers["content-type"].as_str()),
        (400, "application/problem+json")
    );
    let staged = event("GET /v1/reports", "/api/v1/reports", "");
    assert_eq!(invoke(staged, context.clone(), never).await.status_code, 500);
    let fine = |_| -> Handling<'static> { Box::pin(async { ok(&json!({})).unwrap_or_default() }) };
    let answered = invoke(event("GET /v1/reports", "/v1/reports", "a=b"), context, fine).await;
    assert_eq!((answered.status_code, answered.body.as_str()), (200, "{}"));
}

/// Makes an event that no handler gets.
fn broken() -> Value {
    let mut broken = event("GET /v1/reports", "/v1/reports", "");
    broken["isBase64Encoded"] = json!(true);
    broken["body"] = json!("***");
    broken
}

#[tokio::test]
async fn a_refusal_names_the_request_by_the_id_of_api_gateway_if_it_is_one() {
    let mut context = Context::default();
    context.request_id = "invocation".to_owned();
    for (given, named) in [
        (json!("abc="), "abc="),
        (json!("a b"), "invocation"),
        (json!(7), "invocation"),
        (Value::Null, "invocation"),
    ] {
        let never = |_| -> Handling<'static> { Box::pin(async { Reply::default() }) };
        let mut event = broken();
        event["requestContext"]["requestId"] = given;
        let refused = invoke(event, context.clone(), never).await;
        assert_eq!(refused.headers["x-request-id"], named);
        let problem: Value = serde_json::from_str(&refused.body).unwrap();
        assert_eq!(problem["request_id"].as_str(), Some(named));
    }
}

fn texts() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::String),
        "[\\x00-\\x7f]{0,20}".prop_map(Value::String),
        Just(Value::Null),
        Just(json!(7)),
        Just(json!(["a"])),
        Just(json!({ "host": "\"", "cookie": "\u{0}" })),
    ]
}

proptest! {
    #[test]
    fn no_shape_of_an_event_ends_the_process(
        field in prop::sample::select(vec![
            "/rawPath", "/rawQueryString", "/headers", "/cookies", "/pathParameters", "/body", "/isBase64Encoded",
            "/headers/host", "/routeKey", "/requestContext", "/requestContext/http/method", "/requestContext/stage",
            "/requestContext/requestId", "/requestContext/routeKey", "/requestContext/http",
        ]),
        value in texts(),
        encoded in any::<bool>(),
    ) {
        let mut odd = event("GET /v1/connections/{id}", "/v1/connections/con_1", "a=b");
        for name in ["cookies", "pathParameters", "body"] {
            odd[name] = Value::Null;
        }
        odd["isBase64Encoded"] = json!(encoded);
        *odd.pointer_mut(field).unwrap() = value;
        let known = ["read", "invalid_request", "invalid_query", "named_stage", "path_mapping"];
        prop_assert!(known.contains(&code(odd)));
    }
}
