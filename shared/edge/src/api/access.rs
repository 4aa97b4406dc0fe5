//! The access log: an entry for every call with a valid credential, written when its answer is ready.
//!
//! Calls that are refused for their number leave none, because a caller over its limit must not cost a write; their
//! log lines are there. An entry that cannot be written fails no call.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::ids::{CredentialId, TenantId, is_id};
use mooring_domain::people::access_log::{Access, Pseudonym};
use mooring_domain::people::caller::Caller;
use mooring_domain::people::tenant::Tenant;

use super::edge::Edge;
use crate::http::reply::{Reply, Resource};
use crate::http::{problem, trace};
use crate::routes;

/// Who called, kept beside the call until its answer is ready.
pub(super) struct Who {
    tenant: TenantId,
    credential: CredentialId,
    person: Option<Pseudonym>,
}

impl Edge {
    /// Notes who calls.
    pub(super) fn who(&self, caller: &Caller, tenant: &Tenant) -> Who {
        let person = tenant.pseudonyms.as_ref().zip(caller.end_user());
        Who {
            tenant: caller.tenant.clone(),
            credential: caller.credential.clone(),
            person: person.map(|(key, user)| key.of(self.entropy.as_ref(), user)),
        }
    }

    /// Adds the call to the access log.
    pub(super) async fn log_access(
        &self,
        request: &Request,
        who: Option<Who>,
        outcome: &Result<Reply>,
        request_id: &str,
    ) {
        let Some(Who { tenant, credential, person }) = who else { return };
        let access = Access {
            tenant,
            credential,
            person,
            action: routes::operation(request.method().as_str(), request.uri().path()),
            targets: targets(request, outcome),
            outcome: class(outcome),
            request_id: request_id.to_owned(),
            at: self.clock.now(),
        };
        if let Err(error) = self.accesses.add_access(&access).await {
            trace::note(&error, "a call is missing in the access log");
        }
    }
}

/// Ids of ours in path and query, and of what the call made. Anything else that was sent there is left out.
fn targets(request: &Request, outcome: &Result<Reply>) -> Vec<String> {
    let uri = request.uri();
    let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let named = uri.path().split('/').map(str::to_owned).chain(query.map(|(_, value)| value.into_owned()));
    let made = outcome.as_ref().ok().and_then(|reply| reply.extensions().get::<Resource>());
    let mut targets: Vec<String> = Vec::new();
    for id in named.chain(made.map(|made| made.0.clone())).filter(|text| is_id(text)).take(MOST) {
        if !targets.contains(&id) {
            targets.push(id);
        }
    }
    targets
}

/// No operation is about more; a query can name more.
const MOST: usize = 4;

fn class(outcome: &Result<Reply>) -> &'static str {
    let status = match outcome {
        Ok(reply) => reply.status().as_u16(),
        Err(error) => problem::status_of(error.kind),
    };
    match status {
        0..400 => "2xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
