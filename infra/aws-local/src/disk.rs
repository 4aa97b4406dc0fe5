//! Files that are whole after a kill: written beside their place and renamed; and the snapshots of a service.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use awsim_core::ServiceHandler;
use tokio::sync::Mutex;

use crate::trouble::{DataError, Keeping, Trouble};

/// The outcome of work with a file of the data folder.
pub(crate) type Result<T> = std::result::Result<T, DataError>;

/// Reads a file; `None` when there is none.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DataError::io(path, &error)),
    }
}

/// Makes a directory that only this user may read. A directory that exists keeps its mode, because it may be the
/// person's own, such as `.`; the files that this process makes in it are private by themselves.
pub(crate) fn make_dir(dir: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| DataError::io(dir, &error))
}

/// Returns options with which a new file is readable by this user alone.
pub(crate) fn private_options() -> OpenOptions {
    let mut options = File::options();
    options.mode(0o600);
    options
}

/// Opens an empty file that only this user may read. A file that exists becomes private and is emptied.
pub(crate) fn private(path: &Path) -> std::io::Result<File> {
    let file = private_options().create(true).truncate(true).write(true).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600)).map(|()| file)
}

/// Makes a file that only this user may read, if there is none. A file that exists keeps its content.
pub(crate) fn keep_private(path: &Path) -> Result<()> {
    let opened = private_options().create(true).append(true).open(path);
    opened
        .and_then(|file| file.set_permissions(Permissions::from_mode(0o600)))
        .map_err(|error| DataError::io(path, &error))
}

/// Replaces a file in one step. When that fails, the file stays as it was and nothing is left beside it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("tmp");
    let written = private(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(|error| {
        // The part that was written would take the space that is missing.
        std::fs::remove_file(&beside).ok();
        DataError::io(path, &error)
    })
}

/// Keeps a service's state in one file; concurrent commits share a write.
pub(crate) struct Snapshots {
    service: Arc<dyn ServiceHandler>,
    file: Option<PathBuf>,
    changes: AtomicU64,
    saved: Arc<Mutex<u64>>,
    keeping: Keeping,
}

impl Snapshots {
    /// Restores the service from `dir` and keeps it there; without one it stays in memory.
    pub(crate) fn restore(
        service: Arc<dyn ServiceHandler>,
        dir: Option<&Path>,
        keeping: Keeping,
    ) -> Result<Self> {
        let file = dir.map(|dir| dir.join(format!("{}.json", service.service_name())));
        if let Some(file) = &file
            && let Some(bytes) = read(file)?
        {
            service.restore(&bytes).map_err(|error| DataError::new(file, Trouble::Broken, error))?;
        }
        Ok(Self { service, file, changes: AtomicU64::new(0), saved: Arc::default(), keeping })
    }

    /// Returns why state is not kept at present.
    pub(crate) fn failure(&self) -> Option<DataError> {
        self.keeping.failure()
    }

    /// Notes a change that the next save takes along.
    pub(crate) fn touch(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Notes a change and returns when it is on disk.
    pub(crate) async fn commit(&self) -> Result<()> {
        self.touch();
        self.save().await
    }

    /// Saves the changes that are not saved yet.
    pub(crate) async fn save(&self) -> Result<()> {
        let wanted = self.changes.load(Ordering::SeqCst);
        let mut saved = Arc::clone(&self.saved).lock_owned().await;
        let Some(file) = self.file.clone().filter(|_| *saved < wanted) else { return Ok(()) };
        let covered = self.changes.load(Ordering::SeqCst);
        let (service, keeping) = (Arc::clone(&self.service), self.keeping.clone());
        let path = file.clone();
        // The write goes on when its caller is dropped, so the lock moves into the write.
        let write = move || {
            let none = || DataError::new(&file, Trouble::System, "the service gave no state to keep");
            let outcome = service.snapshot().ok_or_else(none).and_then(|bytes| write(&file, &bytes));
            keeping.note(service.service_name(), &outcome);
            outcome.map(|()| *saved = covered)
        };
        let written = tokio::task::spawn_blocking(write).await;
        written.unwrap_or_else(|panic| Err(DataError::new(path, Trouble::System, panic)))
    }
}
