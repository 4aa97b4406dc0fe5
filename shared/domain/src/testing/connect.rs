//! Fakes of connections, their accounts, and the life of a grant.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{NOW, PLATFORM, Step, World, away, connection, described, key, tenant, user};
use crate::base::address::MailAddress;
use crate::base::error::Result;
use crate::base::ids::{AccountId, AccountRef, ConnectionId, DeletionId, TenantId};
use crate::base::secret::{Digest, Fingerprint};
use crate::connect::account::{Account, profile_slot};
use crate::connect::connection::{Connection, State};
use crate::connect::fence::Fence;
use crate::connect::ports::{
    AccountRenew, ConnectionActivate, ConnectionConfirm, ConnectionCreate, ConnectionRead, ConnectionState,
    FenceRead, HeldAccounts, Holders, MailIndexRead, NewAccount, NewConnection,
};
use crate::connect::session::ActivationCode;
use crate::connect::token_life::{Change, Life};
use crate::platform::account::{PlatformAccount, decode_accounts, encode_accounts};
use crate::platform::credentials::{INDEX_APP, mail_fingerprint};
use crate::platform::manifest::Tier;
use crate::sync::job::SyncJob;
use crate::vault::keys::{DataKey as _, KeyContext, SealedBox};
use crate::vault::rows::{KeyRow, TokenRow};
use crate::webhook::event::EventType;

#[derive(Default)]
pub(crate) struct ConnectRows {
    pub(crate) connections: Mutex<BTreeMap<ConnectionId, Connection>>,
    pub(crate) accounts: Mutex<BTreeMap<ConnectionId, Vec<Account>>>,
    pub(crate) candidates: Mutex<BTreeMap<ConnectionId, Vec<SealedBox>>>,
    pub(crate) created: Mutex<Vec<NewConnection>>,
    pub(crate) reauthorised: Mutex<Vec<(Connection, Vec<TokenRow>)>>,
    pub(crate) renewed: Mutex<Vec<(PlatformAccount, Option<SyncJob>)>>,
    /// The life of the grant of [`connection`].
    pub(crate) life: Mutex<Life>,
    pub(crate) events: Mutex<Vec<(EventType, Timestamp, Option<Timestamp>)>>,
    /// The number of reads after which the fence is closed.
    pub(crate) fence_reads: Mutex<Option<u32>>,
    /// Whether the store is broken: no connection can be created, and of a choice only the first accounts are stored.
    pub(crate) is_broken: Mutex<bool>,
    /// Whether the read of held accounts fails.
    pub(crate) is_blind: Mutex<bool>,
}

/// Returns the fingerprint of a mailbox.
fn mailbox(address: &str) -> Fingerprint {
    mail_fingerprint(&key(&KeyContext::app(INDEX_APP)), &MailAddress::parse(address).unwrap())
}

/// Makes an active connection of the person Anna.
pub(crate) fn a_connection(id: ConnectionId) -> Connection {
    Connection {
        id,
        tenant: tenant(),
        platform: PLATFORM.to_owned(),
        context: "c".to_owned(),
        end_user: user(),
        state: State::Active,
        tier: Tier::B,
        scopes: Vec::new(),
        created_at: NOW.parse().unwrap(),
        identity: Fingerprint(String::new()),
        mail: Some(mailbox("anna@example.com")),
        deletion: None,
        delete_by: None,
    }
}

impl World {
    /// Stores a connection with the rows that belong to it.
    pub(crate) fn put_connection(&self, row: Connection) {
        self.put_connection_rows(&row.tenant, &row.id);
        self.connect.connections.lock().unwrap().insert(row.id.clone(), row);
    }

    /// Stores an account of a stored connection with the rows that belong to it, in the state of the connection.
    pub(crate) fn put_account(&self, connection: &ConnectionId, id: AccountId, number: &str) {
        let row = self.connect.connections.lock().unwrap()[connection].clone();
        self.put_account_rows(&row.tenant, connection, &id);
        let described = described(number);
        let key = key(&KeyContext::account(&row.tenant, connection, &id));
        let plain = encode_accounts(std::slice::from_ref(&described));
        let account = Account {
            state: row.state,
            currency: described.currency,
            zone: described.zone,
            fingerprint: Fingerprint(number.repeat(32)),
            profile: key.seal(&profile_slot(&id), &plain).unwrap(),
            id,
        };
        self.connect.accounts.lock().unwrap().entry(connection.clone()).or_default().push(account);
    }

