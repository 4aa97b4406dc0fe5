//! Pages of lists: reads which page is requested, and computes where the next page starts.

use std::fmt::Display;
use std::str::FromStr;

use lambda_http::Request;
use mooring_domain::{Error, Result};

use super::cursor::Cursor;
use super::query::Query;

/// How many items a page has by default, and at most.
pub(crate) const PAGE: u32 = 25;
pub(crate) const LONGEST_PAGE: u32 = 100;

/// The requested page of a list, given by the id of the last item of the page before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging<Id> {
    /// The most items that the page may have.
    pub limit: u32,
    /// The id after which the page starts.
    pub after: Option<Id>,
}

impl<Id: FromStr + Display> Paging<Id> {
    /// Reads `limit` and `cursor`; refuses every other parameter.
    pub fn of(request: &Request) -> Result<Self> {
        let mut query = Query::of(request)?;
        let paging = Self::take(&mut query)?;
        query.finish()?;
        Ok(paging)
    }

    /// Takes `limit` and `cursor` out of a query that has further parameters.
    pub fn take(query: &mut Query) -> Result<Self> {
        let limit = query.take_limit(PAGE, LONGEST_PAGE)?;
        let after =
            query.take("cursor").map(|cursor| Cursor::decode(&cursor)?.parse().map_err(|_| foreign()));
        Ok(Self { limit, after: after.transpose()? })
    }

    /// Returns how many items to read: one more than the page has, which shows whether there is another page.
    pub fn wanted(&self) -> u32 {
        self.limit + 1
    }

    /// Shortens the items that were read to one page, and returns the cursor of the next page, if there is
    /// one.
    pub fn cut<T>(&self, found: &mut Vec<T>, id: impl Fn(&T) -> &Id) -> Option<String> {
        let page = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = found.len() > page;
        found.truncate(page);
        found.last().filter(|_| more).map(|last| Self::cursor(id(last)))
    }

    /// Returns the cursor of the page after an item.
    pub fn cursor(last: &Id) -> String {
        Cursor::encode(&last.to_string())
    }
}

fn foreign() -> Error {
    Error::invalid("invalid_cursor", "The cursor is not one that this list gave.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<Paging<u32>> {
        let uri = format!("https://api.example.org/v1/things?{query}");
        Paging::of(&lambda_http::http::Request::get(uri).body(lambda_http::Body::Empty).unwrap())
    }

    #[test]
    fn a_page_is_cut_and_the_next_one_starts_after_it() {
        let first = page("limit=2").unwrap();
        let mut found = vec![7, 8, 9];
        let next = first.cut(&mut found, |id| id).unwrap();
        assert_eq!((first.wanted(), found), (3, vec![7, 8]));
        assert_eq!(page(&format!("limit=2&cursor={next}")).unwrap().after, Some(8));
        assert_eq!(first.cut(&mut vec![9], |id| id), None);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let foreign = Cursor::encode("seven");
        for query in ["limit=0", "limit=101", "cursor=x", "other=1", &format!("cursor={foreign}")] {
            assert!(page(query).is_err(), "{query}");
        }
    }
}
