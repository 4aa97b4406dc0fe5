//! Writes the access log: an entry for every call with a valid credential, when its answer is ready.
//!
//! Calls that a rate limit refuses leave no entry, because a caller over its limit must not cost a write; the
//! log still has a line for each. An entry that cannot be written fails no call.

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

/// The caller, kept beside the call until its answer is ready.
pub(super) struct Actor {
    tenant: TenantId,
    credential: CredentialId,
    is_browser: bool,
    person: Option<Pseudonym>,
}

impl Edge {
    /// Records the caller, and the end user under a pseudonym.
    pub(super) fn actor(&self, caller: &Caller, tenant: &Tenant) -> Actor {
        let person = tenant.pseudonyms.as_ref().zip(caller.end_user());
        Actor {
            tenant: caller.tenant.clone(),
            credential: caller.credential.clone(),
            is_browser: caller.end_user().is_some(),
            person: person.map(|(key, user)| key.of(self.entropy.as_ref(), user)),
        }
    }

    /// Adds the call to the access log.
    pub(super) async fn log_access(
        &self,
        request: &Request,
        actor: Option<Actor>,
        outcome: &Result<Reply>,
        request_id: &str,
    ) {
        let Some(Actor { tenant, credential, is_browser, person }) = actor else { return };
        let access = Access {
            tenant,
            credential,
            is_browser,
            person,
            action: routes::operation(request.method().as_str(), request.uri().path()),
            targets: targets(request, outcome),
            outcome: class(outcome),
            request_id: request_id.to_owned(),
            at: self.clock.now(),
        };
        if let Err(error) = self.accesses.add_access(&access).await {
            trace::log_suppressed(&error, "a call is missing in the access log");
        }
    }
}

/// The parameters of a query that name things of Mooring. Any other may hold a product's own words.
const NAMING: [&str; 3] = ["connection_id", "account_id", "subject"];

/// Lists Mooring's ids in path and query, and the id of the thing that the call made. It leaves out
/// everything else that was sent there.
fn targets(request: &Request, outcome: &Result<Reply>) -> Vec<String> {
    let uri = request.uri();
    let decoded =
        |text: &'_ str| url::form_urlencoded::parse(text.as_bytes()).into_owned().collect::<Vec<_>>();
    let query = decoded(uri.query().unwrap_or_default()).into_iter();
    let query = query.filter(|(name, _)| NAMING.contains(&name.as_str())).map(|(_, value)| value);
    // The function reads a parameter of the path decoded, in whatever spelling it came.
    let named = uri.path().split('/').flat_map(decoded).map(|(segment, _)| segment).chain(query);
    let made = outcome.as_ref().ok().and_then(|reply| reply.extensions().get::<Resource>());
    let mut targets: Vec<String> = Vec::new();
    for id in named.chain(made.map(|made| made.0.clone())).filter(|text| is_id(text)).take(MOST) {
        if !targets.contains(&id) {
            targets.push(id);
        }
    }
    targets
}

/// The most ids of an entry: no operation concerns more, but a query can name more.
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

#[cfg(test)]
mod tests {
    use lambda_http::Body;

    use super::*;

    #[test]
    fn an_id_in_the_path_is_read_as_the_function_reads_it() {
        let path =
            "/v1/connections/%63on_00000000000000000000000009/accounts/acc%5F0000000000000000000000000A/sync";
        let mut request = Request::new(Body::Empty);
        *request.uri_mut() = path.parse().unwrap();
        let targets = targets(&request, &Ok(Reply::default()));
        assert_eq!(targets, ["con_00000000000000000000000009", "acc_0000000000000000000000000A"]);
    }
}
