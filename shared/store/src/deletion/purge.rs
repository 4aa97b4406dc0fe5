//! Purges and counts places physically: an expired row that TTL has not removed is deleted and counted too.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::place::{Part, Place};
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ports::Purge;
use mooring_domain::people::ports::CallerRead as _;

use crate::client::Store;
use crate::client::key::{Key, Span};
use crate::deletion::places;
use crate::people;

#[async_trait]
impl Purge for Store {
    fn part(&self, place: &Place, part: Part) -> Vec<Place> {
        places::part(place, part)
    }

    async fn purge(&self, place: &Place) -> Result<u64> {
        let origins = self.origins(place).await?;
        self.delete_many(place.class, &origins).await?;
        let span = Span::place(place);
        let (mut purged, mut after) = (counted(&origins), None);
        loop {
            let (keys, next) = self.key_page(&span, after).await?;
            self.delete_many(place.class, &keys).await?;
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
        let (partition, prefix) = place.locator.texts();
        let tenant: Option<TenantId> = partition.parse().ok();
        let Some(tenant) = tenant.filter(|_| place.class == Table::Directory && prefix.is_empty()) else {
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
