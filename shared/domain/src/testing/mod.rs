//! Plays the world around the domain, in which its operations are tested: every port in memory, implemented once, and one
//! platform whose answers a test orders. The world imitates the store's behaviour only as far as the operations depend on
//! it; the real adapters have their own tests.
//!
//! [`World`] keeps the clock and the order of the steps. Each family has its rows and ports in a file of its own.

mod connect;
mod deletion;
mod entropy;
mod figures;
mod flow;
mod guard;
mod notice;
mod people;
mod platform;
mod sync;
mod vault;
mod webhook;

use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::base::error::Error;
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{AccountId, AccountRef, ConnectionId, CredentialId, EndUser, TenantId};
use crate::guard::idempotency::{Attempt, Standing};
use crate::people::caller::{Caller, CredentialKind, Scope};
use crate::platform::profile::Profile;

pub(crate) use connect::a_connection;
pub(crate) use entropy::Counting;
pub(crate) use figures::{extra, values};
pub(crate) use notice::link_in;
pub(crate) use platform::{PLATFORM, described};
pub(crate) use vault::{Key, key};

/// The instant at which a world begins.
pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

/// The day of [`NOW`] in the accounts' zone.
pub(crate) const TODAY: Date = date(2026, 11, 22);

pub(crate) fn yesterday() -> Date {
    TODAY.yesterday().unwrap()
}

/// A step that an operation made the world take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A read of the fence, and whether it was open.
    Fence(bool),
    /// KMS opened a data key.
    Opened,
    /// The platform answered a call.
    Page,
    /// The store took a chunk.
    Put(String),
    /// The store took the records of days.
    Days,
    /// A step that nobody can undo.
    Done(String),
}

/// The world around the domain.
pub(crate) struct World {
    now: Mutex<Timestamp>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) profile: Mutex<Profile>,
    pub(crate) steps: Mutex<Vec<Step>>,
    pub(crate) connect: connect::ConnectRows,
    pub(crate) flow: flow::FlowRows,
    pub(crate) sync: sync::SyncRows,
    pub(crate) deletion: deletion::DeletionRows,
    pub(crate) webhook: webhook::WebhookRows,
    pub(crate) people: people::PeopleRows,
    pub(crate) notice: notice::NoticeRows,
    pub(crate) vault: vault::VaultRows,
    pub(crate) guard: guard::GuardRows,
    pub(crate) platform: platform::Platform,
}

/// Makes the ports of an operation, each played by the world: `ports!(world, Ports { clock, rows })`.
macro_rules! ports {
    (@one $world:expr, entropy) => { std::sync::Arc::clone(&$world.entropy) };
    (@one $world:expr, profile) => { std::sync::Arc::new($world.profile.lock().unwrap().clone()) };
    (@one $world:expr, $port:ident) => { $world.clone() };
    ($world:expr, $ports:path { $($port:ident),* $(; $($own:ident: $value:expr),*)? }) => {{
        use $ports as Wired;
        Wired { $($port: $crate::testing::ports!(@one $world, $port),)* $($($own: $value,)*)? }
    }};
}

pub(crate) use ports;

/// Polls a future of fakes, which never wait.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a fake waited"),
    }
}

pub(crate) fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

/// Names the connection of [`World::connected`].
pub(crate) fn connection() -> ConnectionId {
    connection_of(2)
}

pub(crate) fn connection_of(number: u128) -> ConnectionId {
    ConnectionId::from_uuid(Uuid::from_u128(number))
}

/// Names the account of [`World::connected`].
pub(crate) fn account() -> AccountId {
    account_of(3)
}

pub(crate) fn account_of(number: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(number))
}

pub(crate) fn account_ref() -> AccountRef {
    AccountRef { tenant: tenant(), connection: connection(), account: account() }
}

/// Names the end user who owns the connections.
pub(crate) fn user() -> EndUser {
    "u-1".parse().unwrap()
}

/// Makes a caller with all scopes.
pub(crate) fn caller(kind: CredentialKind) -> Caller {
    let credential = CredentialId::from_uuid(Uuid::from_u128(9));
    Caller { tenant: tenant(), credential, kind, scopes: Scope::ALL.to_vec() }
}

/// Makes the caller of a product's server.
pub(crate) fn server() -> Caller {
    caller(CredentialKind::ApiKey)
}

/// Makes the caller of an end user's browser.
pub(crate) fn browser(user: &str) -> Caller {
    caller(CredentialKind::FrontendToken(user.parse().unwrap()))
}

pub(crate) fn attempt(standing: Standing) -> Attempt {
    let mut attempt = Attempt::once(Timestamp::UNIX_EPOCH, Arc::new(Counting::default()));
    attempt.standing = standing;
    attempt
}

/// Makes the error of a service that does not answer.
fn away() -> Error {
    Error::unavailable("away", "It is away.")
}

impl World {
    /// Makes a world with one tenant, one platform, and no connection.
    pub(crate) fn new() -> Arc<Self> {
        Self::at(NOW.parse().unwrap())
    }

    pub(crate) fn at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(now),
            entropy: Arc::new(Counting::default()),
            profile: Mutex::new(platform::profile()),
            steps: Mutex::default(),
            connect: connect::ConnectRows::default(),
            flow: flow::FlowRows::default(),
            sync: sync::SyncRows::default(),
            deletion: deletion::DeletionRows::default(),
            webhook: webhook::WebhookRows::default(),
            people: people::PeopleRows::new(),
            notice: notice::NoticeRows::default(),
            vault: vault::VaultRows::default(),
            guard: guard::GuardRows::default(),
            platform: platform::Platform::new(),
        })
    }

    /// Makes a world in which [`connection`] is active with [`account`].
    pub(crate) fn connected() -> Arc<Self> {
        let world = Self::new();
        world.put_connection(a_connection(connection()));
        world.put_account(&connection(), account(), "77");
        world
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub(crate) fn set_now(&self, now: Timestamp) {
        *self.now.lock().unwrap() = now;
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        *self.now.lock().unwrap() += time;
    }

    pub(crate) fn advance(&self, minutes: i64) {
        self.pass(SignedDuration::from_mins(minutes));
    }

    fn step(&self, step: Step) {
        self.steps.lock().unwrap().push(step);
    }

    fn note(&self, what: impl Into<String>) {
        self.step(Step::Done(what.into()));
    }

    pub(crate) fn count(&self, step: impl Fn(&Step) -> bool) -> usize {
        self.steps.lock().unwrap().iter().filter(|other| step(other)).count()
    }

    /// Returns the steps that nobody can undo, in order.
    pub(crate) fn done(&self) -> Vec<String> {
        let steps = self.steps.lock().unwrap();
        let done = |step: &Step| if let Step::Done(what) = step { Some(what.clone()) } else { None };
        steps.iter().filter_map(done).collect()
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.now()
    }
}
