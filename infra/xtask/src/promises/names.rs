//! Finds tests by their names in the sources, so that a row whose test was renamed fails without a build.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use mooring_tests_tidy::Package;

use super::file::Shown;

/// The tests of the workspace.
pub(super) struct Tests<'a> {
    root: &'a Path,
    packages: &'a [Package],
}

impl<'a> Tests<'a> {
    /// Takes the packages below a folder.
    pub(super) fn new(root: &'a Path, packages: &'a [Package]) -> Self {
        Self { root, packages }
    }

    /// Fails unless the row's test is there, under its full name.
    pub(super) fn have(&self, row: &Shown) -> Result<()> {
        let package = self.packages.iter().find(|package| package.name == row.package);
        let package = package.with_context(|| format!("there is no package {}", row.package))?;
        let folder = self.root.join(&package.folder);
        if let Some(path) = own_runner(&folder, &row.target)? {
            return is_trial(&path, &row.test);
        }
        let main = match row.target.as_str() {
            "lib" => vec!["src/lib.rs".to_owned()],
            name => vec![format!("tests/{name}.rs"), format!("tests/{name}/main.rs")],
        };
        let main = first(&main.iter().map(|name| folder.join(name)).collect::<Vec<_>>())
            .with_context(|| format!("{} has no tests called {}", row.package, row.target))?;
        is_test(&main, &row.test)
    }

    /// Fails unless some package has tests under this name: a test binary, or a module of the binary `it`.
    pub(super) fn have_tests_called(&self, name: &str) -> Result<()> {
        let is_there = |package: &Package| {
            let tests = self.root.join(&package.folder).join("tests");
            let file = format!("{name}.rs");
            first(&[
                tests.join("it").join(&file),
                tests.join("it").join(name).join("mod.rs"),
                tests.join(&file),
                tests.join(name).join("main.rs"),
            ])
            .is_some()
        };
        ensure!(self.packages.iter().any(is_there), "no package has tests called {name}");
        Ok(())
    }
}

/// Returns the main file of a test binary that brings its own runner, so that its tests are not functions of their
/// names.
fn own_runner(folder: &Path, target: &str) -> Result<Option<PathBuf>> {
    let manifest: toml::Table = fs::read_to_string(folder.join("Cargo.toml"))?.parse()?;
    let tests = manifest.get("test").and_then(toml::Value::as_array).into_iter().flatten();
    let word = |test: &toml::Value, key: &str| test.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    for test in tests.filter(|test| word(test, "name").as_deref() == Some(target)) {
        if test.get("harness").and_then(toml::Value::as_bool) == Some(false) {
            return Ok(word(test, "path").map(|path| folder.join(path)));
        }
    }
    Ok(None)
}

/// Checks a name such as `platform::rule`: the rule stands in the list of trials, as `module::rule;`.
fn is_trial(main: &Path, test: &str) -> Result<()> {
    let name = test.rsplit("::").next().unwrap_or(test);
    let folder = main.parent().context("a file has a folder")?;
    let listed = fs::read_to_string(folder.join("rules/mod.rs"))?;
    ensure!(listed.contains(&format!("::{name};")), "there is no trial {test}");
    Ok(())
}

/// Follows the modules of a test's name from the main file of its binary, and looks for the function in the last.
fn is_test(main: &Path, test: &str) -> Result<()> {
    let mut parts: Vec<&str> = test.split("::").collect();
    let name = parts.pop().unwrap_or_default();
    let mut file = main.to_owned();
    let mut folder = main.parent().context("a file has a folder")?.to_owned();
    for module in parts {
        folder.push(module);
        let beside = folder.with_extension("rs");
        // A module is a file of its own, or stands within the file of the one above it.
        if let Some(own) = first(&[beside, folder.join("mod.rs")]) {
            file = own;
        } else {
            let text = fs::read_to_string(&file)?;
            ensure!(text.contains(&format!("mod {module} {{")), "there is no module {module} of {test}");
        }
    }
    let text = fs::read_to_string(&file)?;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = [format!("fn {name}("), format!("async fn {name}(")];
    let at = lines.iter().position(|line| begins.iter().any(|begin| line.starts_with(begin)));
    let at =
        at.with_context(|| format!("there is no test {test}: {} has no such function", file.display()))?;
    ensure!(has_attribute(lines.get(..at).unwrap_or_default()), "{test} is no test, or one that is not run");
    Ok(())
}

/// Returns whether the attributes right above a function make it a test that runs.
fn has_attribute(above: &[&str]) -> bool {
    let attributes =
        || above.iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    let has = |words: &[&str]| attributes().any(|line| words.iter().any(|word| line.starts_with(word)));
    has(&["#[test]", "#[tokio::test"]) && !has(&["#[ignore"])
}

fn first(files: &[PathBuf]) -> Option<PathBuf> {
    files.iter().find(|file| file.is_file()).cloned()
}

#[cfg(test)]
mod tests {
    use super::super::root;
    use super::*;

    fn row(package: &str, target: &str, test: &str) -> Shown {
        let [package, target, test] = [package, target, test].map(str::to_owned);
        Shown { package, target, test, ..Shown::default() }
    }

    fn found(package: &str, target: &str, test: &str) -> bool {
        let packages = mooring_tests_tidy::packages().unwrap();
        Tests::new(&root(), &packages).have(&row(package, target, test)).is_ok()
    }

    #[test]
    fn a_test_that_is_gone_is_not_found() {
        assert!(found("mooring-xtask", "lib", "promises::names::tests::a_test_that_is_gone_is_not_found"));
        assert!(!found("mooring-xtask", "lib", "promises::names::tests::a_test_that_was_renamed"));
        assert!(!found("mooring-xtask", "lib", "promises::other::tests::a_test_that_is_gone_is_not_found"));
        assert!(!found("mooring-other", "lib", "promises::names::tests::a_test_that_is_gone_is_not_found"));
        assert!(!found("mooring-xtask", "nowhere", "a_test_that_is_gone_is_not_found"));
    }

    #[test]
    fn a_function_that_is_no_test_shows_nothing() {
        assert!(!found("mooring-xtask", "lib", "promises::names::first"));
        assert!(has_attribute(&["}", "/// Why.", "#[tokio::test]"]));
        assert!(!has_attribute(&["#[test]", "fn other() {", "}"]));
        assert!(!has_attribute(&["#[test]", "#[ignore = \"long\"]"]));
    }

    #[test]
    fn trials_of_a_runner_of_its_own_are_found_in_its_list() {
        let trial = |name: &str| found("mooring-tests-conformance", "conformance", name);
        assert!(trial("tiktok_ads::paging_ends_and_repeats_nothing"));
        assert!(!trial("tiktok_ads::paging_ends"));
    }
}
