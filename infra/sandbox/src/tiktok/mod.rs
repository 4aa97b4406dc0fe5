//! `TikTok`'s Marketing API v1.3, played: state, endpoint table and routes.
//!
//! It plays only the advertiser side; the organic API of the same brand is another platform.

mod accounts;
mod call;
mod consent_page;
pub(crate) mod counters;
mod envelope;
pub(crate) mod faults;
mod gate;
pub(crate) mod grants;
mod oauth;
mod objects;
mod portal;
mod reports;
mod structure;
mod throttle;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use jiff::Timestamp;

use self::counters::{Counters, Meter};
use self::faults::Faults;
use self::grants::Grants;
use self::reports::cache::Cache;
use self::throttle::Throttle;
use self::world::World;
use crate::clock::Clock;
use crate::config::SandboxConfig;

/// The whole state of the played platform.
pub(crate) struct Platform {
    pub(crate) config: SandboxConfig,
    pub(crate) world: World,
    clock: Clock,
    grants: Mutex<Grants>,
    faults: Mutex<Faults>,
    meter: Mutex<Meter>,
    throttle: Mutex<Throttle>,
    cache: Mutex<Cache>,
}

impl Platform {
    pub(crate) fn new(config: SandboxConfig, clock: Clock) -> Self {
        Self {
            world: World::new(config.seed, config.advertisers, config.ads),
            grants: Mutex::new(Grants::open(config.state_file.clone())),
            faults: Mutex::default(),
            meter: Mutex::default(),
            throttle: Mutex::new(Throttle::new(config.app_qps, config.advertiser_qps)),
            cache: Mutex::default(),
            clock,
            config,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(crate) fn grants(&self) -> MutexGuard<'_, Grants> {
        locked(&self.grants)
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *locked(&self.faults) = faults;
    }

    pub(crate) fn faults(&self) -> Faults {
        locked(&self.faults).clone()
    }

    pub(crate) fn counters(&self) -> Counters {
        locked(&self.meter).counters.clone()
    }

    pub(crate) fn reset(&self) {
        self.grants().forget();
        self.set_faults(Faults::default());
        *locked(&self.meter) = Meter::default();
    }
}

/// Locks even after a panic in another thread: the state is plain data and stays usable.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns the consent pages and the API.
pub(crate) fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route("/portal/auth", get(portal::show).post(portal::decide))
        .route("/open_api/{*path}", any(gate::serve))
        .fallback(|| async { not_found() })
        .with_state(platform)
}

/// Makes the edge's answer to a path that never reached the API, such as one without its trailing slash.
fn not_found() -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (StatusCode::NOT_FOUND, plain, "404 page not found").into_response()
}

/// Renders the admin API's state for a person.
pub(crate) fn state_page(state: &serde_json::Value) -> String {
    let text = consent_page::escape(&format!("{state:#}"));
    let content = format!("<h1>State</h1><pre style=\"overflow:auto\">{text}</pre>");
    consent_page::document("State", &content)
}
