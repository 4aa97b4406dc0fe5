//! The results of the checks: how often each was made, and the disagreements.

use std::collections::{BTreeMap, BTreeSet};

/// The subject of a check; the columns of the table, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// The vendor has the operation, with this method, at this host.
    Operation,
    /// Parameters and body fields exist.
    Names,
    /// Required names are there.
    Required,
    /// Values have the type, the words and the limits.
    Values,
    /// The token travels as it should.
    Token,
    /// The answer comes in the documented envelope.
    Envelope,
    /// The answer's data has the documented names.
    Answer,
    /// The metrics exist, and figures are of their kind.
    Metrics,
    /// The scopes exist and cover the calls.
    Scopes,
    /// Return codes exist and mean the same to Mooring.
    Codes,
    /// The vendor allows as many calls as Mooring makes.
    Rates,
    /// Each exception is still needed.
    Exceptions,
}

/// The columns of the table.
const COLUMNS: [Rule; 11] = [
    Rule::Operation,
    Rule::Names,
    Rule::Required,
    Rule::Values,
    Rule::Token,
    Rule::Envelope,
    Rule::Answer,
    Rule::Metrics,
    Rule::Scopes,
    Rule::Codes,
    Rule::Rates,
];

impl Rule {
    /// Returns the rule's word in the table and in the list of exceptions.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Names => "names",
            Self::Required => "required",
            Self::Values => "values",
            Self::Token => "token",
            Self::Envelope => "envelope",
            Self::Answer => "answer",
            Self::Metrics => "metrics",
            Self::Scopes => "scopes",
            Self::Codes => "codes",
            Self::Rates => "rates",
            Self::Exceptions => "exceptions",
        }
    }
}

/// A disagreement with the files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    pub(crate) rule: Rule,
    /// Its subject, such as `token.exchange return_advertiser_ids`; exceptions name it.
    pub(crate) subject: String,
    pub(crate) detail: String,
}

/// The results so far.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    counts: BTreeMap<String, BTreeMap<Rule, u64>>,
    sources: BTreeMap<String, String>,
    findings: BTreeMap<(Rule, String), String>,
}

impl Ledger {
    /// Sets the source of a row's description.
    pub(crate) fn source(&mut self, row: &str, source: &str) {
        self.sources.entry(row.to_owned()).or_insert_with(|| source.to_owned());
    }

    /// Counts a check in a row, such as a call, and keeps its problem; only the first problem of each subject.
    pub(crate) fn check(&mut self, row: &str, rule: Rule, subject: &str, problem: Option<String>) {
        *self.counts.entry(row.to_owned()).or_default().entry(rule).or_default() += 1;
        if let Some(detail) = problem {
            let subject = [row, subject].join(" ").trim_end().to_owned();
            self.findings.entry((rule, subject)).or_insert(detail);
        }
    }

    /// Lists the disagreements.
    pub(crate) fn findings(&self) -> BTreeSet<Finding> {
        let finding = |((rule, subject), detail): (&(Rule, String), &String)| Finding {
            rule: *rule,
            subject: subject.clone(),
            detail: detail.clone(),
        };
        self.findings.iter().map(finding).collect()
    }

    /// Returns how many checks were made.
    pub(crate) fn total(&self) -> u64 {
        self.counts.values().flat_map(BTreeMap::values).sum()
    }

    /// Writes the table: how often each rule was checked in each row; a dash where no file says what would be right.
    pub(crate) fn table(&self) -> String {
        let line = |row: &str, source: &str, cell: &dyn Fn(Rule) -> String| {
            let add = |cells: String, rule: &Rule| format!("{cells}{:>10}", cell(*rule));
            let cells = COLUMNS.iter().fold(String::new(), add);
            format!("{row:<15} {source:<26}{cells}")
        };
        let head = line("", "described by", &|rule| rule.word().to_owned());
        let rows = self.counts.iter().map(|(row, counts)| {
            let source = self.sources.get(row).map_or("", String::as_str);
            line(row, source, &|rule| counts.get(&rule).map_or_else(|| "-".to_owned(), u64::to_string))
        });
        std::iter::once(head).chain(rows).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_counted_and_each_subject_fails_once() {
        let mut ledger = Ledger::default();
        ledger.source("thing.read", "thing.yml");
        ledger.check("thing.read", Rule::Names, "page", None);
        ledger.check("thing.read", Rule::Names, "extra", Some("unknown".to_owned()));
        ledger.check("thing.read", Rule::Names, "extra", Some("unknown again".to_owned()));
        let findings: Vec<_> = ledger.findings().into_iter().collect();
        assert_eq!(findings.len(), 1);
        assert_eq!(
            (findings[0].subject.as_str(), findings[0].detail.as_str()),
            ("thing.read extra", "unknown")
        );
        assert_eq!(ledger.total(), 3);
        let table = ledger.table();
        assert!(table.lines().nth(1).unwrap().starts_with("thing.read      thing.yml"), "{table}");
        let cells: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(cells[2..5], ["-", "3", "-"], "{table}");
    }
}
