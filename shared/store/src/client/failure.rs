//! The one place where the SDK's errors become the family's.
//!
//! A cause keeps the service's error code and nothing of its message: some messages repeat the request.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use mooring_domain::{Error, Kind, Retry};

/// The service's own word for what went wrong.
#[derive(Debug, thiserror::Error)]
#[error("DynamoDB: {0}")]
struct Cause(String);

/// The code of a condition that did not hold, in transactions.
pub(crate) const REFUSED: &str = "ConditionalCheckFailed";

const BUSY: [&str; 10] = [
    "InternalFailure",
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionInProgressException",
];

/// Tells whether a single write was refused by its condition.
pub(crate) fn is_refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// Tells whether a single write met a transaction.
pub(crate) fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("TransactionConflictException")
}

/// Tells whether a write of a transaction met another one.
pub(crate) fn lost_the_race(reason: &CancellationReason) -> bool {
    reason.code() == Some("TransactionConflict")
}

/// The family error of a call that failed.
pub(crate) fn failed<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Error {
    let word = match error {
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "not sent",
        SdkError::ResponseError(_) => "broken answer",
        SdkError::ConstructionFailure(_) => return fault("not built"),
        _ => return coded(error.code().unwrap_or("InternalServerError")),
    };
    busy(word)
}

/// The family error of the service's error code.
pub(crate) fn coded(code: &str) -> Error {
    if BUSY.contains(&code) || code.starts_with("Transaction") { busy(code) } else { fault(code) }
}

/// The error of a service that did not answer or had no room; the same call may succeed later.
pub(crate) fn busy(cause: &str) -> Error {
    Error::unavailable("store_unavailable", "The database did not answer; try again.")
        .retry(Retry::After(None))
        .because(Cause(cause.to_owned()))
}

fn fault(cause: &str) -> Error {
    Error::new(Kind::Internal, "store_refused", "The database refused a request.")
        .because(Cause(cause.to_owned()))
}

/// The error of a request that the SDK would not build.
pub(crate) fn not_built(_: BuildError) -> Error {
    fault("not built")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_retryable_and_what_does_not_is_a_fault() {
        for code in BUSY.into_iter().chain(["TransactionConflictException", "TransactionCanceledException"]) {
            let error = coded(code);
            assert_eq!((error.kind, error.is_retryable()), (Kind::Unavailable, true), "{code}");
        }
        for code in ["ValidationException", "ResourceNotFoundException", "AccessDeniedException"] {
            let error = coded(code);
            assert_eq!((error.kind, error.is_retryable()), (Kind::Internal, false), "{code}");
        }
    }
}
