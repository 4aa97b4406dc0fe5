//! Writes the access log in Activity, and reads the log of a tenant: calls and syncs.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::retention::ACTIVITY_KEPT;
use mooring_domain::people::access_log::Access;
use mooring_domain::people::log_entry::{LogEntry, LogPosition, LogSpan};
use mooring_domain::people::ports::{AccessLog, LogRead};

use crate::client::Store;
use crate::client::item::{Fields, Item, SK};
use crate::people::items::{access, read_entry};
use crate::people::keys;

#[async_trait]
impl AccessLog for Store {
    async fn add_access(&self, entry: &Access) -> Result<()> {
        let (event, draft) = access(entry);
        self.put_once(
            &keys::activity(&entry.tenant, entry.at, &event),
            draft.expiring(entry.at + ACTIVITY_KEPT),
        )
        .await
    }
}

#[async_trait]
impl LogRead for Store {
    async fn entries(
        &self,
        tenant: &TenantId,
        span: LogSpan,
        before: Option<&LogPosition>,
        limit: u32,
    ) -> Result<Vec<LogEntry>> {
        let is_before = |row: &Item| {
            let sk = Fields::of("log entry", row).text(SK)?;
            Ok(before.is_none_or(|before| sk != before.as_str()))
        };
        let rows = self.newest(&keys::activities(tenant, span, before), limit, is_before).await?;
        rows.iter().map(read_entry).collect()
    }
}
