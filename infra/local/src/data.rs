//! The folder of a runner: its data version, and the files that have to be there together. Every check comes before the
//! first write, so that a refused start leaves the folder as it was.

use std::path::{Path, PathBuf};

use mooring_aws_local::{DATABASE, DataError, Folder, Trouble, read, write};
use mooring_domain::base::data_version::{DATA_VERSION, DataVersion, RELEASE};
use serde_json::{Value, json};

/// The file of the first tenant and its API key.
pub(crate) const SEED: &str = "seed.json";
/// The file of the played platform's tokens.
pub(crate) const SANDBOX: &str = "sandbox.json";
/// The file of the data version.
const VERSION: &str = "version.json";

/// Takes a folder for this process. Refuses data of another version, and data of which a part is gone or broken.
pub(crate) fn open(path: &Path) -> Result<Folder, DataError> {
    let folder = Folder::open(path)?;
    check_version(&folder)?;
    if folder.path().join(SEED).exists() && !folder.has_tables() {
        let cause = "the tables are gone or empty, and the tenant and the keys beside them are still there";
        let file = folder.path().join(DATABASE);
        return Err(DataError::new(file, Trouble::TablesMissing, cause));
    }
    for name in [SEED, SANDBOX] {
        object(&folder.path().join(name))?;
    }
    Ok(folder)
}

/// Reads a file that holds a JSON object; `None` when there is no file.
pub(crate) fn object(file: &Path) -> Result<Option<Value>, DataError> {
    let Some(bytes) = read(file)? else { return Ok(None) };
    let broken = |cause: String| DataError::new(file, Trouble::Broken, cause);
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| broken(error.to_string()))?;
    if value.is_object() { Ok(Some(value)) } else { Err(broken("it holds no JSON object".to_owned())) }
}

/// Holds the folder's version against this release's, and writes it into a folder without data.
fn check_version(folder: &Folder) -> Result<(), DataError> {
    let file = folder.path().join(VERSION);
    let other = |cause: String| Err(DataError::new(folder.path(), Trouble::OtherVersion, cause));
    let Some(found) = found(&file)? else {
        if folder.has_data() {
            return other(format!(
                "the data has no version, so a release before versions wrote it; this is Mooring {RELEASE}, which \
                 reads version {DATA_VERSION}"
            ));
        }
        let DataVersion { number, written_by } = DataVersion::current();
        let text = json!({ "data_version": number, "written_by": written_by }).to_string();
        return write(&file, text.as_bytes());
    };
    found.refusal().map_or(Ok(()), other)
}

fn found(file: &PathBuf) -> Result<Option<DataVersion>, DataError> {
    let Some(value) = object(file)? else { return Ok(None) };
    let number = value.get("data_version").and_then(Value::as_u64).and_then(|number| number.try_into().ok());
    let written_by = value.get("written_by").and_then(Value::as_str);
    match (number, written_by) {
        (Some(number), Some(by)) => Ok(Some(DataVersion { number, written_by: by.to_owned() })),
        _ => Err(DataError::new(file, Trouble::Broken, "it names no data version and release")),
    }
}
