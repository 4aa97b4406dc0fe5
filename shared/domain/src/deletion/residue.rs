//! The copies that nobody can count after a deletion: recovery windows, short-lived rows, queues and logs.

use jiff::{SignedDuration, Timestamp};

use crate::base::place::Subject;
use crate::base::retention::ELSEWHERE;
use crate::base::table::Table;
use crate::deletion::ledger::{Deletion, Step};

/// A copy that nobody can count, with the time by which it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Residue {
    /// The word of the place: the table's, `queues` or `logs`. Pages have a text for each.
    pub word: &'static str,
    /// Where the copy may be.
    pub place: &'static str,
    /// The contents of the copy, in words for people.
    pub holds: &'static str,
    /// How many days the copy outlives the last deletion.
    pub days: u16,
    /// When the copy is gone; known once the deletion is done.
    pub by: Option<Timestamp>,
}

impl Deletion {
    /// Lists the copies that nobody can count and that expire by themselves.
    pub fn residues(&self) -> Vec<Residue> {
        let tables = Table::ALL.into_iter().filter(|table| self.leaves(*table));
        let tables = tables.map(|table| {
            let place = place(table);
            self.residue(
                (table.as_str(), place, table.holds()),
                table.gone_after_days(),
                self.last_deletion(table),
            )
        });
        let last = self.last_event();
        let elsewhere = ELSEWHERE
            .iter()
            .map(|(word, place, holds, days)| self.residue((word, place, holds), *days, last));
        tables.chain(elsewhere).collect()
    }

    fn residue(
        &self,
        (word, place, holds): (&'static str, &'static str, &'static str),
        days: u16,
        last: Timestamp,
    ) -> Residue {
        let by = last + SignedDuration::from_hours(24 * i64::from(days));
        Residue { word, place, holds, days, by: (self.step == Step::Done).then_some(by) }
    }

    /// Returns whether a table can hold something of the subject after its deletion. Activity and Transient always
    /// can: their rows end by TTL. The Ledger keeps the proof itself. A tenant had rows everywhere.
    fn leaves(&self, table: Table) -> bool {
        match table {
            Table::Ledger => false,
            Table::Activity | Table::Transient => true,
            Table::Directory | Table::Connections | Table::Vault | Table::Reports => {
                self.subject == Subject::Tenant || self.places.iter().any(|place| place.class == table)
            }
        }
    }

    /// Returns the latest time at which a row of a table can have been deleted.
    ///
    /// A pass counts as a deletion also when it found nothing: TTL may have deleted the rows before the pass. A
    /// verification deletes only what it found. The deletions of a tenant's connections ended before the tenant's own
    /// verification and are not among its events.
    fn last_deletion(&self, table: Table) -> Timestamp {
        if self.subject == Subject::Tenant || matches!(table, Table::Activity | Table::Transient) {
            return self.last_event();
        }
        let deletes =
            |step: Step, (of, count): &(Table, u64)| *of == table && (step < Step::Verify || *count > 0);
        let passes =
            self.events.iter().filter(|event| event.counts.iter().any(|count| deletes(event.step, count)));
        passes.map(|event| event.at).max().unwrap_or_else(|| self.last_event())
    }

    fn last_event(&self) -> Timestamp {
        self.events.iter().map(|event| event.at).max().unwrap_or(self.t0)
    }
}

/// Returns where copies of a table may be, in words for people.
pub const fn place(table: Table) -> &'static str {
    match table {
        Table::Directory => "recovery window of the directory",
        Table::Connections => "recovery window of connections",
        Table::Vault => "recovery window of the vault",
        Table::Reports => "recovery window of reports",
        Table::Activity => "activity, until its rows expire and its recovery window ends",
        Table::Transient => "short-lived rows, until they expire",
        Table::Ledger => "recovery window of the ledger",
    }
}
