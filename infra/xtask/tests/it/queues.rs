//! The local runner's queues are those of template.yaml: how long a message hides, and how many come at once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use mooring_local::queues::{DELETION, MAIL, Queue, SYNC, WEBHOOK};
use mooring_tests_tidy::template::{Template, at, events};

/// What the template says of a queue and of the one mapping that reads it.
fn in_template(template: &Template, name: &'static str, id: &str) -> Queue {
    let number = |value: &serde_json::Value| value.as_u64().unwrap();
    let mapping = template
        .functions()
        .flat_map(|(_, function)| events(function, "SQS"))
        .map(|(_, event)| at(event, "Properties"))
        .find(|mapping| at(mapping, "Queue").to_string().contains(id))
        .unwrap();
    Queue {
        name,
        visibility: number(at(template.properties(id), "VisibilityTimeout")).try_into().unwrap(),
        batch: number(at(mapping, "BatchSize")).try_into().unwrap(),
    }
}

#[test]
fn a_queue_here_is_the_queue_there() {
    let template = Template::read().unwrap();
    let queues =
        [(SYNC, "SyncQueue"), (DELETION, "DeletionQueue"), (WEBHOOK, "WebhookQueue"), (MAIL, "MailQueue")];
    for (here, id) in queues {
        assert_eq!(here, in_template(&template, here.name, id));
    }
}
