//! Sorts rows and splits them into pages. No two rows are equal in the order, so that every page of a question
//! continues the one before.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::groups::{Group, Groups};
use super::query::{Column, Query, Sort, SortKey};
use crate::base::error::{Error, Result};
use crate::platform::figures::{Entity, Values};

/// The largest page as JSON, in bytes: a function answers at most 6 MB, and totals and days come on top.
const PAGE_BYTES: usize = 4_500_000;

/// The bytes that a row takes beside its texts, and that a column takes with its name.
const ROW_BYTES: usize = 200;

const COLUMN_BYTES: usize = 100;

/// One row of the answer.
#[derive(Debug, Clone)]
pub struct ReportRow {
    /// The day, if grouped by day.
    pub day: Option<Date>,
    /// The entity's id, if grouped by entity.
    pub entity: Option<String>,
    /// The entity's name, status and parent, where they are known.
    pub described: Option<Entity>,
    /// The sums.
    pub values: Values,
}

/// Where a page starts: the question that the page belongs to, the row, and the state of the data that the first page
/// saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub(super) question: u64,
    pub(super) offset: u64,
    pub(super) as_of: Timestamp,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{:x}.{:x}", self.question, self.offset, self.as_of.as_millisecond())
    }
}

impl FromStr for Position {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| Error::invalid("bad_cursor", "The cursor is not one of ours."))
    }
}

fn read(text: &str) -> Option<Position> {
    let mut parts = text.split('.').map(|part| u64::from_str_radix(part, 16).ok());
    let (question, offset, millis) = (parts.next()??, parts.next()??, parts.next()??);
    let as_of = Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
    let position = Position { question, offset, as_of };
    // A position has one text: `+1` and `01` would parse too.
    (position.to_string() == text).then_some(position)
}

/// A page of rows.
pub(super) struct Page {
    pub(super) rows: Vec<ReportRow>,
    pub(super) next: Option<Position>,
}

/// Sorts the groups and takes one page of them.
pub(super) fn cut(groups: Groups, query: &Query, offset: usize, newest: Option<Timestamp>) -> Page {
    let mut groups = groups.into_groups();
    groups.sort_by(|a, b| compare(query.sort, a, b));
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let end = offset.saturating_add(limit);
    let next = position(query, end, newest).filter(|_| end < groups.len());
    let row = |Group { day, entity, values }| ReportRow { day, entity, described: None, values };
    Page { rows: groups.into_iter().skip(offset).take(limit).map(row).collect(), next }
}

/// Returns where a page starts that begins at a row. There is a position only where something was read.
fn position(query: &Query, row: usize, newest: Option<Timestamp>) -> Option<Position> {
    let as_of = query.read_as_of().or(newest)?;
    Some(Position { question: query.fingerprint(), offset: u64::try_from(row).unwrap_or(u64::MAX), as_of })
}

impl Page {
    /// Leaves to the next page the rows that would make this one too large; at least one row stays.
    pub(super) fn fit(&mut self, query: &Query, offset: usize, newest: Option<Timestamp>) {
        let mut left = PAGE_BYTES;
        let fits = |row: &&ReportRow| {
            let rest = left.checked_sub(size(query, row));
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        let rows = self.rows.iter().take_while(fits).count().max(1);
        if rows < self.rows.len() {
            self.rows.truncate(rows);
            self.next = position(query, offset.saturating_add(rows), newest);
        }
    }
}

/// Returns the size of a row as JSON, at most. CSV takes less.
pub(super) fn size(query: &Query, row: &ReportRow) -> usize {
    let described = row.described.iter().flat_map(|entity| [&entity.name, &entity.status, &entity.parent]);
    let texts: usize = described.chain(&row.entity).map(|text| written(text)).sum();
    ROW_BYTES + COLUMN_BYTES * query.columns.len() + texts
}

/// Returns the length of a text in JSON: a character that has to be escaped takes up to six bytes.
fn written(text: &str) -> usize {
    text.bytes().map(|byte| if byte < b' ' || byte == b'"' || byte == b'\\' { 6 } else { 1 }).sum()
}

/// Compares two groups; two different groups are never equal.
fn compare(sort: Sort, a: &Group, b: &Group) -> Ordering {
    let by_day = a.day.cmp(&b.day);
    let by_entity = entity_key(a).cmp(&entity_key(b));
    let turn = |order: Ordering| if sort.descending { order.reverse() } else { order };
    match sort.key {
        SortKey::Day => turn(by_day).then(by_entity),
        SortKey::Entity => turn(by_entity).then(by_day),
        SortKey::Column(column) => by_value(sort, column, a, b).then(by_day).then(by_entity),
    }
}

/// Compares two groups by a column. Rows without a value come last in either direction.
fn by_value(sort: Sort, column: Column, a: &Group, b: &Group) -> Ordering {
    match (column.of(&a.values), column.of(&b.values)) {
        (Some(a), Some(b)) if sort.descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// Returns the sort key of an entity: shorter ids come first, so that numbers rise.
fn entity_key(group: &Group) -> (usize, Option<&str>) {
    (group.entity.as_ref().map_or(0, String::len), group.entity.as_deref())
}