    /// Returns the state of [`connection`].
    pub(crate) fn state(&self) -> State {
        self.state_of(&connection())
    }

    pub(crate) fn state_of(&self, id: &ConnectionId) -> State {
        self.connect.connections.lock().unwrap()[id].state
    }

    pub(crate) fn set_state(&self, state: State) {
        self.change(&connection(), |row| row.state = state);
    }

    /// Changes a stored connection.
    pub(crate) fn change(&self, id: &ConnectionId, change: impl FnOnce(&mut Connection)) {
        change(self.connect.connections.lock().unwrap().get_mut(id).unwrap());
    }

    /// Stores that the person authorised again.
    pub(super) fn authorise_again(&self) {
        let mut life = self.connect.life.lock().unwrap();
        *life = Life { version: life.version + 1, ..Life::begin(self.now()) };
        self.set_state(State::Active);
    }

    fn account_row(&self, connection: &ConnectionId, account: &AccountId) -> Option<Account> {
        let accounts = self.connect.accounts.lock().unwrap();
        accounts.get(connection)?.iter().find(|row| row.id == *account).cloned()
    }
}

#[async_trait]
impl FenceRead for World {
    async fn fence(&self, _: &TenantId, id: &ConnectionId, account: Option<&AccountId>) -> Result<Fence> {
        let mut left = self.connect.fence_reads.lock().unwrap();
        let open = *left != Some(0);
        *left = left.map(|left| left.saturating_sub(1));
        self.step(Step::Fence(open));
        let connection = self.connect.connections.lock().unwrap().get(id).map(|row| row.state);
        Ok(Fence {
            connection: if open { connection } else { Some(State::Purging) },
            account: account.and_then(|account| self.account_row(id, account)).map(|row| row.state),
        })
    }
}

#[async_trait]
impl ConnectionRead for World {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>> {
        Ok(self.connect.connections.lock().unwrap().get(id).filter(|row| row.tenant == *tenant).cloned())
    }

    async fn connections(
        &self,
        tenant: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>> {
        let all = self.connect.connections.lock().unwrap();
        let own = all.values().filter(|row| row.tenant == *tenant);
        let later = own.filter(|row| after.is_none_or(|after| row.id > *after));
        Ok(later.take(usize::try_from(limit).unwrap()).cloned().collect())
    }

    async fn accounts(&self, _: &TenantId, id: &ConnectionId) -> Result<Vec<Account>> {
        Ok(self.connect.accounts.lock().unwrap().get(id).cloned().unwrap_or_default())
    }

    async fn account(&self, at: &AccountRef) -> Result<Option<Account>> {
        let accounts = self.accounts(&at.tenant, &at.connection).await?;
        Ok(accounts.into_iter().find(|account| account.id == at.account))
    }

    async fn candidates(&self, _: &TenantId, id: &ConnectionId) -> Result<Vec<SealedBox>> {
        Ok(self.connect.candidates.lock().unwrap().get(id).cloned().unwrap_or_default())
    }
}

#[async_trait]
impl ConnectionCreate for World {
    async fn create(&self, new: &NewConnection) -> Result<()> {
        if *self.connect.is_broken.lock().unwrap() {
            return Err(away());
        }
        self.note("create");
        self.connect.created.lock().unwrap().push(new.clone());
        Ok(())
    }

