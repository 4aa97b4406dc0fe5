//! The promises and their tests: docs/promises.md from tests/promises.toml, and the broken run of each row.

mod file;
mod names;
mod page;
mod prove;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use self::file::Promises;

/// The options of `cargo xtask promises`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Fails if docs/promises.md is not what tests/promises.toml says.
    #[arg(long)]
    check: bool,
    /// Breaks each row by its change in a copy of the tree and expects its test to fail. Takes minutes.
    #[arg(long, conflicts_with = "check")]
    prove: bool,
    /// With --prove: only rows that name one of these ids.
    #[arg(requires = "prove")]
    ids: Vec<String>,
}

/// Writes the page, compares it, or proves the rows.
pub(crate) fn run(options: &Options) -> Result<()> {
    let promises = Promises::read(&root())?;
    if options.prove {
        return prove::all(&root(), &promises, &options.ids);
    }
    let (file, text) = (promises_file(), page::text(&promises));
    if !options.check {
        return fs::write(&file, text).with_context(|| file.display().to_string());
    }
    let committed = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    ensure!(
        committed == text,
        "docs/promises.md is not what tests/promises.toml says; run `cargo xtask promises`"
    );
    Ok(())
}

/// Returns the path of the committed page.
pub fn promises_file() -> PathBuf {
    root().join("docs/promises.md")
}

/// Returns the text of the page from the data file, after every row was checked against the tree.
pub fn promises_text() -> Result<String> {
    Ok(page::text(&Promises::read(&root())?))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
