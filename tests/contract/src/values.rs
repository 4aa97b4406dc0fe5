//! Values to put in: connections, accounts, deletions, jobs.

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::ids::AccountRef;
use mooring_domain::base::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, TenantId};
use mooring_domain::base::place::Subject;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::connect::account::Account;
use mooring_domain::connect::connection::{Connection, State};
use mooring_domain::connect::ports::{
    ConnectionActivate as _, ConnectionConfirm as _, ConnectionCreate as _, ConnectionRead as _,
    ConnectionState as _, NewAccount, NewConnection,
};
use mooring_domain::connect::token_life::{Change, Life, change_event};
use mooring_domain::deletion::ledger::{DELETE_WITHIN, Deletion, Reason, Step};
use mooring_domain::deletion::ports::DeletionBegin as _;
use mooring_domain::platform::manifest::Tier;
use mooring_domain::sync::chunk::NewChunk;
use mooring_domain::sync::chunk::StoredChunk;
use mooring_domain::sync::job::{JobKind, SyncJob};
use mooring_domain::sync::ports::ChunkWrite;
use mooring_domain::sync::state::SyncChange;
use mooring_domain::vault::keys::{KeyContext, SealedBox, Use, WrappedKey};
use mooring_domain::vault::rows::{KeyRow, TokenRow};
use mooring_store::Store;
use uuid::Uuid;

use crate::World;

/// Makes a tenant's id that no other test has.
pub fn tenant_id() -> TenantId {
    TenantId::from_uuid(Uuid::now_v7())
}

/// Makes a connection's id that no other test has.
pub fn connection_id() -> ConnectionId {
    ConnectionId::from_uuid(Uuid::now_v7())
}

/// Makes an account's id that no other test has.
pub fn account_id() -> AccountId {
    AccountId::from_uuid(Uuid::now_v7())
}

/// Moves a connection from one of some states to another, as a refusal or an answer of its platform does. Returns false
/// when the connection was in none of these states.
pub async fn change_state(
    store: &Store,
    tenant: &TenantId,
    id: &ConnectionId,
    from: &[State],
    to: State,
) -> Result<bool> {
    let Some(row) = store.connection(tenant, id).await? else { return Ok(false) };
    if !from.contains(&row.state) {
        return Ok(false);
    }
    let life = store.life(tenant, id).await?;
    Ok(store.record_life(tenant, id, &change(id, life, row.state, to)).await?)
}

/// Makes a change of state with the event that reports it.
pub fn change(id: &ConnectionId, life: Life, from: State, to: State) -> Change {
    let events = change_event(id, to, &life)
        .filter(|_| from != to)
        .map(|(kind, about)| (kind, Timestamp::now(), about));
    Change { events: events.into_iter().collect(), life, from, to }
}

/// Stores a chunk over whatever is there; returns whether it was stored.
pub async fn put_chunk(
    store: &dyn ChunkWrite,
    account: &AccountRef,
    chunk: &StoredChunk,
    expires_at: Timestamp,
) -> mooring_domain::Result<bool> {
    let new = NewChunk { chunk: chunk.clone(), expires_at: Some(expires_at), is_first: false };
    store.put_chunks(account, &[new]).await?.remove(0)
}

/// Makes a box of some bytes.
pub fn sealed(fill: u8, length: usize) -> SealedBox {
    SealedBox(vec![fill; length])
}

/// Makes a data key's row.
pub fn key_row(context: KeyContext) -> KeyRow {
    let id = DataKeyId(*Uuid::now_v7().as_bytes());
    KeyRow { context, wrapped: WrappedKey { id, blob: vec![7; 180] } }
}

/// Makes the change that a job stores for an account whose names it could read.
pub fn sync_change() -> SyncChange {
    SyncChange { names_due: Some(false), ..SyncChange::default() }
}

/// Makes the fingerprint of a mailbox that belongs to a connection.
pub fn mail_of(connection: &ConnectionId) -> Fingerprint {
    Fingerprint(format!("mail-of-{}", connection.body()))
}

/// Makes a deletion that has just begun.
pub fn deletion(tenant: &TenantId, subject: Subject, reason: Reason, t0: Timestamp) -> Deletion {
    let id = DeletionId::from_uuid(Uuid::now_v7());
    Deletion {
        code: format!("code-{id}"),
        id,
        tenant: tenant.clone(),
        subject,
        reason,
        platform: "tiktok_ads".to_owned(),
        t0,
        delete_by: t0 + DELETE_WITHIN,
        step: Step::ShredData,
        next_step_at: Some(t0),
        places: Vec::new(),
        keys: Vec::new(),
        revoke_tries: 0,
        revoke: None,
        events: Vec::new(),
        verified_at: None,
        version: 1,
    }
}

