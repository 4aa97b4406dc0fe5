//! Breaks the product once for each row, in a copy of the tree, and expects the row's test to notice.
//!
//! The copy has a target folder of its own: artifacts of a broken product must never be taken for those of the real one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, Result, bail, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use super::file::{Promises, Shown};

/// Proves every row that names one of the ids, or every row.
#[expect(clippy::print_stdout, reason = "a line for each row, for whoever runs it")]
pub(super) fn all(root: &Path, promises: &Promises, ids: &[String]) -> Result<()> {
    promises.claim_each(ids)?;
    let wanted = |row: &&Shown| ids.is_empty() || row.ids.iter().any(|id| ids.contains(id));
    let mut rows: Vec<_> = promises.shown.iter().filter(wanted).collect();
    // Rows of one test binary follow each other, so that little has to be built anew.
    rows.sort_by_key(|row| (&row.package, &row.target, &row.file));
    let (begun, copy) = (Instant::now(), Copy::of(root)?);
    let bar = ProgressBar::new(u64::try_from(rows.len())?);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}")?);
    let mut failed = Vec::new();
    for group in rows.chunk_by(|one, next| (&one.package, &one.target) == (&next.package, &next.target)) {
        bar.set_message("as it is");
        copy.are_green(group)?;
        for row in group {
            bar.set_message(row.test.clone());
            let verdict = copy.prove(row);
            bar.suspend(|| match &verdict {
                Ok(()) => {
                    println!("red as it has to be: {}: {} ({})", row.ids.join(", "), row.test, row.change);
                }
                Err(error) => println!("NOT PROVEN: {}: {}: {error:#}", row.ids.join(", "), row.test),
            });
            failed.extend(verdict.err().map(|_| row.test.as_str()));
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    println!(
        "{} of {} rows proven in {} s",
        rows.len() - failed.len(),
        rows.len(),
        begun.elapsed().as_secs()
    );
    if failed.is_empty() { Ok(()) } else { bail!("not proven: {}", failed.join(", ")) }
}

/// A copy of the tree.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    fn of(root: &Path) -> Result<Self> {
        let base = root.canonicalize()?.join("target/promises");
        let copy = Self { tree: base.join("tree"), target: base.join("target") };
        let names = listed(root)?;
        copy.forget(&names)?;
        for name in &names {
            let (from, to) = (root.join(name), copy.tree.join(name));
            let same = fs::read(&from).ok() == fs::read(&to).ok();
            if !same {
                fs::create_dir_all(to.parent().context("a file has a folder")?)?;
                fs::copy(&from, &to).with_context(|| name.clone())?;
                touch(&to)?;
            }
        }
        Ok(copy)
    }

    /// Removes the files that an earlier copy had and the tree no longer has: tests that read the tree would see them.
    fn forget(&self, names: &[String]) -> Result<()> {
        if !self.tree.is_dir() {
            return Ok(());
        }
        for entry in walk(&self.tree)? {
            let name = entry.strip_prefix(&self.tree)?.to_string_lossy().into_owned();
            if !names.contains(&name) {
                fs::remove_file(&entry).with_context(|| name)?;
            }
        }
        Ok(())
    }

    /// Runs the tests of one test binary in the unbroken product: a test that is red anyway proves nothing. Each test
    /// runs by itself, because not every runner takes more than one name.
    fn are_green(&self, rows: &[&Shown]) -> Result<()> {
        let tests: BTreeMap<&str, &Shown> = rows.iter().map(|row| (row.test.as_str(), *row)).collect();
        for (name, row) in tests {
            let run = self.test(row, &["--", "--exact", name])?;
            let said = tail(&run.stdout);
            ensure!(run.status.success(), "{name} is red before anything is changed:\n{said}");
        }
        Ok(())
    }

    fn prove(&self, row: &Shown) -> Result<()> {
        let file = self.tree.join(&row.file);
        let whole = fs::read_to_string(&file)?;
        fs::write(&file, row.broken(&whole))?;
        let verdict = self.is_red(row);
        fs::write(&file, whole)?;
        touch(&file)?;
        verdict
    }

    fn is_red(&self, row: &Shown) -> Result<()> {
        let built = self.test(row, &["--no-run"])?;
        ensure!(built.status.success(), "the broken product does not compile:\n{}", tail(&built.stderr));
        let run = self.test(row, &["--", "--exact", &row.test])?;
        let said = String::from_utf8_lossy(&run.stdout);
        ensure!(said.contains("running 1 test"), "there is no test of this name");
        ensure!(!run.status.success(), "the test did not notice");
        Ok(())
    }

    fn test(&self, row: &Shown, rest: &[&str]) -> Result<Output> {
        let cargo = std::env::var_os("CARGO").context("run it as `cargo xtask`")?;
        let mut command = Command::new(cargo);
        command.args(["test", "--quiet", "--offline", "--package", &row.package]);
        match row.target.as_str() {
            "lib" => command.arg("--lib"),
            name => command.args(["--test", name]),
        };
        command.args(rest).env("CARGO_TARGET_DIR", &self.target).current_dir(&self.tree);
        Ok(command.output()?)
    }
}

/// Lists the files that git tracks or would add, so that the copy has uncommitted files too.
fn listed(root: &Path) -> Result<Vec<String>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = Command::new("git").args(arguments).current_dir(root).output()?;
    ensure!(listed.status.success(), "git ls-files failed: the tree is copied by what git knows");
    let names = String::from_utf8(listed.stdout)?;
    let names = names.split_terminator('\0').filter(|name| root.join(name).is_file());
    Ok(names.map(str::to_owned).collect())
}

/// Lists every file below a folder, without build output.
fn walk(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            found.extend(walk(&path)?);
        } else if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

/// Sets the time of a file to now, so that cargo sees the change.
fn touch(file: &Path) -> Result<()> {
    Ok(fs::File::options().write(true).open(file)?.set_modified(SystemTime::now())?)
}

fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<_> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(20)).copied().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is gone from the tree is gone from the copy at its next use, and build output stays.
    #[test]
    fn a_copy_forgets_what_the_tree_no_longer_has() {
        let base = std::env::temp_dir().join(format!("mooring-promises-{}", std::process::id()));
        let tree = base.join("tree");
        fs::create_dir_all(tree.join("src")).unwrap();
        fs::create_dir_all(tree.join("target")).unwrap();
        for name in ["src/kept.rs", "src/gone.rs", "target/built"] {
            fs::write(tree.join(name), name).unwrap();
        }
        let copy = Copy { tree: tree.clone(), target: base.join("target") };
        copy.forget(&["src/kept.rs".to_owned()]).unwrap();
        let left = ["src/kept.rs", "src/gone.rs", "target/built"].map(|name| tree.join(name).exists());
        assert_eq!(left, [true, false, true]);
        fs::remove_dir_all(&base).unwrap();
    }
}
