//! The whole of Mooring in one process: services, sandbox, adapters, functions, and what triggers them.

mod prepared;
mod queued;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use mooring_aws_local::{AwsLocal, Delays, Folder, LocalClock, Options as AwsOptions};
use mooring_demo::DemoConfig;
use mooring_domain::guard::limits::{Limits, Rate};
use mooring_loopback::{listen, own_hosts};
use mooring_sandbox::Sandbox;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use url::Url;

use mooring_queue::queues::{SYNC, WEBHOOK};
use mooring_queue::{QUEUES, Queue};

use crate::adapters::{Adapters, DYNAMODB, Wiring};
use crate::mount::{self, Mounted};
use crate::poller;
use crate::product::Product;
use crate::seed::{Addresses, Seeded};
use crate::{gateway, schedules};
use prepared::{Prepared, register};

/// How many pollers a queue has. TikTok's basic level allows ten calls a second, which four workers use up; and a webhook
/// endpoint that does not answer holds one poller up for 15 seconds.
fn pollers(queue: &Queue) -> usize {
    if [&SYNC, &WEBHOOK].contains(&queue) { 4 } else { 1 }
}

/// What a call of the platform takes on a standing clock: longer than a fence check is believed.
const PLATFORM_CALL: Duration = Duration::from_millis(60);

/// What a stack is started with.
#[derive(Debug, Clone)]
pub struct StackOptions {
    /// The one clock.
    pub clock: LocalClock,
    /// Where state is kept; `None` keeps it in memory.
    pub folder: Option<Folder>,
    /// The API's port; sandbox, demo and services take the next ones. 0 takes free ones.
    pub port: u16,
    /// Ads of the first ad account.
    pub ads: u32,
    /// Ad accounts of the sandbox's person.
    pub advertisers: u32,
    /// Calls a second that the sandbox lets an app make; 0 for no limit.
    pub app_qps: u32,
    /// How much callers of the API may call.
    pub limits: Limits,
    /// The seed of every id and secret that the functions draw; `None` for the randomness of the system.
    pub seed: Option<u64>,
    /// A file of rules by which the sandbox edits answers from the start.
    pub edits: Option<PathBuf>,
    /// Names of tenants beside the first; a tenant of that name from an earlier start is taken again.
    pub tenants: Vec<String>,
    /// Browser origins of a product of one's own, beside the demo's.
    pub origins: Vec<String>,
    /// Return URLs of a product of one's own, beside the demo's.
    pub return_urls: Vec<String>,
    /// How long the services wait before they handle a call.
    pub delays: Delays,
}

/// A hundred times as much as on AWS: here one key plays all users and all tests.
const LIMITS: Limits =
    Limits { key: Rate::per_minute(60_000, 12_000), tenant: Rate::per_minute(300_000, 60_000) };

impl Default for StackOptions {
    fn default() -> Self {
        Self {
            clock: LocalClock::new(1),
            folder: None,
            port: 0,
            ads: 120,
            advertisers: 3,
            app_qps: 0,
            limits: LIMITS,
            seed: None,
            edits: None,
            tenants: Vec::new(),
            origins: Vec::new(),
            return_urls: Vec::new(),
            delays: Delays::default(),
        }
    }
}

/// Everything, running.
pub struct Stack {
    aws: AwsLocal,
    sandbox: Arc<Sandbox>,
    adapters: Adapters,
    wiring: Wiring,
    seeded: Seeded,
    others: Vec<Seeded>,
    demo_origin: String,
    addresses: Addresses,
    mounted: Arc<Mounted>,
    listeners: Mutex<Option<Listeners>>,
    background: Mutex<Group>,
    gateway: Mutex<Group>,
    outside: Mutex<Group>,
}

/// Listeners that are bound but not served yet.
struct Listeners {
    api: TcpListener,
    sandbox: TcpListener,
    demo: TcpListener,
}

/// Tasks that stop together.
struct Group {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Group {
    fn new() -> Self {
        Self { stop: watch::channel(false).0, tasks: JoinSet::new() }
    }

    /// Asks the tasks to end, and ends them if they do not.
    async fn end(&mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(3), all).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

impl Stack {
    /// Starts services and adapters, seeds what a first start needs, and binds the ports. When state cannot be kept,
    /// that is the error, and not the call that met it.
    pub async fn start(options: StackOptions) -> Result<Self> {
        let next = |offset: u16| if options.port == 0 { 0 } else { options.port.saturating_add(offset) };
        let api = listen(next(0)).await?;
        let (sandbox, demo) = (listen(next(1)).await?, listen(next(2)).await?);
        let aws = AwsLocal::start(AwsOptions {
            folder: options.folder.clone(),
            clock: options.clock.clone(),
            dynamodb_port: next(DYNAMODB),
            port: next(4),
            delays: options.delays,
        });
        let aws = aws.await?;
        let listeners = Listeners { api, sandbox, demo };
        match Prepared::new(&options, &aws, &listeners).await {
            Ok(prepared) => Ok(Self::of(aws, listeners, prepared)),
            Err(error) => Err(aws.failure().map_or(error, anyhow::Error::from)),
        }
    }

    fn of(aws: AwsLocal, listeners: Listeners, prepared: Prepared) -> Self {
        let Prepared { sandbox, adapters, wiring, seeded, others, demo_origin, addresses } = prepared;
        Self {
            sandbox: Arc::new(sandbox),
            mounted: Arc::new(mount::all(&adapters)),
            listeners: Mutex::new(Some(listeners)),
            background: Mutex::new(Group::new()),
            gateway: Mutex::new(Group::new()),
            outside: Mutex::new(Group::new()),
            aws,
            adapters,
            wiring,
            seeded,
            others,
            demo_origin,
            addresses,
        }
    }

