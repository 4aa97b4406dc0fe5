//! The version of the form in which data is stored, and the release that stores it.

/// The version of the form of everything that this release stores: rows, chunks, sealed values, and the files of the local
/// runner. Raise it when this release cannot read what the release before it stored.
pub const DATA_VERSION: u32 = 1;

/// The number of this release.
pub const RELEASE: &str = env!("CARGO_PKG_VERSION");

/// The version of some stored data, and the release that began it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataVersion {
    /// The number; see [`DATA_VERSION`].
    pub number: u32,
    /// The release, such as `0.1.0`.
    pub written_by: String,
}

impl DataVersion {
    /// Returns the version of data that this release begins.
    pub fn current() -> Self {
        Self { number: DATA_VERSION, written_by: RELEASE.to_owned() }
    }

    /// Returns why this release does not read the data; `None` when it does. What to do depends on where the data lies,
    /// so the caller says that.
    pub fn refusal(&self) -> Option<String> {
        let Self { number, written_by } = self;
        (*number != DATA_VERSION).then(|| {
            format!(
                "the data has version {number} and was written by Mooring {written_by}; this is Mooring {RELEASE}, which \
                 reads version {DATA_VERSION}"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_of_another_version_is_refused_older_or_newer() {
        assert_eq!(DataVersion::current().refusal(), None);
        for number in [DATA_VERSION - 1, DATA_VERSION + 1] {
            let refusal = DataVersion { number, written_by: "7.8.9".to_owned() }.refusal().unwrap();
            let named =
                [format!("version {number} "), "Mooring 7.8.9".to_owned(), format!("Mooring {RELEASE}")];
            assert!(named.iter().all(|part| refusal.contains(part)), "{refusal}");
        }
    }

    #[test]
    fn another_release_of_the_same_version_is_read() {
        let later = DataVersion { number: DATA_VERSION, written_by: "7.8.9".to_owned() };
        assert_eq!(later.refusal(), None);
    }
}
