//! The folder of a release: what ships, under names with the version, and the SHA-256 of each file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use mooring_domain::base::host::Entropy as _;
use mooring_system::SystemEntropy;

use super::checks::{Version, notes};

/// The file of checksums, in the form that `sha256sum --check` reads.
pub(super) const SUMS: &str = "SHA256SUMS";

/// Files of the repository that an operator deploys with.
const PLAIN: [&str; 5] = [
    "template.yaml",
    "samconfig.toml",
    "infra/deploy/front.yaml",
    "functions/openapi/openapi.json",
    "LICENSE",
];

/// Writes the folder anew and returns how many files ship.
pub(super) fn write(root: &Path, version: &Version, folder: &Path) -> Result<usize> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir_all(folder)?;
    fs::write(folder.join("RELEASE-NOTES.md"), notes(root, version)?)?;
    for file in PLAIN {
        let name = Path::new(file).file_name().context("a file without a name")?;
        copy(&root.join(file), &folder.join(name))?;
    }
    let packages = each(&root.join("target/lambda"), |name| {
        let package = root.join("target/lambda").join(name).join("bootstrap.zip");
        package.exists().then(|| (package, format!("mooring-{version}-{name}-arm64.zip")))
    })?;
    let bills = each(&root.join("target/sbom").join(super::TARGET), |name| {
        let bill = root.join("target/sbom").join(super::TARGET).join(name);
        name.ends_with(".cdx.json").then(|| (bill, format!("mooring-{version}-{name}")))
    })?;
    ensure!(!packages.is_empty(), "target/lambda has no package");
    ensure!(packages.len() == bills.len(), "{} packages and {} bills", packages.len(), bills.len());
    let clients = each(&root.join("target"), |name| {
        let packed = [".tgz", ".whl", ".tar.gz"].iter().any(|end| name.ends_with(end));
        (packed && name.contains(&version.to_string()))
            .then(|| (root.join("target").join(name), name.to_owned()))
    })?;
    for (from, name) in packages.into_iter().chain(bills).chain(clients) {
        copy(&from, &folder.join(name))?;
    }
    sums(folder)
}

/// Takes what `take` returns for each name in a folder; nothing from a folder that is not there.
fn each<T>(folder: &Path, take: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut taken = Vec::new();
    for entry in fs::read_dir(folder)? {
        taken.extend(take(&entry?.file_name().to_string_lossy()));
    }
    Ok(taken)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).map(|_| ()).with_context(|| from.display().to_string())
}

fn sums(folder: &Path) -> Result<usize> {
    let mut names = each(folder, |name| Some(name.to_owned()))?;
    names.sort();
    let mut text = String::new();
    for name in &names {
        let digest = SystemEntropy.digest(&fs::read(folder.join(name))?);
        writeln!(text, "{}  {name}", digest.to_hex())?;
    }
    fs::write(folder.join(SUMS), text)?;
    Ok(names.len())
}
