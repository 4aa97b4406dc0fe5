//! Reads the due index: accounts by shard and minute, jobs that were not sent, grants to check.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountRef, ConnectionId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::sync::job::SyncJob;
use mooring_domain::sync::ports::DueRead;

use crate::client::Store;
use crate::client::item::{DUE_AT, Fields, Item, PK};
use crate::client::key::{self, EARLIEST, Key, instant};
use crate::sync::items::read_job;
use crate::sync::keys::{self, DUE_OUTBOX, DUE_PROBES, due_minute, due_shard};

#[async_trait]
impl DueRead for Store {
    async fn due(&self, shard: u16, first: u16, last: u16) -> Result<Vec<AccountRef>> {
        if first > last {
            return Ok(Vec::new());
        }
        let range = (due_minute(first), due_minute(last));
        let keys = self.due_keys(Table::Connections, &due_shard(shard), (&range.0, &range.1), None).await?;
        Ok(keys.iter().filter_map(account_ref).collect())
    }

    async fn probes(&self, until: Timestamp) -> Result<Vec<(TenantId, ConnectionId, Timestamp)>> {
        let until = instant(until);
        let rows = self.due_rows(Table::Connections, DUE_PROBES, (EARLIEST, &until), None).await?;
        let read = |row: &Item| {
            let fields = Fields::of("probe", row);
            let (tenant, connection) = fields.word(PK, key::parse_home)?;
            Ok((tenant, connection, fields.parsed(DUE_AT)?))
        };
        rows.iter().map(read).collect()
    }

    async fn outbox(&self, before: Timestamp) -> Result<Vec<(String, SyncJob)>> {
        let until = instant(before);
        let keys = self.due_keys(Table::Connections, DUE_OUTBOX, (EARLIEST, &until), None).await?;
        let rows = self.get_many(Table::Connections, &keys).await?;
        rows.iter().map(read_job).collect()
    }

    async fn outbox_done(&self, job: &SyncJob, id: &str) -> Result<()> {
        self.take(&keys::outbox(&job.tenant, &job.connection, id, &job.account)).await.map(|_| ())
    }
}

fn account_ref(key: &Key) -> Option<AccountRef> {
    let (tenant, connection) = key::parse_home(&key.pk)?;
    Some(AccountRef { tenant, connection, account: key::parse_account(&key.sk)? })
}
