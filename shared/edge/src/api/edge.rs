//! What every HTTP function needs of the world to know its caller.

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

/// What every HTTP function needs of the world to know its caller.
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
    /// How much callers may call.
    pub limits: Limits,
    /// Where the credentials work that are minted here.
    pub mode: Mode,
    pub(super) buckets: Arc<dyn RateBuckets>,
    pub(super) repeats: Arc<dyn IdempotencyStore>,
    pub(super) accesses: Arc<dyn AccessLog>,
}

impl Edge {
    /// Puts the edge together, on a store of callers, of what they called, and how often.
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
            repeats: store.clone(),
            accesses: store,
        }
    }

    /// Refuses what goes around the front, and then what cannot be read.
    pub(super) fn admit(&self, request: &Request) -> Result<()> {
        self.front.require(request)?;
        event::require_fit(request)
    }

    /// The id that API Gateway gave the request, or one of ours.
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
