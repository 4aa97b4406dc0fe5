//! The committed count of resources agrees with the template and its plan, and no sum passes its bar.

use mooring_xtask::{resources_file, resources_text};

#[test]
fn the_committed_resources_are_what_the_template_and_its_plan_say() {
    let committed = std::fs::read_to_string(resources_file()).unwrap();
    assert!(committed == resources_text().unwrap(), "run `cargo xtask resources` and commit what it writes");
}
