//! The crates that the functions are linked with, from cargo, with the features with which each function is built.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::root;

/// The targets for which functions are built.
pub const TARGETS: [&str; 2] = ["aarch64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"];

/// A crate at one version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crate {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// Returns the crates whose code ends up in the binaries of some packages, on one target: no tests, no build scripts,
/// no macros.
pub fn linked(packages: &[String], target: &str) -> Result<BTreeSet<Crate>> {
    let text = tree(packages, target, "none", "{p}")?;
    Ok(text.lines().filter_map(Crate::named).collect())
}

/// Returns the output of `cargo tree` about the linked crates, each line with a prefix (`none`, `depth`) and a format.
pub fn tree(packages: &[String], target: &str, prefix: &str, format: &str) -> Result<String> {
    let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    cargo.args(["tree", "--offline", "--locked", "--quiet", "--prefix", prefix, "--format", format]);
    cargo.args(["--edges", "normal,no-proc-macro", "--target", target]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    let output = cargo.current_dir(root()).output().context("cargo tree")?;
    ensure!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

impl Crate {
    /// Reads `serde v1.0.0 (*)` or `mooring-domain v0.1.0 (/…)`.
    pub fn named(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some(Self { name: name.to_owned(), version: version.to_owned() })
    }
}
