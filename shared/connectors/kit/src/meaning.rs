//! The meaning of a platform's error code: one word for each code, the same words for every connector.
//!
//! A connector's error table is a list of codes and meanings. An operation's reaction to a failure follows from the
//! meaning alone, so that two platforms never differ in the reaction.

use std::time::Duration;

use mooring_domain::base::error::{ACCOUNT_LOST, EXPIRED, PLATFORM_SETUP, REVOKED};
use mooring_domain::{Kind, Retry};

/// The meaning of a platform's error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The platform has a fault of its own that passes; the call is tried again.
    Passing,
    /// The platform limits Mooring's calls; holds the shortest wait after which the platform accepts the next call.
    Limited(Duration),
    /// The login ended by itself. The person has to connect again. This is no evidence of a revocation.
    Expired,
    /// The platform says that access was taken back: evidence that ends a connection once it is confirmed.
    Revoked,
    /// The authorisation code is used up, expired or never existed; the person begins again.
    CodeRefused,
    /// The app, the app's secret or its registration is at fault. The operator has to act, the person cannot.
    Setup,
    /// The grant lives and no longer reaches this account.
    AccountLost,
    /// The grant does not cover this call or object.
    NotPermitted,
    /// The parameters of the question are not valid.
    Invalid,
    /// The question is too large; a smaller one is needed.
    TooLarge,
    /// The code's meaning is unknown; the call is not tried again, and the code ends nothing.
    Unknown,
}

impl Meaning {
    /// Returns the kind of the error, whether to try again, and the stable word.
    pub const fn axes(self) -> (Kind, Retry, &'static str) {
        match self {
            Self::Passing => (Kind::Upstream, Retry::After(None), "platform_failed"),
            Self::Limited(wait) => (Kind::RateLimited, Retry::After(Some(wait)), "platform_rate_limited"),
            Self::Expired => (Kind::Reauthorise, Retry::Never, EXPIRED),
            Self::Revoked => (Kind::Reauthorise, Retry::Never, REVOKED),
            Self::CodeRefused => (Kind::Reauthorise, Retry::Never, "code_refused"),
            Self::Setup => (Kind::Setup, Retry::Never, PLATFORM_SETUP),
            Self::AccountLost => (Kind::NotPermitted, Retry::Never, ACCOUNT_LOST),
            Self::NotPermitted => (Kind::NotPermitted, Retry::Never, "not_permitted"),
            Self::Invalid => (Kind::Invalid, Retry::Never, "platform_invalid"),
            Self::TooLarge => (Kind::TooLarge, Retry::Never, "query_too_large"),
            Self::Unknown => (Kind::Upstream, Retry::Never, "platform_unknown_code"),
        }
    }
}
