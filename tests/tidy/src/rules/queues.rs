//! Queues: how long a message can live, and that one bad message harms nobody else.

use mooring_domain::base::retention::{DEAD_LETTER_DAYS, QUEUE_DAYS};
use serde_json::Value;

use super::{Rule, unless};
use crate::template::{Template, at, events, target, text, words};

const QUEUE: &str = "AWS::SQS::Queue";
const DAY: u64 = 86_400;
/// How long a message lives; receipts tell people the sum.
#[expect(clippy::as_conversions, reason = "a constant cannot be converted by a trait, and every u16 fits")]
const KEPT: u64 = DAY * QUEUE_DAYS as u64;
#[expect(clippy::as_conversions, reason = "a constant cannot be converted by a trait, and every u16 fits")]
const SET_ASIDE: u64 = DAY * DEAD_LETTER_DAYS as u64;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "queue-retention",
        why: "a message is a copy of ids that no purge reaches; it has to expire inside the promise",
        check: |template| {
            unless(main_queues(template), |_, queue| retention(queue) == Some(KEPT), "keeps messages one day")
        },
    },
    Rule {
        name: "dead-letter-retention",
        why: "a dead letter expires by its first enqueueing, four days are enough to look at it",
        check: |template| {
            let good = |_: &str, queue: &Value| retention(queue) == Some(SET_ASIDE);
            unless(dead_letters(template), good, "keeps dead letters four days")
        },
    },
    Rule {
        name: "queue-redrive",
        why: "a poison message is tried five times and then set aside, for good",
        check: |template| {
            let good = |_: &str, queue: &Value| {
                let redrive = at(queue, "Properties/RedrivePolicy");
                let goes_to = target(at(redrive, "deadLetterTargetArn"));
                at(redrive, "maxReceiveCount") == 5
                    && dead_letters(template).any(|(id, _)| Some(id) == goes_to)
            };
            unless(main_queues(template), good, "maxReceiveCount is 5, towards a queue of this template")
        },
    },
    Rule {
        name: "queue-standard",
        why: "a FIFO queue blocks behind its head and starts the clock of a dead letter anew",
        check: |template| {
            let good = |_: &str, queue: &Value| at(queue, "Properties/FifoQueue") != true;
            unless(template.of_type(QUEUE), good, "has to be a standard queue")
        },
    },
    Rule {
        name: "queue-encrypted",
        why: "ids at rest are encrypted too",
        check: |template| {
            let good = |_: &str, queue: &Value| at(queue, "Properties/SqsManagedSseEnabled") == true;
            unless(template.of_type(QUEUE), good, "SqsManagedSseEnabled has to be true")
        },
    },
    Rule {
        name: "queue-one-consumer",
        why: "a queue without a consumer loses work after a day, two consumers split it at random",
        check: |template| {
            let good = |id: &str, _: &Value| consumers(template, id).count() == 1;
            unless(main_queues(template), good, "has to have exactly one consumer")
        },
    },
    Rule {
        name: "queue-visibility",
        why: "a message that shows again while its function still runs is done twice at once",
        check: visibility,
    },
    Rule {
        name: "partial-responses",
        why: "without them one bad message returns its whole batch",
        check: |template| {
            let good = |id: &str, _: &Value| {
                consumers(template, id).all(|(_, event)| {
                    words(at(event, "Properties/FunctionResponseTypes"))
                        .any(|word| word == "ReportBatchItemFailures")
                })
            };
            unless(main_queues(template), good, "its consumer has to ReportBatchItemFailures")
        },
    },
    Rule {
        name: "consumer-concurrency",
        why: "a full queue must not take every function of the account, nor flood a platform",
        check: |template| {
            let good = |id: &str, _: &Value| {
                consumers(template, id)
                    .all(|(_, event)| at(event, "Properties/ScalingConfig/MaximumConcurrency").is_u64())
            };
            unless(main_queues(template), good, "its consumer needs a MaximumConcurrency")
        },
    },
];

fn retention(queue: &Value) -> Option<u64> {
    at(queue, "Properties/MessageRetentionPeriod").as_u64()
}

/// Lists the queues of dead letters.
pub(super) fn dead_letters(template: &Template) -> impl Iterator<Item = (&str, &Value)> {
    let is_target = move |id: &str| {
        template
            .of_type(QUEUE)
            .any(|(_, other)| target(at(other, "Properties/RedrivePolicy/deadLetterTargetArn")) == Some(id))
    };
    template.of_type(QUEUE).filter(move |(id, _)| is_target(id))
}

/// Lists the queues that functions send to.
pub(super) fn main_queues(template: &Template) -> impl Iterator<Item = (&str, &Value)> {
    let is_dead = |id: &str| dead_letters(template).any(|(dead, _)| dead == id);
    template.of_type(QUEUE).filter(move |(id, _)| !is_dead(id))
}

/// Lists the functions that take from a queue, each with the event that says how.
fn consumers<'a>(template: &'a Template, queue: &str) -> impl Iterator<Item = (&'a Value, &'a Value)> {
    let takes = move |event: &Value| target(at(event, "Properties/Queue")) == Some(queue);
    template.functions().flat_map(move |(_, function)| {
        let mine = events(function, "SQS").filter(|(_, event)| takes(event));
        mine.map(|(_, event)| (function, event)).collect::<Vec<_>>()
    })
}

fn visibility(template: &Template) -> Vec<String> {
    let mut found = Vec::new();
    for (id, queue) in main_queues(template) {
        let hidden = at(queue, "Properties/VisibilityTimeout").as_u64().unwrap_or(30);
        for (function, event) in consumers(template, id) {
            let runs = template.of_function(function, "Timeout").as_u64().unwrap_or(3);
            let waits = at(event, "Properties/MaximumBatchingWindowInSeconds").as_u64().unwrap_or(0);
            if hidden < 6 * runs + waits {
                let name = text(function, "Metadata/BuildProperties/Binary");
                found.push(format!("{id}: hidden for {hidden} s; {name} needs 6 x {runs} s + {waits} s"));
            }
        }
    }
    found
}
