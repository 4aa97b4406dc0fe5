//! Activity: the sync and access log.

use async_trait::async_trait;
use jiff::SignedDuration;
use mooring_domain::Result;
use mooring_domain::ports::{Activity, ActivityWrite};

use crate::Store;
use crate::items::events::activity;
use crate::keys;

/// How long an entry is kept: with TTL's lateness and the recovery window it stays inside 90 days.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(83 * 24);

#[async_trait]
impl ActivityWrite for Store {
    async fn record(&self, entry: &Activity) -> Result<()> {
        let (event, draft) = activity(entry);
        self.put(&keys::activity(&entry.tenant, entry.at, &event), draft.expiring(entry.at + KEPT)).await
    }
}