    /// Gives each function adapters of its own, by its folder's name; to be called before the stack is served.
    pub fn mount_each(&mut self, adapters: &dyn Fn(&str) -> Result<Adapters>) -> Result<()> {
        self.mounted = Arc::new(mount::each(adapters)?);
        Ok(())
    }

    /// Serves the API, the sandbox and the demo, polls the queues and ticks the schedules.
    pub async fn run(&self) -> Result<()> {
        self.serve().await?;
        self.run_background().await?;
        Ok(())
    }

    /// Serves the API, the sandbox and the demo; nothing happens by itself.
    pub async fn serve(&self) -> Result<()> {
        let listeners = self.listeners.lock().await.take().context("the stack is served already")?;
        let functions = Arc::new(self.mounted.http.clone());
        serve(&mut *self.gateway.lock().await, listeners.api, gateway::router(functions));
        let mut outside = self.outside.lock().await;
        serve(&mut outside, listeners.sandbox, self.platform());
        serve(&mut outside, listeners.demo, mooring_demo::router_at(self.demo(), self.time())?);
        Ok(())
    }

    /// The played platform. While the clock stands, each of its calls takes some of its time, as a call does: what is
    /// believed for a moment is asked again before each call, and as often on a slow machine as on a quick one.
    fn platform(&self) -> axum::Router {
        let (router, clock) = (self.sandbox.router(), self.clock().clone());
        if clock.scale() > 0 {
            return router;
        }
        router.layer(from_fn(move |request: Request, next: Next| {
            let clock = clock.clone();
            async move {
                let response = next.run(request).await;
                clock.advance(PLATFORM_CALL);
                response
            }
        }))
    }

    /// Polls the queues and ticks the schedules.
    pub async fn run_background(&self) -> Result<()> {
        let mut group = self.background.lock().await;
        *group = Group::new();
        for queue in QUEUES {
            let mapping = Arc::new(self.mapping(queue)?);
            for _ in 0..pollers(queue) {
                let task = poller::poll(Arc::clone(&mapping), group.stop.subscribe());
                group.tasks.spawn(task);
            }
        }
        let minutely = vec![self.mounted.webhook_sweeper.clone()];
        for (period, functions) in
            [(schedules::FIVE_MINUTES, self.mounted.schedules.clone()), (schedules::MINUTE, minutely)]
        {
            let stop = group.stop.subscribe();
            group.tasks.spawn(schedules::run(self.clock().clone(), period, functions, stop));
        }
        Ok(())
    }

    /// Stops planner, workers and sweeper, and with them everything that happens by itself but TTL.
    pub async fn stop_background(&self) {
        self.background.lock().await.end().await;
    }

    /// Stops the API.
    pub async fn stop_gateway(&self) {
        self.gateway.lock().await.end().await;
    }

    /// Stops everything and saves what is kept.
    pub async fn stop(self) -> Result<()> {
        self.stop_background().await;
        self.stop_gateway().await;
        self.outside.lock().await.end().await;
        self.aws.shutdown().await
    }

    /// The product's side, with the seeded API key.
    pub fn product(&self) -> Result<Product> {
        let origin = Url::parse(&self.wiring.api_origin)?;
        Product::new(origin, self.seeded.api_key.clone(), format!("{}/connected", self.demo_origin))
    }

    fn demo(&self) -> DemoConfig {
        DemoConfig {
            origin: self.demo_origin.clone(),
            api_origin: self.wiring.api_origin.clone(),
            api_key: self.seeded.api_key.clone().into(),
            sandbox_origin: self.wiring.authorize_origin.clone(),
            mailbox_url: self.mailbox(),
        }
    }

    fn time(&self) -> mooring_demo::Time {
        let (clock, moved) = (self.clock().clone(), self.clock().clone());
        mooring_demo::Time {
            clock: Arc::new(move || clock.now()),
            skip: Some(Arc::new(move |by| moved.advance(by))),
        }
    }

    /// Registers another tenant with an API key of its own.
    pub async fn another_tenant(&self, name: &str) -> Result<Seeded> {
        register(&self.adapters, name, &self.addresses).await
    }

    /// The clock.
    pub fn clock(&self) -> &LocalClock {
        self.aws.clock()
    }

    /// The services.
    pub fn aws(&self) -> &AwsLocal {
        &self.aws
    }

    /// The platform that is played.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The adapters.
    pub fn adapters(&self) -> &Adapters {
        &self.adapters
    }

    /// How the adapters are wired.
    pub fn wiring(&self) -> &Wiring {
        &self.wiring
    }

    /// The seeded tenant and its key.
    pub fn seeded(&self) -> &Seeded {
        &self.seeded
    }

    /// The tenants beside the seeded one: those that starts named, with their keys.
    pub fn others(&self) -> &[Seeded] {
        &self.others
    }

    /// The demo's origin.
    pub fn demo_origin(&self) -> &str {
        &self.demo_origin
    }

    /// The local mailbox.
    pub fn mailbox(&self) -> String {
        format!("{}/mailbox", self.wiring.endpoints.ses)
    }
}

/// Serves under the names of this machine alone.
fn serve(group: &mut Group, listener: TcpListener, router: axum::Router) {
    let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
    let router = own_hosts(router, port);
    let mut stop = group.stop.subscribe();
    group.tasks.spawn(async move {
        let stopped = async move {
            let _stopped = stop.wait_for(|stop| *stop).await.is_ok();
        };
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped).await {
            tracing::error!(event = "serve.failed", %error, "a listener ended");
        }
    });
}
