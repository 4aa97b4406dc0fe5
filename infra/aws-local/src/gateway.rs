//! The one listener of KMS, SQS and SES, and of the mailbox: finds the service of a request and speaks its protocol.

use std::sync::Arc;
use std::time::Duration;

use awsim_core::AwsError;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::{get, post};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, StatusCode};
use mooring_loopback::only_bodies;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Mail;
use crate::kms::Kms;
use crate::mail::Mails;
use crate::mailbox;
use crate::sqs::{self, Sqs};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The largest body: a full SQS batch and its JSON escapes.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The media types of the protocols of DynamoDB, KMS and SQS.
pub(crate) const AMZ_JSON: [&str; 2] = ["application/x-amz-json-1.0", "application/x-amz-json-1.1"];

/// The services behind the listener.
pub(crate) struct Services {
    pub(crate) kms: Kms,
    pub(crate) sqs: Sqs,
    pub(crate) mails: Mails,
    /// How long KMS waits before it handles a call.
    pub(crate) before_keys: Duration,
}

/// Routes requests to the services.
pub(crate) fn router(services: Arc<Services>) -> Router {
    let services_of_aws = Router::new().route("/", post(call));
    let mails = Router::new().route("/v2/email/outbound-emails", post(send_email));
    only_bodies(services_of_aws, &AMZ_JSON)
        .merge(only_bodies(mails, &["application/json"]))
        .route("/mailbox", get(mailbox_page))
        .route("/mailbox.json", get(mailbox_json))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(services)
}

async fn call(State(services): State<Arc<Services>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default();
    let input = serde_json::from_slice(&body).unwrap_or_else(|_| json!({}));
    let answer = match target.split_once('.') {
        Some(("TrentService", operation)) => {
            if !services.before_keys.is_zero() {
                tokio::time::sleep(services.before_keys).await;
            }
            services.kms.call(operation, input).await
        }
        Some(("AmazonSQS", operation)) => services.sqs.call(operation, input).await,
        _ => Err(AwsError::unknown_operation(target)),
    };
    respond(answer)
}

async fn send_email(State(services): State<Arc<Services>>, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    respond(services.mails.send(&request).map(|id| json!({"MessageId": id})))
}

async fn mailbox_page(State(services): State<Arc<Services>>) -> impl IntoResponse {
    ([(CONTENT_SECURITY_POLICY, mailbox::POLICY)], Html(mailbox::page(&services.mails.all())))
}

async fn mailbox_json(State(services): State<Arc<Services>>) -> Json<Vec<Mail>> {
    Json(services.mails.all())
}

fn respond(answer: Result<Value, AwsError>) -> Response {
    let id = [(REQUEST_ID, Uuid::now_v7().to_string())];
    let kind = [(CONTENT_TYPE, "application/x-amz-json-1.0")];
    match answer {
        Ok(output) => (id, kind, output.to_string()).into_response(),
        Err(error) => (error.status.max(StatusCode::BAD_REQUEST), id, kind, failure(&error)).into_response(),
    }
}

fn failure(error: &AwsError) -> impl IntoResponse + use<> {
    let shape = sqs::shape(&error.code);
    let body = json!({"__type": shape, "message": error.message}).to_string();
    ([(ERROR_TYPE, shape.to_owned()), (QUERY_ERROR, format!("{};Sender", error.code))], body)
}
