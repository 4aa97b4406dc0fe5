//! Writes the access log in Activity.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::retention::ACTIVITY_KEPT;
use mooring_domain::people::access_log::Access;
use mooring_domain::people::ports::AccessLog;

use crate::client::Store;
use crate::people::items::access;
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
