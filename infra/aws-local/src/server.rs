//! Starts the services, keeps their background work going, and stops them with everything saved.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::serve::ListenerExt as _;
use dynoxide::Database;
use mooring_loopback::{listen, no_foreign_pages, only_bodies, own_hosts};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::dynamodb_http::Tables;
use crate::folder::Folder;
use crate::gateway::{AMZ_JSON, Services, router};
use crate::kms::Kms;
use crate::mail::Mails;
use crate::sqs::Sqs;
use crate::trouble::{DataError, Keeping};
use crate::{Delays, LocalClock, Mail, dynamodb, dynamodb_http};

/// How often the server writes unsaved state and the clock.
const SAVE_EVERY: Duration = Duration::from_secs(2);
/// The shortest time between two sweeps of expired items; a sweep also rests twenty times as long as it took.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How long requests under way may hold up a shutdown.
const PATIENCE: Duration = Duration::from_secs(2);

/// The options of a local AWS.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the state; `None` keeps the state in memory.
    pub folder: Option<Folder>,
    /// The clock of TTL, queues and mails.
    pub clock: LocalClock,
    /// The port of `DynamoDB`; 0 takes a free one.
    pub dynamodb_port: u16,
    /// The port of KMS, SQS, SES and the mailbox; 0 takes a free one.
    pub port: u16,
    /// How long the services wait before they handle a call.
    pub delays: Delays,
}

impl Options {
    /// Keeps everything in memory, on free ports.
    pub fn in_memory(clock: LocalClock) -> Self {
        Self { folder: None, clock, dynamodb_port: 0, port: 0, delays: Delays::default() }
    }

    /// Keeps everything in a folder, on free ports.
    pub fn on_disk(folder: Folder, clock: LocalClock) -> Self {
        Self { folder: Some(folder), ..Self::in_memory(clock) }
    }
}

/// The URLs of the services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// `DynamoDB`.
    pub dynamodb: String,
    /// KMS.
    pub kms: String,
    /// SQS.
    pub sqs: String,
    /// SES version 2; `/mailbox` and `/mailbox.json` are here too.
    pub ses: String,
}

/// The services while they run. Dropped without [`shutdown`](Self::shutdown) they stop as if killed.
pub struct AwsLocal {
    endpoints: Endpoints,
    clock: LocalClock,
    db: Database,
    services: Arc<Services>,
    ttl_enabled: Arc<AtomicBool>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    keeping: Keeping,
    folder: Option<Folder>,
}

impl AwsLocal {
    /// Restores the state from the folder and starts the services. The keys come before the tables: a start that is
    /// killed in between leaves keys without tables, which the next start takes for a new folder.
    pub async fn start(options: Options) -> Result<Self> {
        let Options { folder, clock, dynamodb_port, port, delays } = options;
        let dir = folder.as_ref().map(Folder::path);
        let (ddb, dynamodb) = bind(dynamodb_port).await?;
        let (gateway, url) = bind(port).await?;
        let keeping = Keeping::default();
        let kms = Kms::open(folder.as_ref(), keeping.clone()).await?;
        let db = dynamodb::open(dir)?;
        let services = Arc::new(Services {
            kms,
            sqs: Sqs::open(dir, clock.clone(), url.clone(), keeping.clone())?,
            mails: Mails::open(dir, clock.clone(), keeping.clone())?,
            before_keys: delays.keys,
        });
        let endpoints = Endpoints { dynamodb, kms: url.clone(), sqs: url.clone(), ses: url };
        let (stop, _) = watch::channel(false);
        let (ttl_enabled, tasks) = (Arc::new(AtomicBool::new(true)), JoinSet::new());
        let mut aws = Self { endpoints, clock, db, services, ttl_enabled, stop, tasks, keeping, folder };
        aws.spawn_servers(ddb, gateway, delays.tables);
        aws.spawn_chores();
        Ok(aws)
    }

    /// Returns why state is not kept at present, when it is not.
    pub fn failure(&self) -> Option<DataError> {
        self.keeping.failure()
    }

    /// Returns the URLs of the services.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Returns the clock.
    pub fn clock(&self) -> &LocalClock {
        &self.clock
    }

