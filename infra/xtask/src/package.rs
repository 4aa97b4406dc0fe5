//! Builds the binary of every function for Lambda, through cargo-lambda and zig, and shows the sizes.
//!
//! Without `--deploy` the command is the one that `sam build` runs for the template's functions, with all binaries at
//! once: both share target/, so neither builds again what the other has built. With `--deploy` the binaries are those
//! that a deployment should have, each linked as a whole.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, IsTerminal as _, Read as _, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use mooring_local::screen::{done, table};

use crate::tools::{PACKAGE, root};

/// A processor of Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    /// Graviton, the processor of the template.
    Arm64,
    /// Intel and AMD.
    #[value(name = "x86-64")]
    X86_64,
}

impl Arch {
    fn flag(self) -> &'static str {
        match self {
            Self::Arm64 => "--arm64",
            Self::X86_64 => "--x86-64",
        }
    }

    fn triple(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// Returns the number of the processor in the header of a binary.
    fn machine(self) -> u16 {
        match self {
            Self::Arm64 => 183,
            Self::X86_64 => 62,
        }
    }
}

/// Returns the folder of the packages.
pub(crate) fn folder() -> PathBuf {
    root().join("target/lambda")
}

/// Lists the functions: the folders of functions/.
pub(crate) fn functions() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("functions"))? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").exists() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Returns the build profile of a function's binary; the manifest of the workspace says why sync-worker has its own.
fn profile(deploy: bool, name: &str) -> &'static str {
    match (deploy, name) {
        (false, _) => "release",
        (true, "sync-worker") => "deploy-worker",
        (true, _) => "deploy",
    }
}

/// Builds and packs some functions, all if none is named.
pub(crate) fn package(arch: Arch, deploy: bool, only: &[String]) -> Result<()> {
    let all = functions()?;
    if let Some(unknown) = only.iter().find(|name| !all.contains(name)) {
        bail!("there is no function `{unknown}`; known: {}", all.join(", "));
    }
    let chosen = if only.is_empty() { all } else { only.to_vec() };
    let bar = progress(chosen.len())?;
    for wanted in ["release", "deploy", "deploy-worker"] {
        let of = |name: &&String| profile(deploy, name) == wanted;
        let functions: Vec<_> = chosen.iter().filter(of).cloned().collect();
        if !functions.is_empty() {
            build(arch, wanted, &functions, "binary", &bar)?;
            build(arch, wanted, &functions, "zip", &bar)?;
        }
    }
    bar.finish_and_clear();
    let mut rows = Vec::new();
    for name in &chosen {
        rows.push(weigh(arch, name)?);
    }
    table(&["function", "raw", "zipped"], &rows);
    done(&format!("{} functions for {} in target/lambda", chosen.len(), arch.triple()));
    Ok(())
}

fn progress(functions: usize) -> Result<ProgressBar> {
    let style = "  {spinner} [{bar:30.green/dim}] {pos:>2}/{len} functions {elapsed} {wide_msg}";
    let bar = ProgressBar::new(functions.try_into()?);
    bar.set_style(ProgressStyle::with_template(style)?.progress_chars("█▌ "));
    if !stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    Ok(bar)
}

/// Runs cargo-lambda; the bar follows cargo's output, which is shown in full when the build fails.
fn build(arch: Arch, profile: &str, functions: &[String], format: &str, bar: &ProgressBar) -> Result<()> {
    let mut command = command(arch, profile, functions, format)?;
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let said = child.stderr.take().context("cargo-lambda has no standard error")?;
    let mut lines = Vec::new();
    for line in BufReader::new(said).lines() {
        let line = line?;
        bar.set_message(line.trim().to_owned());
        if functions.iter().any(|name| line.contains(&format!("Compiling mooring-{name} "))) {
            bar.inc(1);
        }
        lines.push(line);
    }
    let status = child.wait()?;
    ensure!(status.success(), "cargo-lambda ended with {status}:\n{}", lines.join("\n"));
    Ok(())
}

fn command(arch: Arch, profile: &str, functions: &[String], format: &str) -> Result<Command> {
    let mut command = PACKAGE.command("cargo")?;
    command.args([
        "lambda",
        "build",
        "--profile",
        profile,
        "--locked",
        "--output-format",
        format,
        arch.flag(),
    ]);
    command.env("CARGO_TERM_COLOR", "never");
    for name in functions {
        command.args(["--bin", name]);
    }
    Ok(command)
}

fn weigh(arch: Arch, name: &str) -> Result<Vec<String>> {
    let folder = folder().join(name);
    let (raw, zipped) = (folder.join("bootstrap"), folder.join("bootstrap.zip"));
    ensure!(is_for(&raw, arch)?, "{} is not a binary for {}", raw.display(), arch.triple());
    let mut row = vec![name.to_owned()];
    for file in [raw, zipped] {
        let bytes = fs::metadata(&file).with_context(|| file.display().to_string())?.len();
        row.push(format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000));
    }
    Ok(row)
}

/// Returns whether a file is a binary for a processor, by the header of its format.
pub(crate) fn is_for(file: &Path, arch: Arch) -> Result<bool> {
    let mut header = [0; 20];
    let mut opened = File::open(file)
        .with_context(|| format!("{} is missing; run `cargo xtask package`", file.display()))?;
    opened.read_exact(&mut header)?;
    let [magic @ .., low, high] = header;
    Ok(magic.starts_with(b"\x7fELF") && u16::from_le_bytes([low, high]) == arch.machine())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_says_its_processor() {
        let own = std::env::current_exe().unwrap();
        assert_eq!(is_for(&own, Arch::X86_64).unwrap(), cfg!(target_arch = "x86_64"));
        assert_eq!(is_for(&own, Arch::Arm64).unwrap(), cfg!(target_arch = "aarch64"));
        assert!(!is_for(&root().join("Cargo.toml"), Arch::X86_64).unwrap());
    }

    #[test]
    fn every_function_is_packed() {
        let names = functions().unwrap();
        assert!(names.len() >= 17 && names.contains(&"sync-worker".to_owned()), "{names:?}");
    }
}
