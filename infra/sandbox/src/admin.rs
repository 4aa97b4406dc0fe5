//! The sandbox's own controls under `/_sandbox/`: no platform has these.
//!
//! Every change wants a JSON body, so that a foreign web page cannot make one without asking first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::tiktok::faults::Faults;
use crate::tiktok::{Platform, state_page};

/// Returns the control routes.
pub(crate) fn router(platform: Arc<Platform>) -> Router {
    Router::new()
        .route("/_sandbox/", get(page))
        .route("/_sandbox/state", get(async |State(platform): Shared| Json(state(&platform))))
        .route("/_sandbox/faults", post(faults))
        .route("/_sandbox/revoke", post(revoke))
        .route("/_sandbox/reset", post(reset))
        .with_state(platform)
}

type Shared = State<Arc<Platform>>;

fn state(platform: &Platform) -> Value {
    let (living, revoked) = platform.grants().count();
    json!({
        "now": platform.now().to_string(),
        "tokens": {"living": living, "revoked": revoked},
        "counters": platform.counters(),
        "faults": platform.faults(),
        "advertisers": platform.world.advertiser_ids(),
    })
}

async fn faults(State(platform): Shared, Json(faults): Json<Faults>) -> Json<Value> {
    platform.set_faults(faults);
    Json(state(&platform))
}

/// What to revoke: one advertiser of all grants, or everything.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Revocation {
    advertiser_id: Option<String>,
    /// Accepted for symmetry with other platforms: this one never tells anybody.
    silent: Option<bool>,
}

async fn revoke(State(platform): Shared, Json(revocation): Json<Revocation>) -> Json<Value> {
    let revoked = match &revocation.advertiser_id {
        Some(id) => {
            platform.grants().lose_advertiser(id);
            0
        }
        None => platform.grants().revoke_all(),
    };
    Json(json!({"revoked": revoked, "notified": false, "silent": revocation.silent.unwrap_or(true)}))
}

async fn reset(State(platform): Shared, Json(_): Json<Value>) -> Json<Value> {
    platform.reset();
    Json(state(&platform))
}

async fn page(State(platform): Shared) -> Html<String> {
    Html(state_page(&state(&platform)))
}
