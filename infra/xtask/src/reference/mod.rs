//! docs/api, docs/metrics.md and docs/scopes.md: the reference of the API in readable pages, one a resource, written from the description.
//!
//! Nothing here knows an operation: the text of a page is in the description. So are the examples ([`example`]), which
//! stand beside the Rust types and are checked against the schemas.

pub mod example;
mod metrics;
mod page;
mod scopes;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use mooring_edge::openapi::problems::{CODES, status};
use serde_json::Value;

/// What a page tells whoever edits it; readers of the page as HTML do not see it.
const WRITTEN: &str = "<!-- Written by `cargo xtask openapi` from the types. -->";

/// The folder of the pages.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api")
}

/// Returns every generated page by its file's name.
pub fn pages(description: &Value) -> Result<BTreeMap<String, String>> {
    let mut by_tag: BTreeMap<&str, Vec<page::Operation<'_>>> = BTreeMap::new();
    for operation in page::operations(description) {
        by_tag.entry(operation.tag()).or_default().push(operation);
    }
    let mut pages = BTreeMap::new();
    for (tag, operations) in by_tag {
        pages.insert(format!("{tag}.md"), page::render(description, tag, &operations)?);
    }
    pages.insert("errors.md".to_owned(), errors()?);
    Ok(pages)
}

/// Returns the pages about words of the domain, which lie beside the folder.
fn beside() -> Result<[(String, String); 2]> {
    Ok([("../metrics.md".to_owned(), metrics::page()?), ("../scopes.md".to_owned(), scopes::page()?)])
}

/// Writes the pages, or only compares them.
pub fn write(description: &Value, check: bool) -> Result<()> {
    for (name, text) in pages(description)?.into_iter().chain(beside()?) {
        let file = folder().join(&name);
        if check {
            let committed = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
            ensure!(committed == text, "{} is stale; run `cargo xtask openapi`", file.display());
        } else {
            fs::write(&file, text).with_context(|| file.display().to_string())?;
        }
    }
    Ok(())
}

fn errors() -> Result<String> {
    let mut text = format!(
        "# Errors\n\n{WRITTEN}\n\nWhat a problem document holds is in [the overview](README.md#errors).\n\n\
         | code | status | again? | what to do |\n|---|---|---|---|\n"
    );
    let mut codes: Vec<_> = CODES.iter().collect();
    codes.sort_by_key(|code| code.code);
    for code in codes {
        let again = if code.retryable { "yes" } else { "no" };
        writeln!(text, "| `{}` | {} | {again} | {} |", code.code, status(code), code.help)?;
    }
    text += "\nAnything else is a fault of Mooring: status 500, with a code that helps us to find it. Tell us the \
             `request_id`.\n";
    Ok(text)
}