/// Makes a connection that just came back from the platform, with the deletion that ends it if it is abandoned.
pub fn new_connection(tenant: &TenantId, now: Timestamp) -> NewConnection {
    let id = connection_id();
    let due = now + SignedDuration::from_mins(15);
    let abandoned = deletion(tenant, Subject::Connection(id.clone()), Reason::Abandoned, due);
    let keys = [Use::Token, Use::Data].map(|purpose| key_row(KeyContext::connection(tenant, &id, purpose)));
    let token = |name| TokenRow { name, version: 1, key: keys[0].wrapped.id, sealed: sealed(9, 200) };
    NewConnection {
        tokens: vec![token("access"), token("refresh")],
        connection: Connection {
            mail: Some(mail_of(&id)),
            id,
            tenant: tenant.clone(),
            platform: "tiktok_ads".to_owned(),
            context: "ctx".to_owned(),
            end_user: "user-1".parse().expect("an end user"),
            state: State::Pending,
            tier: Tier::B,
            scopes: vec!["4".to_owned(), "15".to_owned()],
            created_at: now,
            identity: Fingerprint("1d".repeat(16)),
            deletion: Some(abandoned.id.clone()),
            delete_by: None,
        },
        keys: keys.to_vec(),
        candidates: vec![sealed(1, 500), sealed(2, 500)],
        abandoned,
        expires_at: now + SignedDuration::from_hours(1),
    }
}

/// Makes an account that was just chosen.
pub fn new_account(tenant: &TenantId, connection: &ConnectionId) -> NewAccount {
    let id = account_id();
    NewAccount {
        key: key_row(KeyContext::account(tenant, connection, &id)),
        account: Account {
            id,
            state: State::Pending,
            currency: "EUR".parse().expect("a currency"),
            zone: "Europe/Berlin".to_owned(),
            fingerprint: Fingerprint("ac".repeat(16)),
            profile: sealed(3, 300),
        },
    }
}

/// A connection with its accounts and the deletion that would have ended it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The row as it was created.
    pub connection: Connection,
    /// The chosen accounts.
    pub accounts: Vec<Account>,
    /// The deletion that ends it if it is abandoned.
    pub abandoned: Deletion,
}

impl Case {
    /// Returns its tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.connection.tenant
    }

    /// Returns its id.
    pub fn id(&self) -> &ConnectionId {
        &self.connection.id
    }

    /// Returns the partition of its own rows.
    pub fn home(&self) -> String {
        format!("{}#{}", self.tenant(), self.id())
    }

    /// Returns one of its accounts.
    pub fn account(&self, number: usize) -> AccountRef {
        AccountRef {
            tenant: self.tenant().clone(),
            connection: self.id().clone(),
            account: self.accounts[number].id.clone(),
        }
    }

    /// Returns the ids of its accounts.
    pub fn account_ids(&self) -> Vec<AccountId> {
        self.accounts.iter().map(|account| account.id.clone()).collect()
    }

    /// Returns the first job of each account.
    pub fn jobs(&self) -> Vec<SyncJob> {
        let job = |account: &Account| SyncJob {
            tenant: self.tenant().clone(),
            connection: self.id().clone(),
            account: account.id.clone(),
            kind: JobKind::First,
            window: None,
            slot: self.connection.created_at,
            deferred: 0,
            not_before: None,
        };
        self.accounts.iter().map(job).collect()
    }

    /// Makes a deletion of the whole connection.
    pub async fn ending(&self, world: &World, reason: Reason) -> Result<Deletion> {
        let subject = Subject::Connection(self.id().clone());
        let places = world.store.places(self.tenant(), &subject, &self.account_ids()).await?;
        Ok(Deletion { places, ..deletion(self.tenant(), subject, reason, world.now()) })
    }

    /// Activates the connection.
    pub async fn activate(&self, store: &mooring_store::Store) -> mooring_domain::Result<()> {
        store.activate(&self.connection, &self.accounts, (7, 42), &self.abandoned.id, &self.jobs()).await
    }
}

impl World {
    /// Creates a pending connection of a new tenant with some chosen accounts.
    pub async fn pending(&self, accounts: usize) -> Result<Case> {
        self.pending_of(&tenant_id(), accounts).await
    }

    /// Creates a pending connection of a tenant with some chosen accounts.
    pub async fn pending_of(&self, tenant: &TenantId, accounts: usize) -> Result<Case> {
        let new = new_connection(tenant, self.now());
        self.store.create(&new).await?;
        let chosen: Vec<NewAccount> =
            (0..accounts).map(|_| new_account(tenant, &new.connection.id)).collect();
        self.store.add_accounts(tenant, &new.connection.id, &chosen, new.expires_at).await?;
        let accounts = self.store.accounts(tenant, &new.connection.id).await?;
        Ok(Case { connection: new.connection, accounts, abandoned: new.abandoned })
    }

    /// Creates an active connection of a new tenant with some accounts.
    pub async fn active(&self, accounts: usize) -> Result<Case> {
        let case = self.pending(accounts).await?;
        case.activate(&self.store).await?;
        Ok(case)
    }
}
