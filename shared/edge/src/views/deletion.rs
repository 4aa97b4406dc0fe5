//! Shows a deletion as the API answers it: to a caller who disconnects, requests it, or reads it later.

use std::collections::BTreeMap;

use mooring_domain::base::place::Subject;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::{Deletion, Step, StepEvent};
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::site::Site;
use crate::openapi::id_pattern;

/// A deletion: its subject and reason, the steps that were done and their times, and the next step.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Deletion")]
pub struct DeletionView {
    /// The deletion's id.
    #[schemars(regex(pattern = id_pattern("del")))]
    pub id: String,
    /// The subject of the deletion.
    pub subject: SubjectView,
    /// The reason for the deletion: `disconnected`, `requested`, `requested_by_mail`, `revoked_at_platform`,
    /// `account_lost`, `not_reauthorised`, `abandoned` or `tenant_deleted`.
    pub reason: String,
    /// The platform; missing for tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// `purging` until everything was counted at zero, then `deleted`.
    pub state: String,
    /// When the promised time began (RFC 3339).
    pub t0: String,
    /// When everything must be gone (RFC 3339).
    pub delete_by: String,
    /// The next step: `cut_connections`, `shred_data`, `purge`, `revoke`, `shred_token`, `purge_again`,
    /// `verify` or `done`.
    pub step: String,
    /// When the next step happens (RFC 3339); `null` once done.
    pub next_step_at: Option<String>,
    /// When everything was counted at zero (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<String>,
    /// The outcome of the platform's part; missing for accounts and tenants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke: Option<RevokeView>,
    /// A page that shows the status, and nothing else, to everybody who has its address.
    pub status_url: String,
    /// The steps that have happened so far.
    pub events: Vec<EventView>,
}

/// The subject of a deletion.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DeletionSubject")]
pub struct SubjectView {
    /// `connection`, `account` or `tenant`.
    pub kind: String,
    /// The connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The account, if only this account is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
}

/// The outcome of asking the platform to end the grant.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Revocation")]
pub struct RevokeView {
    /// `killed`, `refused`, `impossible` or `unreachable`; `null` while the outcome is open.
    pub outcome: Option<String>,
    /// How many times the platform was asked.
    pub tries: u8,
}

/// One step that has happened.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "DeletionEvent")]
pub struct EventView {
    /// When the step happened (RFC 3339).
    pub at: String,
    /// The step.
    pub step: String,
    /// How many items the step deleted, or counted, by table.
    pub counts: BTreeMap<&'static str, u64>,
    /// The outcome of the platform's part in the step.
    #[serde(skip_serializing_if = "Option::is_none")]
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
            t0: deletion.t0.to_string(),
            delete_by: deletion.delete_by.to_string(),
            step: deletion.step.as_str().to_owned(),
            next_step_at: deletion.next_step_at.map(|at| at.to_string()),
            verified_at: deletion.verified_at.map(|at| at.to_string()),
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
            at: event.at.to_string(),
            step: event.step.as_str().to_owned(),
            counts: event.counts.iter().map(|(table, count)| (Table::as_str(*table), *count)).collect(),
            outcome: event.outcome.map(|outcome| outcome.as_str().to_owned()),
        }
    }
}
