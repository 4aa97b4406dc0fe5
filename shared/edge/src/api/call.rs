//! Runs the parts that all API routes share: request id, caller, limits, origin, scope, problem documents,
//! one log line.

use std::pin::pin;

use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::guard::idempotency::Record;
use mooring_domain::guard::limits::Gauge;
use mooring_domain::people::caller::{Caller, Scope};
use mooring_domain::people::tenant::Tenant;
use mooring_telemetry::field;
use tracing::Instrument;

use super::access::Actor;
use super::authenticate::Authenticated;
use super::edge::Edge;
use super::limits::Peeked;
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

/// A caller who may make the call, once it is counted.
pub(super) struct Entered {
    pub(super) caller: Caller,
    pub(super) tenant: Tenant,
    pub(super) peeked: Peeked,
}

/// The facts about a call that are found before its answer is ready.
#[derive(Default)]
pub(super) struct CallRecord {
    pub(super) gauges: Option<Vec<Gauge>>,
    pub(super) actor: Option<Actor>,
    /// The idempotency record to complete with the outcome.
    pub(super) begun: Option<Record>,
}

impl Edge {
    /// Runs an API route: authentication, limits, origin, scope, CORS, errors as problem documents, logged once.
    ///
    /// An operation behind a method that only reads (RFC 9110, 9.2.1) runs while its call is counted, because neither
    /// needs the other: until the count admits the call nobody hears what was read, and a refusal ends the operation
    /// where it is. `tests/tidy` holds that no function behind such a method has a right to write. Every other
    /// operation begins when the call is counted.
    pub async fn api(
        &self,
        request: &Request,
        scope: Scope,
        run: impl AsyncFnOnce(Caller) -> Result<Reply>,
    ) -> Reply {
        self.call(request, async |record| {
            let Entered { caller, peeked, .. } = self.enter(request, Some(scope), record).await?;
            if request.method().is_safe() {
                return beside(self.count(&peeked, record), run(caller)).await;
            }
            self.count(&peeked, record).await?;
            run(caller).await
        })
        .await
    }

    /// Runs an API route as [`Edge::api`] does, and hands on what the guards read, so that the operation begins when
    /// the call is counted. Without a scope every valid credential may make the call.
    pub async fn admitted(
        &self,
        request: &Request,
        scope: Option<Scope>,
        run: impl AsyncFnOnce(Admitted) -> Result<Reply>,
    ) -> Reply {
        self.call(request, async |record| {
            let Entered { caller, tenant, peeked } = self.enter(request, scope, record).await?;
            self.count(&peeked, record).await?;
            run(Admitted { caller, tenant, gauges: record.gauges.clone().unwrap_or_default() }).await
        })
        .await
    }

    /// Answers a call, and writes everything that an answer leaves behind before the answer leaves.
    pub(super) async fn call(
        &self,
        request: &Request,
        answer: impl AsyncFnOnce(&mut CallRecord) -> Result<Reply>,
    ) -> Reply {
        let request_id = self.request_id(request);
        let span = mooring_telemetry::request_span(
            &request_id,
            trace::invocation(request),
            &routes::pattern(request.method(), request.uri().path()),
        );
        let work = async {
            let mut record = CallRecord::default();
            let outcome = answer(&mut record).await;
            trace::log(&outcome);
            // Each of the three depends on the outcome alone. A process that dies among them leaves what it leaves when
            // they run in turn: an operation that is done, with or without its entry and its record.
            let (origin, (), ()) = tokio::join!(
                self.reader(request, &outcome),
                self.log_access(request, record.actor, &outcome, &request_id),
                self.remember(record.begun, &outcome)
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

    /// Finds the caller, and compares origin and scope. A call with a valid credential counts whatever it asks for.
    pub(super) async fn enter(
        &self,
        request: &Request,
        scope: Option<Scope>,
        record: &mut CallRecord,
    ) -> Result<Entered> {
        self.admit(request)?;
        let Authenticated { caller, tenant, peeked } = self.authenticate(request).await?;
        tracing::info!(
            { field::TENANT } = caller.tenant.as_str(),
            { field::CREDENTIAL } = caller.credential.as_str(),
            "caller"
        );
        record.actor = Some(self.actor(&caller, &tenant));
        let scoped = || scope.map_or(Ok(()), |scope| caller.require(scope));
        if let Err(error) = cors::check(request, &tenant).and_then(|()| scoped()) {
            self.count(&peeked, record).await?;
            return Err(error);
        }
        Ok(Entered { caller, tenant, peeked })
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

/// Runs an operation that only reads while its call is counted. A limit's refusal comes before any outcome.
async fn beside(
    count: impl Future<Output = Result<()>>,
    run: impl Future<Output = Result<Reply>>,
) -> Result<Reply> {
    let (mut count, mut run) = (pin!(count), pin!(run));
    tokio::select! {
        biased;
        counted = &mut count => {
            counted?;
            run.await
        }
        outcome = &mut run => {
            count.await?;
            outcome
        }
    }
}
