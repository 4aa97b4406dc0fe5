//! The facts of a platform, as data: hosts, version, scopes, limits, tiers.

/// The facts of a platform: data, not code.
#[derive(Debug, Clone, Copy)]
pub struct Manifest {
    /// Mooring's word for the platform, such as `tiktok_ads`.
    pub platform: &'static str,
    /// The platform's name for people.
    pub title: &'static str,
    /// The API version that requests name.
    pub version: &'static str,
    /// The default API origin, such as `https://business-api.tiktok.com`.
    pub api_origin: &'static str,
    /// The origin of the authorisation page.
    pub authorize_origin: &'static str,
    /// How strongly the platform's OAuth binds the code.
    pub tier: Tier,
    /// Where a person can end the grant at the platform itself.
    pub settings_url: &'static str,
    /// How many days back the platform still changes figures.
    pub restatement_days: u16,
    /// How many days one report question may span when rows are per day.
    pub window_days: u32,
    /// The largest page.
    pub page_size: u32,
    /// All calls that the connector can make, by name.
    pub calls: &'static [Call],
}

/// One call of a connector: the unit of permission and of counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The name in profiles, errors and metrics, such as `report.read`.
    pub name: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path below the API origin.
    pub path: &'static str,
    /// The scope that the platform wants for the call; empty where the call needs none.
    pub scope: &'static str,
}

/// How strongly the platform's OAuth binds the code to this browser (security design, tiers A and B).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// PKCE, state and browser binding.
    A,
    /// State, browser binding, redirect URI per context, and the confirm step.
    B,
}

impl Tier {
    /// Returns the tier's letter.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}
