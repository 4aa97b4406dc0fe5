//! The committed template is the one that its generator writes.

use mooring_xtask::{template_file, template_text};

#[test]
fn the_committed_template_is_what_the_generator_writes() {
    let committed = std::fs::read_to_string(template_file()).unwrap();
    assert!(committed == template_text().unwrap(), "run `cargo xtask template` and commit what it writes");
}
