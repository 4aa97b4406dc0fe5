//! Functions whose every external call goes through a fault proxy, and the ways to break a function at a chosen call.
//!
//! A crash drops the running function where it is, as a killed process would leave it; fresh functions with new clients
//! go on afterwards.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use axum::body::{Body, to_bytes};
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use lambda_http::tower::Service as _;
use mooring_aws_local::{Call, Endpoints, Fault, FaultPlan, FaultProxy, LocalClock, sdk_config};
use mooring_domain::base::host::Clock;
use mooring_domain::platform::profile::Profile;
use mooring_local::mount::{self, Mounted};
use mooring_local::{Adapters, Wiring, gateway, poller, schedules};
use mooring_queue::QueueUrls;
use mooring_queue::queues::{DELETION, MAIL, SYNC, WEBHOOK};
use mooring_store::{Store, Tables};

use crate::{Answer, World};

/// How often Mooring's clients try a call: the SDK of AWS, and the kit where it may repeat.
const AWS_TRIES: u64 = 3;
const KIT_TRIES: u64 = 4;
/// The label of the proxy in front of a receiver of webhooks, which is called once.
const RECEIVER: &str = "receiver";
/// More calls than any run makes.
const MOST_CALLS: u64 = 1_000;

/// The time that a call takes on a slow machine.
const SLOW: Duration = Duration::from_millis(60);

/// How a call is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The process dies before the call goes out.
    CrashBefore,
    /// The process dies before the answer arrives.
    CrashAfter,
    /// The service throttles the call, once.
    Throttle,
    /// Another transaction holds the item, once.
    Conflict,
    /// The service fails, once.
    ServerError,
    /// The call arrives twice.
    Duplicate,
    /// The call arrives and its answer is lost.
    Reset,
    /// The service fails at every try.
    Outage,
    /// The call takes longer than a fence check stays valid, as on a busy machine.
    Slow,
}

impl Mode {
    /// The two crashes.
    pub const CRASHES: [Self; 2] = [Self::CrashBefore, Self::CrashAfter];
    /// The other modes of a single fault.
    pub const FAULTS: [Self; 6] =
        [Self::Throttle, Self::Conflict, Self::ServerError, Self::Duplicate, Self::Reset, Self::Outage];

    /// Returns whether the process dies.
    pub fn is_crash(self) -> bool {
        Self::CRASHES.contains(&self)
    }

    fn fault(self) -> Fault {
        match self {
            Self::CrashBefore => Fault::CrashBefore,
            Self::CrashAfter => Fault::CrashAfter,
            Self::Throttle => Fault::Throttle,
            Self::Conflict => Fault::Conflict,
            Self::ServerError | Self::Outage => Fault::ServerError,
            Self::Duplicate => Fault::Duplicate,
            Self::Reset => Fault::Reset,
            Self::Slow => Fault::Delay(SLOW),
        }
    }

    /// Plans the fault; an outage lasts for as long as the client of that call tries.
    fn plan(self, plan: &FaultPlan, call: u64, calm: &[Call]) {
        let tries = match calm.iter().find(|known| known.seq == call) {
            _ if self != Self::Outage => 1,
            Some(known) if !matches!(known.label.as_str(), "platform" | RECEIVER) => AWS_TRIES,
            Some(known) if known.operation.starts_with("GET") => KIT_TRIES,
            _ => 1,
        };
        plan.inject_tries(call, self.fault(), tries);
    }
}

/// The calls that are broken in a run, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// How they are broken.
    pub mode: Mode,
    /// The first call; 0 for none.
    pub call: u64,
    /// The distance to the next broken call, from the first one on; `None` for the first call alone.
    pub every: Option<usize>,
}

impl From<(Mode, u64)> for At {
    fn from((mode, call): (Mode, u64)) -> Self {
        Self { mode, call, every: None }
    }
}

/// One run with calls broken.
#[derive(Debug, Clone)]
pub struct Trial<T> {
    /// The calls that were broken.
    pub at: At,
    /// Every external call of the run.
    pub log: Vec<Call>,
    /// The answer of the function; `None` when it died.
    pub answered: Option<T>,
}

impl<T> Trial<T> {
    /// Returns the broken call, if the run came so far.
    pub fn hit(&self) -> Option<&Call> {
        self.log.iter().find(|call| call.seq == self.at.call)
    }

    /// Names the trial in a failure.
    pub fn name(&self) -> String {
        let what = self.hit().map(|call| format!("{} {}", call.label, call.operation));
        format!("{:?} ({})", self.at, what.unwrap_or_default())
    }

    /// Returns the number of the first call of an operation.
    pub fn first(&self, operation: &str) -> Option<u64> {
        self.log.iter().find(|call| call.operation.contains(operation)).map(|call| call.seq)
    }
}

