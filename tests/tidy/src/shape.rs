//! Counts the modules of a crate, the arrows between them, and the arrows that run against the stated order.
//!
//! A module is an entry of `src`: a folder, or a file beside `lib.rs`. An arrow is a pair of modules of which the first
//! names the second in product code; how often it does so does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::families::{FAMILIES, is_type_or_port};
use crate::imports::{Import, imports};
use crate::{Source, root};

/// The modules of a crate and the arrows between them, each with the files that draw it.
#[derive(Debug, Default)]
pub struct Shape {
    /// The modules, from below.
    pub modules: Vec<String>,
    /// The arrows.
    pub arrows: BTreeMap<(String, String), BTreeSet<String>>,
}

/// The modules that are no family: those that stand below all families, and those that stand above.
const BELOW: [&str; 3] = ["config", "client", "schema"];
const ABOVE: [&str; 2] = ["lib", "testing"];

/// Returns the position of a module in the order.
fn rank(module: &str) -> usize {
    let order = || BELOW.iter().chain(&FAMILIES).chain(&ABOVE);
    order().position(|known| *known == module).unwrap_or_else(|| order().count())
}

impl Shape {
    /// Reads the shape of a crate from its folder below the root. Tests are no part of it; the world of fakes is.
    pub fn read(folder: &str) -> Result<Self> {
        let mut files = Vec::new();
        collect(&root().join(folder).join("src"), &mut files)?;
        let read = |path: PathBuf| {
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let path = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            Ok(Source { path, text })
        };
        Ok(Self::of(&files.into_iter().map(read).collect::<Result<Vec<_>>>()?))
    }

    /// Makes the shape of a crate from its sources.
    pub fn of(sources: &[Source]) -> Self {
        let modules: BTreeSet<String> = sources.iter().map(|source| module(&source.path)).collect();
        let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for source in sources {
            let own = module(&source.path);
            for import in named(source, &own) {
                let first = import.path.first().cloned().unwrap_or_default();
                let target = if modules.contains(&first) { first } else { "lib".to_owned() };
                if target != own && modules.contains(&target) {
                    arrows.entry((own.clone(), target)).or_default().insert(source.path.clone());
                }
            }
        }
        let mut modules: Vec<String> = modules.into_iter().collect();
        modules.sort_by_key(|module| rank(module));
        Self { modules, arrows }
    }

    /// Makes the shape of the types and ports alone.
    pub fn of_types_and_ports(sources: &[Source]) -> Self {
        let all = sources.iter().filter(|source| is_type_or_port(&source.path));
        Self::of(&all.cloned().collect::<Vec<_>>())
    }

    /// Lists the arrows that run against the order.
    pub fn upward(&self) -> Vec<(&str, &str)> {
        let all = self.arrows.keys().map(|(from, to)| (from.as_str(), to.as_str()));
        all.filter(|(from, to)| rank(to) > rank(from)).collect()
    }

    /// Lists the upward arrows that close a circle: their target leads back to where they begin.
    pub fn circles(&self) -> Vec<(&str, &str)> {
        let closes = |(from, to): &(&str, &str)| self.leads(to, from);
        self.upward().into_iter().filter(closes).collect()
    }

    fn leads(&self, from: &str, to: &str) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            let next = self.arrows.keys().filter(|(start, _)| start == at).map(|(_, end)| end.as_str());
            open.extend(next.filter(|end| seen.insert(*end)));
        }
        seen.contains(to)
    }

    /// Returns the modules that have no place in the order.
    pub fn strangers(&self) -> Vec<&str> {
        let end = rank("");
        self.modules.iter().map(String::as_str).filter(|module| rank(module) == end).collect()
    }
}

/// Returns the module of a file.
fn module(path: &str) -> String {
    let below = path.split_once("/src/").map_or(path, |(_, below)| below);
    below.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// Lists what a file names of its own crate. The root may name its modules without `crate`.
fn named(source: &Source, own: &str) -> Vec<Import> {
    let mut all = imports(source, "crate");
    if own == "lib" {
        for line in source.product_lines().filter_map(|(_, line)| line.trim().strip_prefix("pub use ")) {
            let first = line.split("::").next().unwrap_or_default();
            all.push(Import { line: 0, path: vec![first.to_owned()] });
        }
    }
    all
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("tests.rs") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> Vec<Source> {
        let source = |(path, text): &(&str, &str)| Source {
            path: format!("shared/x/src/{path}"),
            text: (*text).to_owned(),
        };
        files.iter().map(source).collect()
    }

    #[test]
    fn modules_arrows_and_circles_are_counted_once() {
        let sources = crate_of(&[
            ("lib.rs", "pub mod base;\npub use base::error::Error;"),
            ("base/mod.rs", "use crate::Error;"),
            ("sync/mod.rs", "use crate::base::{a, b};\nuse crate::base::c;"),
            ("sync/ops/x.rs", "use crate::connect::d;"),
            ("connect/mod.rs", "use crate::sync::e;"),
        ]);
        let shape = Shape::of(&sources);
        assert_eq!(shape.modules, ["base", "sync", "connect", "lib"]);
        assert_eq!(shape.arrows.len(), 5);
        assert_eq!(shape.upward(), [("base", "lib"), ("sync", "connect")]);
        assert_eq!(shape.circles(), [("base", "lib"), ("sync", "connect")]);
        assert_eq!(Shape::of_types_and_ports(&sources).circles(), [("base", "lib")]);
        assert_eq!(Shape::of(&crate_of(&[("novel/mod.rs", "")])).strangers(), ["novel"]);
    }
}
