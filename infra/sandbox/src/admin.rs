//! The sandbox's own controls under `/_sandbox/`: no platform has them.
//!
//! Every change needs a JSON body or the method DELETE, so that a foreign web page cannot make one without a preflight.

use std::sync::Arc;

use axum::extract::{FromRef, Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use mooring_loopback::no_foreign_pages;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::edits::{Edited, Edits, Rule};
use crate::tiktok::faults::Faults;
use crate::tiktok::{Platform, state_page};

/// Returns the control routes.
pub(crate) fn router(platform: Arc<Platform>, edits: Edits) -> Router {
    let controls = Router::new()
        .route("/_sandbox/", get(page))
        .route("/_sandbox/state", get(async |State(platform): Shared| Json(state(&platform))))
        .route("/_sandbox/edits", get(edited).post(add_edit).delete(clear_edits))
        .route("/_sandbox/edits/{id}", delete(remove_edit))
        .route("/_sandbox/faults", post(faults))
        .route("/_sandbox/revoke", post(revoke))
        .route("/_sandbox/restore", post(restore))
        .route("/_sandbox/reset", post(reset))
        .with_state(Levers { platform, edits });
    no_foreign_pages(controls)
}

/// The state that the controls change.
#[derive(Clone)]
struct Levers {
    platform: Arc<Platform>,
    edits: Edits,
}

impl FromRef<Levers> for Arc<Platform> {
    fn from_ref(levers: &Levers) -> Self {
        Self::clone(&levers.platform)
    }
}

impl FromRef<Levers> for Edits {
    fn from_ref(levers: &Levers) -> Self {
        levers.edits.clone()
    }
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
    /// Accepted for symmetry with other platforms: TikTok never notifies anybody.
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

/// Which advertiser to give back to all grants that reached it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Restoration {
    advertiser_id: String,
}

async fn restore(State(platform): Shared, Json(restoration): Json<Restoration>) -> Json<Value> {
    Json(json!({"restored": platform.grants().restore_advertiser(&restoration.advertiser_id)}))
}

async fn reset(State(levers): State<Levers>, Json(_): Json<Value>) -> Json<Value> {
    levers.edits.clear();
    levers.platform.reset();
    Json(state(&levers.platform))
}

async fn edited(State(edits): State<Edits>) -> Json<Edited> {
    Json(edits.state())
}

async fn add_edit(
    State(edits): State<Edits>,
    Json(rule): Json<Rule>,
) -> Result<(StatusCode, Json<Value>), (StatusCode, String)> {
    let refused = |error: anyhow::Error| (StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}"));
    let id = edits.add(rule).map_err(refused)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

async fn clear_edits(State(edits): State<Edits>) -> Json<Edited> {
    edits.clear();
    Json(edits.state())
}

async fn remove_edit(State(edits): State<Edits>, Path(id): Path<u64>) -> StatusCode {
    if edits.remove(id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

async fn page(State(platform): Shared) -> Html<String> {
    Html(state_page(&state(&platform)))
}