    async fn reauthorise(&self, connection: &Connection, _: &KeyRow, tokens: &[TokenRow]) -> Result<()> {
        self.note("again");
        self.connect.reauthorised.lock().unwrap().push((connection.clone(), tokens.to_vec()));
        Ok(())
    }
}

#[async_trait]
impl ConnectionConfirm for World {
    async fn add_accounts(
        &self,
        _: &TenantId,
        connection: &ConnectionId,
        accounts: &[NewAccount],
        _: Timestamp,
    ) -> Result<()> {
        let mut all = self.connect.accounts.lock().unwrap();
        let stored = all.entry(connection.clone()).or_default();
        for NewAccount { account, .. } in accounts {
            stored.retain(|known| known.id != account.id);
            stored.push(account.clone());
        }
        if *self.connect.is_broken.lock().unwrap() { Err(away()) } else { Ok(()) }
    }

    async fn confirm(
        &self,
        ticket: &Digest,
        _: usize,
        (key, code): (&Digest, &ActivationCode),
    ) -> Result<()> {
        self.connect.candidates.lock().unwrap().remove(&code.connection);
        self.flow.codes.lock().unwrap().push((*key, code.clone()));
        self.change_ticket(ticket, |ticket| ticket.done = true);
        Ok(())
    }
}

#[async_trait]
impl ConnectionActivate for World {
    async fn activate(
        &self,
        connection: &Connection,
        accounts: &[Account],
        _: (u16, u16),
        _: &DeletionId,
        _: &[SyncJob],
    ) -> Result<()> {
        self.connect.connections.lock().unwrap().insert(connection.id.clone(), connection.clone());
        self.connect.accounts.lock().unwrap().insert(connection.id.clone(), accounts.to_vec());
        Ok(())
    }
}

#[async_trait]
impl ConnectionState for World {
    async fn life(&self, _: &TenantId, _: &ConnectionId) -> Result<Life> {
        Ok(self.connect.life.lock().unwrap().clone())
    }

    async fn record_life(&self, _: &TenantId, id: &ConnectionId, change: &Change) -> Result<bool> {
        let mut life = self.connect.life.lock().unwrap();
        if self.state_of(id) != change.from || life.version != change.life.version {
            return Ok(false);
        }
        self.change(id, |row| row.state = change.to);
        *life = Life { version: life.version + 1, ..change.life.clone() };
        let events = change.events.iter().map(|(kind, at, about)| (*kind, *at, about.deletes_at));
        self.connect.events.lock().unwrap().extend(events);
        Ok(true)
    }
}

#[async_trait]
impl AccountRenew for World {
    async fn renew_account(&self, at: &AccountRef, account: &Account, again: Option<&SyncJob>) -> Result<()> {
        let key = key(&KeyContext::account(&at.tenant, &at.connection, &at.account));
        let plain = key.open(&profile_slot(&at.account), &account.profile)?;
        let now = decode_accounts(plain.bytes()).unwrap().pop().unwrap();
        assert_eq!((now.currency, &now.zone), (account.currency, &account.zone));
        self.connect.renewed.lock().unwrap().push((now, again.cloned()));
        Ok(())
    }
}

#[async_trait]
impl HeldAccounts for World {
    async fn held(&self, tenant: &TenantId, accounts: &[Fingerprint]) -> Result<Vec<Holders>> {
        if *self.connect.is_blind.lock().unwrap() {
            return Err(away());
        }
        let (rows, all) = (self.connect.connections.lock().unwrap(), self.connect.accounts.lock().unwrap());
        let holders = |account: &Fingerprint| {
            let holds =
                |id| all.get(id).is_some_and(|held| held.iter().any(|row| row.fingerprint == *account));
            let live = rows.values().filter(|row| row.tenant == *tenant && row.state.is_readable());
            let connections: Vec<_> = live.filter(|row| holds(&row.id)).cloned().collect();
            let account = account.clone();
            (!connections.is_empty()).then_some(Holders { account, connections, more: false })
        };
        Ok(accounts.iter().filter_map(holders).collect())
    }
}

#[async_trait]
impl MailIndexRead for World {
    async fn by_mail(&self, mail: &Fingerprint) -> Result<Vec<(TenantId, ConnectionId)>> {
        let all = self.connect.connections.lock().unwrap();
        let found = all.values().filter(|row| row.mail.as_ref() == Some(mail));
        Ok(found.map(|row| (row.tenant.clone(), row.id.clone())).collect())
    }
}
