//! Data of other versions. A release keeps a folder of its data in `tests/data/<release>` (`cargo xtask keep-data`); from
//! then on every later release starts on it, or refuses it with a sentence.

use std::path::{Path, PathBuf};

use mooring_domain::base::data_version::{DATA_VERSION, RELEASE};
use mooring_local::sample;
use serde_json::{Value, json};

use crate::runner::{Dir, on, refuses};

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data")
}

fn marked(folder: &Path, version: u32) {
    let text = json!({ "data_version": version, "written_by": "7.8.9" }).to_string();
    std::fs::write(folder.join("version.json"), text).unwrap();
}

/// Starts on sample data of this version, and reads from it what its release read.
async fn reads(folder: &Path) {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(folder.join(sample::ANSWERS)).unwrap()).unwrap();
    let runner = on(&folder.display().to_string());
    assert_eq!(sample::answers(&runner.product()).await.unwrap(), expected);
    assert!(runner.stop().status.success());
}

#[tokio::test]
async fn data_of_this_version_is_read_and_data_of_another_is_refused() {
    let dir = Dir::new("version");
    let folder = dir.path().join("state");
    sample::make(&folder).await.unwrap();
    reads(&folder).await;
    let start = "Start with a new folder (--data DIR), or with the release that wrote this one.";
    for other in [DATA_VERSION - 1, DATA_VERSION + 1] {
        marked(&folder, other);
        let found = format!(
            "the data has version {other} and was written by Mooring 7.8.9; this is Mooring {RELEASE}"
        );
        refuses(&folder, &[&found, start]);
    }
    std::fs::remove_file(folder.join("version.json")).unwrap();
    refuses(&folder, &["the data has no version", start]);
    marked(&folder, DATA_VERSION);
    reads(&folder).await;
}

/// Each release whose data is kept: data of this version is read, older data is refused.
#[tokio::test]
async fn data_of_every_release_that_is_kept() {
    let mut releases: Vec<PathBuf> = std::fs::read_dir(kept())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    releases.sort();
    println!("releases with kept data: {}", releases.len());
    for release in releases {
        let dir = Dir::new("release");
        let folder = dir.path().join("state");
        sample::unpack(&release, &folder).unwrap();
        let version: Value =
            serde_json::from_slice(&std::fs::read(folder.join("version.json")).unwrap()).unwrap();
        if version["data_version"] == DATA_VERSION {
            reads(&folder).await;
        } else {
            refuses(&folder, &["Start with a new folder"]);
        }
    }
}

#[tokio::test]
async fn what_is_packed_is_unpacked_as_it_was() {
    let dir = Dir::new("pack");
    let [folder, packed, again] = ["state", "packed", "again"].map(|name| dir.path().join(name));
    sample::make(&folder).await.unwrap();
    sample::pack(&folder, &packed).unwrap();
    sample::unpack(&packed, &again).unwrap();
    reads(&again).await;
}
