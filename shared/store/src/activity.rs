//! Activity: the sync log and the access log.

use async_trait::async_trait;
use jiff::SignedDuration;
use mooring_domain::Result;
use mooring_domain::access::Access;
use mooring_domain::ports::{AccessLog, Activity, ActivityWrite};
use mooring_domain::retention::ACTIVITY_DAYS;

use crate::Store;
use crate::items::events::{access, activity};
use crate::keys;

/// How long an entry is kept: with TTL's lateness and the recovery window it stays inside 90 days.
#[expect(clippy::as_conversions, reason = "a constant cannot be converted by a trait, and every u16 fits")]
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(24 * ACTIVITY_DAYS as i64);

#[async_trait]
impl ActivityWrite for Store {
    async fn record(&self, entry: &Activity) -> Result<()> {
        let (event, draft) = activity(entry);
        self.put(&keys::activity(&entry.tenant, entry.at, &event), draft.expiring(entry.at + KEPT)).await
    }
}

#[async_trait]
impl AccessLog for Store {
    async fn add_access(&self, entry: &Access) -> Result<()> {
        let (event, draft) = access(entry);
        self.put_once(&keys::activity(&entry.tenant, entry.at, &event), draft.expiring(entry.at + KEPT)).await
    }
}
