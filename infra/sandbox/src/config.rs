//! The settings of a sandbox. Values only: nothing here reads files or the environment.

use std::fmt;
use std::path::PathBuf;

/// Describes the developer app that the sandbox knows and the world that it plays.
#[derive(Clone)]
pub struct SandboxConfig {
    /// The developer app's public id.
    pub app_id: String,
    /// The developer app's secret.
    pub secret: String,
    /// The redirect addresses registered for the app, compared as exact strings.
    pub redirect_uris: Vec<String>,
    /// How many advertisers the consenting person can reach.
    pub advertisers: u32,
    /// How many ads the first advertiser has; the others are smaller.
    pub ads: u32,
    /// The seed of every id, name and figure.
    pub seed: u64,
    /// The numeric permission scopes of the app, offered on the consent page.
    pub scopes: Vec<u64>,
    /// Calls per second allowed to the app; 0 for no limit.
    pub app_qps: u32,
    /// Calls per second allowed against one advertiser; 0 for no limit.
    pub advertiser_qps: u32,
    /// The file of the grants, so that issued tokens outlive a restart; `None` keeps them in memory.
    pub state_file: Option<PathBuf>,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            app_id: "7300000000000000001".to_owned(),
            secret: "sandbox-app-secret".to_owned(),
            redirect_uris: Vec::new(),
            advertisers: 3,
            ads: 120,
            seed: 7,
            scopes: vec![100, 200, 210, 220, 44],
            app_qps: 50,
            advertiser_qps: 40,
            state_file: None,
        }
    }
}

impl fmt::Debug for SandboxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SandboxConfig")
            .field("advertisers", &self.advertisers)
            .field("ads", &self.ads)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
