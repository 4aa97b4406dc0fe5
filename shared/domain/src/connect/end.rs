//! The ways in which a connect flow can end without a connection: the words that products get with the return URL.

use crate::base::error::{Error, Kind};

/// Why a flow ended. Its word goes to the product's return URL as `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The person said no at the platform.
    Declined,
    /// The person cancelled the choice of accounts.
    Cancelled,
    /// The grant reaches no account that can be used.
    NoAccounts,
    /// The person left out a permission that is needed.
    ScopeMissing,
    /// The person came back too late.
    Expired,
    /// The connect link was used before, in another browser or with cookies that are gone.
    Used,
    /// The person signed in at the platform as somebody else than the one who connected before.
    OtherIdentity,
    /// The connection that was to be authorised again is no longer live.
    NotLive,
    /// The grant reaches more accounts than can be offered at once.
    TooManyAccounts,
    /// The product's registration at the platform is not in order.
    Setup,
    /// The platform or a service of Mooring failed.
    Failed,
}

impl End {
    /// All ends, in the order of the documentation.
    pub const ALL: [Self; 11] = [
        Self::Declined,
        Self::Cancelled,
        Self::NoAccounts,
        Self::ScopeMissing,
        Self::Expired,
        Self::Used,
        Self::OtherIdentity,
        Self::NotLive,
        Self::TooManyAccounts,
        Self::Setup,
        Self::Failed,
    ];

    /// Returns the word in the return URL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::NoAccounts => "no_accounts",
            Self::ScopeMissing => "scope_missing",
            Self::Expired => "expired",
            Self::Used => "used",
            Self::OtherIdentity => "other_identity",
            Self::NotLive => "not_live",
            Self::TooManyAccounts => "too_many_accounts",
            Self::Setup => "setup",
            Self::Failed => "failed",
        }
    }

    /// Finds an end by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == text)
    }

    /// Returns the sentence that a product can show the person.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Declined => "You did not give access, so nothing was connected.",
            Self::Cancelled => "You cancelled, so nothing was connected.",
            Self::NoAccounts => {
                "The access that you gave reaches no account that can be connected. Start again and pick one."
            }
            Self::ScopeMissing => {
                "A permission that is needed was left out. Start again and leave the needed ones ticked."
            }
            Self::Expired => "That took too long, so nothing was connected. Start again.",
            Self::Used => "This link was used before. Start again.",
            Self::OtherIdentity => {
                "You signed in at the platform as somebody else than before. Nothing was changed; start again."
            }
            Self::NotLive => "The connection has ended in the meantime. Connect anew.",
            Self::TooManyAccounts => "The access reaches too many accounts. Start again and pick fewer.",
            Self::Setup => {
                "Something has to be put right on the product's side first. It is not your fault; try later."
            }
            Self::Failed => {
                "Something failed on the way, so nothing was connected. Try again in a few minutes."
            }
        }
    }

    /// Returns the end that an error of the flow means to the product.
    pub fn of(error: &Error) -> Self {
        Self::parse(error.code).unwrap_or(match error.kind {
            Kind::Setup => Self::Setup,
            _ => Self::Failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_a_word_of_its_own_and_a_sentence() {
        for end in End::ALL {
            assert_eq!(End::parse(end.as_str()), Some(end));
            assert!(end.sentence().ends_with('.'), "{end:?}");
        }
    }

    /// Compares docs/api/README.md and the demo product with the table of ends.
    #[test]
    fn every_end_is_documented_with_its_sentence() {
        let document = include_str!("../../../../docs/api/README.md");
        let demo = include_str!("../../../../infra/demo/static/texts/en.json");
        for end in End::ALL {
            let (word, sentence) = (end.as_str(), end.sentence());
            assert!(document.contains(&format!("| `{word}` | {sentence} |")), "docs/api/README.md: {word}");
            assert!(demo.contains(&format!("  \"return.{word}\": \"{sentence}\"")), "the demo: {word}");
        }
    }

    #[test]
    fn an_error_without_a_word_of_its_own_is_a_failure() {
        let of = |kind, code| End::of(&Error::new(kind, code, "x"));
        assert_eq!(of(Kind::NotPermitted, "no_accounts"), End::NoAccounts);
        assert_eq!(of(Kind::Upstream, "platform_failed"), End::Failed);
        assert_eq!(of(Kind::Setup, "platform_setup"), End::Setup);
    }
}
