//! The only crate that names every platform.
//!
//! A new platform is one field of [`Config`], one line of [`Registry::new`] and one entry of [`Registry::all`].

mod config;

use std::sync::Arc;

use mooring_domain::Result;
use mooring_domain::platform::capabilities::{Connector, Connectors};
use mooring_kit::{Limits, SystemTiming, Timing, Transport};
use mooring_system::SystemEntropy;
use mooring_tiktok_ads::TikTokAds;

pub use config::{Config, PlatformConfig};

/// Every platform that a connector exists for.
pub const PLATFORMS: [&str; 1] = [mooring_tiktok_ads::MANIFEST.platform];

/// All connectors, over one shared HTTP client.
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

    /// Builds the connectors from the environment.
    pub fn from_env() -> Result<Self> {
        Self::with_defaults(&Config::from_env()?)
    }

    /// Returns every connector.
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
        assert_eq!(registry.all().map(|connector| connector.manifest().platform), PLATFORMS);
        assert!(registry.find("tiktok").is_none());
    }

    #[test]
    fn pages_without_a_connector_name_each_platform_as_its_manifest_does() {
        let registry = Registry::with_defaults(&Config::default()).unwrap();
        for manifest in registry.all().map(Connector::manifest) {
            assert_eq!(mooring_domain::platform::titles::title(manifest.platform), manifest.title);
        }
    }

    #[test]
    fn an_origin_without_tls_is_refused() {
        let tiktok_ads =
            PlatformConfig { api_origin: Some("http://api.example".to_owned()), ..Default::default() };
        assert_eq!(Registry::with_defaults(&Config { tiktok_ads }).err().unwrap().code, "bad_origin");
    }
}
