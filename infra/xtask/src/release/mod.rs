//! A release by one command: checks what has to hold, builds what ships, writes checksums, and tags at the very end.
//!
//! Without `--yes` it only checks. Nothing is pushed and nothing is published: the tag and the folder are for whoever
//! does that.

mod checks;
mod folder;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::Args;

use crate::package::{self, Arch};
use crate::sbom;
use crate::tools::root;

pub(crate) use checks::Version;

/// The target whose bills ship: that of the template.
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// The release to make.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The version, such as 0.2.0; the workspace and CHANGELOG.md have it already.
    version: Version,
    /// Builds, writes target/release-VERSION and tags; without it the command only checks.
    #[arg(long)]
    yes: bool,
}

/// Checks a release, and with `--yes` makes it.
#[expect(clippy::print_stdout, reason = "the verdicts and the next step are what the chore is asked for")]
pub(crate) fn run(options: &Options) -> Result<()> {
    let (root, version) = (root(), &options.version);
    let faults = checks::faults(&root, version)?;
    ensure!(faults.is_empty(), "{version} cannot be released yet:\n- {}", faults.join("\n- "));
    println!("{version}: clean tree, versions, CHANGELOG.md and tag are in order");
    if !options.yes {
        println!(
            "nothing was done; with --yes it builds every package, writes target/release-{version} and tags"
        );
        return Ok(());
    }
    // First, because they take seconds and can lack a tool.
    clients(&root)?;
    package::package(Arch::Arm64, true, &[])?;
    sbom::write(TARGET)?;
    let folder = root.join(format!("target/release-{version}"));
    let files = folder::write(&root, version, &folder)?;
    let faults = checks::faults(&root, version)?;
    ensure!(faults.is_empty(), "the build changed the tree:\n- {}", faults.join("\n- "));
    tag(&root, version)?;
    println!("{files} files in {}, with SHA256SUMS; the tag v{version} is made", folder.display());
    println!("publish it: git push origin v{version}, and put the folder's files beside the tag");
    Ok(())
}

/// The commands that pack the clients, each with the folder that it runs in. They install what they need.
const PACKS: [(&str, &[&str]); 5] = [
    ("clients/typescript", &["npm", "ci", "--silent"]),
    ("clients/typescript", &["npm", "pack", "--pack-destination", "../../target"]),
    ("clients/python", &["python3", "-m", "venv", "../../target/release-venv"]),
    (
        "clients/python",
        &["../../target/release-venv/bin/pip", "install", "--quiet", "-r", "requirements-release.txt"],
    ),
    ("clients/python", &["../../target/release-venv/bin/python", "-m", "build", "--outdir", "../../target"]),
];

/// Packs the clients, where the repository has them.
fn clients(root: &Path) -> Result<()> {
    for (place, command) in PACKS {
        let folder = root.join(place);
        if let [program, arguments @ ..] = command
            && folder.exists()
        {
            // Where a relative program is looked for differs between systems.
            let program = if program.contains('/') { folder.join(program) } else { program.into() };
            let status = Command::new(&program).args(arguments).current_dir(&folder).status();
            ensure!(
                status.with_context(|| format!("{} in {place}", program.display()))?.success(),
                "{place} was not packed"
            );
        }
    }
    Ok(())
}

fn tag(root: &Path, version: &Version) -> Result<()> {
    let message = format!("Mooring {version}");
    let status = Command::new("git")
        .args(["tag", "--annotate", "--message", &message, &format!("v{version}")])
        .current_dir(root)
        .status()?;
    ensure!(status.success(), "git did not make the tag");
    Ok(())
}
