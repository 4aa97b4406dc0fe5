//! The files that a skeleton makes and those that it edits, all decided before the first is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

/// A skeleton that is not written yet.
#[derive(Debug)]
pub struct Plan {
    root: PathBuf,
    made: BTreeMap<PathBuf, String>,
    edited: BTreeMap<PathBuf, String>,
    /// Says what to do after the skeleton is written.
    pub(super) next: String,
}

impl Plan {
    /// Makes an empty plan below a root.
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), made: BTreeMap::new(), edited: BTreeMap::new(), next: String::new() }
    }

    /// Returns whether a path is there already.
    pub(super) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Reads a standing file.
    pub(super) fn read(&self, path: &str) -> Result<String> {
        let path = self.root.join(path);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// Adds a file to make; one that is there already is refused.
    pub(super) fn make(&mut self, path: impl Into<PathBuf>, text: String) -> Result<()> {
        let path = path.into();
        ensure!(!self.root.join(&path).exists(), "{} is there already", path.display());
        self.made.insert(path, text);
        Ok(())
    }

    /// Adds an edit of a standing file.
    pub(super) fn edit(&mut self, path: &str, edit: impl FnOnce(&str) -> Result<String>) -> Result<()> {
        let before = match self.edited.get(Path::new(path)) {
            Some(text) => text.clone(),
            None => self.read(path)?,
        };
        let after = edit(&before).with_context(|| format!("{path} cannot be edited"))?;
        if after != before {
            self.edited.insert(path.into(), after);
        }
        Ok(())
    }

    /// Lists the files: `make` or `edit`, and the path below the root.
    pub fn list(&self) -> Vec<(&'static str, &Path)> {
        let made = self.made.keys().map(|path| ("make", path.as_path()));
        made.chain(self.edited.keys().map(|path| ("edit", path.as_path()))).collect()
    }

    /// Writes all files.
    pub fn write(&self) -> Result<()> {
        for (path, text) in self.made.iter().chain(&self.edited) {
            let path = self.root.join(path);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            }
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    }
}
