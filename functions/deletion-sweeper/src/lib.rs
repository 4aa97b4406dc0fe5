//! Schedule, every 5 minutes: sends due deletion steps and reports late ones.

use mooring_domain::Result;
use mooring_domain::deletion::ledger::{Deletion, Lateness};
pub use mooring_domain::deletion::ops::sweep_deletions::Ports;
use mooring_domain::deletion::ops::sweep_deletions::run;
use serde_json::Value;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// What the operation needs.
    pub ports: Ports,
}

/// Sweeps once. The schedule's input says when it was meant to run; what counts is the clock.
pub async fn handle(app: &App, _: Value) -> Result<()> {
    let swept = run(&app.ports).await?;
    for (deletion, lateness) in &swept.late {
        alarm(deletion, *lateness);
    }
    // The alarm on a silent sweeper counts this line.
    tracing::info!(event = "deletion-sweeper.tick", count = swept.sent, "deletions sent");
    Ok(())
}

/// The template's alarms count these events by their name.
fn alarm(deletion: &Deletion, lateness: Lateness) {
    let (tenant, id, step) = (deletion.tenant.as_str(), deletion.id.as_str(), deletion.step.as_str());
    if lateness >= Lateness::Alarm {
        tracing::error!(
            event = "deletion.late",
            tenant.id = tenant,
            deletion.id = id,
            deletion.step = step,
            "late"
        );
    }
    if lateness >= Lateness::Page {
        tracing::error!(
            event = "deletion.page",
            tenant.id = tenant,
            deletion.id = id,
            deletion.step = step,
            "very late"
        );
    }
}
