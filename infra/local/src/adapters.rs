//! The adapters of all functions, built with SDK clients on given endpoints in place of the environment.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use mooring_aws_local::{Endpoints, KEY_ALIAS, LocalClock, Timeline, sdk_config, sdk_config_in};
use mooring_domain::base::host::{Clock, Entropy};
use mooring_domain::guard::limits::Limits;
use mooring_domain::platform::profile::Profile;
use mooring_domain::webhook::target::Reach;
use mooring_edge::Edge;
use mooring_mail::Ses;
use mooring_queue::{QueueUrls, Queues};
use mooring_registry::{Config, PlatformConfig, Registry};
use mooring_store::{Store, Tables};
use mooring_system::{SystemClock, SystemEntropy};
use mooring_vault::Vault;
use mooring_webhooks::{Sender, SystemLookup};

/// How long a call of the emulated tables may take when it is tried once. Rate limits admit a call that they cannot
/// count in time, and the load of this machine must not decide that.
const PATIENCE: Duration = Duration::from_secs(20);

/// The stack's clock as the domain sees it.
#[derive(Clone)]
pub(crate) struct StackClock(pub(crate) LocalClock);

impl Clock for StackClock {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

/// Reaches the tables of a runner on this machine; the port of its API says which runner.
pub fn running(port: u16) -> Store {
    let dynamodb = format!("http://127.0.0.1:{}", port.saturating_add(DYNAMODB));
    let client = aws_sdk_dynamodb::Client::new(&sdk_config(&dynamodb));
    Store::new(client, Tables::prefixed("mooring-"), Arc::new(SystemClock))
}

/// The distance from the API's port to the port of the local `DynamoDB`.
pub(crate) const DYNAMODB: u16 = 3;

/// The surroundings for which adapters are built.
#[derive(Debug, Clone)]
pub struct Wiring {
    /// The URLs of the AWS services, or of the fault proxies in front of them.
    pub endpoints: Endpoints,
    /// The origin of the platform's API.
    pub platform_origin: String,
    /// The origin of the platform's consent page.
    pub authorize_origin: String,
    /// The public origin of our API.
    pub api_origin: String,
    /// The queues.
    pub queues: QueueUrls,
    /// How often callers may call.
    pub limits: Limits,
    /// The timeline that the clients' calls pass; `None` for clients that call at once.
    pub timeline: Option<Timeline>,
}

/// Everything that functions need.
#[derive(Clone)]
pub struct Adapters {
    /// `DynamoDB`.
    pub store: Arc<Store>,
    /// KMS.
    pub vault: Arc<Vault>,
    /// SQS.
    pub queues: Arc<Queues>,
    /// SES.
    pub mail: Arc<Ses>,
    /// Calls webhook endpoints, on this machine too.
    pub webhooks: Arc<Sender>,
    /// Connectors.
    pub registry: Arc<Registry>,
    /// The product.
    pub profile: Arc<Profile>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The edge.
    pub edge: Edge,
    /// How much faster than the wall the clock runs; a minute of an invocation is a minute of the wall.
    pub scale: u32,
}

impl Adapters {
    /// Builds the adapters.
    pub fn new(wiring: &Wiring, clock: &LocalClock) -> Result<Self> {
        Self::with_clock(wiring, Arc::new(StackClock(clock.clone())), clock.scale().max(1))
    }

    /// Gives all functions another source of randomness.
    #[must_use]
    pub fn with_entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.edge.entropy = Arc::clone(&entropy);
        Self { entropy, ..self }
    }

    /// Builds the adapters for functions that follow another clock.
    pub fn with_clock(wiring: &Wiring, shared: Arc<dyn Clock>, scale: u32) -> Result<Self> {
        let endpoints = &wiring.endpoints;
        let sdk = |endpoint: &str| sdk_config_in(wiring.timeline.as_ref(), endpoint);
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk(&endpoints.dynamodb));
        let store = Store::new(dynamodb, Tables::prefixed("mooring-"), Arc::clone(&shared));
        let store = Arc::new(store.with_patience(PATIENCE));
        let vault = Vault::new(aws_sdk_kms::Client::new(&sdk(&endpoints.kms)), KEY_ALIAS);
        let queues = Queues::new(aws_sdk_sqs::Client::new(&sdk(&endpoints.sqs)), wiring.queues.clone());
        let ses = aws_sdk_sesv2::Client::new(&sdk(&endpoints.ses));
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let config = mooring_edge::Config::new(&wiring.api_origin).context("the API's origin")?;
        let config = mooring_edge::Config { limits: wiring.limits, ..config };
        Ok(Self {
            edge: Edge::new(Arc::clone(&store), Arc::clone(&shared), Arc::clone(&entropy), config),
            store,
            vault: Arc::new(vault),
            queues: Arc::new(queues),
            mail: Arc::new(Ses::new(ses, "privacy@mooring.example")),
            webhooks: Arc::new(webhooks(wiring)?),
            registry: Arc::new(registry(wiring)?),
            profile: Arc::new(mooring_profiles::load("statasphere")?),
            clock: shared,
            entropy,
            scale,
        })
    }
}

fn webhooks(wiring: &Wiring) -> Result<Sender> {
    let config = mooring_webhooks::Config { api_origin: wiring.api_origin.clone() };
    Sender::reaching(config, Reach::WithLoopback, Arc::new(SystemLookup)).context("webhooks")
}

/// The rate of the app at the sandbox, which admits more than TikTok's basic level of ten calls a second.
const CALLS_PER_SECOND: u32 = 100;

fn registry(wiring: &Wiring) -> Result<Registry> {
    let tiktok_ads = PlatformConfig {
        api_origin: Some(wiring.platform_origin.clone()),
        authorize_origin: Some(wiring.authorize_origin.clone()),
        calls_per_second: Some(CALLS_PER_SECOND),
    };
    Registry::with_defaults(&Config { tiktok_ads }).context("the connectors")
}
