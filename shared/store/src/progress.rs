//! Progress of syncs and completeness of days. Each write is one transaction with a look at the account's fence.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::connection::State;
use mooring_domain::ports::{AccountRef, CompletenessRead, Days, SyncProgress};
use mooring_domain::report::Level;
use mooring_domain::sync::{Checkpoint, SyncState};
use mooring_domain::{Error, Kind, Result};

use crate::Store;
use crate::client::{Check, TRANSACTION, Write};
use crate::items::STATE;
use crate::items::connection::state;
use crate::items::progress::{
    day_attribute, pack_day, read_checkpoint, read_month, read_sync_state, write_checkpoint, write_sync_state,
};
use crate::keys::{self, month, months};

/// How long a checkpoint is kept.
const CHECKPOINT: SignedDuration = SignedDuration::from_hours(7 * 24);

#[async_trait]
impl CompletenessRead for Store {
    async fn days(&self, account: &AccountRef, level: Level, from: Date, to: Date) -> Result<Days> {
        if from > to {
            return Ok(Days::new());
        }
        let mut days = Days::new();
        for row in self.query(&months(account, level, from, to)).await? {
            days.extend(read_month(&row)?.into_iter().filter(|(day, _)| (from..=to).contains(day)));
        }
        Ok(days)
    }
}

#[async_trait]
impl SyncProgress for Store {
    async fn sync_state(&self, account: &AccountRef) -> Result<SyncState> {
        let row = self.get(&keys::sync_state(account)).await?;
        row.as_ref().map_or_else(|| Ok(SyncState::default()), read_sync_state)
    }

    async fn put_sync_state(&self, account: &AccountRef, state: &SyncState) -> Result<()> {
        self.fenced(account, vec![Write::put(keys::sync_state(account), write_sync_state(state))]).await
    }

    async fn checkpoint(&self, account: &AccountRef, job: &str) -> Result<Checkpoint> {
        let row = self.get(&keys::checkpoint(account, job)).await?;
        row.as_ref().map_or_else(|| Ok(Checkpoint::default()), read_checkpoint)
    }

    async fn put_checkpoint(
        &self,
        account: &AccountRef,
        job: &str,
        checkpoint: &Checkpoint,
        now: Timestamp,
    ) -> Result<()> {
        let draft = write_checkpoint(checkpoint).expiring(now + CHECKPOINT);
        self.fenced(account, vec![Write::put(keys::checkpoint(account, job), draft)]).await
    }

    async fn put_days(&self, account: &AccountRef, level: Level, days: &Days) -> Result<()> {
        let mut by_month: BTreeMap<String, Write> = BTreeMap::new();
        for (day, record) in days {
            let month = month(*day);
            let row =
                by_month.remove(&month).unwrap_or_else(|| Write::update(keys::days(account, level, &month)));
            by_month.insert(month, row.set(day_attribute(*day), pack_day(record)));
        }
        let rows: Vec<Write> = by_month.into_values().collect();
        for batch in rows.chunks(TRANSACTION - 1) {
            self.fenced(account, batch.to_vec()).await?;
        }
        Ok(())
    }
}

impl Store {
    /// Writes only while the account may be synced.
    async fn fenced(&self, account: &AccountRef, mut writes: Vec<Write>) -> Result<()> {
        let fence = keys::account_fence(&account.tenant, &account.connection, &account.account);
        let open = [State::Active, State::Suspect].map(state).to_vec();
        writes.push(Write::look(fence).only_if(Check::OneOf(STATE, open)));
        if self.transact(&writes).await?.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Gone,
            "account_ended",
            "The account is no longer connected; nothing was stored.",
        ))
    }
}
