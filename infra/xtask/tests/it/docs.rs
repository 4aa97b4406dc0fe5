//! Documents that list the words of the domain have all of them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;

use mooring_domain::connect::connection::State;
use mooring_domain::webhook::event::EventType;

fn document(name: &str) -> String {
    fs::read_to_string(format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn states_md_and_its_picture_have_every_state_of_a_connection() {
    let (text, picture) = (document("states.md"), document("images/connection-states.svg"));
    for state in State::ALL.into_iter().map(State::as_str) {
        assert!(text.contains(&format!("| `{state}` | `")), "states.md has no way out of {state}");
        assert!(picture.contains(&format!(">{state}</text>")), "the picture lacks {state}");
    }
}

#[test]
fn webhooks_md_has_every_type_of_event() {
    let text = document("webhooks.md");
    for kind in EventType::ALL.into_iter().map(EventType::as_str) {
        assert!(text.contains(&format!("\n| `{kind}` | ")), "webhooks.md has no row for {kind}");
    }
}
