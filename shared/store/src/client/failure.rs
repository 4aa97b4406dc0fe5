//! The only place that turns the SDK's errors into the project's [`Error`].
//!
//! The cause of an error keeps DynamoDB's error code and drops its message, because some messages repeat the
//! request.

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::CancellationReason;
use mooring_domain::{Error, Kind, Retry};

/// The error code that DynamoDB gave.
#[derive(Debug, thiserror::Error)]
#[error("DynamoDB: {0}")]
struct Cause(String);

/// The code that DynamoDB gives in transactions to a condition that did not hold.
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

/// Returns whether a condition refused a single write.
pub(crate) fn is_refused<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("ConditionalCheckFailedException")
}

/// Returns whether a single write collided with a transaction.
pub(crate) fn is_conflict<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("TransactionConflictException")
}

/// Returns whether a write of a transaction collided with another write.
pub(crate) fn lost_the_race(reason: &CancellationReason) -> bool {
    reason.code() == Some("TransactionConflict")
}

/// Turns the SDK's error of a call into the project's error.
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

/// Turns an error code of DynamoDB into the project's error.
pub(crate) fn coded(code: &str) -> Error {
    if BUSY.contains(&code) || code.starts_with("Transaction") { busy(code) } else { fault(code) }
}

/// Makes the error for a DynamoDB that did not answer or had no capacity. The same call may succeed later.
pub(crate) fn busy(cause: &str) -> Error {
    Error::unavailable("store_unavailable", "The database did not answer; try again.")
        .retry(Retry::After(None))
        .because(Cause(cause.to_owned()))
}

fn fault(cause: &str) -> Error {
    Error::new(Kind::Internal, "store_refused", "The database refused a request.")
        .because(Cause(cause.to_owned()))
}

/// Makes the error of a request that the SDK refused to build.
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
