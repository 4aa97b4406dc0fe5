//! Stores the progress of syncs and the completeness of days. The store reads the account's fence before each
//! write, as the operation does for chunks: a row that is written although a cutoff came after that check
//! lies in a place that the second pass purges. docs/adr/0015 says why these writes are no transactions.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::ids::AccountRef;
use mooring_domain::base::together::{Work, together};
use mooring_domain::connect::ports::FenceRead as _;
use mooring_domain::sync::completeness::Days;
use mooring_domain::sync::ports::{CompletenessRead, SyncAsk, SyncProgress};
use mooring_domain::sync::state::{Checkpoint, SyncChange, SyncState};
use mooring_domain::{Error, Kind, Result};

use crate::client::item::seconds;
use crate::client::{Check, Store};
use crate::sync::items::{
    ASKED_AT, day_attribute, pack_day, read_checkpoint, read_sync_state, read_week, write_checkpoint,
    write_sync_change,
};
use crate::sync::keys::{self, monday, weeks};

/// The most weeks that are written at the same time, after one fence check.
const AT_ONCE: usize = 8;

/// How long a checkpoint is kept.
pub(crate) const CHECKPOINT: SignedDuration = SignedDuration::from_hours(7 * 24);

#[async_trait]
impl CompletenessRead for Store {
    async fn days(&self, account: &AccountRef, from: Date, to: Date) -> Result<Days> {
        if from > to {
            return Ok(Days::new());
        }
        let mut days = Days::new();
        for row in self.query(&weeks(account, from, to)).await? {
            days.extend(read_week(&row)?.into_iter().filter(|((_, day), _)| (from..=to).contains(day)));
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

    async fn change_sync_state(&self, account: &AccountRef, change: &SyncChange) -> Result<()> {
        self.open(account).await?;
        let set: Attributes = write_sync_change(change).done().into_iter().collect();
        if set.is_empty() { Ok(()) } else { self.set(&keys::sync_state(account), &set).await }
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
        self.open(account).await?;
        self.put(&keys::checkpoint(account, job), draft).await
    }

    async fn put_days(&self, account: &AccountRef, days: &Days) -> Result<()> {
        let mut weeks: BTreeMap<Date, Attributes> = BTreeMap::new();
        for ((level, day), record) in days {
            let packed = (day_attribute(*level, *day), pack_day(record));
            weeks.entry(monday(*day)).or_default().push(packed);
        }
        self.open(account).await?;
        let put = |(week, set): (Date, Attributes)| -> Work<'_, _> {
            Box::pin(async move { self.set(&keys::days(account, week), &set).await })
        };
        together(weeks.into_iter().map(put).collect(), AT_ONCE).await.into_iter().collect()
    }
}

#[async_trait]
impl SyncAsk for Store {
    async fn ask_sync(&self, account: &AccountRef, at: Timestamp, since: Timestamp) -> Result<bool> {
        self.open(account).await?;
        let rare = vec![vec![Check::Lacks(ASKED_AT)], vec![Check::AtMost(ASKED_AT, seconds(since))]];
        let set = [(ASKED_AT.to_owned(), seconds(at))];
        self.set_if(&keys::sync_state(account), &set, &[], &[Check::Any(rare)]).await
    }
}

type Attributes = Vec<(String, AttributeValue)>;

impl Store {
    /// Checks the fence; fails unless the account may be written.
    pub(crate) async fn open(&self, account: &AccountRef) -> Result<()> {
        let AccountRef { tenant, connection, account } = account;
        if self.fence(tenant, connection, Some(account)).await?.lets_write() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Gone,
            "account_ended",
            "The account is no longer connected; nothing was stored.",
        ))
    }
}
