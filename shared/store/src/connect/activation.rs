//! Activates a pending connection.
//!
//! Activation first removes the expiry of the rows and changes the connection's own state last, in one
//! transaction together with as many of the other rows as it can hold. A crash before that transaction leaves
//! a pending connection: its abandoned deletion still ends it, though none of its rows expires any more. A
//! crash after it leaves an active one.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::error::{Error, Kind};
use mooring_domain::base::ids::DeletionId;
use mooring_domain::connect::account::Account;
use mooring_domain::connect::connection::{Connection, State};
use mooring_domain::connect::ports::{ConnectionActivate, ConnectionRead as _};
use mooring_domain::connect::token_life::Life;
use mooring_domain::deletion::ports::LedgerRead as _;
use mooring_domain::sync::job::SyncJob;
use mooring_domain::webhook::event::EventType;

use crate::client::Store;
use crate::client::item::{DUE_AT, DUE_SHARD, EXPIRES_AT, STATE, text};
use crate::client::{Check, TRANSACTION, Write};
use crate::connect::connections::not_in_state;
use crate::connect::held::held_row;
use crate::connect::items::connection::{DELETE_BY, DELETION, state};
use crate::connect::items::token_life::write_life;
use crate::connect::keys;
use crate::deletion::audit_items::activated;
use crate::deletion::ledger::{audit_row, code_key};
use crate::sync::keys::{due_minute, due_shard};
use crate::sync::outbox::outbox_row;
use crate::webhook::events::connection_row;
use crate::{deletion, vault};

#[async_trait]
impl ConnectionActivate for Store {
    async fn activate(
        &self,
        connection: &Connection,
        accounts: &[Account],
        slot: (u16, u16),
        abandoned: &DeletionId,
        jobs: &[SyncJob],
    ) -> Result<()> {
        let now = self.clock.now();
        // The conditions of the transaction decide, whatever the three reads saw at the same time.
        let (is_active, last, rows) = tokio::join!(
            self.is_active_already(connection),
            self.flip(connection, abandoned, now),
            self.kept_rows(connection)
        );
        if is_active? {
            return Ok(());
        }
        let (mut last, mut rows) = (last?, rows?);
        rows.extend(accounts.iter().flat_map(|account| opened(connection, account, slot)));
        rows.extend(jobs.iter().map(|job| outbox_row(job, now)));
        last.extend(rows.split_off(rows.len().saturating_sub(TRANSACTION - last.len())));
        for batch in rows.chunks(TRANSACTION - 1) {
            let mut writes = vec![pending_fence(connection)];
            writes.extend_from_slice(batch);
            if !self.transact(&writes).await?.is_empty() {
                return self.refused(connection).await;
            }
        }
        if self.transact(&last).await?.is_empty() { Ok(()) } else { self.refused(connection).await }
    }
}

impl Store {
    /// Makes the writes that change the state. After them the connection is active, and nobody ends it as
    /// abandoned.
    async fn flip(
        &self,
        connection: &Connection,
        abandoned: &DeletionId,
        now: Timestamp,
    ) -> Result<Vec<Write>> {
        let (tenant, id) = (&connection.tenant, &connection.id);
        let open = |key| {
            Write::update(key)
                .set(STATE, state(State::Active))
                .without(&[EXPIRES_AT])
                .only_if(Check::Is(STATE, state(State::Pending)))
        };
        let mut writes = vec![
            open(keys::connection(tenant, id)).without(&[DELETION, DELETE_BY]),
            open(keys::fence(tenant, id)),
            audit_row(tenant, activated(now, id, abandoned)),
            connection_row(tenant, id, EventType::ConnectionActivated, now),
            Write::put(keys::life(tenant, id), write_life(&Life::begin(now), 1)),
        ];
        if let Some(deletion) = self.deletion(tenant, abandoned).await? {
            writes.push(Write::delete(deletion::keys::deletion(tenant, abandoned)));
            writes.push(Write::delete(code_key(&deletion)));
        }
        Ok(writes)
    }

    /// Makes the writes that remove the expiry: of all rows of the connection in the Vault, and of its place
    /// in the mail index.
    async fn kept_rows(&self, connection: &Connection) -> Result<Vec<Write>> {
        let mut rows = self.keys(&vault::keys::vault(&connection.tenant, &connection.id, "")).await?;
        let mail = connection.mail.iter();
        rows.extend(mail.map(|_| keys::mail(&connection.tenant, &connection.id)));
        let keep = |key| Write::update(key).without(&[EXPIRES_AT]).only_if(Check::Exists);
        Ok(rows.into_iter().map(keep).collect())
    }

    async fn is_active_already(&self, connection: &Connection) -> Result<bool> {
        let now = self.connection(&connection.tenant, &connection.id).await?.map(|row| row.state);
        match now {
            Some(State::Pending) => Ok(false),
            Some(State::Active | State::Suspect | State::NeedsReauth) => Ok(true),
            Some(State::Purging) | None => Err(Error::new(
                Kind::Gone,
                "connection_ended",
                "The connection has ended or was never taken up.",
            )),
        }
    }

    /// Finds the reason for a condition that did not hold: another activation was faster, which is a success;
    /// the connection has ended; or a row is missing.
    async fn refused(&self, connection: &Connection) -> Result<()> {
        if self.is_active_already(connection).await? {
            return Ok(());
        }
        Err(not_in_state("connection_incomplete", "The connection cannot be activated; connect again."))
    }
}

fn pending_fence(connection: &Connection) -> Write {
    let fence = keys::fence(&connection.tenant, &connection.id);
    Write::check(fence).only_if(Check::Is(STATE, state(State::Pending)))
}

/// Makes the writes that put an account's row into the due index, open its fence and let its fingerprint find
/// it.
fn opened(connection: &Connection, account: &Account, (shard, minute): (u16, u16)) -> [Write; 3] {
    let (tenant, id) = (&connection.tenant, &connection.id);
    let open = |key| {
        let from = [State::Pending, State::Active].map(state).to_vec();
        let write = Write::update(key).set(STATE, state(State::Active)).without(&[EXPIRES_AT]);
        write.only_if(Check::OneOf(STATE, from))
    };
    let row = open(keys::account(tenant, id, &account.id))
        .set(DUE_SHARD, text(due_shard(shard)))
        .set(DUE_AT, text(due_minute(minute)));
    [open(keys::account_fence(tenant, id, &account.id)), row, held_row(connection, account)]
}
