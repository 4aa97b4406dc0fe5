//! Purging and counting places, physically: what is expired and still there is deleted and counted too.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::deletion::Place;
use mooring_domain::ports::Purge;

use crate::Store;
use crate::keys::Span;

#[async_trait]
impl Purge for Store {
    async fn purge(&self, place: &Place) -> Result<u64> {
        let span = Span::place(place);
        let (mut purged, mut after) = (0, None);
        loop {
            let (keys, next) = self.key_page(&span, after).await?;
            self.delete_many(place.table, &keys).await?;
            purged += u64::try_from(keys.len()).unwrap_or_default();
            after = next;
            if after.is_none() {
                return Ok(purged);
            }
        }
    }

    async fn count(&self, place: &Place) -> Result<u64> {
        self.count_rows(&Span::place(place)).await
    }
}
