//! Errors of the data folder, each with the file and the cause; and the word to a person when state cannot be kept.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The kind of trouble that a folder or a file makes, as far as it decides what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A file stands where a folder has to be.
    NoFolder,
    /// This user may not read or write there.
    NoRights,
    /// The file system takes no writes.
    ReadOnly,
    /// No space is left, or a quota or a limit is used up.
    Full,
    /// Another process uses the folder.
    InUse,
    /// The content cannot be read as what it has to be.
    Broken,
    /// There is data, and the keys that opened it are gone.
    KeysMissing,
    /// There are keys and a tenant, and the tables are gone.
    TablesMissing,
    /// A release with another form of data wrote it.
    OtherVersion,
    /// Something else that the system reports.
    System,
}

/// What keeps the data folder from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataError {
    /// The folder or file.
    pub path: PathBuf,
    /// The kind.
    pub trouble: Trouble,
    /// The cause, in the system's words where it has any.
    pub cause: String,
}

impl DataError {
    /// Makes the error of a path.
    pub fn new(path: impl Into<PathBuf>, trouble: Trouble, cause: impl fmt::Display) -> Self {
        Self { path: path.into(), trouble, cause: cause.to_string() }
    }

    /// Makes the error of a path from that of the system.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        let trouble = match error.kind() {
            ErrorKind::NotADirectory | ErrorKind::AlreadyExists | ErrorKind::IsADirectory => {
                Trouble::NoFolder
            }
            ErrorKind::PermissionDenied => Trouble::NoRights,
            ErrorKind::ReadOnlyFilesystem => Trouble::ReadOnly,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Trouble::Full,
            _ => Trouble::System,
        };
        Self::new(path, trouble, error)
    }

    /// Makes the error of the database's file from what the database said; the words are `SQLite`'s.
    pub(crate) fn database(path: &Path, said: &str) -> Self {
        let trouble = match said {
            _ if said.contains("not a valid") || said.contains("malformed") => Trouble::Broken,
            _ if said.contains("disk is full") => Trouble::Full,
            _ if said.contains("readonly") => Trouble::ReadOnly,
            _ => Trouble::System,
        };
        let cause = if said.contains("not a valid") { "the file is no SQLite database" } else { said };
        Self::new(path, trouble, cause)
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.cause)
    }
}

impl std::error::Error for DataError {}

/// Whether state is kept, as the last write of each kind says. A write that fails is said once, and once when writes
/// succeed again: a full disk would fill the terminal otherwise.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keeping(Arc<Mutex<Vec<(String, DataError)>>>);

impl Keeping {
    /// Notes the outcome of a write, by the kind of state.
    pub(crate) fn note<T>(&self, kind: &str, outcome: &Result<T, DataError>) {
        match outcome {
            Ok(_) => self.kept(kind),
            Err(error) => self.failed(kind, error),
        }
    }

    /// Notes that a kind of state was kept.
    pub(crate) fn kept(&self, kind: &str) {
        let mut open = self.open();
        let before = open.len();
        open.retain(|(known, _)| known != kind);
        if before > open.len() && open.is_empty() {
            tracing::warn!(event = "data.kept_again", "the data folder takes writes again");
        }
    }

    /// Notes that a kind of state could not be kept.
    pub(crate) fn failed(&self, kind: &str, error: &DataError) {
        let mut open = self.open();
        if open.is_empty() {
            let what = match error.trouble {
                Trouble::Full => "no space is left: calls that write are answered 503 until you free some",
                Trouble::Broken => "a file is broken: stop here, keep the file, and put back a copy of it",
                _ => "state could not be kept: calls that write are answered 503 until this ends",
            };
            tracing::error!(event = "data.not_kept", error = %error, "{what}");
        }
        if !open.iter().any(|(known, _)| known == kind) {
            open.push((kind.to_owned(), error.clone()));
        }
    }

    /// Returns the first failure that has not ended.
    pub(crate) fn failure(&self) -> Option<DataError> {
        self.open().first().map(|(_, error)| error.clone())
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Vec<(String, DataError)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
