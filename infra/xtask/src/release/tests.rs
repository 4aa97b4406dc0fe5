//! Releases of small repositories, each in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::checks::{Version, faults};
use super::folder::{self, SUMS};

struct Repository(PathBuf);

impl Repository {
    /// Makes a repository that can release 0.2.0.
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("mooring-release-{name}-{}", std::process::id()));
        let repository = Self(folder);
        repository.write("Cargo.toml", "[workspace.package]\nversion = \"0.2.0\"\n");
        repository.write(
            "CHANGELOG.md",
            "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-01\n\n- New.\n\n## [0.1.0]\n- Old.\n",
        );
        repository.write(".gitignore", "/target\n");
        for file in [
            "template.yaml",
            "samconfig.toml",
            "infra/deploy/front.yaml",
            "functions/openapi/openapi.json",
            "LICENSE",
        ] {
            repository.write(file, file);
        }
        repository.git(&["init", "--quiet"]);
        repository.commit();
        repository.git(&["tag", "v0.1.0"]);
        repository
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "Change"]);
    }

    fn git(&self, arguments: &[&str]) {
        let own = ["-c", "user.name=T", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"];
        let status = Command::new("git").args(own).args(arguments).current_dir(&self.0).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    fn faults(&self, version: &str) -> String {
        faults(&self.0, &version.parse().unwrap()).unwrap().join("\n")
    }
}

impl Drop for Repository {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn a_version_is_three_numbers() {
    assert!("0.10.0".parse::<Version>().unwrap() > "0.9.9".parse().unwrap());
    for wrong in ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.02.3", "1.2.-3", "1.2.+3", "1.2.3-rc.1"] {
        assert!(wrong.parse::<Version>().unwrap_err().contains("three numbers"), "{wrong}");
    }
}

#[test]
fn a_release_is_possible_once_everything_says_its_version() {
    let repository = Repository::new("faults");
    assert_eq!(repository.faults("0.2.0"), "");
    for (version, says) in [
        ("0.1.0", "v0.1.0 is there already"),
        ("0.0.9", "v0.1.0 is released already"),
        ("0.3.0", "Cargo.toml says version 0.2.0"),
        ("0.3.0", "no section `## [0.3.0] - DATE`"),
    ] {
        let found = repository.faults(version);
        assert!(found.contains(says), "{version}: {found}");
    }
    repository.write("CHANGELOG.md", "## [0.2.0]\n\n## [0.1.0]\n- Old.\n");
    let found = repository.faults("0.2.0");
    assert!(found.contains("is empty") && found.contains("not clean (M CHANGELOG.md)"), "{found}");
}

#[test]
fn clients_release_under_the_same_version() {
    let repository = Repository::new("clients");
    repository.write("clients/typescript/package.json", "{\"version\": \"0.1.9\"}");
    repository.write("clients/python/pyproject.toml", "[project]\nversion = \"0.2.0\"\n");
    repository.commit();
    let found = repository.faults("0.2.0");
    assert_eq!(found, "clients/typescript/package.json says version 0.1.9: write \"0.2.0\"");
}

#[test]
fn the_folder_has_each_file_under_its_version_and_its_checksum() {
    let repository = Repository::new("folder");
    let (root, version) = (&repository.0, "0.2.0".parse().unwrap());
    let out = root.join("target/release-0.2.0");
    assert!(folder::write(root, &version, &out).unwrap_err().to_string().contains("no package"));
    repository.write("target/lambda/openapi/bootstrap.zip", "zip");
    let lone = folder::write(root, &version, &out).unwrap_err().to_string();
    assert!(lone.contains("1 packages and 0 bills"), "{lone}");
    repository.write("target/sbom/aarch64-unknown-linux-gnu/openapi.cdx.json", "{}");
    repository.write("target/mooring-client-0.2.0.tgz", "client");
    repository.write("target/mooring-client-0.1.0.tgz", "of the release before");
    assert_eq!(folder::write(root, &version, &out).unwrap(), 9);
    assert_eq!(fs::read_to_string(out.join("RELEASE-NOTES.md")).unwrap(), "- New.\n");
    assert!(
        out.join("mooring-0.2.0-openapi-arm64.zip").exists()
            && !out.join("mooring-client-0.1.0.tgz").exists()
    );
    assert!(sums_hold(&out));
    fs::write(out.join("mooring-0.2.0-openapi-arm64.zip"), "other").unwrap();
    assert!(!sums_hold(&out), "a changed file is noticed");
}

fn sums_hold(folder: &Path) -> bool {
    let check = Command::new("sha256sum").args(["--check", "--quiet", SUMS]).current_dir(folder).output();
    check.unwrap().status.success()
}
