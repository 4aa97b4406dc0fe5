//! `DynamoDB` over HTTP: the protocol in front of the embedded database.
//!
//! The database brings a server of its own, which answers pages of every origin under every name and cannot be put
//! behind a guard. This server stands behind one. It does not word the refusal of a malformed request as AWS does.

use std::borrow::Cow;
use std::path::PathBuf;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dynoxide::auth_material::{AuthMaterial, validate};
use dynoxide::{Database, DynoxideError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::trouble::{DataError, Keeping};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const AMZ_DATE: HeaderName = HeaderName::from_static("x-amz-date");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const PREFIX: &str = "DynamoDB_20120810.";
/// The largest body that the service takes, with the headers of a batch.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// The database, its file, and whether it takes writes.
#[derive(Clone)]
pub(crate) struct Tables {
    pub(crate) database: Database,
    pub(crate) file: Option<PathBuf>,
    pub(crate) keeping: Keeping,
}

impl Tables {
    /// Notes whether an operation that may write was kept. A refusal of the service says nothing of that.
    fn note<T>(&self, operation: &str, outcome: &dynoxide::Result<T>) {
        let reads = ["Get", "Query", "Scan", "List", "Describe", "BatchGet", "TransactGet"];
        match outcome {
            Err(error) if error.status_code() >= 500 => self.failed(&error.to_string()),
            Ok(_) if !reads.iter().any(|verb| operation.starts_with(verb)) => self.keeping.kept(KIND),
            _ => {}
        }
    }

    /// Notes what the database said when it could not write.
    pub(crate) fn failed(&self, said: &str) {
        if let Some(file) = &self.file {
            self.keeping.failed(KIND, &DataError::database(file, said));
        }
    }
}

/// The word of the tables among the kinds of state.
const KIND: &str = "dynamodb";

/// Answers the service's operations.
pub(crate) fn router(tables: Tables) -> Router {
    Router::new().route("/", post(call)).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(tables)
}

async fn call(State(tables): State<Tables>, headers: HeaderMap, body: String) -> Response {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(operation) = text(&TARGET).and_then(|target| target.strip_prefix(PREFIX)) else {
        return unknown();
    };
    let dated = headers.contains_key(AMZ_DATE) || headers.contains_key(DATE);
    let presented = AuthMaterial { authorization: text(&AUTHORIZATION), query: "", has_date_header: dated };
    if let Some(refusal) = validate(presented) {
        return respond(StatusCode::BAD_REQUEST, refusal);
    }
    let outcome = run(&tables.database, operation, &body);
    if let Some(outcome) = &outcome {
        tables.note(operation, outcome);
    }
    match outcome {
        Some(Ok(answer)) => respond(StatusCode::OK, answer),
        Some(Err(error)) => {
            let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
            respond(status, error.to_json())
        }
        None => unknown(),
    }
}

/// Runs an operation; `None` when there is none of that name.
fn run(database: &Database, operation: &str, body: &str) -> Option<dynoxide::Result<String>> {
    macro_rules! operations {
        ($($name:literal => $method:ident),* $(,)?) => {
            match operation {
                $($name => answered(read(body).and_then(|request| database.$method(request))),)*
                _ => return None,
            }
        };
    }
    Some(operations! {
        "CreateTable" => create_table,
        "DeleteTable" => delete_table,
        "DescribeTable" => describe_table,
        "ListTables" => list_tables,
        "UpdateTable" => update_table,
        "PutItem" => put_item,
        "GetItem" => get_item,
        "DeleteItem" => delete_item,
        "UpdateItem" => update_item,
        "Query" => query,
        "Scan" => scan,
        "BatchGetItem" => batch_get_item,
        "BatchWriteItem" => batch_write_item,
        "TransactWriteItems" => transact_write_items,
        "TransactGetItems" => transact_get_items,
        "UpdateTimeToLive" => update_time_to_live,
        "DescribeTimeToLive" => describe_time_to_live,
        "ExecuteStatement" => execute_statement,
        "ExecuteTransaction" => execute_transaction,
        "BatchExecuteStatement" => batch_execute_statement,
        "TagResource" => tag_resource,
        "UntagResource" => untag_resource,
        "ListTagsOfResource" => list_tags_of_resource,
    })
}

fn read<T: DeserializeOwned>(body: &str) -> dynoxide::Result<T> {
    serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn answered<T: Serialize>(outcome: dynoxide::Result<T>) -> dynoxide::Result<String> {
    match outcome {
        Ok(answer) => serde_json::to_string(&answer)
            .map_err(|error| DynoxideError::InternalServerError(error.to_string())),
        // A mark of the database's own, for its own server.
        Err(DynoxideError::EnvelopedValidation(message)) => Err(DynoxideError::ValidationException(message)),
        Err(error) => Err(error),
    }
}

fn unknown() -> Response {
    let body = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;
    respond(StatusCode::BAD_REQUEST, body)
}

fn respond(status: StatusCode, body: impl Into<Cow<'static, str>>) -> Response {
    let headers =
        [(CONTENT_TYPE, "application/x-amz-json-1.0".to_owned()), (REQUEST_ID, Uuid::now_v7().to_string())];
    (status, headers, body.into().into_owned()).into_response()
}
