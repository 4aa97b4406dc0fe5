//! Turns numbered pages into an opaque cursor.

use mooring_domain::platform::capabilities::PageCursor;
use mooring_domain::{Error, Result};

use crate::parse;

/// The most pages of a list. No window of a job has as many, so a platform that reports more would keep a job for
/// ever.
const MAX_PAGES: u32 = 100_000;

/// The facts that an answer gives about its page, as far as it gives them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answered {
    /// The number of the page.
    pub page: Option<u32>,
    /// How many pages there are.
    pub pages: Option<u32>,
    /// How many items a full page has.
    pub size: u32,
    /// How many items came.
    pub items: usize,
}

impl Answered {
    fn is_full(&self) -> bool {
        self.items > 0 && u32::try_from(self.items).is_ok_and(|items| items >= self.size)
    }
}

/// The number of a page, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber(u32);

impl PageNumber {
    /// Reads the number from a cursor; without a cursor it is the first page.
    pub fn read(cursor: Option<&PageCursor>) -> Result<Self> {
        let Some(PageCursor(text)) = cursor else { return Ok(Self(1)) };
        let number = text.strip_prefix('p').and_then(|number| number.parse().ok());
        let number = number.filter(|number| (2..=MAX_PAGES).contains(number));
        number.map(Self).ok_or_else(|| Error::invalid("bad_cursor", "The page cursor is not one of ours."))
    }

    /// Returns the number as the platform wants it.
    pub fn get(self) -> u32 {
        self.0
    }

    /// Computes the next page from the facts that the answer gives.
    ///
    /// An empty page does not end the list; the count of pages does. Where there is no count, a page that is not full
    /// is the last. An answer with another page than the one asked for would repeat rows, so it is refused.
    pub fn next(self, answered: &Answered) -> Result<Option<PageCursor>> {
        if answered.page.is_some_and(|page| page != self.0) {
            return Err(parse::changed("page_info.page"));
        }
        if answered.pages.is_some_and(|pages| pages > MAX_PAGES) {
            return Err(parse::changed("page_info.total_page"));
        }
        let goes_on = answered.pages.map_or_else(|| answered.is_full(), |pages| self.0 < pages);
        let next = self.0 + 1;
        if goes_on && next > MAX_PAGES {
            return Err(parse::changed("page_info"));
        }
        Ok(goes_on.then(|| PageCursor(format!("p{next}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(page: u32, pages: u32) -> Answered {
        Answered { page: Some(page), pages: Some(pages), size: 10, items: 10 }
    }

    #[test]
    fn pages_follow_each_other_and_end() {
        let mut seen = vec![];
        let mut cursor = None;
        loop {
            let page = PageNumber::read(cursor.as_ref()).unwrap();
            seen.push(page.get());
            cursor = page.next(&answered(page.get(), 3)).unwrap();
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 2, 3]);
        assert_eq!(PageNumber::read(None).unwrap().next(&answered(1, 0)).unwrap(), None);
    }

    #[test]
    fn without_a_count_a_page_that_is_not_full_is_the_last() {
        let first = PageNumber::read(None).unwrap();
        for (items, goes_on) in [(0, false), (9, false), (10, true), (11, true)] {
            let answered = Answered { size: 10, items, ..Answered::default() };
            assert_eq!(first.next(&answered).unwrap().is_some(), goes_on, "{items}");
        }
        let last = PageNumber(MAX_PAGES);
        assert!(last.next(&Answered { size: 1, items: 1, ..Answered::default() }).is_err(), "without end");
    }

    #[test]
    fn strange_cursors_and_answers_are_refused() {
        for text in ["", "p", "2", "p1", "p-2", "p100001", "p99999999999"] {
            assert!(PageNumber::read(Some(&PageCursor(text.to_owned()))).is_err(), "{text}");
        }
        let second = PageNumber::read(Some(&PageCursor("p2".to_owned()))).unwrap();
        assert!(second.next(&answered(1, 9)).is_err(), "the first page again");
        assert!(second.next(&answered(2, u32::MAX)).is_err(), "pages without end");
    }
}
