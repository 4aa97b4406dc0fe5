//! The conditions of a release: each that does not hold is named with what to do.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::str::FromStr;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A version of three numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version([u32; 3]);

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refusal = || format!("`{text}` is no version: say three numbers, such as 0.2.0");
        let part = |part: &str| match part {
            "0" => Some(0),
            _ if part.starts_with(['0', '+']) => None,
            _ => part.parse().ok(),
        };
        let numbers: Option<Vec<u32>> = text.split('.').map(part).collect();
        numbers.and_then(|numbers| numbers.try_into().ok()).map(Self).ok_or_else(refusal)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(out, "{major}.{minor}.{patch}")
    }
}

/// Lists what stands in the way of a release of a repository.
pub(super) fn faults(root: &Path, version: &Version) -> Result<Vec<String>> {
    let mut faults = vec![clean(root)?, tags(root, version)?, workspace(root, version)?];
    faults.push(notes(root, version).err().map(|error| error.to_string()));
    faults.push(client(root, version, "clients/typescript/package.json", of_json)?);
    faults.push(client(root, version, "clients/python/pyproject.toml", of_toml)?);
    Ok(faults.into_iter().flatten().collect())
}

fn clean(root: &Path) -> Result<Option<String>> {
    let changed = git(root, &["status", "--porcelain"])?;
    let first = changed.lines().next().map(|line| line.trim().to_owned());
    Ok(first.map(|first| format!("the tree is not clean ({first}): commit the change or take it back")))
}

/// A tag is a promise: it is never made twice, and versions only rise.
fn tags(root: &Path, version: &Version) -> Result<Option<String>> {
    let tags = git(root, &["tag", "--list", "v*"])?;
    let newest = tags.lines().filter_map(|tag| tag.strip_prefix('v')?.parse::<Version>().ok()).max();
    Ok(match newest {
        Some(newest) if newest == *version => {
            Some(format!("the tag v{version} is there already: take the next version"))
        }
        Some(newest) if newest > *version => {
            Some(format!("v{newest} is released already: take a higher version"))
        }
        _ => None,
    })
}

fn workspace(root: &Path, version: &Version) -> Result<Option<String>> {
    let manifest: toml::Value = toml::from_str(&read(root, "Cargo.toml")?)?;
    let found = manifest.get("workspace").and_then(|one| one.get("package")?.get("version")?.as_str());
    let found = found.context("Cargo.toml has no workspace.package.version")?;
    Ok((found != version.to_string()).then(|| {
        format!("Cargo.toml says version {found}: write \"{version}\", and run cargo once for Cargo.lock")
    }))
}

fn client(
    root: &Path,
    version: &Version,
    file: &str,
    of: fn(&str) -> Result<Option<String>>,
) -> Result<Option<String>> {
    if !root.join(file).exists() {
        return Ok(None);
    }
    let found = of(&read(root, file)?).with_context(|| file.to_owned())?;
    // A version that is computed from elsewhere has no line of its own.
    let other = found.filter(|found| *found != version.to_string());
    Ok(other.map(|found| format!("{file} says version {found}: write \"{version}\"")))
}

fn of_json(text: &str) -> Result<Option<String>> {
    let package: Value = serde_json::from_str(text)?;
    Ok(package.get("version").and_then(Value::as_str).map(str::to_owned))
}

fn of_toml(text: &str) -> Result<Option<String>> {
    let project: toml::Value = toml::from_str(text)?;
    let version = project.get("project").and_then(|project| project.get("version"));
    Ok(version.and_then(toml::Value::as_str).map(str::to_owned))
}

/// Returns the section of CHANGELOG.md about a version.
pub(super) fn notes(root: &Path, version: &Version) -> Result<String> {
    let text = read(root, "CHANGELOG.md")?;
    let begins = format!("## [{version}]");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&begins));
    lines.next().with_context(|| {
        format!("CHANGELOG.md has no section `{begins} - DATE`: name the unreleased one so, and begin a new one above it")
    })?;
    let section: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    let section = section.join("\n").trim().to_owned();
    ensure!(!section.is_empty(), "the section `{begins}` of CHANGELOG.md is empty: say what is new");
    Ok(section + "\n")
}

fn read(root: &Path, file: &str) -> Result<String> {
    fs::read_to_string(root.join(file)).with_context(|| file.to_owned())
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root).output().context("git")?;
    ensure!(output.status.success(), "git: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(String::from_utf8(output.stdout)?)
}
