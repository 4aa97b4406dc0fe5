//! Why a sync does not succeed, in words that stay the same for every platform.

use crate::base::error::Kind;

/// Why a sync does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The platform limits Mooring's calls.
    RateLimited,
    /// The platform failed, was too slow, or could not be reached.
    PlatformOutage,
    /// The platform's answer did not have the agreed shape.
    PlatformChanged,
    /// The platform refused the token.
    NeedsReauth,
    /// The grant, or the product's profile, does not cover the figures.
    NoPermission,
    /// The product's app at the platform is not set up as it should be; its operator has to act.
    Setup,
}

impl Trouble {
    /// All troubles.
    pub const ALL: [Self; 6] = [
        Self::RateLimited,
        Self::PlatformOutage,
        Self::PlatformChanged,
        Self::NeedsReauth,
        Self::NoPermission,
        Self::Setup,
    ];

    /// Returns the trouble's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::PlatformOutage => "platform_outage",
            Self::PlatformChanged => "platform_changed",
            Self::NeedsReauth => "needs_reauth",
            Self::NoPermission => "no_permission",
            Self::Setup => "setup",
        }
    }

    /// Finds a trouble by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.as_str() == text)
    }

    /// Returns the trouble behind an error of a platform.
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::RateLimited => Self::RateLimited,
            Kind::Reauthorise => Self::NeedsReauth,
            Kind::NotPermitted | Kind::Refused => Self::NoPermission,
            Kind::Setup => Self::Setup,
            Kind::UpstreamChanged => Self::PlatformChanged,
            _ => Self::PlatformOutage,
        }
    }
}
