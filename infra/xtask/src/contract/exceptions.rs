//! The committed list of disagreements that have a reason. An exception that no finding needs any more is itself a
//! violation.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::ledger::{Finding, Rule};

const FILE: &str = include_str!("../../contract-exceptions.toml");

/// All exceptions.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exceptions {
    #[serde(rename = "exception")]
    all: Vec<Exception>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    rule: String,
    subjects: Vec<String>,
    reason: String,
}

/// The findings, with and without an exception.
pub(crate) struct Outcome {
    /// The findings with an exception, and its reason.
    pub(crate) excused: Vec<(Finding, String)>,
    pub(crate) violations: Vec<Finding>,
}

impl Exceptions {
    /// Reads the committed list.
    pub(crate) fn committed() -> Result<Self> {
        Self::read(FILE).context("contract-exceptions.toml")
    }

    fn read(text: &str) -> Result<Self> {
        let list: Self = toml::from_str(text)?;
        let reasoned =
            list.all.iter().all(|entry| !entry.reason.trim().is_empty() && !entry.subjects.is_empty());
        ensure!(reasoned, "an exception without a reason or without a subject");
        Ok(list)
    }

    /// Separates the findings that have a reason from the others.
    pub(crate) fn apply(&self, findings: BTreeSet<Finding>) -> Outcome {
        let mut unused: Vec<(&Exception, &String)> = self
            .all
            .iter()
            .flat_map(|entry| entry.subjects.iter().map(move |subject| (entry, subject)))
            .collect();
        let mut outcome = Outcome { excused: Vec::new(), violations: Vec::new() };
        for finding in findings {
            let covers = |(entry, subject): &(&Exception, &String)| {
                entry.rule == finding.rule.word() && **subject == finding.subject
            };
            match unused.iter().position(covers).map(|index| unused.swap_remove(index)) {
                Some((entry, _)) => outcome.excused.push((finding, entry.reason.clone())),
                None => outcome.violations.push(finding),
            }
        }
        outcome.violations.extend(unused.into_iter().map(|(entry, subject)| Finding {
            rule: Rule::Exceptions,
            subject: format!("{} {subject}", entry.rule),
            detail: "nothing needs this exception any more: remove it".to_owned(),
        }));
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
[[exception]]
rule = "codes"
subjects = ["a", "b"]
reason = "Because."
"#;

    fn finding(rule: Rule, subject: &str) -> Finding {
        Finding { rule, subject: subject.to_owned(), detail: "x".to_owned() }
    }

    #[test]
    fn the_committed_list_can_be_read() {
        Exceptions::committed().unwrap();
    }

    #[test]
    fn what_is_listed_is_excused_and_nothing_else() {
        let found = [finding(Rule::Codes, "a"), finding(Rule::Codes, "b"), finding(Rule::Names, "a")];
        let outcome = Exceptions::read(LIST).unwrap().apply(found.into());
        assert_eq!(outcome.excused.len(), 2);
        assert_eq!(outcome.violations, [finding(Rule::Names, "a")]);
    }

    #[test]
    fn an_exception_that_nothing_needs_is_a_violation() {
        let outcome = Exceptions::read(LIST).unwrap().apply([finding(Rule::Codes, "a")].into());
        let unused: Vec<_> = outcome.violations.iter().map(|f| (f.rule, f.subject.as_str())).collect();
        assert_eq!(unused, [(Rule::Exceptions, "codes b")]);
    }

    #[test]
    fn an_exception_needs_a_reason() {
        for (from, to) in [("\"Because.\"", "\" \""), ("[\"a\", \"b\"]", "[]"), ("reason", "why")] {
            assert!(Exceptions::read(&LIST.replace(from, to)).is_err(), "{to}");
        }
    }
}
