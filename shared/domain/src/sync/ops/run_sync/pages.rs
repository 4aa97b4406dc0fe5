//! Follows the pages of a platform's list, and bounds how far.

use super::context::{Step, Stop};
use crate::base::error::{Error, Kind};
use crate::platform::capabilities::PageCursor;
use crate::sync::job::WINDOW_ROWS;

/// The most items that one question may give: memory has to stay bounded.
const MOST_ITEMS: u64 = 10 * WINDOW_ROWS;

/// How many more pages than items a list may have. Platforms leave some pages empty though more follow; a list beyond
/// this bound has no end.
const MOST_EMPTY_PAGES: usize = 20;

/// Returns the cursor of the next page; takes the number of pages and of items up to now. It refuses a cursor that stays
/// where it is, and a row of empty pages: a job would follow them for ever.
pub(super) fn next_page(
    before: Option<&PageCursor>,
    next: Option<PageCursor>,
    (pages, items): (usize, usize),
) -> Step<Option<PageCursor>> {
    if next.is_some() && next.as_ref() == before {
        return Err(Stop::Platform(changed("the next page is the same page")));
    }
    if next.is_some() && pages >= items.saturating_add(MOST_EMPTY_PAGES) {
        return Err(Stop::Platform(changed("its pages are empty and do not end")));
    }
    if u64::try_from(items).is_ok_and(|items| items <= MOST_ITEMS) {
        return Ok(next);
    }
    Err(Stop::Platform(Error::new(Kind::TooLarge, "too_many_rows", "The platform's answer does not end.")))
}

/// Makes the error of an answer that differs from the platform's description of it.
pub(super) fn changed(what: &str) -> Error {
    Error::new(
        Kind::UpstreamChanged,
        "upstream_changed",
        format!("The platform's answer is not as agreed: {what}."),
    )
}
