//! Daily figures.

use async_trait::async_trait;
use mooring_domain::connector::{CallContext, Page, PageCursor, ReportQuestion, Reports};
use mooring_domain::report::Row;
use mooring_domain::{Error, Result};
use mooring_kit::paging::PageNumber;

use crate::manifest::MANIFEST;
use crate::wire::{Envelope, PageOf, ReportRow};
use crate::{TikTokAds, map, requests};

#[async_trait]
impl Reports for TikTokAds {
    async fn page(
        &self,
        cx: &CallContext<'_>,
        question: &ReportQuestion<'_>,
        cursor: Option<&PageCursor>,
    ) -> Result<Page<Row>> {
        if question.window.days() > MANIFEST.window_days {
            let message = format!("TikTok reports at most {} days at once.", MANIFEST.window_days);
            return Err(Error::invalid("window_too_long", message));
        }
        let page = PageNumber::read(cursor)?;
        let request = requests::report(cx.token, question, page)?;
        let Envelope { data } = self.client.call::<Envelope<PageOf<ReportRow>>>(cx, request).await?;
        let next = page.next(data.page_info.page, data.page_info.total_page)?;
        let rows = data.list.into_iter().map(|row| map::row(row, question.window));
        Ok(Page { items: rows.collect::<Result<_>>()?, next })
    }
}
