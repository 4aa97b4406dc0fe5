//! Reads and writes the version of a deployment's data: one row of the Directory.
//!
//! The chore that registers a tenant writes the row, and other chores of an operator read it. No function reads it: a
//! function would pay a call for an answer that changes with a release alone.

use mooring_domain::base::data_version::DataVersion;
use mooring_domain::{Error, Kind, Result};

use crate::client::Check;
use crate::client::Store;
use crate::client::item::{Draft, Fields, number};
use crate::people::keys;

impl Store {
    /// Reads the version of the data; `None` before the first tenant was registered, and for data that a release without
    /// versions began.
    pub async fn data_version(&self) -> Result<Option<DataVersion>> {
        let item = self.get(&keys::data_version()).await?;
        item.map(|item| {
            let fields = Fields::of("data version", &item);
            Ok(DataVersion {
                number: fields.number("number")?,
                written_by: fields.text("written_by")?.to_owned(),
            })
        })
        .transpose()
    }

    /// Writes this release's version where there is none. Fails when the data has another one.
    pub async fn begin_data(&self) -> Result<()> {
        let current = DataVersion::current();
        let draft = Draft::default()
            .with("number", number(current.number))
            .text("written_by", current.written_by.as_str());
        if self.put_if(&keys::data_version(), draft, &[Check::Absent]).await? {
            return Ok(());
        }
        match self.data_version().await?.and_then(|found| found.refusal()) {
            Some(refusal) => {
                let message = format!("This release may not write here: {refusal}.");
                Err(Error::new(Kind::Conflict, "other_data_version", message))
            }
            None => Ok(()),
        }
    }
}
