//! Schedule, every 5 minutes: sends due deletion steps and reports late ones.

use mooring_domain::Result;
use mooring_domain::deletion::ledger::{Deletion, Lateness};
pub use mooring_domain::deletion::ops::sweep_deletions::Ports;
use mooring_domain::deletion::ops::sweep_deletions::run;
use serde_json::Value;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The ports of the operation.
    pub ports: Ports,
}

/// Sends the due deletion steps of one sweep. The schedule's input holds the planned time, but the clock
/// decides.
pub async fn handle(app: &App, _: Value) -> Result<()> {
    let swept = run(&app.ports).await?;
    for (deletion, lateness) in &swept.late {
        alarm(deletion, *lateness);
    }
    // The alarm on a silent sweeper counts this line.
    tracing::info!(event = "deletion-sweeper.tick", count = swept.sent, "deletions sent");
    Ok(())
}

/// Logs a late deletion. The template's alarms count these events by their name.
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
