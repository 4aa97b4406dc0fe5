//! Walks a list in id order for the rows that a filter takes.

/// The number of rows that one call reads at most, before it returns where to go on.
const LOOK_THROUGH: usize = 1_000;

/// The least rows that are read at once where a filter leaves few of them.
const PAGE: u32 = 100;

/// A walk under way. It says which rows to read next, takes them, and ends with a page.
#[derive(Debug, Clone)]
pub struct Walk<Row, Id> {
    after: Option<Id>,
    limit: usize,
    page: u32,
    rows: Vec<Row>,
    looked: usize,
    is_over: bool,
}

impl<Row, Id: Clone + PartialEq> Walk<Row, Id> {
    /// Begins after an id, for a page of at most `limit` rows. A list of which few rows are taken is read in larger pages.
    pub fn new(after: Option<Id>, limit: u32, is_narrow: bool) -> Self {
        // One row more than a page has shows whether another page follows.
        let page = if is_narrow { limit.max(PAGE) } else { limit.saturating_add(1) };
        Self { after, limit: size(limit), page, rows: Vec::new(), looked: 0, is_over: false }
    }

    /// Returns the id after which to read and how many rows, in id order; `None` at the end of the walk.
    pub fn wants(&self) -> Option<(Option<&Id>, u32)> {
        (!self.is_over).then_some((self.after.as_ref(), self.page))
    }

    /// Takes what was read.
    pub fn take(&mut self, found: Vec<Row>, id: impl Fn(&Row) -> &Id, takes: impl Fn(&Row) -> bool) {
        let is_last = found.len() < size(self.page);
        let end = found.last().filter(|_| is_last).map(|row| id(row).clone());
        self.looked += found.len();
        for row in found {
            let own = id(&row).clone();
            self.after = Some(own).filter(|own| end.as_ref() != Some(own));
            if takes(&row) {
                self.rows.push(row);
            }
            if self.rows.len() == self.limit {
                self.is_over = true;
                return;
            }
        }
        if is_last {
            self.after = None;
        }
        self.is_over = is_last || self.looked >= LOOK_THROUGH;
    }

    /// Returns the page, and the id to go on from; `None` after the last page. A page may be short, or empty, and yet not
    /// be the last.
    pub fn end(self) -> (Vec<Row>, Option<Id>) {
        (self.rows, self.after)
    }
}

fn size(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the filter and the page, the pages together have each taken row once and in order, and no call reads
        /// much more than it may.
        #[test]
        fn the_pages_of_a_walk_are_the_filtered_list(
            length in 0..2_500_u32, every in 1..400_u32, limit in 1..=100_u32, is_narrow in any::<bool>(),
        ) {
            let list: Vec<u32> = (0..length).collect();
            let (mut after, mut found) = (None, Vec::new());
            loop {
                let mut walk = Walk::new(after, limit, is_narrow);
                while let Some((after, most)) = walk.wants() {
                    let rows = list.iter().filter(|row| after.is_none_or(|after| *row > after));
                    let rows = rows.take(size(most)).copied().collect();
                    walk.take(rows, |row| row, |row| row % every == 0);
                }
                let read = walk.looked;
                let (page, next) = walk.end();
                prop_assert!(page.len() <= size(limit) && read < LOOK_THROUGH + 100);
                found.extend(page);
                after = next;
                if after.is_none() {
                    break;
                }
            }
            let mut whole = Walk::new(None, length.max(1), false);
            whole.take(list.clone(), |row| row, |_| true);
            prop_assert_eq!(whole.end().1, None, "a page that holds the whole list is the last");
            let want: Vec<u32> = list.iter().copied().filter(|row| row % every == 0).collect();
            prop_assert_eq!(found, want);
        }
    }
}
