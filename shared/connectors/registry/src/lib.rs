//! The only crate that names every platform.
//!
//! A new platform is one field of [`Config`], one line of [`Registry::new`] and one entry of [`Registry::all`].

use std::sync::Arc;

use mooring_domain::connector::{Connector, Connectors, Manifest};
use mooring_domain::{Error, Kind, Result};
use mooring_kit::{Limits, Origin, SystemTiming, Timing, Transport};
use mooring_system::SystemEntropy;
use mooring_tiktok_ads::TikTokAds;

/// Where each platform is called.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// TikTok Ads.
    pub tiktok_ads: PlatformConfig,
}

/// Where one platform is called, where it is not where its manifest says.
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
        Ok(Self { tiktok_ads: PlatformConfig::from_env("TIKTOK_ADS")? })
    }
}

impl PlatformConfig {
    fn from_env(platform: &str) -> Result<Self> {
        let variable =
            |name: &str| std::env::var(format!("{name}_{platform}")).ok().filter(|text| !text.is_empty());
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

    fn origins(&self, manifest: &Manifest) -> Result<(Origin, Origin)> {
        let api = self.api_origin.as_deref().unwrap_or(manifest.api_origin);
        let authorize = self.authorize_origin.as_deref().unwrap_or(manifest.authorize_origin);
        Ok((Origin::parse(api)?, Origin::parse(authorize)?))
    }
}

/// All connectors, over one HTTP client.
pub struct Registry {
    tiktok_ads: TikTokAds,
}

impl Registry {
    /// Builds the connectors with given limits and timing.
    pub fn new(config: &Config, limits: Limits, timing: Arc<dyn Timing>) -> Result<Self> {
        let transport = Transport::new(limits, timing)?;
        let (api, authorize) = config.tiktok_ads.origins(&mooring_tiktok_ads::MANIFEST)?;
        let rate = config.tiktok_ads.calls_per_second.unwrap_or(mooring_tiktok_ads::CALLS_PER_SECOND);
        Ok(Self { tiktok_ads: TikTokAds::new(transport, api, authorize, rate) })
    }

    /// Builds the connectors in real time with the default limits.
    pub fn with_defaults(config: &Config) -> Result<Self> {
        Self::new(config, Limits::default(), Arc::new(SystemTiming::new(Arc::new(SystemEntropy))))
    }

    /// Builds the connectors as the environment says.
    pub fn from_env() -> Result<Self> {
        Self::with_defaults(&Config::from_env()?)
    }

    /// Every connector.
    pub fn all(&self) -> [&dyn Connector; 1] {
        [&self.tiktok_ads]
    }
}

impl Connectors for Registry {
    fn find(&self, platform: &str) -> Option<&dyn Connector> {
        self.all().into_iter().find(|connector| connector.manifest().platform == platform)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_is_found_by_its_name_and_no_other() {
        let registry = Registry::with_defaults(&Config::default()).unwrap();
        for connector in registry.all() {
            let platform = connector.manifest().platform;
            assert_eq!(registry.find(platform).unwrap().manifest().platform, platform);
        }
        assert!(registry.find("tiktok").is_none());
    }

    #[test]
    fn an_origin_without_tls_is_refused() {
        let tiktok_ads =
            PlatformConfig { api_origin: Some("http://api.example".to_owned()), ..Default::default() };
        assert_eq!(Registry::with_defaults(&Config { tiktok_ads }).err().unwrap().code, "bad_origin");
    }
}
