//! Tests for which address a request counts, and that a demanded front refuses requests around it.

use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;

use super::*;

const SECRET: &str = "front-secret-of-256-random-bits";

/// Makes an edge behind a front with these secrets, or without a front.
fn behind(secrets: &[&str]) -> Edge {
    let (directory, _) = directory();
    let mut config = crate::Config::new("https://api.example").unwrap();
    config.edge_digests = secrets.iter().map(|secret| SystemEntropy.digest(secret.as_bytes())).collect();
    Edge::new(Arc::new(directory), Arc::new(Fixed), Arc::new(SystemEntropy), config)
}

/// Makes a request as API Gateway passes it on, with the address that API Gateway saw.
fn from(address: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = HttpRequest::builder().method(Method::GET).uri("/deletions/abc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut context = ApiGatewayV2httpRequestContext::default();
    context.http.source_ip = Some(address.to_owned());
    request.body(Body::Empty).unwrap().with_request_context(RequestContext::ApiGatewayV2(context))
}

fn source(edge: &Edge, request: &Request) -> String {
    edge.front.source(request).unwrap().to_string()
}

#[test]
fn a_viewer_is_believed_only_with_the_secret_of_the_front() {
    let viewer = ("cloudfront-viewer-address", "198.51.100.7:46532");
    let forwarded = ("x-forwarded-for", "198.51.100.9");
    let (right, wrong) = (("x-edge-secret", SECRET), ("x-edge-secret", "guessed"));
    let edge = behind(&[SECRET]);
    assert_eq!(source(&edge, &from("203.0.113.1", &[viewer, right])), "198.51.100.7");
    for headers in [&[viewer, forwarded, wrong][..], &[viewer, forwarded], &[viewer, ("x-edge-secret", "")]] {
        assert_eq!(source(&edge, &from("203.0.113.1", headers)), "203.0.113.1", "{headers:?}");
        assert_eq!(source(&behind(&[]), &from("203.0.113.1", headers)), "203.0.113.1", "{headers:?}");
    }
    assert_eq!(source(&edge, &from("203.0.113.1", &[right])), "203.0.113.1");
    assert_eq!(
        source(&edge, &from("203.0.113.1", &[("cloudfront-viewer-address", "x"), right])),
        "203.0.113.1"
    );
}

#[test]
fn an_ipv6_address_stands_for_its_network() {
    let edge = behind(&[SECRET]);
    let long = ("cloudfront-viewer-address", "2001:db8:1:2:3:4:5:6:46532");
    assert_eq!(source(&edge, &from("203.0.113.1", &[long, ("x-edge-secret", SECRET)])), "2001:db8:1:2::");
    assert_eq!(source(&edge, &from("2001:db8:1:2::9", &[])), "2001:db8:1:2::");
    assert_eq!(source(&edge, &from("::ffff:198.51.100.7", &[])), "198.51.100.7");
}

#[tokio::test]
async fn whoever_goes_around_the_front_is_refused_everywhere() {
    let edge = behind(&[SECRET, "the one before"]);
    let run = async |headers: &[(&str, &str)]| {
        let request = from("203.0.113.1", headers);
        let page = edge.page(&request, async || ok(&"page")).await.status().as_u16();
        let api = edge.api(&request, Scope::ConnectionsRead, async |_| ok(&"api")).await.status().as_u16();
        (page, api)
    };
    // The API asks for a credential once the front's secret is right.
    assert_eq!(run(&[("x-edge-secret", SECRET)]).await, (200, 401));
    assert_eq!(run(&[("x-edge-secret", "the one before")]).await, (200, 401));
    assert_eq!(run(&[]).await, (403, 403));
    assert_eq!(run(&[("x-edge-secret", "guessed")]).await, (403, 403));
}

/// Returns an edge's answers to an event, by an API route and by a page.
async fn answers(edge: &Edge, query: &str, headers: &[(&str, &str)]) -> [crate::Answer; 2] {
    let api = |request| -> crate::Handling<'_> { Box::pin(async move { call(edge, &request).await }) };
    let page = |request| -> crate::Handling<'_> {
        Box::pin(async move { edge.page(&request, async || ok(&"page")).await })
    };
    let context = lambda_http::Context::default;
    let event = event(query, headers);
    [crate::invoke(event.clone(), context(), api).await, crate::invoke(event, context(), page).await]
}

/// Makes an event with a query.
fn event(query: &str, headers: &[(&str, &str)]) -> serde_json::Value {
    let headers: std::collections::BTreeMap<_, _> = headers.iter().copied().collect();
    serde_json::json!({
        "version": "2.0",
        "rawPath": "/v1/connections",
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "http": { "method": "GET", "path": "/v1/connections", "sourceIp": "192.0.2.1" },
            "requestId": "abc=",
            "stage": "$default",
        },
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn a_query_that_does_not_fit_is_refused_behind_the_front_and_browsers_may_read_it() {
    let edge = behind(&[SECRET]);
    let (right, origin, json) =
        (("x-edge-secret", SECRET), ("origin", ORIGIN), ("accept", "application/json"));
    for answer in answers(&edge, "a=\"", &[origin, json]).await {
        assert_eq!(answer.status_code, 403, "{}", answer.body);
        assert!(answer.body.contains("front_required"), "{}", answer.body);
    }
    let [api, page] = answers(&edge, "a=\"", &[right, origin, json]).await;
    assert_eq!(api.headers["access-control-allow-origin"], ORIGIN);
    for answer in [api, page] {
        assert_eq!(answer.status_code, 400, "{}", answer.body);
        assert!(answer.body.contains("invalid_query"), "{}", answer.body);
        assert_eq!(answer.headers["x-request-id"], "abc=");
    }
    let [api, page] = answers(&edge, "a=b", &[right, json]).await;
    assert_eq!((api.status_code, page.status_code), (401, 200));
}

#[tokio::test]
async fn a_public_document_refuses_a_query_that_does_not_fit() {
    for (query, status) in [("a=\"", 400), ("a=b", 200)] {
        let asset = |request| -> crate::Handling<'_> {
            Box::pin(async move { crate::asset(&request, "application/json", "{}") })
        };
        let context = lambda_http::Context::default();
        assert_eq!(crate::invoke(event(query, &[]), context, asset).await.status_code, status, "{query}");
    }
}
