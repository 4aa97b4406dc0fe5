//! What is written about permissions is what the template grants.

use mooring_xtask::{permissions_file, permissions_text};

#[test]
fn the_committed_permissions_are_what_the_template_says() {
    let committed = std::fs::read_to_string(permissions_file()).unwrap();
    assert!(
        committed == permissions_text().unwrap(),
        "run `cargo xtask permissions` and commit what it writes"
    );
}
