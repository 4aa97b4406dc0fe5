//! The table of queues agrees with template.yaml: visibility timeout, batch size and consuming function.

use mooring_queue::queues::RECEIVES;
use mooring_queue::{QUEUES, Queue};
use mooring_tests_tidy::template::{Template, at, events};
use serde_json::Value;

/// Returns the name of the queue in template.yaml.
fn resource(queue: &Queue) -> String {
    let parts = queue.name.split('-').map(|part| {
        let (first, rest) = part.split_at(1);
        first.to_uppercase() + rest
    });
    parts.collect::<String>() + "Queue"
}

#[test]
fn a_queue_here_is_the_queue_there() {
    let template = Template::read().unwrap();
    let number = |value: &Value| value.as_u64().unwrap();
    for queue in QUEUES {
        let id = resource(queue);
        let readers: Vec<_> = template
            .functions()
            .flat_map(|(name, function)| {
                events(function, "SQS").map(move |(_, event)| (name.to_owned(), at(event, "Properties")))
            })
            .filter(|(_, mapping)| at(mapping, "Queue").to_string().contains(&format!("\"{id}")))
            .collect();
        let [(function, mapping)] = readers.as_slice() else { panic!("{id} has {} readers", readers.len()) };
        assert_eq!(function.to_lowercase(), format!("{}function", queue.worker.replace('-', "")));
        assert_eq!(number(at(template.properties(&id), "VisibilityTimeout")), u64::from(queue.visibility));
        assert_eq!(number(at(mapping, "BatchSize")), u64::from(queue.batch));
        assert_eq!(number(at(mapping, "ScalingConfig/MaximumConcurrency")), u64::from(queue.at_once));
        let redrive = at(template.properties(&id), "RedrivePolicy/maxReceiveCount");
        assert_eq!(number(redrive), u64::from(RECEIVES));
    }
}

/// The template is written from the table, so that a second place has to say the numbers that a deployment works by.
#[test]
fn the_numbers_of_the_table_stay() {
    for (name, batch, at_once, visibility, late_after) in [
        ("sync", 10, 2, 360, 3600),
        ("deletion", 1, 5, 5400, 3600),
        ("mail", 1, 5, 120, 1200),
        ("webhook", 1, 10, 360, 3600),
    ] {
        let queue = QUEUES.iter().find(|queue| queue.name == name).unwrap();
        let numbers = (queue.batch, queue.at_once, queue.visibility, queue.alarms.late_after);
        assert_eq!(numbers, (batch, at_once, visibility, late_after), "{name}");
    }
}
