//! The addresses and rates of the platforms.

use mooring_domain::platform::manifest::Manifest;
use mooring_domain::{Error, Kind, Result};
use mooring_kit::Origin;

/// The addresses and rate of each platform.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// TikTok Ads.
    pub tiktok_ads: PlatformConfig,
}

/// The addresses and rate of one platform, where they differ from its manifest.
#[derive(Debug, Clone, Default)]
pub struct PlatformConfig {
    /// The API's origin: `PLATFORM_ORIGIN_<PLATFORM>`.
    pub api_origin: Option<String>,
    /// The authorisation page's origin: `PLATFORM_AUTHORIZE_ORIGIN_<PLATFORM>`.
    pub authorize_origin: Option<String>,
    /// How many calls the app may make in a second, where it has more than the default:
    /// `PLATFORM_CALLS_PER_SECOND_<PLATFORM>`.
    pub calls_per_second: Option<u32>,
}

impl Config {
    /// Reads the environment.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(&|name| std::env::var(name).ok())
    }

    /// Reads the variables of a function, wherever they come from. An empty value counts as missing.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        Ok(Self { tiktok_ads: PlatformConfig::from_variables("TIKTOK_ADS", variable)? })
    }
}

impl PlatformConfig {
    fn from_variables(platform: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let variable =
            |name: &str| variable(&format!("{name}_{platform}")).filter(|text: &String| !text.is_empty());
        let rate = variable("PLATFORM_CALLS_PER_SECOND").map(|text| text.parse()).transpose();
        let bad_rate = |_| {
            let message = format!("PLATFORM_CALLS_PER_SECOND_{platform} is not a whole number.");
            Error::new(Kind::Internal, "bad_configuration", message)
        };
        Ok(Self {
            api_origin: variable("PLATFORM_ORIGIN"),
            authorize_origin: variable("PLATFORM_AUTHORIZE_ORIGIN"),
            calls_per_second: rate.map_err(bad_rate)?,
        })
    }

    pub(crate) fn origins(&self, manifest: &Manifest) -> Result<(Origin, Origin)> {
        let api = self.api_origin.as_deref().unwrap_or(manifest.api_origin);
        let authorize = self.authorize_origin.as_deref().unwrap_or(manifest.authorize_origin);
        Ok((Origin::parse(api)?, Origin::parse(authorize)?))
    }
}
