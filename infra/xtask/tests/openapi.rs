//! The description that is served is the one that the types give.

use mooring_xtask::{openapi_file, openapi_text};

#[test]
fn the_committed_description_is_what_the_types_say() {
    let committed = std::fs::read_to_string(openapi_file()).unwrap();
    assert!(committed == openapi_text().unwrap(), "run `cargo xtask openapi` and commit what it writes");
}
