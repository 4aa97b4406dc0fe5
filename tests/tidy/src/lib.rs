//! The arrows that must never exist, the shape of the code, and the template against the functions.
//!
//! The library has the readers and the rules for the template; the other rules are in `tests/it`, one file a subject,
//! each with the reason in its message.

pub mod decide;
pub mod described;
pub mod families;
pub mod grants;
pub mod imports;
pub mod keys;
pub mod linked;
pub mod permissions;
pub mod rules;
pub mod shape;
pub mod template;
mod translated;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A package of the workspace.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder below the root, such as `shared/domain`.
    pub folder: String,
    /// Its direct normal dependencies, inside and outside the workspace.
    pub depends: BTreeSet<String>,
    /// Everything that it is linked with, through other packages of the workspace; without development dependencies.
    pub reaches: BTreeSet<String>,
    /// Its targets.
    pub targets: Vec<Target>,
}

/// A library, binary or test binary of a package.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Its kind: `lib`, `bin` or `test`.
    pub kind: String,
    /// True when `cargo test` builds and runs a test binary of it.
    pub is_tested: bool,
}

/// Reads the packages of the workspace from `cargo metadata`, offline.
pub fn packages() -> Result<Vec<Package>> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("what cargo metadata printed")?;
    let base = text(&metadata, "workspace_root");
    let listed = metadata.get("packages").and_then(Value::as_array).context("packages")?;
    let direct: BTreeMap<String, BTreeSet<String>> =
        listed.iter().map(|package| (text(package, "name"), depends(package))).collect();
    Ok(listed
        .iter()
        .map(|package| {
            let name = text(package, "name");
            let manifest = text(package, "manifest_path");
            let folder = manifest.trim_start_matches(&base).trim_matches('/');
            Package {
                folder: folder.trim_end_matches("/Cargo.toml").to_owned(),
                depends: direct.get(&name).cloned().unwrap_or_default(),
                reaches: closure(&name, &direct),
                targets: targets(package),
                name,
            }
        })
        .collect())
}

fn text(value: &Value, field: &str) -> String {
    value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn depends(package: &Value) -> BTreeSet<String> {
    let all = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
    all.filter(|dependency| dependency.get("kind").is_none_or(Value::is_null))
        .map(|dependency| text(dependency, "name"))
        .collect()
}

fn targets(package: &Value) -> Vec<Target> {
    let all = package.get("targets").and_then(Value::as_array).into_iter().flatten();
    let target = |target: &Value| Target {
        name: text(target, "name"),
        kind: target.pointer("/kind/0").and_then(Value::as_str).unwrap_or_default().to_owned(),
        is_tested: target.get("test").and_then(Value::as_bool).unwrap_or_default(),
    };
    all.map(target).collect()
}

fn closure(start: &str, direct: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start.to_owned()];
    while let Some(name) = open.pop() {
        for next in direct.get(&name).into_iter().flatten() {
            if seen.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    seen
}

/// A file of the repository with its text.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its path below the root.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// Returns the lines of product code with their numbers. Leaves out the tests within a file, below a `#[cfg(test)]`
    /// at the margin, with all that follows; a line that only names a file of tests ends nothing.
    pub fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let next = self.text.lines().skip(1).chain([""]);
        let lines = self.text.lines().zip(next).enumerate();
        let is_product =
            |(line, next): (&str, &str)| !line.starts_with("#[cfg(test)]") || next.trim_end().ends_with(';');
        lines.take_while(move |(_, both)| is_product(*both)).map(|(index, (line, _))| (index + 1, line))
    }
}

impl Source {
    /// Lists the lines at the margin, below the first test, that begin an item of the product. [`Self::product_lines`]
    /// ends at the first test, so that no rule would read such an item.
    pub fn product_below_tests(&self) -> Vec<usize> {
        let last = self.product_lines().last().map_or(0, |(number, _)| number);
        let mut found = Vec::new();
        let (mut is_test, mut is_open) = (false, false);
        for (index, line) in self.text.lines().enumerate().skip(last) {
            let begins = line.starts_with(|c: char| c.is_alphabetic());
            if line.starts_with("#[cfg(test)]") {
                is_test = true;
            } else if begins && !is_open {
                if !is_test {
                    found.push(index + 1);
                }
                is_open = !line.trim_end().ends_with([';', '}']);
                is_test &= is_open;
            } else if line.starts_with(['}', ')']) && line.trim_end().ends_with(['}', ';']) {
                (is_open, is_test) = (false, false);
            }
        }
        found
    }
}

/// Reads every Rust file below some folders, without those under `tests/`, `testing/` and `target/`.
pub fn sources(folders: &[&str]) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), &mut found)?;
    }
    let base = root();
    found.sort();
    found
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let path = path.strip_prefix(&base).unwrap_or(&path).display().to_string();
            Ok(Source { path, text })
        })
        .collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !matches!(name, "target" | "tests" | "testing" | "node_modules" | "benches") {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_names_a_file_of_tests_does_not_end_the_product() {
        let text = "mod a;\n#[cfg(test)]\nmod tests;\nfn b() {}\n#[cfg(test)]\nmod more {\n}\nfn c() {}\n";
        let source = Source { path: String::new(), text: text.to_owned() };
        let lines: Vec<_> = source.product_lines().collect();
        assert_eq!(lines, [(1, "mod a;"), (2, "#[cfg(test)]"), (3, "mod tests;"), (4, "fn b() {}")]);
    }
}
