//! The refusals that services give, each in its own dialect.

use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::{Value, json};

/// The service that a request is for, recognised by the shape of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Service {
    DynamoDb,
    Kms,
    Sqs,
    Ses,
    Platform,
}

/// Returns the operation of a request: the target's, or method and path.
pub(super) fn operation(parts: &Parts) -> String {
    match target(&parts.headers).and_then(|target| target.split_once('.')) {
        Some((_, operation)) => operation.to_owned(),
        None => format!("{} {}", parts.method, parts.uri.path()),
    }
}

/// Answers that there were too many requests.
pub(super) fn throttled(parts: &Parts) -> Response<Full<Bytes>> {
    match service(parts) {
        Service::DynamoDb => {
            aws(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException")
        }
        Service::Kms => aws(400, "ThrottlingException"),
        Service::Sqs => aws(400, "com.amazonaws.sqs#RequestThrottled"),
        Service::Ses => aws(429, "TooManyRequestsException"),
        // TikTok portal, return codes page: 40100 comes with status 200.
        Service::Platform => answer(
            200,
            &json!({
                "code": 40100, "message": "Too many requests. Please retry in some time.",
                "request_id": "202611210000000000000000000000000", "data": {},
            }),
        ),
    }
}

/// Answers that another transaction holds an item, if the request is a write to `DynamoDB`.
pub(super) fn conflicted(parts: &Parts, body: &[u8]) -> Option<Response<Full<Bytes>>> {
    if service(parts) != Service::DynamoDb {
        return None;
    }
    match operation(parts).as_str() {
        "TransactWriteItems" => Some(cancelled(body)),
        "BatchExecuteStatement" => Some(each_met_another(body)),
        "PutItem" | "UpdateItem" | "DeleteItem" => {
            Some(aws(400, "com.amazonaws.dynamodb.v20120810#TransactionConflictException"))
        }
        _ => None,
    }
}

/// Answers that the service failed.
pub(super) fn failed(parts: &Parts) -> Response<Full<Bytes>> {
    match service(parts) {
        Service::Platform => answer(500, &json!({"code": 50000, "message": "System error", "data": {}})),
        _ => aws(500, "InternalFailure"),
    }
}

/// Gives one reason per item; the first item is the one in conflict.
fn cancelled(body: &[u8]) -> Response<Full<Bytes>> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let items = request.get("TransactItems").and_then(Value::as_array).map_or(1, Vec::len);
    let mut reasons =
        vec![json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"})];
    reasons.resize(items.max(1), json!({"Code": "None"}));
    answer(
        400,
        &json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
            "CancellationReasons": reasons,
        }),
    )
}

/// Answers for a batch of statements: the batch succeeds as a whole, and each statement says that it did not.
fn each_met_another(body: &[u8]) -> Response<Full<Bytes>> {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let statements = request.get("Statements").and_then(Value::as_array).map_or(1, Vec::len);
    let error = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
    answer(200, &json!({"Responses": vec![json!({"Error": error}); statements]}))
}

fn aws(status: u16, code: &str) -> Response<Full<Bytes>> {
    let mut response = answer(status, &json!({"__type": code, "message": "Injected"}));
    if let Some(value) = code.rsplit('#').next().and_then(|code| code.parse().ok()) {
        response.headers_mut().insert("x-amzn-errortype", value);
    }
    response
}

fn answer(status: u16, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    response
}

fn service(parts: &Parts) -> Service {
    match target(&parts.headers).and_then(|target| target.split_once('.')) {
        Some(("DynamoDB_20120810", _)) => Service::DynamoDb,
        Some(("TrentService", _)) => Service::Kms,
        Some(("AmazonSQS", _)) => Service::Sqs,
        _ if parts.uri.path().starts_with("/v2/email/") => Service::Ses,
        _ => Service::Platform,
    }
}

fn target(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()
}
