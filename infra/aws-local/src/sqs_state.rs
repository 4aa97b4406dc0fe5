//! Corrects, after each operation, the state of the embedded SQS: receive counts, due times by the local clock, groups.
//!
//! Due times are real instants inside the embedded service. This module, and not the request, turns local seconds into
//! the wall's: that keeps fractions of a second, and the attributes of a queue as they were set.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use awsim_core::AccountRegionStore;
use awsim_sqs::state::{InflightMessage, Message, Queue, SqsState};
use serde_json::Value;

use crate::sqs::entries;
use crate::{ACCOUNT, LocalClock, REGION};

/// The stored queues and the clock they follow.
pub(crate) struct Queues {
    store: AccountRegionStore<SqsState>,
    clock: LocalClock,
    followed: Mutex<Duration>,
}

impl Queues {
    pub(crate) fn new(store: AccountRegionStore<SqsState>, clock: LocalClock) -> Self {
        let followed = Mutex::new(clock.advanced());
        Self { store, clock, followed }
    }

    /// Gives sent messages their due time, their group and the local time of sending.
    pub(crate) fn settle_sent(&self, input: &Value, output: &Value) {
        self.with_queue(input, |queue| {
            for entry in entries(input) {
                let Some(id) = sent_id(entry, output) else { continue };
                let delay = entry["DelaySeconds"].as_u64().unwrap_or_else(|| queue.delay_seconds());
                let sent = queue.messages.iter_mut().rev().find(|message| message.message_id == id);
                if let Some(message) = sent {
                    self.stamp(message, delay, entry["MessageGroupId"].as_str());
                }
            }
        });
    }

    fn stamp(&self, message: &mut Message, delay: u64, group: Option<&str>) {
        let (due, due_secs) = self.due(delay);
        message.delay_until = Some(due).filter(|_| delay > 0);
        message.delay_until_secs = Some(due_secs).filter(|_| delay > 0);
        let sent = self.clock.now().as_millisecond().to_string();
        message.attributes.insert("SentTimestamp".to_owned(), sent);
        if let Some(group) = group {
            message.attributes.insert("MessageGroupId".to_owned(), group.to_owned());
        }
    }

    /// Takes back one of the two counts of a receive, and sets when the messages become visible again.
    pub(crate) fn settle_received(&self, input: &Value, output: &Value) {
        self.with_queue(input, |queue| {
            let asked = input["VisibilityTimeout"].as_u64();
            let visibility = asked.unwrap_or_else(|| queue.visibility_timeout_secs());
            for received in output["Messages"].as_array().into_iter().flatten() {
                if let Some(inflight) = inflight(queue, received) {
                    uncount(&mut inflight.message);
                    self.hide(inflight, visibility);
                } else if let Some(message) =
                    queue.messages.iter_mut().find(|m| m.message_id == received["MessageId"])
                {
                    uncount(message);
                }
            }
        });
    }

    /// Sets when messages whose visibility was changed become visible again.
    pub(crate) fn settle_changed(&self, input: &Value) {
        self.with_queue(input, |queue| {
            for entry in entries(input) {
                if let Some(visibility) = entry["VisibilityTimeout"].as_u64()
                    && let Some(inflight) = inflight(queue, entry)
                {
                    self.hide(inflight, visibility);
                }
            }
        });
    }

    /// Moves every due time by as much as the clock was moved. Returns whether the clock was moved.
    pub(crate) fn follow_clock(&self) -> bool {
        let mut followed = self.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let advanced = self.clock.advanced();
        let by = advanced.saturating_sub(*followed);
        *followed = advanced;
        if by.is_zero() {
            return false;
        }
        let real = self.clock.on_the_wall(by);
        for mut queue in self.state().queues.iter_mut() {
            let queue = queue.value_mut();
            queue.messages.iter_mut().for_each(|message| age(message, by, real));
            queue.inflight.values_mut().for_each(|inflight| {
                age(&mut inflight.message, by, real);
                inflight.visible_at = inflight.visible_at.map(|at| earlier(at, real));
                inflight.visible_at_secs = inflight.visible_at_secs.saturating_sub(real.as_secs());
            });
        }
        true
    }

    fn hide(&self, inflight: &mut InflightMessage, visibility: u64) {
        let (due, due_secs) = self.due(visibility);
        inflight.visible_at = Some(due);
        inflight.visible_at_secs = due_secs;
    }

    fn due(&self, seconds: u64) -> (Instant, u64) {
        let real = self.clock.on_the_wall(Duration::from_secs(seconds));
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        (Instant::now() + real, (epoch + real).as_secs())
    }

    fn state(&self) -> Arc<SqsState> {
        self.store.get(ACCOUNT, REGION)
    }

    fn with_queue(&self, input: &Value, change: impl FnOnce(&mut Queue)) {
        let name = input["QueueUrl"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
        if let Some(mut queue) = self.state().queues.get_mut(name) {
            change(queue.value_mut());
        }
    }
}

fn inflight<'q>(queue: &'q mut Queue, named: &Value) -> Option<&'q mut InflightMessage> {
    queue.inflight.get_mut(named["ReceiptHandle"].as_str()?)
}

/// Takes back one count. The embedded service counts at the receive and once more when the message becomes visible
/// again. The second count is right for the redrive policy; the first was for the answer to the consumer, which has
/// left already.
fn uncount(message: &mut Message) {
    message.receive_count = message.receive_count.saturating_sub(1);
}

fn sent_id<'o>(entry: &Value, output: &'o Value) -> Option<&'o str> {
    let sent = match entry["Id"].as_str() {
        Some(id) => output["Successful"].as_array()?.iter().find(|sent| sent["Id"] == id)?,
        None => output,
    };
    sent["MessageId"].as_str()
}

fn age(message: &mut Message, by: Duration, real: Duration) {
    message.delay_until = message.delay_until.map(|at| earlier(at, real));
    message.delay_until_secs = message.delay_until_secs.map(|at| at.saturating_sub(real.as_secs()));
    message.sent_at_secs = message.sent_at_secs.saturating_sub(by.as_secs());
}

/// Moves an instant back. No instant lies before the machine's start; now is as due as that.
fn earlier(at: Instant, by: Duration) -> Instant {
    at.checked_sub(by).unwrap_or_else(Instant::now)
}
