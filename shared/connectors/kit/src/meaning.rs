//! What a platform's error code means: one word for each code, the same words for every connector.
//!
//! A connector's error table is a list of codes and meanings. What operations do with a failure follows from the meaning
//! alone, so that two platforms never differ in it.

use std::time::Duration;

use mooring_domain::base::error::{ACCOUNT_LOST, EXPIRED, PLATFORM_SETUP, REVOKED};
use mooring_domain::{Kind, Retry};

/// The meaning of a platform's error code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The platform has trouble of its own that passes; the call is tried again.
    Passing,
    /// The platform limits our calls; the wait is the shortest after which it takes the next one.
    Limited(Duration),
    /// The login ended by itself. The person has to connect again; this is no evidence of a revocation.
    Expired,
    /// The platform says that access was taken back: evidence that ends a connection once it is confirmed.
    Revoked,
    /// The authorisation code is used up, expired or never existed; the person begins again.
    CodeRefused,
    /// Our app, its secret or its registration is at fault. The operator has to act, the person cannot.
    Setup,
    /// The grant lives and no longer reaches this account.
    AccountLost,
    /// The grant does not cover this call or object.
    NotPermitted,
    /// The question does not fit.
    Invalid,
    /// The question is too large; ask for less.
    TooLarge,
    /// Nobody knows; not tried again, and it ends nothing.
    Unknown,
}

impl Meaning {
    /// What went wrong, whether to try again, and the stable word.
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
