//! One small world behind the ports of deletions: rows by table, partition and sort key, and a log of what was done.
//!
//! It holds no more of the store's behaviour than the rules here need; the real adapters have their own tests.

mod records;
mod services;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use jiff::{SignedDuration, Timestamp};

use crate::account::Account;
use crate::caller::{Caller, CredentialKind, Scope};
use crate::connect::DeletionLink;
use crate::connection::{Connection, State, Tier};
use crate::connector::RevokeOutcome;
use crate::deletion::{Deletion, Place, Table};
use crate::deletion_plan::PlanPorts;
use crate::error::{Error, Result};
use crate::ids::{AccountId, ConnectionId, DeletionId, EndUser, MailId, TenantId};
use crate::keys::SealedBox;
use crate::mail::{MailRequest, Pace};
use crate::profile::{PlatformProfile, Profile};
use crate::random::tests::Counting;
use crate::secret::{Digest, Fingerprint};

/// Runs a future of the fakes, which never waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the fakes never wait"),
    }
}

pub(crate) type Row = (Table, String, String);

/// What the world remembers.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) now: Timestamp,
    pub(crate) connections: BTreeMap<ConnectionId, Connection>,
    pub(crate) accounts: BTreeMap<ConnectionId, Vec<Account>>,
    pub(crate) cut_accounts: BTreeMap<AccountId, DeletionId>,
    pub(crate) deletions: BTreeMap<DeletionId, Deletion>,
    pub(crate) rows: BTreeSet<Row>,
    pub(crate) owners: BTreeMap<DeletionId, (EndUser, Timestamp)>,
    pub(crate) log: Vec<String>,
    pub(crate) sent: Vec<DeletionId>,
    pub(crate) links: Vec<(Digest, DeletionLink)>,
    pub(crate) mails: Vec<(String, String)>,
    pub(crate) index: Vec<(Fingerprint, TenantId, ConnectionId)>,
    /// What the platform answers to each revocation, in order; then `Killed`.
    pub(crate) answers: Vec<Result<RevokeOutcome>>,
    /// The first write of this version to the Ledger fails, as if the process ended right before it.
    pub(crate) crash_at: Option<u64>,
    pub(crate) others_are_faster: bool,
    pub(crate) queue_is_away: bool,
    pub(crate) mail_is_away: bool,
    pub(crate) requests: BTreeMap<MailId, MailRequest>,
    /// Requests in the queue, each with when it shows.
    pub(crate) asked: Vec<(Timestamp, MailId)>,
    pub(crate) sources: BTreeMap<(String, i64), u64>,
    pub(crate) paces: BTreeMap<String, Pace>,
    pub(crate) ended: BTreeMap<String, Timestamp>,
}

#[derive(Default)]
pub(crate) struct World {
    memory: Mutex<Memory>,
    pub(crate) entropy: Counting,
}

pub(crate) fn tenant() -> TenantId {
    TenantId::from_uuid(uuid::Uuid::from_u128(1))
}

pub(crate) fn account(number: u128) -> AccountId {
    AccountId::from_uuid(uuid::Uuid::from_u128(number))
}

pub(crate) fn caller(kind: CredentialKind) -> Caller {
    let credential = crate::ids::CredentialId::from_uuid(uuid::Uuid::from_u128(9));
    Caller { tenant: tenant(), credential, kind, scopes: Scope::ALL.to_vec() }
}

pub(crate) fn profile() -> Profile {
    let platform = PlatformProfile {
        platform: "tiktok_ads".to_owned(),
        scopes: Vec::new(),
        calls: vec!["token.revoke".to_owned()],
        backfill_days: 90,
        period_minutes: 60,
    };
    Profile {
        name: "example".to_owned(),
        product: "Example".to_owned(),
        privacy_url: "https://example.com/privacy".to_owned(),
        contact_email: "privacy@example.com".to_owned(),
        retention_days: Some(700),
        needs_reauth_days: None,
        platforms: vec![platform],
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let world = Self::default();
        world.memory().now = "2026-11-20T10:00:00Z".parse().unwrap();
        world
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap()
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        self.memory().now += time;
    }

    pub(crate) fn plan(&self) -> PlanPorts<'_> {
        PlanPorts { connections: self, begin: self, ledger: self, clock: self, entropy: &self.entropy }
    }

    /// Puts an active connection with accounts and all its rows.
    pub(crate) fn connect(&self, number: u128, accounts: &[u128]) -> ConnectionId {
        let id = ConnectionId::from_uuid(uuid::Uuid::from_u128(number));
        let mut memory = self.memory();
        let row = connection(&id, memory.now);
        memory.connections.insert(id.clone(), row);
        let all = accounts.iter().map(|number| an_account(account(*number))).collect();
        memory.accounts.insert(id.clone(), all);
        for row in rows(&id, accounts) {
            memory.rows.insert(row);
        }
        memory.index.push((Fingerprint("anna".to_owned()), tenant(), id.clone()));
        id
    }

    pub(crate) fn deletion(&self, id: &DeletionId) -> Deletion {
        self.memory().deletions[id].clone()
    }

    /// The rows that begin so, as `table partition sort-key`.
    pub(crate) fn left(&self, table: Table) -> Vec<String> {
        self.memory().rows.iter().filter(|row| row.0 == table).map(|row| row.2.clone()).collect()
    }
}

fn connection(id: &ConnectionId, created_at: Timestamp) -> Connection {
    Connection {
        id: id.clone(),
        tenant: tenant(),
        platform: "tiktok_ads".to_owned(),
        context: "ctx".to_owned(),
        end_user: "u-1".parse().unwrap(),
        state: State::Active,
        tier: Tier::B,
        scopes: Vec::new(),
        created_at,
        identity: Fingerprint(String::new()),
        mail: Some(Fingerprint("anna".to_owned())),
        deletion: None,
        delete_by: None,
    }
}

fn an_account(id: AccountId) -> Account {
    Account {
        id,
        state: State::Active,
        currency: "EUR".parse().unwrap(),
        zone: "Europe/Berlin".to_owned(),
        fingerprint: Fingerprint(String::new()),
        profile: SealedBox(Vec::new()),
    }
}

fn rows(id: &ConnectionId, accounts: &[u128]) -> Vec<Row> {
    let (ten, part) = (tenant().to_string(), format!("{}#{id}", tenant()));
    let mut rows = vec![
        (Table::Connections, ten, id.to_string()),
        (Table::Connections, part.clone(), "fence".to_owned()),
        (Table::Connections, part.clone(), "mail".to_owned()),
    ];
    for key in ["key#token#-", "key#data#-", "tok#access#00000001", "tok#refresh#00000001"] {
        rows.push((Table::Vault, part.clone(), key.to_owned()));
    }
    for account in accounts.iter().map(|number| account(*number)) {
        for end in ["", "#fence", "#sync"] {
            rows.push((Table::Connections, part.clone(), format!("acc#{account}{end}")));
        }
        rows.push((Table::Vault, part.clone(), format!("key#data#{account}")));
        for day in 1..=3 {
            rows.push((Table::Reports, format!("{part}#{account}"), format!("r#ad#{day}")));
        }
    }
    rows
}

pub(crate) fn place(table: Table, partition: &str, prefix: &str) -> Place {
    Place { table, partition: partition.to_owned(), prefix: prefix.to_owned() }
}

pub(crate) fn crashed() -> Error {
    Error::unavailable("crashed", "the process ended here")
}
