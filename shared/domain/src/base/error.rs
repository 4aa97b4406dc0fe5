//! The error that every family uses: what went wrong ([`Kind`]) beside whether trying again helps ([`Retry`]).

use std::time::Duration;

/// The kind of an error, in words that a caller or an operator can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The input does not fit; the caller has to change the input.
    Invalid,
    /// No valid credential came with the call.
    Unauthenticated,
    /// The credential is valid but may not do this.
    Forbidden,
    /// The thing does not exist for this caller.
    NotFound,
    /// The path exists, but not with this method.
    Method,
    /// The answer exists in no form that the caller accepts.
    NotAcceptable,
    /// The body came in a form that this API does not read.
    MediaType,
    /// The thing is in a state that does not allow the call.
    Conflict,
    /// The call says that it repeats an earlier call, and asks for something else.
    Mismatch,
    /// The thing was used up or is being deleted.
    Gone,
    /// Too many calls: of the caller to Mooring, or of Mooring to the platform.
    RateLimited,
    /// The platform no longer accepts the grant; the person has to connect again. The code says why: [`REVOKED`] is
    /// evidence that access was taken back, [`EXPIRED`] is no such evidence.
    Reauthorise,
    /// The grant does not cover this account or scope.
    NotPermitted,
    /// The profile or the platform's manifest does not allow this call; the call never left.
    Refused,
    /// The question was too large for the platform; the caller has to ask for less.
    TooLarge,
    /// The platform refuses the app, the app's secret or its registration: the operator has to act, and nobody else
    /// can.
    Setup,
    /// The platform answered with a failure.
    Upstream,
    /// The platform's answer does not have the agreed shape.
    UpstreamChanged,
    /// A service that Mooring builds on did not answer.
    Unavailable,
    /// A sealed value did not open.
    Sealed,
    /// A fault of Mooring itself.
    Internal,
}

/// The code of a refusal in which the platform says that access was taken back.
pub const REVOKED: &str = "revoked";

/// The code of a refusal because the login ended by itself.
pub const EXPIRED: &str = "expired";

/// The code of a refusal because the grant no longer reaches the account.
pub const ACCOUNT_LOST: &str = "account_lost";

/// The code of every [`Kind::Setup`].
pub const PLATFORM_SETUP: &str = "platform_setup";

/// Advice on trying again: whether the same call can succeed later without anybody changing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same call cannot succeed later.
    Never,
    /// The same call can succeed later, after the wait where the wait is known.
    After(Option<Duration>),
    /// The same call could succeed later, but the budget of attempts is used up.
    Exhausted,
}

/// An error of any part of Mooring. The error's text is safe to show and to log: it never holds a secret or personal
/// data.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The kind of the error.
    pub kind: Kind,
    /// Whether trying again can help.
    pub retry: Retry,
    /// A stable word for programs, `snake_case`, such as `unknown_metric`.
    pub code: &'static str,
    /// The event and the remedy, in words for people.
    pub message: String,
    /// The cause, for logs.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// A result whose error is [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error that trying again does not mend.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, retry: Retry::Never, code, message: message.into(), source: None }
    }

    /// Makes an error for input that does not fit.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// Makes the one answer for a thing that the caller may not know of.
    pub fn not_found(what: &'static str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("There is no such {what}."))
    }

    /// Makes an error of a service that may answer the next time.
    pub fn unavailable(code: &'static str, message: impl Into<String>) -> Self {
        Self { retry: Retry::After(None), ..Self::new(Kind::Unavailable, code, message) }
    }

    /// Makes an error for a state that does not allow the call.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    /// Adds whether and when to try again.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self.retry, Retry::After(_))
    }
}
