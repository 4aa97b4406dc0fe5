//! Schedule: sends the sync jobs that are due.

use std::sync::Arc;

use jiff::Timestamp;
use mooring_domain::ops::plan_sync::{Input, Ports, period, run};
use mooring_domain::ports::{Clock, DueRead, SyncQueue};
use mooring_domain::profile::Profile;
use mooring_domain::{Error, Result};
use serde::Deserialize;
use serde_json::Value;
use tracing::info;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// Time, when the schedule does not say which.
    pub clock: Arc<dyn Clock>,
    /// Who is due.
    pub due: Arc<dyn DueRead>,
    /// Where jobs go.
    pub queue: Arc<dyn SyncQueue>,
    /// How often accounts are synced.
    pub profile: Arc<Profile>,
}

/// The input that template.yaml gives to the schedule.
#[derive(Deserialize)]
struct Tick {
    /// When the tick was meant to be; a late delivery still plans its own minutes.
    scheduled_at: Option<String>,
}

/// Plans one tick.
pub async fn handle(app: &App, event: Value) -> Result<()> {
    let tick: Tick = serde_json::from_value(event)
        .map_err(|error| Error::invalid("unknown_tick", "The schedule's input is not a tick.").because(error))?;
    let at = tick.scheduled_at.and_then(|text| text.parse::<Timestamp>().ok());
    let ports = Ports { due: app.due.as_ref(), queue: app.queue.as_ref() };
    let input = Input { tick: at.unwrap_or_else(|| app.clock.now()), period_minutes: period(&app.profile)? };
    let planned = run(&ports, input).await?;
    info!(event = "sync.planned", due = planned.due, resent = planned.resent, "planned a tick");
    Ok(())
}
