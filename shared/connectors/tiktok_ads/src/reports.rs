//! Reads daily figures.

use async_trait::async_trait;
use mooring_domain::platform::capabilities::{
    CallContext, LEVEL_NOT_OFFERED, PageCursor, ReportQuestion, Reports, RowPage,
};
use mooring_domain::platform::figures::MetricSet;
use mooring_domain::{Error, Kind, Result};
use mooring_kit::paging::PageNumber;

use crate::manifest::MANIFEST;
use crate::rows::Rows;
use crate::{TikTokAds, map, offered, requests, rows};

#[async_trait]
impl Reports for TikTokAds {
    async fn page(
        &self,
        cx: &CallContext<'_>,
        question: &ReportQuestion<'_>,
        cursor: Option<&PageCursor>,
    ) -> Result<RowPage> {
        if question.window.days() > MANIFEST.window_days {
            let message = format!("TikTok reports at most {} days at once.", MANIFEST.window_days);
            return Err(Error::invalid("window_too_long", message));
        }
        let (page, refused) = split(cursor)?;
        let (rows, not_offered) = self.offered(cx, question, page, refused).await?;
        let items = rows.read.len() + rows.odd.len();
        let next = page.next(&rows.page_info.answered(MANIFEST.page_size, items))?;
        let next = next.map(|next| joined(next, not_offered));
        Ok(RowPage { not_offered, next, ..map::rows(rows, question.window) })
    }
}

impl TikTokAds {
    /// Asks for the metrics that are offered. TikTok names the others in its refusal (40002), so the first page of a
    /// question costs one call more; the cursor carries the refused metrics on.
    async fn offered(
        &self,
        cx: &CallContext<'_>,
        question: &ReportQuestion<'_>,
        page: PageNumber,
        mut refused: MetricSet,
    ) -> Result<(Rows, MetricSet)> {
        loop {
            let request = requests::report(cx.token, question, page, refused)?;
            let error = match self.client.read(cx, request, rows::read).await {
                Ok(rows) => return Ok((rows, refused)),
                Err(error) => error,
            };
            let more = offered::not_offered(&error).unwrap_or_default();
            if more.with(refused) == refused {
                return Err(error);
            }
            refused = refused.with(more);
            if refused == MetricSet::all() {
                let message = "TikTok offers none of the metrics at this level.";
                return Err(Error::new(Kind::Invalid, LEVEL_NOT_OFFERED, message));
            }
        }
    }
}

/// Reads a cursor: the page, and after a dash the metrics that are not asked for.
fn split(cursor: Option<&PageCursor>) -> Result<(PageNumber, MetricSet)> {
    let Some((page, bits)) = cursor.and_then(|cursor| cursor.0.split_once('-')) else {
        return Ok((PageNumber::read(cursor)?, MetricSet::default()));
    };
    let refused = bits.parse().ok().and_then(MetricSet::from_bits);
    let refused =
        refused.ok_or_else(|| Error::invalid("bad_cursor", "The page cursor is not one of ours."))?;
    Ok((PageNumber::read(Some(&PageCursor(page.to_owned())))?, refused))
}

fn joined(PageCursor(page): PageCursor, refused: MetricSet) -> PageCursor {
    PageCursor(if refused.is_empty() { page } else { format!("{page}-{}", refused.bits()) })
}
