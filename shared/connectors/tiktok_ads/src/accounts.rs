//! The advertisers of a grant.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::account::PlatformAccount;
use mooring_domain::connector::{Accounts, CallContext};

use crate::manifest::ADVERTISER_BATCH;
use crate::wire::{Advertiser, AdvertiserId, Envelope, List};
use crate::{TikTokAds, map, requests};

#[async_trait]
impl Accounts for TikTokAds {
    async fn list(&self, cx: &CallContext<'_>) -> Result<Vec<PlatformAccount>> {
        let reached: Envelope<List<AdvertiserId>> = self.client.call(cx, requests::advertisers(cx)?).await?;
        let ids: Vec<String> = reached.data.list.into_iter().map(|entry| entry.advertiser_id.0).collect();
        let mut accounts = Vec::with_capacity(ids.len());
        for batch in ids.chunks(ADVERTISER_BATCH) {
            let request = requests::advertiser_info(cx.token, batch)?;
            let described: Envelope<List<Advertiser>> = self.client.call(cx, request).await?;
            for advertiser in described.data.list {
                accounts.push(map::account(advertiser)?);
            }
        }
        Ok(accounts)
    }
}
