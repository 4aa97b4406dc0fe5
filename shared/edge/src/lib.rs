//! HTTP edge: callers, CORS, problem documents, cursors, pages.
//!
//! A handler takes an API Gateway request apart with the free functions here, calls one operation of the domain, and
//! puts the reply together; [`Edge::api`] and [`Edge::page`] do everything that is the same for every route. HTTP
//! status numbers exist here and nowhere else. Deliberately absent: storage, platforms, any decision of the product.

mod access;
mod api;
mod authenticate;
mod config;
mod cookie;
mod cors;
mod cursor;
mod elsewhere;
mod event;
mod extract;
mod flow;
mod headers;
mod html;
mod idempotency;
mod limits;
mod media;
pub mod openapi;
mod pages;
mod paging;
mod problem;
mod query;
mod reply;
pub mod routes;
mod runtime;
mod source;
#[cfg(test)]
mod tests;
pub mod views;

use std::sync::Arc;

use mooring_domain::caller::text::Mode;
use mooring_domain::limits::Limits;
use mooring_domain::ports::{AccessLog, CallerRead, Clock, Entropy, RateBuckets, Repeats};
use mooring_domain::secret::Digest;

pub use api::note;
pub use config::{Config, ConfigError};
pub use cookie::cookie;
pub use cursor::Cursor;
pub use elsewhere::elsewhere;
pub use event::{Answer, invoke};
pub use extract::{BODY_LIMIT, field, form_body, json_body, path};
pub use flow::Exit;
pub use headers::{asset, form_targets};
pub use html::{escape, layout};
pub use lambda_http::{Body, Request};
pub use media::{sends_json, wants_csv, wants_json};
pub use paging::Paging;
pub use problem::{Problem, status_of};
pub use query::Query;
pub use reply::{ReplyExt, accepted, accepted_html, created, csv, html, no_content, ok, see_other};
pub use runtime::{Handling, run};

/// A reply to API Gateway.
pub type Reply = lambda_http::Response<lambda_http::Body>;

/// What every HTTP function needs of the world to know its caller.
#[derive(Clone)]
pub struct Edge {
    /// Finds credentials and tenants.
    pub callers: Arc<dyn CallerRead>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Digests, constant-time comparison, request ids.
    pub entropy: Arc<dyn Entropy>,
    /// The public origin of the API, such as `https://api.example.com`, without a slash at the end.
    pub api_origin: String,
    /// How much callers may call.
    pub limits: Limits,
    /// Where the credentials work that are minted here.
    pub mode: Mode,
    front_digests: Vec<Digest>,
    buckets: Arc<dyn RateBuckets>,
    repeats: Arc<dyn Repeats>,
    accesses: Arc<dyn AccessLog>,
}

impl Edge {
    /// Puts the edge together, on a store of callers, of what they called, and how often.
    pub fn new<S: CallerRead + RateBuckets + Repeats + AccessLog + 'static>(
        store: Arc<S>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        config: Config,
    ) -> Self {
        let Config { api_origin, limits, mode, edge_digests } = config;
        Self {
            callers: store.clone(),
            clock,
            entropy,
            api_origin,
            limits,
            mode,
            front_digests: edge_digests,
            buckets: store.clone(),
            repeats: store.clone(),
            accesses: store,
        }
    }

    /// Makes an absolute URL of a path of ours.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.api_origin)
    }

    fn is_https(&self) -> bool {
        self.api_origin.starts_with("https://")
    }
}

impl std::fmt::Debug for Edge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Edge({})", self.api_origin)
    }
}
