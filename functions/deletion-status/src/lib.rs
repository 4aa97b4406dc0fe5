//! GET /deletions/{code}: shows the public status of a deletion, as a page and as JSON.
//!
//! A visitor has only the code, so the answer says what happens when, and nothing about whose data it is.

mod page;

use std::sync::Arc;

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::deletion::ledger::Deletion;
use mooring_domain::deletion::ops::read_deletions::by_code;
use mooring_domain::deletion::ports::LedgerRead;
use mooring_domain::platform::profile::Profile;
use mooring_edge::flow::{self, Exit};
use mooring_edge::openapi::{Api, Value, json, words};
use mooring_edge::views::deletion::{refreshed, state};
use mooring_edge::views::time::Time;
use mooring_edge::{Edge, Reply, html, language, ok, path, wants_json};
use schemars::JsonSchema;
use serde::Serialize;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The edge.
    pub edge: Edge,
    /// The Ledger.
    pub ledger: Arc<dyn LedgerRead>,
    /// The product, to which error pages link.
    pub profile: Arc<Profile>,
}

/// The status of a deletion, for everybody who has its address.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "DeletionStatus", example = example())]
struct StatusResponse {
    /// `purging` until everything was counted at zero, then `deleted`.
    #[schemars(with = "words::DeletionState")]
    state: String,
    /// When the promised time began.
    t0: Time,
    /// When everything must be gone.
    delete_by: Time,
    /// The next step.
    #[schemars(with = "words::DeletionStep")]
    step: String,
    /// When the next step happens; `null` once done.
    next_step_at: Option<Time>,
    /// When everything was counted at zero; `null` until then.
    verified_at: Option<Time>,
    /// The steps that have happened so far.
    events: Vec<StatusEvent>,
}

/// One step that has happened.
#[derive(Debug, Serialize, JsonSchema)]
struct StatusEvent {
    /// When the step happened.
    at: Time,
    /// The step.
    #[schemars(with = "words::DeletionStep")]
    step: String,
}

/// Answers a request.
pub async fn handle(app: &App, request: Request) -> Reply {
    let exit = Exit { profile: &app.profile, back: None };
    flow::run(&app.edge, &request, &exit, async || show(app, &request).await).await
}

async fn show(app: &App, request: &Request) -> Result<Reply> {
    let code: String = path(request, "code")?;
    let deletion = by_code(app.ledger.as_ref(), app.edge.entropy.as_ref(), &code).await?;
    if wants_json(request) {
        return ok(&StatusResponse::of(&deletion));
    }
    let reply = html(page::status(language(request), &deletion)?)?;
    refreshed(reply, std::iter::once(&deletion), app.edge.clock.now())
}

impl StatusResponse {
    fn of(deletion: &Deletion) -> Self {
        let events = deletion.happened();
        Self {
            state: state(deletion).to_owned(),
            t0: deletion.t0.into(),
            delete_by: deletion.delete_by.into(),
            step: deletion.step.as_str().to_owned(),
            next_step_at: deletion.next_step_at.map(Time::from),
            verified_at: deletion.verified_at.map(Time::from),
            events: events
                .map(|event| StatusEvent { at: event.at.into(), step: event.step.as_str().to_owned() })
                .collect(),
        }
    }
}

fn example() -> Value {
    json!({
        "state": "purging",
        "t0": "2026-11-30T19:56:40.529Z",
        "delete_by": "2026-12-07T19:56:40.529Z",
        "step": "purge_again",
        "next_step_at": "2026-11-30T20:16:41.076Z",
        "verified_at": null,
        "events": [
            { "at": "2026-11-30T19:56:41.076Z", "step": "shred_data" },
            { "at": "2026-11-30T19:56:42.306Z", "step": "purge" },
        ],
    })
}

/// Describes the operation for OpenAPI.
pub fn describe(api: &mut Api) {
    api.operation("showDeletionStatus", "Show the status of a deletion")
        .says("A page for people, or JSON by `Accept`. It reveals the status and nothing else.")
        .meaning("code", "The public code of the deletion, from its `status_url`.")
        .example("code", json!("pctAn3LuMjsiP3iuboFW9ELgmAGpTOGKnHP4bHl44mi"))
        .ok::<StatusResponse>("The status.")
        .media("text/html", "The status.")
        .add();
}
