#![doc = include_str!("../README.md")]

mod accounts;
mod errors;
mod manifest;
mod map;
mod oauth;
mod offered;
mod outcome;
mod reports;
mod requests;
mod rows;
mod structure;
mod wire;

use mooring_domain::platform::capabilities::{Accounts, Connector, OAuth, Reports, StructureRead};
use mooring_domain::platform::manifest::Manifest;
use mooring_kit::{Client, Dialect, Origin, Transport};

pub use crate::errors::return_codes;
pub use crate::manifest::{CALLS_PER_SECOND, MANIFEST};

/// The TikTok Ads connector.
pub struct TikTokAds {
    client: Client,
    authorize: Origin,
}

impl TikTokAds {
    /// Makes the connector for an API origin and the origin of the authorisation page.
    pub fn new(transport: Transport, api: Origin, authorize: Origin, calls_per_second: u32) -> Self {
        let dialect =
            Dialect { manifest: &MANIFEST, judge: errors::judge, calls_per_second, pause: manifest::PAUSE };
        Self { client: Client::new(transport, api, dialect), authorize }
    }
}

impl Connector for TikTokAds {
    fn manifest(&self) -> &'static Manifest {
        &MANIFEST
    }

    fn oauth(&self) -> &dyn OAuth {
        self
    }

    fn accounts(&self) -> Option<&dyn Accounts> {
        Some(self)
    }

    fn structure(&self) -> Option<&dyn StructureRead> {
        Some(self)
    }

    fn reports(&self) -> Option<&dyn Reports> {
        Some(self)
    }
}
