//! Writes the sync log.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::retention::ACTIVITY_KEPT;
use mooring_domain::sync::activity::Activity;
use mooring_domain::sync::ports::ActivityWrite;

use crate::client::Store;
use crate::people;
use crate::sync::items::activity;

#[async_trait]
impl ActivityWrite for Store {
    async fn record(&self, entry: &Activity) -> Result<()> {
        let (event, draft) = activity(entry);
        self.put(
            &people::keys::activity(&entry.tenant, entry.at, &event),
            draft.expiring(entry.at + ACTIVITY_KEPT),
        )
        .await
    }
}
