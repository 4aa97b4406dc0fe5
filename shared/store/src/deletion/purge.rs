//! Purges and counts places physically: an expired row that TTL has not removed is deleted and counted too.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::places::Place;
use mooring_domain::deletion::ports::Purge;
use mooring_domain::people::ports::CallerRead as _;

use crate::client::key::{Key, Span};
use crate::{Store, people};

#[async_trait]
impl Purge for Store {
    async fn purge(&self, place: &Place) -> Result<u64> {
        let origins = self.origins(place).await?;
        self.delete_many(place.table, &origins).await?;
        let span = Span::place(place);
        let (mut purged, mut after) = (counted(&origins), None);
        loop {
            let (keys, next) = self.key_page(&span, after).await?;
            self.delete_many(place.table, &keys).await?;
            purged += counted(&keys);
            after = next;
            if after.is_none() {
                return Ok(purged);
            }
        }
    }

    async fn count(&self, place: &Place) -> Result<u64> {
        Ok(counted(&self.origins(place).await?) + self.count_rows(&Span::place(place)).await?)
    }
}

impl Store {
    /// Lists the rows of the origins that a tenant registered. They belong to the place of the tenant's
    /// Directory rows.
    ///
    /// The rows have partitions of their own, whose keys name the tenant's site, so that no deletion may list
    /// them as places. The tenant's row names them: it is written in one transaction with them and deleted
    /// after them, so that none of them exists without it.
    async fn origins(&self, place: &Place) -> Result<Vec<Key>> {
        let tenant: Option<TenantId> = place.partition.parse().ok();
        let Some(tenant) = tenant.filter(|_| place.table == Table::Directory && place.prefix.is_empty())
        else {
            return Ok(Vec::new());
        };
        let known = self.tenant(&tenant).await?;
        let origins = known.iter().flat_map(|known| &known.origins);
        Ok(origins.map(|origin| people::keys::origin(origin, &tenant)).collect())
    }
}

fn counted(keys: &[Key]) -> u64 {
    u64::try_from(keys.len()).unwrap_or_default()
}
