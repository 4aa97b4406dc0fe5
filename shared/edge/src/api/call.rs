//! Runs the parts that all API routes share: request id, caller, limits, origin, scope, problem documents,
//! one log line.

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::guard::limits::Gauge;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::people::tenant::Tenant;
use mooring_telemetry::field;
use tracing::Instrument;

use super::access::Actor;
use super::authenticate::Authenticated;
use super::edge::Edge;
use super::{cors, limits};
use crate::http::reply::Reply;
use crate::http::{headers, problem, trace};
use crate::routes;

/// A caller whom every guard let in, and what the guards read on the way.
#[derive(Debug)]
pub struct Admitted {
    /// The caller.
    pub caller: Caller,
    /// The caller's tenant.
    pub tenant: Tenant,
    /// The caller's limits after this call; a limit that could not be read is missing.
    pub gauges: Vec<Gauge>,
}

/// The facts about a call that are found before its answer is ready.
#[derive(Default)]
struct CallRecord {
    gauges: Option<Vec<Gauge>>,
    actor: Option<Actor>,
}

impl Edge {
    /// Runs an API route: authentication, limits, origin, scope, CORS, errors as problem documents, logged once.
    pub async fn api(
        &self,
        request: &Request,
        scope: Scope,
        run: impl AsyncFnOnce(Caller) -> Result<Reply>,
    ) -> Reply {
        self.admitted(request, Some(scope), async |admitted| run(admitted.caller).await).await
    }

    /// Runs an API route as [`Edge::api`] does, and hands on what the guards read. Without a scope every valid
    /// credential may make the call.
    pub async fn admitted(
        &self,
        request: &Request,
        scope: Option<Scope>,
        run: impl AsyncFnOnce(Admitted) -> Result<Reply>,
    ) -> Reply {
        let request_id = self.request_id(request);
        let span = mooring_telemetry::request_span(
            &request_id,
            trace::invocation(request),
            &routes::pattern(request.method(), request.uri().path()),
        );
        let work = async {
            let mut record = CallRecord::default();
            let outcome = self.answer(request, scope, &mut record, run).await;
            trace::log(&outcome);
            let (origin, ()) = tokio::join!(
                self.reader(request, &outcome),
                self.log_access(request, record.actor, &outcome, &request_id)
            );
            (self.reply_of(outcome, &request_id), origin, record.gauges)
        };
        let (mut reply, origin, gauges) = work.instrument(span).await;
        if let Some(gauges) = gauges {
            limits::show(&mut reply, self.limits, &gauges);
        }
        cors::grant(&mut reply, origin);
        headers::stamp(&mut reply, self.site.is_https(), &request_id);
        reply
    }

    async fn answer(
        &self,
        request: &Request,
        scope: Option<Scope>,
        record: &mut CallRecord,
        run: impl AsyncFnOnce(Admitted) -> Result<Reply>,
    ) -> Result<Reply> {
        self.admit(request)?;
        let Authenticated { caller, tenant, peeked } = self.authenticate(request).await?;
        tracing::info!(
            { field::TENANT } = caller.tenant.as_str(),
            { field::CREDENTIAL } = caller.credential.as_str(),
            "caller"
        );
        let reading = self.count(peeked).await;
        let refusal = reading.refusal();
        record.gauges = Some(reading.gauges.clone());
        if let Some(error) = refusal {
            return Err(error);
        }
        record.actor = Some(self.actor(&caller, &tenant));
        cors::check(request, &tenant)?;
        if let Some(scope) = scope {
            caller.require(scope)?;
        }
        run(Admitted { caller, tenant, gauges: reading.gauges }).await
    }

    /// Returns the browser origin that may read the answer.
    pub(super) async fn reader<'a>(&self, request: &'a Request, outcome: &Result<Reply>) -> Option<&'a str> {
        match outcome {
            Ok(_) => cors::origin(request),
            Err(error) => self.readable_by(request, error).await,
        }
    }

    pub(super) fn reply_of(&self, outcome: Result<Reply>, request_id: &str) -> Reply {
        outcome.unwrap_or_else(|error| problem::document(&error, request_id, self.site.origin()))
    }
}
