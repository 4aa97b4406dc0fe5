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
    /// The alarms that watch the queue; docs/alarms.md explains them.
    pub alarms: Alarms,
}

/// The two alarms of a queue.
#[derive(Debug, PartialEq, Eq)]
pub struct Alarms {
    /// Rings when a message was given up.
    pub given_up: Alarm,
    /// Rings when the oldest message has waited for [`late_after`](Self::late_after) seconds.
    pub late: Alarm,
    /// How many seconds the oldest message may wait.
    pub late_after: u16,
}

/// The texts of an alarm, for the person it wakes.
#[derive(Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Says what happened: a sentence with its full stop. `{late}` stands for the time that the oldest message waited.
    pub says: &'static str,
    /// Says what to do, without a full stop.
    pub then: &'static str,
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
    alarms: Alarms {
        given_up: Alarm {
            says: "Sync jobs failed for good.",
            then: "look at *Errors*; the planner sends the account again when it is due",
        },
        late: Alarm {
            says: "A sync job has waited for {late}; the worker fails, or there is more work than it may do at \
                   once.",
            then: "look at *Errors* and at *Throttles by function*; if the worker only has too much work, raise \
                   its `at_once`",
        },
        late_after: 3600,
    },
};
/// Steps of deletions.
pub const DELETION: Queue = Queue {
    name: "deletion",
    variable: "QUEUE_DELETION_URL",
    worker: "deletion-worker",
    batch: 1,
    at_once: 5,
    visibility: 5400,
    alarms: Alarms {
        given_up: Alarm {
            says: "Deletion steps failed for good; the sweeper sends them again.",
            then: "look at *Errors* for why, and mend it",
        },
        late: Alarm {
            says: "A deletion step has waited for {late}; tokens and data keys should be gone by then.",
            then: "look at *Errors* and at *Throttles by function* for the deletion worker and mend what fails; \
                   the sweeper sends each due deletion again every 5 minutes",
        },
        late_after: 3600,
    },
};
/// Requests for a mail.
pub const MAIL: Queue = Queue {
    name: "mail",
    variable: "QUEUE_MAIL_URL",
    worker: "mail-worker",
    batch: 1,
    at_once: 5,
    visibility: 120,
    alarms: Alarms {
        given_up: Alarm {
            says: "A deletion link could not be mailed; somebody waits for it.",
            then: "*Errors* says why (`mail_refused` with SES's code: look at the identity and the account in SES; \
                   with `AccessDeniedException` at `MailIdentity`, infra/deploy/README.md); nothing stands there \
                   when SES was only away; mend it and move the dead letters back to the queue within a day of the \
                   request: each request keeps its sealed address that long",
        },
        late: Alarm {
            says: "A request for a deletion link has waited for {late}; its mail is promised within 15.",
            then: "the worker fails, or SES does; a request that is put off begins to wait anew",
        },
        late_after: 1200,
    },
};
/// Events and deliveries of webhooks.
pub const WEBHOOK: Queue = Queue {
    name: "webhook",
    variable: "QUEUE_WEBHOOK_URL",
    worker: "webhook-worker",
    batch: 1,
    at_once: 10,
    visibility: 360,
    alarms: Alarms {
        given_up: Alarm {
            says: "Webhook jobs failed for good; the sweeper sends again what is due.",
            then: "look at *Errors*",
        },
        late: Alarm {
            says: "A webhook job has waited for {late}; the worker fails, or receivers answer slowly.",
            then: "look at *Errors*; if receivers answer slowly, see the delivery logs of their endpoints",
        },
        late_after: 3600,
    },
};

/// All queues, in the order in which a runner that works them off by hand takes them.
pub const QUEUES: [&Queue; 4] = [&SYNC, &DELETION, &MAIL, &WEBHOOK];