    /// Returns the mails sent so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.services.mails.all()
    }

    /// Switches the background sweep on or off; off plays a TTL that never fires.
    pub fn set_ttl_enabled(&self, enabled: bool) {
        self.ttl_enabled.store(enabled, Ordering::SeqCst);
    }

    /// Deletes the items that have expired by the local clock, even when the sweep is off. Returns how many they were.
    pub async fn ttl_sweep_once(&self) -> Result<u64> {
        Ok(dynamodb::sweep(self.db.clone(), self.clock.now()).await?.0)
    }

    /// Lets requests under way finish, saves everything and stops.
    pub async fn shutdown(mut self) -> Result<()> {
        self.stop.send_replace(true);
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(PATIENCE, finished).await.is_err() {
            self.tasks.shutdown().await;
        }
        self.services.sqs.follow_clock();
        self.services.sqs.save().await?;
        Ok(self.clock.persist(true)?)
    }

    fn spawn_servers(&mut self, ddb: TcpListener, gateway: TcpListener, before_tables: Duration) {
        let database = only_bodies(dynamodb_http::router(self.tables()), &AMZ_JSON);
        self.serve(ddb, delayed(database, before_tables), "the local DynamoDB ended");
        self.serve(gateway, router(self.services.clone()), "the local AWS ended");
    }

    fn tables(&self) -> Tables {
        let file = self.folder.as_ref().map(|folder| dynamodb::file(folder.path()));
        Tables { database: self.db.clone(), file, keeping: self.keeping.clone() }
    }

    /// Serves this machine's own programs alone: no page of any site has business here.
    fn serve(&mut self, listener: TcpListener, router: Router, ended: &'static str) {
        let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
        let guarded = own_hosts(no_foreign_pages(router), port);
        let serve = axum::serve(listener.tap_io(no_delay), guarded).with_graceful_shutdown(self.stopped());
        self.tasks.spawn(async move {
            if let Err(error) = serve.await {
                tracing::error!(%error, "{ended}");
            }
        });
    }

    fn spawn_chores(&mut self) {
        let sweep = sweeping(self.tables(), self.clock.clone(), self.ttl_enabled.clone());
        let save = saving(self.services.clone(), self.clock.clone(), self.keeping.clone());
        let follow = following(self.services.clone(), self.clock.clone());
        let stopped = self.stopped();
        self.tasks.spawn(async move {
            tokio::select! {
                () = async { tokio::join!(sweep, save, follow); } => {}
                () = stopped => {}
            }
        });
    }

    /// Resolves at shutdown, and when the services are dropped.
    fn stopped(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            stop.wait_for(|stop| *stop).await.ok();
        }
    }
}

/// Puts a delay before each request.
fn delayed(router: Router, by: Duration) -> Router {
    if by.is_zero() {
        return router;
    }
    router.layer(from_fn(move |request: Request, next: Next| async move {
        tokio::time::sleep(by).await;
        next.run(request).await
    }))
}

async fn sweeping(tables: Tables, clock: LocalClock, enabled: Arc<AtomicBool>) {
    let mut moved = clock.watch();
    let (mut rest, mut swept_at) = (SWEEP_EVERY, clock.advanced());
    loop {
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            // Every call of the platform moves a standing clock: so at least a second lies between two sweeps.
            () = async { moved.wait_for(|moved| *moved >= swept_at + SWEEP_EVERY).await.ok(); } => {}
        }
        swept_at = clock.advanced();
        if !enabled.load(Ordering::SeqCst) {
            continue;
        }
        match dynamodb::sweep(tables.database.clone(), clock.now()).await {
            Ok((_, took)) => rest = SWEEP_EVERY.max(took.saturating_mul(20)),
            Err(error) => tables.failed(&error.to_string()),
        }
    }
}

async fn saving(services: Arc<Services>, clock: LocalClock, keeping: Keeping) {
    loop {
        tokio::time::sleep(SAVE_EVERY).await;
        services.sqs.save().await.ok(); // the save notes its own outcome
        keeping.note("clock", &clock.persist(false));
    }
}

/// Wakes long polls whose messages came due when the clock was moved.
async fn following(services: Arc<Services>, clock: LocalClock) {
    let mut moved = clock.watch();
    while moved.changed().await.is_ok() {
        services.sqs.follow_clock();
        services.sqs.save().await.ok(); // the save notes its own outcome
    }
}

async fn bind(port: u16) -> Result<(TcpListener, String)> {
    let listener = listen(port).await?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

fn no_delay(stream: &mut TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
}
