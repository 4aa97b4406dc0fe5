//! Shows a deletion as the API answers it: to a caller who disconnects, requests it, or reads it later.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lambda_http::http::header::REFRESH;
use mooring_domain::Result;
use mooring_domain::base::place::Subject;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::{Deletion, Step, StepEvent};
use schemars::JsonSchema;
use serde::Serialize;

use super::examples;
use super::time::Time;
use crate::http::reply::{Reply, ReplyExt as _};
use crate::http::site::Site;
use crate::openapi::{id_pattern, words};

/// A deletion: its subject and reason, the steps that were done and their times, and the next step.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Deletion", example = examples::deletion())]
pub struct DeletionView {
    /// The deletion's id.
    #[schemars(regex(pattern = id_pattern("del")))]
    pub id: String,
    /// The subject of the deletion.
    pub subject: SubjectView,
    /// The reason for the deletion.
    #[schemars(with = "words::DeletionReason")]
    pub reason: String,
    /// The platform; missing for tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::Platform>")]
    pub platform: Option<String>,
    /// `purging` until everything was counted at zero, then `deleted`.
    #[schemars(with = "words::DeletionState")]
    pub state: String,
    /// When the promised time began.
    pub t0: Time,
    /// When access keys, figures and names must be gone, in backups too. The receipt lists what expires later.
    pub delete_by: Time,
    /// The next step.
    #[schemars(with = "words::DeletionStep")]
    pub step: String,
    /// When the next step happens; `null` once done.
    pub next_step_at: Option<Time>,
    /// When everything was counted at zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<Time>,
    /// The outcome of the platform's part; missing for accounts and tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke: Option<RevokeView>,
    /// A page that shows the status, and nothing else, to everybody who has its address.
    #[schemars(with = "words::Address")]
    pub status_url: String,
    /// The steps that have happened so far.
    pub events: Vec<EventView>,
}

/// The subject of a deletion.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DeletionSubject")]
pub struct SubjectView {
    /// The kind of the subject.
    #[schemars(with = "words::DeletionSubjectKind")]
    pub kind: String,
    /// The connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = id_pattern("con")))]
    pub connection_id: Option<String>,
    /// The account, if only this account is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = id_pattern("acc")))]
    pub account_id: Option<String>,
}

/// The outcome of asking the platform to end the grant.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Revocation")]
pub struct RevokeView {
    /// The outcome; `null` while it is open.
    #[schemars(with = "Option<words::RevokeOutcome>")]
    pub outcome: Option<String>,
    /// How many times the platform was asked.
    pub tries: u8,
}

/// One step that has happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DeletionEvent")]
pub struct EventView {
    /// When the step happened.
    pub at: Time,
    /// The step.
    #[schemars(with = "words::DeletionStep")]
    pub step: String,
    /// How many items the step deleted, or counted, by table.
    pub counts: BTreeMap<&'static str, u64>,
    /// The outcome of the platform's part in the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::RevokeOutcome>")]
    pub outcome: Option<String>,
}

impl DeletionView {
    /// Shows a deletion.
    pub fn of(site: &Site, deletion: &Deletion) -> Self {
        Self {
            id: deletion.id.to_string(),
            subject: SubjectView::of(&deletion.subject),
            reason: deletion.reason.as_str().to_owned(),
            platform: Some(deletion.platform.clone()).filter(|platform| !platform.is_empty()),
            state: state(deletion).to_owned(),
            t0: deletion.t0.into(),
            delete_by: deletion.delete_by.into(),
            step: deletion.step.as_str().to_owned(),
            next_step_at: deletion.next_step_at.map(Time::from),
            verified_at: deletion.verified_at.map(Time::from),
            revoke: RevokeView::of(deletion),
            status_url: status_url(site, deletion),
            events: deletion.happened().map(EventView::of).collect(),
        }
    }

    /// Returns the address at which the API shows the deletion.
    pub fn location(&self, site: &Site) -> String {
        site.url(&format!("/v1/deletions/{}", self.id))
    }
}

/// Returns the address of the public status page, for everybody who has it.
pub fn status_url(site: &Site, deletion: &Deletion) -> String {
    site.url(&format!("/deletions/{}", deletion.code))
}

/// Lets a browser load a page again as long as one of its deletions goes on: soon when a step is due.
pub fn refreshed<'a>(
    reply: Reply,
    deletions: impl Iterator<Item = &'a Deletion>,
    now: Timestamp,
) -> Result<Reply> {
    let Some(next) = deletions.filter_map(|deletion| deletion.next_step_at).min() else { return Ok(reply) };
    let seconds = if next.duration_since(now).as_mins() < 2 { "5" } else { "60" };
    reply.header_value(REFRESH, seconds)
}

/// Returns the state in one word.
pub fn state(deletion: &Deletion) -> &'static str {
    if deletion.step == Step::Done { "deleted" } else { "purging" }
}

impl SubjectView {
    /// Shows a subject.
    pub fn of(subject: &Subject) -> Self {
        let (kind, connection, account) = match subject {
            Subject::Connection(connection) => ("connection", Some(connection), None),
            Subject::Account(connection, account) => ("account", Some(connection), Some(account)),
            Subject::Tenant => ("tenant", None, None),
        };
        Self {
            kind: kind.to_owned(),
            connection_id: connection.map(ToString::to_string),
            account_id: account.map(ToString::to_string),
        }
    }
}

impl RevokeView {
    /// Shows the outcome of the platform's part; only deletions of whole connections have one.
    pub fn of(deletion: &Deletion) -> Option<Self> {
        let outcome = deletion.revoke.map(|outcome| outcome.as_str().to_owned());
        deletion.revokes().then_some(Self { outcome, tries: deletion.revoke_tries })
    }
}

impl EventView {
    /// Shows an event.
    pub fn of(event: &StepEvent) -> Self {
        Self {
            at: event.at.into(),
            step: event.step.as_str().to_owned(),
            counts: event.counts.iter().map(|(table, count)| (Table::as_str(*table), *count)).collect(),
            outcome: event.outcome.map(|outcome| outcome.as_str().to_owned()),
        }
    }
}
