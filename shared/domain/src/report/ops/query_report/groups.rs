//! Sums rows by day, by entity, by both or by neither, in bounded memory.

use std::collections::HashMap;

use compact_str::CompactString;
use jiff::civil::Date;

use super::query::GroupBy;
use crate::base::error::{Error, Kind, Result};
use crate::platform::figures::{Row, Values};

/// The largest number of groups. More would not fit into a function's memory, so the question is refused.
const MOST_GROUPS: usize = 250_000;

/// Sums under way.
pub(super) struct Groups {
    by: GroupBy,
    numbers: HashMap<CompactString, usize>,
    sums: HashMap<(Option<Date>, Option<usize>), Values>,
}

/// The sums of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) day: Option<Date>,
    pub(super) entity: Option<String>,
    pub(super) values: Values,
}

impl Groups {
    pub(super) fn new(by: GroupBy) -> Self {
        Self { by, numbers: HashMap::new(), sums: HashMap::new() }
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: Row) -> Result<()> {
        let entity = self.by.entity.then(|| self.number(row.entity));
        let key = (self.by.day.then_some(row.day), entity);
        if self.sums.len() >= MOST_GROUPS && !self.sums.contains_key(&key) {
            let message =
                format!("The answer has more than {MOST_GROUPS} rows; ask for fewer days or group by less.");
            return Err(Error::invalid("too_many_rows", message));
        }
        let sum = self.sums.entry(key).or_default();
        *sum = sum.plus(&row.values).ok_or_else(overflow)?;
        Ok(())
    }

    /// Returns the number that stands for an entity: ids are long and repeat every day.
    fn number(&mut self, entity: CompactString) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(entity).or_insert(next)
    }

    /// Returns the sums over all groups.
    pub(super) fn totals(&self) -> Result<Values> {
        self.sums.values().try_fold(Values::default(), |sum, values| sum.plus(values)).ok_or_else(overflow)
    }

    /// Returns the groups, in no order.
    pub(super) fn into_groups(self) -> Vec<Group> {
        let mut names = vec![String::new(); self.numbers.len()];
        for (entity, number) in self.numbers {
            if let Some(name) = names.get_mut(number) {
                *name = entity.into();
            }
        }
        let name = |number: usize| names.get(number).cloned();
        self.sums
            .into_iter()
            .map(|((day, entity), values)| Group { day, entity: entity.and_then(name), values })
            .collect()
    }
}

fn overflow() -> Error {
    Error::new(Kind::Invalid, "out_of_range", "The sums are out of range; ask for fewer days.")
}
