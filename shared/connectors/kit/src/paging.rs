//! Numbered pages behind an opaque cursor.

use mooring_domain::connector::PageCursor;
use mooring_domain::{Error, Result};

use crate::parse;

/// More pages than any window of ours holds: a platform that says so would keep us forever.
const MAX_PAGES: u32 = 100_000;

/// A page by its number, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber(u32);

impl PageNumber {
    /// Reads the number out of a cursor; the first page has none.
    pub fn read(cursor: Option<&PageCursor>) -> Result<Self> {
        let Some(PageCursor(text)) = cursor else { return Ok(Self(1)) };
        let number = text.strip_prefix('p').and_then(|number| number.parse().ok());
        let number = number.filter(|number| (2..=MAX_PAGES).contains(number));
        number.map(Self).ok_or_else(|| Error::invalid("bad_cursor", "The page cursor is not one of ours."))
    }

    /// The number as the platform wants it.
    pub fn get(self) -> u32 {
        self.0
    }

    /// Works out the next page from what the answer says of itself.
    ///
    /// An empty page does not end the list, the count of pages does. An answer to another page than the one asked for
    /// would repeat rows, so it is refused.
    pub fn next(self, answered: u32, pages: u32) -> Result<Option<PageCursor>> {
        if answered != self.0 {
            return Err(parse::changed("page_info.page"));
        }
        if pages > MAX_PAGES {
            return Err(parse::changed("page_info.total_page"));
        }
        Ok((self.0 < pages).then(|| PageCursor(format!("p{}", self.0 + 1))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_end() {
        let mut seen = vec![];
        let mut cursor = None;
        loop {
            let page = PageNumber::read(cursor.as_ref()).unwrap();
            seen.push(page.get());
            cursor = page.next(page.get(), 3).unwrap();
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [1, 2, 3]);
        assert_eq!(PageNumber::read(None).unwrap().next(1, 0).unwrap(), None);
    }

    #[test]
    fn strange_cursors_and_answers_are_refused() {
        for text in ["", "p", "2", "p1", "p-2", "p100001", "p99999999999"] {
            assert!(PageNumber::read(Some(&PageCursor(text.to_owned()))).is_err(), "{text}");
        }
        let second = PageNumber::read(Some(&PageCursor("p2".to_owned()))).unwrap();
        assert!(second.next(1, 9).is_err(), "the first page again");
        assert!(second.next(2, u32::MAX).is_err(), "pages without end");
    }
}
