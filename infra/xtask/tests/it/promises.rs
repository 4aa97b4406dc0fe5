//! docs/promises.md agrees with tests/promises.toml, whose rows fit the tree.

use mooring_xtask::{promises_file, promises_text};

#[test]
fn the_committed_promises_are_what_the_data_file_says() {
    let committed = std::fs::read_to_string(promises_file()).unwrap();
    assert!(committed == promises_text().unwrap(), "run `cargo xtask promises` and commit what it writes");
}
