//! Writes the access log in Activity, and sets how long Activity keeps its entries.

use async_trait::async_trait;
use jiff::SignedDuration;
use mooring_domain::Result;
use mooring_domain::base::retention::ACTIVITY_DAYS;
use mooring_domain::people::access_log::Access;
use mooring_domain::people::ports::AccessLog;

use crate::client::Store;
use crate::people::items::access;
use crate::people::keys;

/// How long an entry is kept. With TTL's lateness and the recovery window it stays for at most 90 days.
#[expect(clippy::as_conversions, reason = "a constant cannot be converted by a trait, and every u16 fits")]
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(24 * ACTIVITY_DAYS as i64);

#[async_trait]
impl AccessLog for Store {
    async fn add_access(&self, entry: &Access) -> Result<()> {
        let (event, draft) = access(entry);
        self.put_once(&keys::activity(&entry.tenant, entry.at, &event), draft.expiring(entry.at + KEPT)).await
    }
}
