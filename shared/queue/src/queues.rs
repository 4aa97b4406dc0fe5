//! The one table of queues. The functions, the local runner, the benches, the template's generator and the tests read it.

/// A queue of template.yaml and its mapping to the function that takes its messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Queue {
    /// The name of the queue: `sync` is the resource `SyncQueue` of template.yaml.
    pub name: &'static str,
    /// The variable in which a function that sends to the queue finds its URL.
    pub variable: &'static str,
    /// The function that takes the messages of the queue: a folder of `functions`.
    pub worker: &'static str,
    /// The most messages that one invocation gets.
    pub batch: u8,
    /// The most invocations of the worker at the same time.
    pub at_once: u8,
    /// Seconds that a message stays hidden after it was received: six times the worker's timeout, as AWS advises.
    pub visibility: u16,
}

/// How often a message is received before redrive moves it to the dead letter queue.
pub const RECEIVES: u8 = 5;

/// Sync jobs and probes of connections.
pub const SYNC: Queue = Queue {
    name: "sync",
    variable: "QUEUE_SYNC_URL",
    worker: "sync-worker",
    batch: 10,
    at_once: 2,
    visibility: 360,
};
/// Steps of deletions.
pub const DELETION: Queue = Queue {
    name: "deletion",
    variable: "QUEUE_DELETION_URL",
    worker: "deletion-worker",
    batch: 1,
    at_once: 5,
    visibility: 5400,
};
/// Requests for a mail.
pub const MAIL: Queue = Queue {
    name: "mail",
    variable: "QUEUE_MAIL_URL",
    worker: "mail-worker",
    batch: 1,
    at_once: 5,
    visibility: 120,
};
/// Events and deliveries of webhooks.
pub const WEBHOOK: Queue = Queue {
    name: "webhook",
    variable: "QUEUE_WEBHOOK_URL",
    worker: "webhook-worker",
    batch: 1,
    at_once: 10,
    visibility: 360,
};

/// All queues, in the order in which a runner that works them off by hand takes them.
pub const QUEUES: [&Queue; 4] = [&SYNC, &DELETION, &MAIL, &WEBHOOK];
