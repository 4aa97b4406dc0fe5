//! What breaks a client of the last release is found, each kind by its example; what does not is let through.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use mooring_xtask::description;
use mooring_xtask::released::{breaks, check, judge};
use serde_json::{Value, json};

#[test]
fn the_description_keeps_what_was_released() {
    check(&description().unwrap()).unwrap();
}

/// Returns the breaks after a change of the description.
fn after(change: impl Fn(&mut Value)) -> Vec<String> {
    let old = description().unwrap();
    let mut new = old.clone();
    change(&mut new);
    breaks(&old, &new)
}

fn take(value: &mut Value, pointer: &str, name: &str) {
    value.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name).unwrap();
}

fn without(value: &mut Value, pointer: &str, word: &str) {
    let words = value.pointer_mut(pointer).unwrap().as_array_mut().unwrap();
    let before = words.len();
    words.retain(|known| known != word);
    assert!(words.len() < before, "{word} was not there");
}

fn put(value: &mut Value, pointer: &str, new: Value) {
    *value.pointer_mut(pointer).unwrap() = new;
}

type Change = fn(&mut Value);

const BREAKS: &[(&str, Change)] = &[
    ("the operation is gone", |all| take(all, "/paths/~1v1~1deletions", "get")),
    ("the event is gone", |all| take(all, "/webhooks", "account.disconnected")),
    ("its name changed", |all| put(all, "/paths/~1v1~1reports/get/operationId", json!("report"))),
    ("who may call it changed", |all| {
        put(all, "/paths/~1v1~1reports/get/security", json!([{ "credential": ["connect"] }]));
    }),
    ("a call with it is refused", |all| {
        put(all, "/paths/~1v1~1deletions/get/parameters", json!([]));
    }),
    ("is required now", |all| put(all, "/paths/~1v1~1connections/get/parameters/0/required", json!(true))),
    ("the field is required now", |all| {
        put(
            all,
            "/components/schemas/SessionRequest/required",
            json!(["end_user", "platform", "return_url", "end_user_email"]),
        );
    }),
    ("body.end_user_email: the field is gone", |all| {
        take(all, "/components/schemas/SessionRequest/properties", "end_user_email");
    }),
    ("a body of application/json is refused now", |all| {
        take(all, "/paths/~1v1~1deletion-requests/post/requestBody/content", "application/json");
    }),
    ("one of its forms is gone", |all| {
        all.pointer_mut("/components/schemas/DeletionRequest/anyOf")
            .unwrap()
            .as_array_mut()
            .unwrap()
            .remove(0);
    }),
    ("rows[].metrics.spend: the field is gone", |all| {
        take(all, "/components/schemas/ReportMetrics/properties", "spend");
    }),
    ("currency: the field can be missing now", |all| {
        without(all, "/components/schemas/Account/required", "currency");
    }),
    ("the word suspect is gone", |all| without(all, "/components/schemas/ConnectionState/enum", "suspect")),
    ("was string, is integer", |all| {
        put(all, "/components/schemas/Report/properties/time_zone/type", json!("integer"));
    }),
    ("is null or string", |all| {
        put(all, "/components/schemas/Report/properties/time_zone/type", json!(["string", "null"]));
    }),
    ("its pattern changed", |all| {
        put(all, "/components/schemas/SessionRequest/properties/end_user/pattern", json!("^[a-z]+$"));
    }),
    ("its maxLength is tighter", |all| {
        put(all, "/components/schemas/SessionRequest/properties/end_user/maxLength", json!(7));
    }),
    ("its minLength is tighter", |all| {
        put(all, "/components/schemas/SessionRequest/properties/end_user/minLength", json!(7));
    }),
    ("its format changed", |all| take(all, "/components/schemas/Connection/properties/created_at", "format")),
    ("the answer 429 is gone", |all| take(all, "/paths/~1v1~1reports/get/responses", "429")),
    ("no Location any more", |all| {
        take(all, "/paths/~1v1~1deletion-requests/post/responses/202/headers", "Location");
    }),
    ("is no text/csv any more", |all| {
        take(all, "/paths/~1v1~1reports.csv/get/responses/200/content", "text/csv");
    }),
];

#[test]
fn each_kind_of_break_is_found_and_named() {
    for (message, change) in BREAKS {
        let found = after(change);
        assert!(found.iter().any(|one| one.contains(message)), "{message} is not among {found:?}");
    }
}

const HARMLESS: &[Change] = &[
    |all| put(all, "/components/schemas/Account/properties/new", json!({ "type": "string" })),
    |all| {
        all.pointer_mut("/components/schemas/ConnectionState/enum")
            .unwrap()
            .as_array_mut()
            .unwrap()
            .push(json!("new"));
    },
    |all| put(all, "/components/schemas/SessionRequest/required", json!(["end_user"])),
    |all| put(all, "/paths/~1v1~1new", json!({ "get": { "operationId": "getNew" } })),
    |all| put(all, "/components/schemas/SessionRequest/properties/end_user/maxLength", json!(4096)),
    |all| put(all, "/components/schemas/Connection/properties/id/pattern", json!("^con_")),
    |all| put(all, "/paths/~1v1~1reports/get/summary", json!("Ask for a report")),
];

#[test]
fn what_clients_do_not_notice_is_no_break() {
    for change in HARMLESS {
        let put_anyway = |all: &mut Value| {
            all["components"]["schemas"]["Account"]["properties"]["new"] = Value::Null;
            all["paths"]["/v1/new"] = Value::Null;
            change(all);
        };
        let found = after(put_anyway);
        assert_eq!(found, Vec::<String>::new());
    }
}

#[test]
fn a_break_needs_a_version_that_says_so() {
    let versioned = |version: &str, whole: bool| {
        let mut all = description().unwrap();
        all["info"]["version"] = json!(version);
        if !whole {
            take(&mut all, "/paths/~1v1~1deletions", "get");
        }
        all
    };
    for (old, new, allowed) in [
        ("0.1.0", "0.1.0", false),
        ("0.1.0", "0.1.1", false),
        ("0.1.0", "0.2.0", true),
        ("0.9.0", "1.0.0", true),
        ("1.0.0", "1.1.0", false),
        ("1.4.0", "2.0.0", true),
    ] {
        let judged = judge(&versioned(old, true), &versioned(new, false));
        assert_eq!(judged.is_ok(), allowed, "{old} to {new}: {judged:?}");
        assert!(judge(&versioned(old, true), &versioned(old, true)).is_ok());
    }
}