/// Proxies in front of everything that functions call, under one plan.
pub struct Rig {
    plan: Arc<FaultPlan>,
    proxied: Adapters,
    direct: Adapters,
    tables: String,
    queues: QueueUrls,
    log: Mutex<Vec<Call>>,
    _proxies: Vec<FaultProxy>,
}

impl Rig {
    /// Starts proxies in front of a world's services and platform. A first sync reaches `days` back.
    pub async fn before(world: &World, days: u16) -> Result<Self> {
        let plan = FaultPlan::quiet();
        let direct = world.stack.wiring();
        let (mut proxies, mut urls) = (Vec::new(), Vec::new());
        let Endpoints { dynamodb, kms, sqs, ses } = &direct.endpoints;
        for (label, upstream) in [
            ("dynamodb", dynamodb),
            ("kms", kms),
            ("sqs", sqs),
            ("ses", ses),
            ("platform", &direct.platform_origin),
        ] {
            let proxy = FaultProxy::start(upstream, label, Arc::clone(&plan)).await?;
            urls.push(proxy.url().to_owned());
            proxies.push(proxy);
        }
        let [dynamodb, kms, sqs, ses, platform_origin] =
            <[String; 5]>::try_from(urls).ok().context("five proxies")?;
        let (tables, queues) = (dynamodb.clone(), direct.queues.clone());
        let endpoints = Endpoints { dynamodb, kms, sqs, ses };
        let proxied = Wiring { endpoints, platform_origin, ..direct.clone() };
        let profile = Arc::new(shortened(&world.stack.adapters().profile, days));
        let over = |wiring: &Wiring| -> Result<Adapters> {
            Ok(Adapters { profile: Arc::clone(&profile), ..Adapters::new(wiring, world.stack.clock())? })
        };
        let (proxied, direct) = (over(&proxied)?, over(direct)?);
        Ok(Self { plan, proxied, direct, tables, queues, log: Mutex::default(), _proxies: proxies })
    }

    /// Starts a proxy in front of a receiver of webhooks, under the same plan.
    pub async fn receiver(&self, upstream: &str) -> Result<FaultProxy> {
        FaultProxy::start(upstream, RECEIVER, Arc::clone(&self.plan)).await
    }

    /// Makes fresh functions that nothing breaks, with the same profile.
    pub fn calm(&self) -> Functions {
        Functions(mount::all(&self.direct))
    }

    /// Makes fresh functions behind the proxies, as patient with the tables as they are in Lambda.
    pub fn exposed(&self) -> Functions {
        let client = mooring_store::client(&sdk_config(&self.tables));
        let clock = Arc::clone(&self.proxied.clock);
        let store = Arc::new(Store::new(client, Tables::prefixed("mooring-"), clock));
        Functions(mount::all(&Adapters { store, ..self.proxied.clone() }))
    }

    /// Makes fresh functions on a machine whose clock is wrong by a span of time.
    pub fn skewed(&self, world: &World, by: SignedDuration) -> Result<Functions> {
        let clock = Skewed { clock: world.stack.clock().clone(), by };
        let skewed = Adapters::with_clock(world.stack.wiring(), Arc::new(clock), self.direct.scale)?;
        Ok(Functions(mount::all(&Adapters { profile: Arc::clone(&self.direct.profile), ..skewed })))
    }

    /// Returns the URL of a queue.
    pub fn queue_url(&self, queue: Queue) -> &str {
        self.queues.url(queue.spec()).unwrap_or_default()
    }

    /// Returns the plan of all proxies.
    pub fn plan(&self) -> &FaultPlan {
        &self.plan
    }

    /// Runs fresh functions with calls broken as planned. Call 0 breaks none.
    pub async fn broken<T>(
        &self,
        at: impl Into<At>,
        run: impl AsyncFnOnce(&Functions) -> Result<T>,
    ) -> Result<Trial<T>> {
        let at @ At { mode, call, every } = at.into();
        self.plan.reset();
        match every {
            Some(every) => {
                (call..MOST_CALLS).step_by(every).for_each(|call| self.plan.inject(call, mode.fault()));
            }
            None if call > 0 => mode.plan(&self.plan, call, &self.last_calm()),
            None => {}
        }
        let functions = Functions(mount::all(&self.proxied));
        let answered = tokio::select! {
            answered = run(&functions) => Some(answered?),
            () = self.plan.crashed() => None,
        };
        let log = self.plan.log();
        self.plan.reset();
        if call == 0 {
            self.log.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&log);
        }
        Ok(Trial { at, log, answered })
    }

    /// Returns the calls of the last run without faults.
    fn last_calm(&self) -> Vec<Call> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A clock that is wrong.
struct Skewed {
    clock: LocalClock,
    by: SignedDuration,
}

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.by
    }
}

