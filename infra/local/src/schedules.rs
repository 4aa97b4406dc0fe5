//! The schedules of the template: planner and sweeper every five minutes of the stack's clock, the sweeper of webhooks
//! every minute.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mooring_aws_local::LocalClock;
use serde_json::{Value, json};
use tokio::sync::watch;
use tracing::warn;

use crate::mount::ScheduleFunction;

/// `rate(5 minutes)` of template.yaml.
pub(crate) const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);
/// `rate(1 minute)` of template.yaml.
pub(crate) const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// The input that template.yaml gives to a scheduled function.
pub fn input(at: Timestamp) -> Value {
    json!({ "time": at.to_string() })
}

/// Returns the next tick after an instant: ticks lie on full periods.
fn next_tick(after: Timestamp, period: SignedDuration) -> Timestamp {
    let period = period.as_secs();
    let tick = (after.as_second().div_euclid(period) + 1) * period;
    Timestamp::from_second(tick).unwrap_or(after)
}

/// Ticks until `stop` says so. A clock that jumps gets one tick for the jump, as a schedule after an outage does.
pub(crate) async fn run(
    clock: LocalClock,
    period: SignedDuration,
    functions: Vec<ScheduleFunction>,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow() {
        let at = next_tick(clock.now(), period);
        tokio::select! {
            () = clock.sleep_until(at) => {}
            _ = stop.changed() => return,
        }
        for function in &functions {
            if let Err(error) = function(input(clock.now())).await {
                warn!(event = "schedule.failed", code = error.code, "a scheduled function failed");
            }
        }
        // However fast the clock runs, a short real time lies between two ticks.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
