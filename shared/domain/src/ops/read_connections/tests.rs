//! Lists of connections with many accounts, over rows in memory.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use uuid::Uuid;

use super::*;
use crate::caller::CredentialKind;
use crate::connection::{State, Tier, TokenRow};
use crate::ids::{AccountId, CredentialId, TenantId};
use crate::keys::{SealedBox, WrappedKey};
use crate::ports::DataKey;
use crate::secret::Fingerprint;
use crate::sync::{Checkpoint, SyncChange, SyncState};

/// So many connections, each with so many accounts whose keys are gone.
struct Rows {
    connections: u128,
    accounts: u128,
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::from_u128(1))
}

fn row(number: u128) -> Connection {
    Connection {
        id: ConnectionId::from_uuid(Uuid::from_u128(number)),
        tenant: tenant(),
        platform: "play".to_owned(),
        context: "c".to_owned(),
        end_user: "u".parse().unwrap(),
        state: State::Active,
        tier: Tier::B,
        scopes: Vec::new(),
        created_at: Timestamp::UNIX_EPOCH,
        identity: Fingerprint(String::new()),
        mail: None,
        deletion: None,
        delete_by: None,
    }
}

#[async_trait]
impl ConnectionRead for Rows {
    async fn connection(&self, _: &TenantId, _: &ConnectionId) -> Result<Option<Connection>> {
        Ok(None)
    }

    async fn connections(
        &self,
        _: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>> {
        let all = (1..=self.connections).map(row).filter(|row| after.is_none_or(|after| row.id > *after));
        Ok(all.take(usize::try_from(limit).unwrap()).collect())
    }

    async fn accounts(&self, _: &TenantId, id: &ConnectionId) -> Result<Vec<Account>> {
        let account = |number| Account {
            id: AccountId::from_uuid(Uuid::from_u128(number)),
            state: State::Active,
            currency: "EUR".parse().unwrap(),
            zone: "Europe/Berlin".to_owned(),
            fingerprint: Fingerprint(id.to_string()),
            profile: SealedBox(Vec::new()),
        };
        Ok((0..self.accounts).map(account).collect())
    }

    async fn candidates(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<SealedBox>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl VaultRead for Rows {
    async fn key(&self, _: &KeyContext) -> Result<Option<WrappedKey>> {
        Ok(None)
    }

    async fn token(&self, _: &TenantId, _: &ConnectionId, _: &'static str) -> Result<Option<TokenRow>> {
        Ok(None)
    }

    async fn app_secret(&self, _: &'static str, _: &str) -> Result<Option<SealedBox>> {
        Ok(None)
    }
}

#[async_trait]
impl KeyOpen for Rows {
    async fn open(&self, _: &KeyContext, _: &WrappedKey) -> Result<Box<dyn DataKey>> {
        Err(Error::not_found("key"))
    }
}

#[async_trait]
impl SyncProgress for Rows {
    async fn sync_state(&self, _: &AccountRef) -> Result<SyncState> {
        Ok(SyncState::default())
    }

    async fn change_sync_state(&self, _: &AccountRef, _: &SyncChange) -> Result<()> {
        Ok(())
    }

    async fn checkpoint(&self, _: &AccountRef, _: &str) -> Result<Checkpoint> {
        Ok(Checkpoint::default())
    }

    async fn put_checkpoint(&self, _: &AccountRef, _: &str, _: &Checkpoint, _: Timestamp) -> Result<()> {
        Ok(())
    }

    async fn put_days(&self, _: &AccountRef, _: &crate::ports::Days) -> Result<()> {
        Ok(())
    }
}

/// The pages of a whole list: connections and accounts of each.
fn pages(rows: &Rows, limit: u32) -> Vec<(usize, usize)> {
    let ports = Ports { connections: rows, vault: rows, keys: rows, progress: rows };
    let credential = CredentialId::from_uuid(Uuid::from_u128(9));
    let scopes = vec![Scope::ConnectionsRead];
    let caller = Caller { tenant: tenant(), credential, kind: CredentialKind::ApiKey, scopes };
    let (mut after, mut pages, mut seen) = (None, Vec::new(), Vec::new());
    loop {
        let page =
            match pin!(list(&ports, &caller, after, limit)).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(page) => page.unwrap(),
                Poll::Pending => panic!("rows in memory waited"),
            };
        let accounts = page.connections.iter().map(|view| view.accounts.len()).sum();
        pages.push((page.connections.len(), accounts));
        seen.extend(page.connections.into_iter().map(|view| view.connection.id));
        after = page.next;
        if after.is_none() {
            let want: Vec<_> = (1..=rows.connections).map(|number| row(number).id).collect();
            assert_eq!(seen, want, "every connection once, in order");
            return pages;
        }
    }
}

/// An answer has at most 6 MB: a page ends early, after the connection that brings it to 500 accounts.
#[test]
fn a_page_ends_early_when_its_connections_have_many_accounts() {
    let large = Rows { connections: 7, accounts: 200 };
    assert_eq!(pages(&large, 100), [(3, 600), (3, 600), (1, 200)]);
    let largest = Rows { connections: 3, accounts: 500 };
    assert_eq!(pages(&largest, 100), [(1, 500), (1, 500), (1, 500)]);
    let small = Rows { connections: 5, accounts: 2 };
    assert_eq!(pages(&small, 100), [(5, 10)]);
    assert_eq!(pages(&small, 2), [(2, 4), (2, 4), (1, 2)]);
}
