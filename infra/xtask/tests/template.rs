//! The committed template and the committed page of alarms are what their generator writes.

use mooring_xtask::{alarms_file, alarms_text, template_file, template_text};

#[test]
fn the_committed_template_is_what_the_generator_writes() {
    let committed = std::fs::read_to_string(template_file()).unwrap();
    assert!(committed == template_text().unwrap(), "run `cargo xtask template` and commit what it writes");
}

#[test]
fn the_committed_page_of_alarms_has_the_rows_of_the_queues() {
    let committed = std::fs::read_to_string(alarms_file()).unwrap();
    assert!(committed == alarms_text().unwrap(), "run `cargo xtask template` and commit what it writes");
}
