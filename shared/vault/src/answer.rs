//! Sorts KMS's refusals into Mooring's errors.
//!
//! Of an SDK error, only a word from the lists below goes into Mooring's error: the SDK's own text and debug output
//! may hold the request, and with it ciphertext.

use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use mooring_domain::{Error, Kind};

use crate::sealed;

/// Codes after which the same call may succeed later.
const LATER: [&str; 9] = [
    "DependencyTimeoutException",
    "ExpiredTokenException",
    "InternalFailure",
    "KMSInternalException",
    "KeyUnavailableException",
    "LimitExceededException",
    "RequestTimeout",
    "ServiceUnavailable",
    "ThrottlingException",
];

/// Codes of a key or a ciphertext that KMS refuses, or of a role without the permission.
const NEVER: [&str; 8] = [
    "AccessDeniedException",
    "DisabledException",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "InvalidKeyUsageException",
    "KMSInvalidStateException",
    "NotFoundException",
    "ValidationException",
];

/// The kind of KMS's answer, for logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Answer {
    /// KMS is not available, or asks for time.
    #[error("KMS is not available: {0}")]
    Later(&'static str),
    /// KMS refuses.
    #[error("KMS refuses: {0}")]
    Refused(&'static str),
    /// KMS answers with an unknown code.
    #[error("KMS answered something unknown")]
    Unknown,
}

/// Makes the error of a `Decrypt` that failed. A refusal has the same error as everything that does not open.
pub(crate) fn not_opened<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Error {
    into_error(read(error), sealed::refused())
}

/// Makes the error of a `GenerateDataKey` that failed.
pub(crate) fn not_made<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Error {
    let message = "KMS makes no data key; check its key's state and the role's permission.";
    into_error(read(error), Error::new(Kind::Internal, "key_refused", message))
}

/// Makes the error of an answer that lacks what every answer has.
pub(crate) fn odd() -> Error {
    into_error(Answer::Unknown, sealed::failed())
}

fn into_error(answer: Answer, refused: Error) -> Error {
    match answer {
        Answer::Later(_) => Error::unavailable("kms_unavailable", "KMS did not answer in time."),
        Answer::Refused(_) => refused,
        Answer::Unknown => Error::new(Kind::Internal, "kms_failed", "KMS answered something unknown."),
    }
    .because(answer)
}

fn read<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Answer {
    match error {
        SdkError::ServiceError(answer) => {
            classify(answer.err().code(), answer.raw().status().is_server_error())
        }
        SdkError::ConstructionFailure(_) => Answer::Unknown,
        _ => Answer::Later("no answer"),
    }
}

/// Sorts a code of KMS. A code that is on no list may pass when the fault is the server's.
pub(crate) fn classify(code: Option<&str>, servers_fault: bool) -> Answer {
    let find = |list: &[&'static str]| list.iter().copied().find(|known| code == Some(known));
    match (find(&LATER), find(&NEVER)) {
        (Some(known), _) => Answer::Later(known),
        (None, Some(known)) => Answer::Refused(known),
        (None, None) if servers_fault => Answer::Later("a fault of the server"),
        (None, None) => Answer::Unknown,
    }
}
