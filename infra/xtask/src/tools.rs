//! Third-party tools, in virtual environments below target/ci-tools, from requirement files of this repository.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

/// A set of tools.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tools {
    folder: &'static str,
    requirements: &'static str,
    /// A program that exists once the set is complete.
    probe: &'static str,
}

/// The tools that build for Lambda.
pub(crate) const PACKAGE: Tools =
    Tools { folder: "package-venv", requirements: "infra/deploy/requirements.txt", probe: "cargo-lambda" };
/// The tools that play the cloud.
pub(crate) const E2E: Tools =
    Tools { folder: "e2e-venv", requirements: "tests/e2e/requirements.txt", probe: "ministack" };

impl Tools {
    /// Returns the programs' folder. The error says how to install them.
    pub(crate) fn bin(self) -> Result<PathBuf> {
        let venv = format!("target/ci-tools/{}", self.folder);
        let bin = root().join(&venv).join("bin");
        ensure!(
            bin.join(self.probe).exists(),
            "{} is not installed; run: python3 -m venv {venv} && {venv}/bin/pip install -r {}",
            self.probe,
            self.requirements
        );
        Ok(bin)
    }

    /// Returns a command that finds these programs first.
    pub(crate) fn command(self, program: &str) -> Result<Command> {
        let bin = self.bin()?;
        let mut path = OsString::from(&bin);
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let own = bin.join(program);
        let mut command = Command::new(if own.exists() { own } else { PathBuf::from(program) });
        command.env("PATH", path).current_dir(root());
        Ok(command)
    }
}

/// Returns the repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}
