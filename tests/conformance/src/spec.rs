//! Compares the written specification with the trials.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::rules::RULES;

const SPEC: &str = include_str!("../../../docs/connector-spec.md");

/// Compares the rules that the document numbers with those that have trials.
///
/// A rule is a line that begins `**R1** MUST` or `**R1** SHOULD` and names its trial in backquotes at its end.
pub(crate) fn rules_and_trials_are_the_same() -> Result<()> {
    let written: BTreeSet<_> = SPEC.lines().filter_map(rule).collect();
    let played: BTreeSet<_> = RULES.iter().map(|rule| (rule.id.to_owned(), rule.name.to_owned())).collect();
    let only_written: Vec<_> = written.difference(&played).collect();
    let only_played: Vec<_> = played.difference(&written).collect();
    ensure!(only_written.is_empty(), "rules without a trial: {only_written:?}");
    ensure!(only_played.is_empty(), "trials without a rule: {only_played:?}");
    ensure!(played.len() == RULES.len(), "two trials have the same id and name");
    Ok(())
}

fn rule(line: &str) -> Option<(String, String)> {
    let (id, text) = line.strip_prefix("**")?.split_once("** ")?;
    let numbered = id.strip_prefix('R').is_some_and(|number| number.parse::<u32>().is_ok());
    let binding = text.starts_with("MUST") || text.starts_with("SHOULD");
    let name = text.trim_end().strip_suffix('`')?.rsplit_once('`')?.1;
    (numbered && binding).then(|| (id.to_owned(), name.to_owned()))
}
