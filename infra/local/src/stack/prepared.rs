//! Prepares a stack whose services answer: queues, tables, the seed of a first start, the played platform.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use mooring_aws_local::{AwsLocal, Folder, sdk_config};
use mooring_domain::people::caller::text::Mode;
use mooring_sandbox::{Sandbox, SandboxConfig};
use mooring_store::{Tables, create_tables};
use tokio::net::TcpListener;

use super::{Listeners, StackOptions};
use crate::adapters::{Adapters, Wiring};
use crate::data::SANDBOX;
use crate::queues;
use crate::seed::{self, Addresses, Seeded};
use crate::seeded::SeededEntropy;

/// What stands behind the listeners once the services answer.
pub(super) struct Prepared {
    pub(super) sandbox: Sandbox,
    pub(super) adapters: Adapters,
    pub(super) wiring: Wiring,
    pub(super) seeded: Seeded,
    pub(super) others: Vec<Seeded>,
    pub(super) demo_origin: String,
    pub(super) addresses: Addresses,
}

impl Prepared {
    /// Creates queues and tables, and seeds what a first start needs.
    pub(super) async fn new(options: &StackOptions, aws: &AwsLocal, listeners: &Listeners) -> Result<Self> {
        let wiring = wired(options, aws, listeners).await?;
        let adapters = Adapters::new(&wiring, &options.clock)?;
        let adapters = match options.seed {
            Some(seed) => adapters.with_entropy(Arc::new(SeededEntropy::new(seed))),
            None => adapters,
        };
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk_config(&aws.endpoints().dynamodb));
        create_tables(&dynamodb, &Tables::prefixed("mooring-")).await?;
        let demo_origin = origin("localhost", &listeners.demo)?;
        let addresses = Addresses::of(&demo_origin, &options.origins, &options.return_urls);
        let (seeded, others) = seed(&adapters, options, &addresses).await?;
        let sandbox = played(options, &wiring)?;
        Ok(Self { sandbox, adapters, wiring, seeded, others, demo_origin, addresses })
    }
}

/// Creates the queues and wires the adapters. Cookies ignore ports: two host names keep the API and the platform on
/// different sites.
async fn wired(options: &StackOptions, aws: &AwsLocal, listeners: &Listeners) -> Result<Wiring> {
    let endpoints = aws.endpoints().clone();
    Ok(Wiring {
        queues: queues::create(&aws_sdk_sqs::Client::new(&sdk_config(&endpoints.sqs))).await?,
        endpoints,
        platform_origin: origin("127.0.0.1", &listeners.sandbox)?,
        authorize_origin: origin("localhost", &listeners.sandbox)?,
        api_origin: origin("127.0.0.1", &listeners.api)?,
        limits: options.limits,
        timeline: None,
    })
}

fn origin(host: &str, listener: &TcpListener) -> Result<String> {
    Ok(format!("http://{host}:{}", listener.local_addr()?.port()))
}

/// Seeds what a first start needs, and each tenant that this start names; what earlier starts seeded is taken again. Returns
/// the first tenant and the others.
async fn seed(
    adapters: &Adapters,
    options: &StackOptions,
    addresses: &Addresses,
) -> Result<(Seeded, Vec<Seeded>)> {
    let dir = options.folder.as_ref().map(Folder::path);
    seed::app_secrets(adapters, dir).await?;
    let mut known = dir.map(seed::read).transpose()?.unwrap_or_default().into_iter();
    let first = match known.next() {
        Some(first) => {
            seed::allow(adapters, &first, addresses).await?;
            first
        }
        None => register(adapters, seed::FIRST_TENANT, addresses).await?,
    };
    let mut others = Vec::new();
    for one in known {
        if seed::allow(adapters, &one, addresses).await? {
            others.push(one);
        }
    }
    for name in &options.tenants {
        if first.name != *name && others.iter().all(|one| one.name != *name) {
            others.push(register(adapters, name, addresses).await?);
        }
    }
    if let Some(dir) = dir {
        seed::write(dir, &[std::slice::from_ref(&first), &others].concat())?;
    }
    Ok((first, others))
}

/// Registers a tenant with an API key of its own.
pub(super) async fn register(
    adapters: &Adapters,
    name: &str,
    Addresses { origins, return_urls }: &Addresses,
) -> Result<Seeded> {
    let host = (Arc::clone(&adapters.entropy), adapters.clock.now());
    seed::register_tenant(&adapters.store, Mode::Test, host, name, origins, return_urls).await
}

fn played(options: &StackOptions, wiring: &Wiring) -> Result<Sandbox> {
    let clock = options.clock.clone();
    let config = SandboxConfig {
        app_id: seed::APP_ID.to_owned(),
        secret: seed::APP_SECRET.to_owned(),
        redirect_uris: vec![format!("{}/oauth/callback/tiktok_ads/statasphere", wiring.api_origin)],
        advertisers: options.advertisers,
        ads: options.ads,
        app_qps: options.app_qps,
        advertiser_qps: options.app_qps,
        state_file: options.folder.as_ref().map(|folder| folder.path().join(SANDBOX)),
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::new(config, Arc::new(move || clock.now()));
    if let Some(file) = &options.edits {
        sandbox.edit_from(file).with_context(|| file.display().to_string())?;
    }
    Ok(sandbox)
}
