//! The store with one lie: the guard that an ablation takes away. Every other call is the store's own.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::{
    AccountId, AccountRef, ConnectionId, CredentialId, DataKeyId, DeletionId, EndUser, TenantId,
};
use mooring_domain::base::place::{Part, Place, Subject};
use mooring_domain::base::secret::{Digest, Fingerprint};
use mooring_domain::connect::account::Account;
use mooring_domain::connect::connection::{Connection, State};
use mooring_domain::connect::fence::Fence;
use mooring_domain::connect::ports::{
    ConnectionActivate, ConnectionCreate, ConnectionRead, ConnectionState, FenceRead, HeldAccounts, Holders,
    NewConnection, TransientPut, TransientRead, TransientTake,
};
use mooring_domain::connect::session::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession};
use mooring_domain::connect::token_life::{Change, Life};
use mooring_domain::connect::way::WayBack;
use mooring_domain::deletion::ledger::Deletion;
use mooring_domain::deletion::link::DeletionLink;
use mooring_domain::deletion::ports::{Cutoff, DeletionBegin, LedgerRead, LedgerWrite, Purge};
use mooring_domain::people::caller::Credential;
use mooring_domain::people::ports::{CallerRead, FrontendTokenPut};
use mooring_domain::people::tenant::Tenant;
use mooring_domain::sync::activity::Activity;
use mooring_domain::sync::breaker::{Breaker, Breakers, Circuit};
use mooring_domain::sync::chunk::{NewChunk, StoredChunk};
use mooring_domain::sync::completeness::Days;
use mooring_domain::sync::ending::Ended;
use mooring_domain::sync::job::SyncJob;
use mooring_domain::sync::ports::{
    ActivityWrite, ChunkRead, ChunkWrite, CompletenessRead, SyncEndWrite, SyncProgress,
};
use mooring_domain::sync::state::{Checkpoint, SyncChange, SyncState};
use mooring_domain::vault::keys::{KeyContext, SealedBox, WrappedKey};
use mooring_domain::vault::ports::VaultRead;
use mooring_domain::vault::rows::{KeyRow, TokenRow};
use mooring_store::Store;

/// The lies of a store; none by default.
#[derive(Clone, Default)]
pub struct Lies {
    /// Fences say that everything is active.
    pub open_fence: bool,
    /// Connections and accounts say that they are active.
    pub all_active: bool,
    /// A purge deletes nothing and counts nothing.
    pub idle_purge: bool,
    /// A transaction can be taken again and again.
    pub keeps_transactions: bool,
    /// Activation codes belong to this end user.
    pub codes_of: Option<EndUser>,
}

/// A store that lies.
#[derive(Clone)]
pub struct Altered {
    store: Arc<Store>,
    lies: Lies,
}

impl Altered {
    /// Makes a store lie.
    pub fn new(store: &Arc<Store>, lies: Lies) -> Arc<Self> {
        Arc::new(Self { store: Arc::clone(store), lies })
    }

    fn said(&self, row: Account) -> Account {
        if self.lies.all_active { Account { state: State::Active, ..row } } else { row }
    }
}

#[async_trait]
impl FenceRead for Altered {
    async fn fence(
        &self,
        tenant: &TenantId,
        id: &ConnectionId,
        account: Option<&AccountId>,
    ) -> Result<Fence> {
        if self.lies.open_fence {
            return Ok(Fence { connection: Some(State::Active), account: account.map(|_| State::Active) });
        }
        self.store.fence(tenant, id, account).await
    }
}

#[async_trait]
impl ConnectionRead for Altered {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>> {
        let row = self.store.connection(tenant, id).await?;
        let lie = |row: Connection| {
            if self.lies.all_active { Connection { state: State::Active, ..row } } else { row }
        };
        Ok(row.map(lie))
    }

