//! Reads campaigns, ad groups and ads with names and statuses.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::platform::capabilities::{CallContext, Page, PageCursor, StructureRead};
use mooring_domain::platform::figures::{Entity, Level};
use mooring_kit::lenient::Items;
use mooring_kit::paging::PageNumber;
use serde::de::DeserializeOwned;

use crate::TikTokAds;
use crate::manifest::MANIFEST;
use crate::requests::{self, Listed};
use crate::wire::{Ad, AdGroup, Campaign, Envelope, PageOf};

#[async_trait]
impl StructureRead for TikTokAds {
    async fn page(
        &self,
        cx: &CallContext<'_>,
        account: &str,
        level: Level,
        cursor: Option<&PageCursor>,
    ) -> Result<Page<Entity>> {
        let page = PageNumber::read(cursor)?;
        match level {
            Level::Account => Ok(Page { items: Vec::new(), odd: 0, next: None }),
            Level::Campaign => self.entities::<Campaign>(cx, account, Listed::Campaign, page).await,
            Level::AdGroup => self.entities::<AdGroup>(cx, account, Listed::AdGroup, page).await,
            Level::Ad => self.entities::<Ad>(cx, account, Listed::Ad, page).await,
        }
    }
}

impl TikTokAds {
    async fn entities<T: DeserializeOwned + Into<Entity>>(
        &self,
        cx: &CallContext<'_>,
        account: &str,
        level: Listed,
        page: PageNumber,
    ) -> Result<Page<Entity>> {
        let request = requests::structure(cx.token, account, level, page)?;
        let Envelope { data } = self.client.call::<Envelope<PageOf<Items<T>>>>(cx, request).await?;
        let Items { read, odd } = data.list;
        let next = page.next(&data.page_info.answered(MANIFEST.page_size, read.len() + odd.len()))?;
        let odd = u64::try_from(odd.len()).unwrap_or(u64::MAX);
        Ok(Page { items: read.into_iter().map(Into::into).collect(), odd, next })
    }
}
