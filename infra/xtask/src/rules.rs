//! Judges one template, as written or as SAM translated it, by every rule and docs/permissions.md.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use mooring_tests_tidy::rules::{RULES, Rule};
use mooring_tests_tidy::template::Template;
use serde_yaml_ng::{Mapping, Value};

use crate::permissions::compare;
use crate::resources::{MOST, expanded};

/// Judges a template.
#[expect(clippy::print_stdout, reason = "the verdict and the count are what the chore is asked for")]
pub(crate) fn judge(file: &Path) -> Result<()> {
    let template = Template::of_file(file).with_context(|| {
        format!("{} cannot be read as a template, YAML or JSON with Resources", file.display())
    })?;
    let of_rule = |rule: &Rule| {
        let found = (rule.check)(&template).into_iter();
        found.map(|violation| format!("[{}] {violation} ({})", rule.name, rule.why)).collect::<Vec<_>>()
    };
    let found: Vec<String> = RULES.iter().flat_map(of_rule).collect();
    ensure!(found.is_empty(), "{} breaks our rules\n{}", file.display(), found.join("\n"));
    compare(&template, &file.display().to_string())?;
    let (resources, is_translated) = count(file)?;
    let counted = expanded()?;
    ensure!(
        !is_translated || resources == counted,
        "SAM makes {resources} resources; docs/resources.md counts {counted}: mend infra/xtask/src/resources/mod.rs"
    );
    ensure!(
        resources <= MOST,
        "{resources} resources; {MOST} are the most, of the 500 that a stack may have"
    );
    println!(
        "{} rules hold, docs/permissions.md says what the roles may, {resources} resources",
        RULES.len()
    );
    Ok(())
}

/// Counts the resources of the file, and returns whether SAM has translated it.
fn count(file: &Path) -> Result<(usize, bool)> {
    let document: Value = serde_yaml_ng::from_str(&fs::read_to_string(file)?)?;
    let resources = document.get("Resources").and_then(Value::as_mapping).map_or(0, Mapping::len);
    Ok((resources, document.get("Transform").is_none()))
}
