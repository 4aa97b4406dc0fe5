//! Writes docs/permissions.md, the rights of each function, from the statements of template.yaml.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use mooring_tests_tidy::permissions::text_of;
use mooring_tests_tidy::root;
use mooring_tests_tidy::template::Template;

/// Writes docs/permissions.md; with `check` only compares.
pub(crate) fn permissions(check: bool) -> Result<()> {
    let template = Template::read()?;
    if check {
        return compare(&template, "template.yaml");
    }
    let file = permissions_file();
    fs::write(&file, text_of(&template)?).with_context(|| file.display().to_string())
}

/// Compares docs/permissions.md with the statements of a template.
pub(crate) fn compare(template: &Template, name: &str) -> Result<()> {
    let file = permissions_file();
    let committed = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let same = committed == text_of(template)?;
    ensure!(same, "docs/permissions.md is not what {name} says; run `cargo xtask permissions`");
    Ok(())
}

/// Returns the path of the committed page.
fn permissions_file() -> PathBuf {
    root().join("docs/permissions.md")
}
