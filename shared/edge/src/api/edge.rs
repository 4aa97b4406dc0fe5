//! The ports and settings with which every HTTP function identifies and limits its caller.

use std::sync::Arc;

use data_encoding::HEXLOWER;
use lambda_http::Request;
use mooring_domain::Result;
use mooring_domain::base::host::{Clock, Entropy};
use mooring_domain::guard::idempotency::IdempotencyStore;
use mooring_domain::guard::limits::Limits;
use mooring_domain::guard::limits::RateBuckets;
use mooring_domain::people::caller::text::Mode;
use mooring_domain::people::ports::{AccessLog, CallerRead};

use super::config::Config;
use crate::http::front::Front;
use crate::http::site::Site;
use crate::http::{event, trace};

/// The ports and settings with which every HTTP function identifies and limits its caller.
#[derive(Clone)]
pub struct Edge {
    /// Finds credentials and tenants.
    pub callers: Arc<dyn CallerRead>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Digests, constant-time comparison, request ids.
    pub entropy: Arc<dyn Entropy>,
    /// The public origin of the API.
    pub site: Site,
    /// The front of the deployment.
    pub front: Front,
    /// The rate limits of callers.
    pub limits: Limits,
    /// The mode of the credentials that this deployment mints.
    pub mode: Mode,
    pub(super) buckets: Arc<dyn RateBuckets>,
    pub(super) idempotency: Arc<dyn IdempotencyStore>,
    pub(super) accesses: Arc<dyn AccessLog>,
}

impl Edge {
    /// Makes an edge on a store of callers, idempotency records, buckets and the access log.
    pub fn new<S: CallerRead + RateBuckets + IdempotencyStore + AccessLog + 'static>(
        store: Arc<S>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        config: Config,
    ) -> Self {
        let Config { api_origin, limits, mode, edge_digests } = config;
        Self {
            callers: store.clone(),
            site: Site::new(api_origin),
            front: Front::new(edge_digests, entropy.clone()),
            clock,
            entropy,
            limits,
            mode,
            buckets: store.clone(),
            idempotency: store.clone(),
            accesses: store,
        }
    }

    /// Refuses a request that goes around the front, and then one whose query does not fit.
    pub(super) fn admit(&self, request: &Request) -> Result<()> {
        self.front.require(request)?;
        event::require_fit(request)
    }

    /// Returns the id that API Gateway gave the request, or makes a random one.
    pub(super) fn request_id(&self, request: &Request) -> String {
        trace::given_id(request).map_or_else(
            || {
                let mut bytes = [0; 16];
                self.entropy.fill(&mut bytes);
                HEXLOWER.encode(&bytes)
            },
            str::to_owned,
        )
    }
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Edge({})", self.site.origin())
    }
}
