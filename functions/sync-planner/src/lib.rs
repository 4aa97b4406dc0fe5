//! Schedule: sends the sync jobs that are due.

use std::sync::Arc;

use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::host::Clock;
use mooring_domain::platform::profile::Profile;
pub use mooring_domain::sync::ops::plan_sync::Ports;
use mooring_domain::sync::ops::plan_sync::{Input, period, run};
use serde_json::Value;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The ports of the operation.
    pub ports: Ports,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The product, which says how often accounts are synced.
    pub profile: Arc<Profile>,
}

/// Sends the jobs of one tick.
pub async fn handle(app: &App, event: Value) -> Result<()> {
    let tick = tick(&event, app.clock.now());
    let planned = run(&app.ports, Input { tick, period_minutes: period(&app.profile)? }).await?;
    // The alarm on a silent planner counts this line.
    tracing::info!(
        event = "sync-planner.tick",
        due = planned.due,
        probes = planned.probes,
        resent = planned.resent,
        "sync jobs sent"
    );
    Ok(())
}

/// Returns the tick's own time, which the schedule gives as `time`, so that a late delivery covers the same
/// minutes. Without a time, or with one in the future, the tick's time is now.
fn tick(event: &Value, now: Timestamp) -> Timestamp {
    let scheduled = event.get("time").and_then(Value::as_str).and_then(|text| text.parse().ok());
    scheduled.filter(|time| *time <= now).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tick_is_of_the_time_that_it_was_scheduled_for() {
        let now: Timestamp = "2026-11-22T12:07:00Z".parse().unwrap();
        let at = |text: &str| tick(&json!({ "time": text }), now).to_string();
        assert_eq!(at("2026-11-22T12:05:00Z"), "2026-11-22T12:05:00Z");
        for other in
            [json!({}), json!({ "time": "soon" }), json!({ "time": "2026-11-22T13:00:00Z" }), json!(null)]
        {
            assert_eq!(tick(&other, now), now);
        }
    }
}
