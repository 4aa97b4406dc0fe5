//! Follows the pages of a platform's list, and bounds how far.

use super::context::{Step, Stop};
use crate::base::error::{Error, Kind};
use crate::platform::capabilities::PageCursor;
use crate::sync::job::WINDOW_ROWS;

/// The most items that one question may give: memory has to stay bounded.
const MOST_ITEMS: u64 = 10 * WINDOW_ROWS;

/// How many more pages than usable items a list may have. Platforms leave some pages empty though more follow; a list
/// beyond this bound has no end.
const MOST_EMPTY_PAGES: usize = 20;

/// What a list has given up to now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given {
    /// The number of pages.
    pub(super) pages: usize,
    /// The number of items that can be used.
    pub(super) usable: usize,
    /// The number of items that cannot be used.
    pub(super) odd: u64,
}

/// Returns the cursor of the next page. It refuses a cursor that stays where it is, and pages without end in which nothing
/// can be used: a job would follow them for ever.
pub(super) fn next_page(
    before: Option<&PageCursor>,
    next: Option<PageCursor>,
    given: Given,
) -> Step<Option<PageCursor>> {
    if next.is_some() && next.as_ref() == before {
        return Err(Stop::Platform(changed("the next page is the same page")));
    }
    if next.is_some() && given.pages >= given.usable.saturating_add(MOST_EMPTY_PAGES) {
        return Err(Stop::Platform(changed("its pages have nothing that can be used, and do not end")));
    }
    if u64::try_from(given.usable).is_ok_and(|usable| usable.saturating_add(given.odd) <= MOST_ITEMS) {
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