/// Returns the profile with a shorter reach.
fn shortened(profile: &Profile, days: u16) -> Profile {
    let mut short = profile.clone();
    for platform in &mut short.platforms {
        platform.backfill_days = days;
    }
    short
}

/// All functions over one wiring.
pub struct Functions(Mounted);

/// A queue of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Sync jobs.
    Sync,
    /// Deletion steps.
    Deletion,
    /// Jobs of the webhook worker.
    Webhook,
    /// Requests for a mail.
    Mail,
}

impl Queue {
    /// The queue's line in the table of queues.
    fn spec(self) -> &'static mooring_queue::Queue {
        match self {
            Self::Sync => &SYNC,
            Self::Deletion => &DELETION,
            Self::Webhook => &WEBHOOK,
            Self::Mail => &MAIL,
        }
    }
}

impl Functions {
    /// Makes fresh functions over adapters.
    pub fn over(adapters: &Adapters) -> Self {
        Self(mount::all(adapters))
    }

    /// Sends a request through API Gateway's event into its function; dropping the future drops the function.
    pub async fn http(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from))?;
        let mut router = gateway::router(Arc::new(self.0.http.clone()));
        let Ok(response) = router.call(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await?;
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Hands a batch to the queue's worker; returns the ids of the messages that failed.
    pub async fn work(&self, queue: Queue, batch: &Batch) -> Result<Vec<String>> {
        let function = self.0.workers.get(queue.spec().worker).context("a queue without its worker")?;
        let response = function(batch.event.clone()).await;
        Ok(response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect())
    }

    /// Ticks planner and sweeper.
    pub async fn tick(&self, world: &World) -> Result<()> {
        let mut ticked = Ok(());
        for function in &self.0.schedules {
            // Schedules do not know of each other: where one fails the others tick all the same.
            let one = function(schedules::input(world.now())).await;
            ticked = ticked.and(one);
        }
        Ok(ticked?)
    }

    /// Ticks the sweeper of webhooks.
    pub async fn sweep_webhooks(&self, world: &World) -> Result<()> {
        Ok((self.0.webhook_sweeper)(schedules::input(world.now())).await?)
    }

    /// Handles the next batch of a queue; messages that fail stay for another delivery. Returns false when there is no
    /// batch.
    pub async fn next(&self, world: &World, queue: Queue) -> Result<bool> {
        let Some(batch) = Batch::receive(world, queue).await? else { return Ok(false) };
        let failed = self.work(queue, &batch).await?;
        batch.delete(world, &failed).await?;
        Ok(true)
    }
}

/// Messages that were received and not deleted.
#[derive(Debug, Clone)]
pub struct Batch {
    event: SqsEvent,
    messages: Vec<Message>,
    queue_url: String,
}

impl Batch {
    /// Receives the visible messages: one job, or up to ten deletions.
    pub async fn receive(world: &World, queue: Queue) -> Result<Option<Self>> {
        Self::at_most(world, queue, if queue == Queue::Deletion { 10 } else { 1 }).await
    }

    /// Receives one message alone.
    pub async fn one(world: &World, queue: Queue) -> Result<Self> {
        Self::at_most(world, queue, 1).await?.context("nothing is in the queue")
    }

    async fn at_most(world: &World, queue: Queue, most: i32) -> Result<Option<Self>> {
        let queue_url = world.stack.wiring().queues.url(queue.spec())?;
        let received = sqs(world)
            .receive_message()
            .queue_url(queue_url)
            .max_number_of_messages(most)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await?;
        let messages = received.messages.unwrap_or_default();
        if messages.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { event: poller::event(&messages)?, messages, queue_url: queue_url.to_owned() }))
    }

    /// Receives the only message that contains a text. Others that come before it, such as a job that put itself back,
    /// stay for a later delivery.
    pub async fn about(world: &World, queue: Queue, what: &str) -> Result<Self> {
        while let Some(batch) = Self::at_most(world, queue, 1).await? {
            if batch.names(what) {
                return Ok(batch);
            }
        }
        bail!("nothing in the queue names {what}")
    }

    /// Returns whether a message contains a text.
    pub fn names(&self, what: &str) -> bool {
        self.messages.iter().filter_map(Message::body).any(|body| body.contains(what))
    }

    /// Deletes the messages that did not fail, as the event source mapping does.
    pub async fn delete(&self, world: &World, failed: &[String]) -> Result<()> {
        for message in &self.messages {
            if message.message_id().is_some_and(|id| failed.iter().any(|failed| failed == id)) {
                continue;
            }
            let handle = message.receipt_handle().context("no receipt")?;
            sqs(world).delete_message().queue_url(&self.queue_url).receipt_handle(handle).send().await?;
        }
        Ok(())
    }
}

/// Makes a client of the queues.
pub fn sqs(world: &World) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(&sdk_config(&world.stack.wiring().endpoints.sqs))
}
