//! Cargo.lock: its crates, and the checksums with which cargo fetched them.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};
use mooring_tests_tidy::linked::Crate;
use mooring_tests_tidy::root;
use serde::Deserialize;

/// The checksums of Cargo.lock; a crate of this workspace has none.
pub(super) struct Lock(BTreeMap<Crate, Option<String>>);

#[derive(Deserialize)]
struct File {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Lock {
    /// Reads the repository's Cargo.lock.
    pub(super) fn read() -> Result<Self> {
        let file: File = toml::from_str(&fs::read_to_string(root().join("Cargo.lock"))?)?;
        let package = |Package { name, version, checksum }| (Crate { name, version }, checksum);
        Ok(Self(file.package.into_iter().map(package).collect()))
    }

    /// Returns the checksum of a crate. Fails if Cargo.lock does not know the crate.
    pub(super) fn checksum(&self, of: &Crate) -> Result<Option<&str>> {
        let found = self.0.get(of).with_context(|| format!("{of:?} is not in Cargo.lock"))?;
        Ok(found.as_deref())
    }
}
