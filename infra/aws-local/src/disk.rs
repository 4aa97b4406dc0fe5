//! Files that are whole after a kill: written beside their place and renamed; and the snapshots of a service.

use std::fs::{DirBuilder, File, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, anyhow};
use awsim_core::ServiceHandler;
use tokio::sync::Mutex;

/// Reads a file; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Makes a directory that only this user may read. A directory that exists keeps its mode, because it may be the
/// person's own, such as `.`; the files that this process makes in it are private by themselves.
pub fn make_dir(dir: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.with_context(|| format!("cannot create {}", dir.display()))
}

/// Opens an empty file that only this user may read. A file that exists becomes private and is emptied.
pub fn private(path: &Path) -> std::io::Result<File> {
    let file = File::options().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600)).map(|()| file)
}

/// Makes a file that only this user may read, if there is none. A file that exists keeps its content.
pub(crate) fn keep_private(path: &Path) -> Result<()> {
    let opened = File::options().create(true).append(true).mode(0o600).open(path);
    opened
        .and_then(|file| file.set_permissions(Permissions::from_mode(0o600)))
        .with_context(|| format!("cannot open {}", path.display()))
}

/// Replaces a file in one step.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension("tmp");
    private(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Keeps a service's state in one file; concurrent commits share a write.
pub(crate) struct Snapshots {
    service: Arc<dyn ServiceHandler>,
    file: Option<PathBuf>,
    changes: AtomicU64,
    saved: Arc<Mutex<u64>>,
}

impl Snapshots {
    /// Restores the service from `dir` and keeps it there; without one it stays in memory.
    pub(crate) fn restore(service: Arc<dyn ServiceHandler>, dir: Option<&Path>) -> Result<Self> {
        let file = dir.map(|dir| dir.join(format!("{}.json", service.service_name())));
        if let Some(file) = &file
            && let Some(bytes) = read(file)?
        {
            service.restore(&bytes).map_err(|error| anyhow!("cannot restore {}: {error}", file.display()))?;
        }
        Ok(Self { service, file, changes: AtomicU64::new(0), saved: Arc::default() })
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
        let service = Arc::clone(&self.service);
        // The write goes on when its caller is dropped, so the lock moves into the write.
        let write = move || {
            write(&file, &service.snapshot().context("no snapshot")?)?;
            *saved = covered;
            Ok(())
        };
        tokio::task::spawn_blocking(write).await?
    }
}