    async fn connections(
        &self,
        tenant: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>> {
        self.store.connections(tenant, after, limit).await
    }

    async fn accounts(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<Account>> {
        let rows = self.store.accounts(tenant, id).await?;
        Ok(rows.into_iter().map(|row| self.said(row)).collect())
    }

    async fn account(&self, at: &AccountRef) -> Result<Option<Account>> {
        Ok(self.store.account(at).await?.map(|row| self.said(row)))
    }

    async fn candidates(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<SealedBox>> {
        self.store.candidates(tenant, id).await
    }
}

#[async_trait]
impl Purge for Altered {
    fn part(&self, place: &Place, part: Part) -> Vec<Place> {
        self.store.part(place, part)
    }

    async fn purge(&self, place: &Place) -> Result<u64> {
        if self.lies.idle_purge { Ok(0) } else { self.store.purge(place).await }
    }

    async fn count(&self, place: &Place) -> Result<u64> {
        if self.lies.idle_purge { Ok(0) } else { self.store.count(place).await }
    }
}

#[async_trait]
impl TransientTake for Altered {
    async fn depart(&self, session: &Digest, to: (&Digest, &AuthTransaction)) -> Result<bool> {
        self.store.depart(session, to).await
    }

    async fn take_transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>> {
        let taken = self.store.take_transaction(key, now).await?;
        if let Some(transaction) = taken.as_ref().filter(|_| self.lies.keeps_transactions) {
            // A session whose only use is to put the transaction back.
            let link = Digest([9; 32]);
            self.store.put_session(&link, &transaction.session).await?;
            self.store.depart(&link, (key, transaction)).await?;
        }
        Ok(taken)
    }

    async fn decide(&self, key: &Digest, choice: &Digest, done: bool) -> Result<bool> {
        self.store.decide(key, choice, done).await
    }

    async fn take_code(&self, key: &Digest, now: Timestamp) -> Result<Option<ActivationCode>> {
        let taken = self.store.take_code(key, now).await?;
        Ok(taken.map(|code| match &self.lies.codes_of {
            Some(end_user) => ActivationCode { end_user: end_user.clone(), ..code },
            None => code,
        }))
    }

    async fn take_link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        self.store.take_link(key, now).await
    }
}

/// Passes the calls of a port on to the store.
macro_rules! forward {
    ($port:ident { $($call:ident($($name:ident: $type:ty),*) -> $answer:ty;)+ }) => {
        #[async_trait]
        impl $port for Altered {
            $(async fn $call(&self, $($name: $type),*) -> Result<$answer> {
                self.store.$call($($name),*).await
            })+
        }
    };
}

forward!(ConnectionCreate {
    create(new: &NewConnection) -> ();
    reauthorise(connection: &Connection, key: &KeyRow, tokens: &[TokenRow]) -> ();
});

forward!(ConnectionState {
    life(tenant: &TenantId, id: &ConnectionId) -> Life;
    record_life(tenant: &TenantId, id: &ConnectionId, change: &Change) -> bool;
});

forward!(ConnectionActivate {
    activate(connection: &Connection, accounts: &[Account], slot: (u16, u16), abandoned: &DeletionId, jobs: &[SyncJob]) -> ();
});

forward!(HeldAccounts {
    held(tenant: &TenantId, accounts: &[Fingerprint]) -> Vec<Holders>;
});

forward!(TransientRead {
    session(key: &Digest, now: Timestamp) -> Option<ConnectSession>;
    transaction(key: &Digest, now: Timestamp) -> Option<AuthTransaction>;
    way(key: &Digest, now: Timestamp) -> Option<WayBack>;
    ticket(key: &Digest, now: Timestamp) -> Option<ConfirmTicket>;
    link(key: &Digest, now: Timestamp) -> Option<DeletionLink>;
});

forward!(TransientPut {
    put_session(key: &Digest, session: &ConnectSession) -> ();
    put_ticket(key: &Digest, ticket: &ConfirmTicket) -> ();
    put_way(key: &Digest, way: &WayBack) -> ();
    put_link(key: &Digest, link: &DeletionLink) -> ();
});

forward!(FrontendTokenPut {
    put_frontend_token(credential: &Credential) -> ();
});

forward!(DeletionBegin {
    places(tenant: &TenantId, subject: &Subject, accounts: &[AccountId]) -> Vec<Place>;
    held_keys(tenant: &TenantId, subject: &Subject) -> Vec<DataKeyId>;
    begin(deletion: &Deletion, owner: Option<&EndUser>) -> Cutoff;
});

forward!(LedgerRead {
    deletion(tenant: &TenantId, id: &DeletionId) -> Option<Deletion>;
    deletions(tenant: &TenantId, after: Option<&DeletionId>, limit: u32) -> Vec<Deletion>;
    by_code(code: &Digest) -> Option<Deletion>;
    due(now: Timestamp, limit: u32) -> Vec<Deletion>;
});

forward!(LedgerWrite {
    advance(deletion: &Deletion) -> bool;
});

forward!(VaultRead {
    key(context: &KeyContext) -> Option<WrappedKey>;
    account_keys(tenant: &TenantId, connection: &ConnectionId) -> HashMap<AccountId, WrappedKey>;
    token(tenant: &TenantId, connection: &ConnectionId, name: &'static str) -> Option<TokenRow>;
    app_secret(app: &'static str, name: &str) -> Option<SealedBox>;
});

forward!(Breakers {
    breaker(circuit: &Circuit) -> Option<Breaker>;
    put_breaker(circuit: &Circuit, seen: Option<&Breaker>, next: &Breaker, expires_at: Timestamp) -> bool;
});

forward!(SyncProgress {
    sync_state(account: &AccountRef) -> SyncState;
    change_sync_state(account: &AccountRef, change: &SyncChange) -> ();
    checkpoint(account: &AccountRef, job: &str) -> Checkpoint;
    put_checkpoint(account: &AccountRef, job: &str, checkpoint: &Checkpoint, now: Timestamp) -> ();
    put_days(account: &AccountRef, days: &Days) -> ();
});

forward!(SyncEndWrite {
    end_sync(account: &AccountRef, ended: &Ended, done: Option<&str>) -> bool;
});

forward!(CompletenessRead {
    days(account: &AccountRef, from: jiff::civil::Date, to: jiff::civil::Date) -> Days;
});

forward!(ChunkRead {
    chunks(account: &AccountRef, first: &str, last: &str, as_of: Option<Timestamp>) -> Vec<StoredChunk>;
});

forward!(ChunkWrite {
    put_chunks(account: &AccountRef, chunks: &[NewChunk]) -> Vec<Result<bool>>;
});

forward!(ActivityWrite {
    record(entry: &Activity) -> ();
});

forward!(CallerRead {
    api_key(tenant: &TenantId, id: &CredentialId) -> Option<Credential>;
    frontend_token(tenant: &TenantId, id: &CredentialId) -> Option<Credential>;
    tenant(id: &TenantId) -> Option<Tenant>;
    origin_known(origin: &str) -> bool;
});
