//! The folder of the state: one process holds it, may write there, and has space for a start.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk;
use crate::trouble::{DataError, Trouble};

/// The space that has to be free at a start, in bytes: the database's log grows to 4 MB before it is folded in, and a
/// first sync of the played platform stores less than the rest.
const NEEDED: usize = 16 * 1024 * 1024;
/// The file of the database.
pub const DATABASE: &str = "dynamodb.sqlite";

/// A data folder that this process holds; clones hold it together.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Arc<File>,
}

impl Folder {
    /// Makes the folder if there is none, takes it for this process, and refuses one that has no space for a start.
    /// Nothing that lies in it is read or changed.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, DataError> {
        let path = path.into();
        disk::make_dir(&path)?;
        let lock = lock(&path)?;
        has_space(&path)?;
        Ok(Self { path, _lock: Arc::new(lock) })
    }

    /// Returns the path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether tables or keys lie here.
    pub fn has_data(&self) -> bool {
        self.has_tables() || self.path.join("kms.json").exists()
    }

    /// Returns whether tables lie here.
    pub fn has_tables(&self) -> bool {
        self.path.join(DATABASE).metadata().is_ok_and(|file| file.len() > 0)
    }
}

/// Takes the lock and leaves the number of this process in it.
fn lock(dir: &Path) -> Result<File, DataError> {
    let path = dir.join("lock");
    let failed = |error| DataError::io(&path, &error);
    let mut file = disk::private_options().read(true).write(true).create(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(DataError::new(dir, Trouble::InUse, in_use(&mut file))),
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    // A full disk takes no number; the lock holds without it.
    file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id())).ok();
    Ok(file)
}

fn in_use(lock: &mut File) -> String {
    let mut text = String::new();
    lock.read_to_string(&mut text).ok();
    match text.parse::<u32>() {
        Ok(process) => format!("another runner uses this folder: process {process}"),
        Err(_) => "another runner uses this folder".to_owned(),
    }
}

/// Writes as much as a start needs and takes it away: the file system alone knows its quotas and limits.
fn has_space(dir: &Path) -> Result<(), DataError> {
    let path = dir.join("space.tmp");
    let outcome = fill(&path);
    std::fs::remove_file(&path).ok();
    match outcome {
        Ok(()) => Ok(()),
        Err((written, error)) => {
            let found = DataError::io(&path, &error);
            Err(match found.trouble {
                Trouble::Full => DataError::new(dir, Trouble::Full, too_little(written, &error)),
                _ => found,
            })
        }
    }
}

fn fill(path: &Path) -> Result<(), (usize, std::io::Error)> {
    let block = vec![1; 256 * 1024];
    let mut file = disk::private(path).map_err(|error| (0, error))?;
    let mut written = 0;
    while written < NEEDED {
        match file.write(&block) {
            Ok(0) => return Err((written, std::io::ErrorKind::StorageFull.into())),
            Ok(count) => written += count,
            Err(error) => return Err((written, error)),
        }
    }
    Ok(())
}

fn too_little(free: usize, error: &std::io::Error) -> String {
    let megabytes = |bytes: usize| bytes.div_ceil(1024 * 1024);
    format!(
        "{error}: a start needs {} MB and finds {} MB, so free {} MB there",
        megabytes(NEEDED),
        free / (1024 * 1024),
        megabytes(NEEDED - free.min(NEEDED))
    )
}
