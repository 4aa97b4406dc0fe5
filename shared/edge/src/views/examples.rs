//! Examples of the views, for the description.

use serde_json::{Value, json};

/// A deletion on its way: what could be deleted at once is gone, and the second pass is next.
pub fn deletion() -> Value {
    json!({
        "id": "del_01M8Q0FTPHE9WRJ3SA3VPMAG7J",
        "subject": { "kind": "connection", "connection_id": "con_01M8Q0F1BWFACT7HHBJ07088KV" },
        "reason": "disconnected",
        "platform": "tiktok_ads",
        "state": "purging",
        "t0": "2026-11-30T19:56:40.529Z",
        "delete_by": "2026-12-07T19:56:40.529Z",
        "step": "purge_again",
        "next_step_at": "2026-11-30T20:16:41.076Z",
        "revoke": { "outcome": "killed", "tries": 1 },
        "status_url": "https://api.example.com/deletions/pctAn3LuMjsiP3iuboFW9ELgmAGpTOGKnHP4bHl44mi",
        "events": events(),
    })
}

/// The steps of [`deletion`].
pub fn events() -> Value {
    json!([
        { "at": "2026-11-30T19:56:41.076Z", "step": "shred_data", "counts": { "vault": 3 } },
        { "at": "2026-11-30T19:56:42.306Z", "step": "purge", "counts": { "connections": 48, "reports": 726 } },
        { "at": "2026-11-30T19:56:42.476Z", "step": "revoke", "counts": {}, "outcome": "killed" },
        { "at": "2026-11-30T19:56:42.621Z", "step": "shred_token", "counts": { "vault": 2 } },
    ])
}

/// An endpoint that hears of two types of events.
pub fn endpoint() -> Value {
    json!({
        "id": "whe_01M8Q0F13PEF988BD6XHBN3G4Y",
        "origin": "https://hooks.example.com",
        "event_types": ["connection.activated", "connection.disconnected"],
        "description": "Billing",
        "enabled": true,
        "disabled_reason": null,
        "disabled_at": null,
        "failing_since": null,
        "created_at": "2026-11-30T19:56:14.326Z",
    })
}

/// A delivery whose first attempt found nobody.
pub fn delivery() -> Value {
    json!({
        "id": "dlv_01M8Q0FQCWF75852RMJ4DNGW1A",
        "webhook_endpoint_id": "whe_01M8Q0F13PEF988BD6XHBN3G4Y",
        "event_id": "evt_01M8Q0FQCWF3ZVNYY91SKXJ1N0",
        "event_type": "connection.activated",
        "state": "pending",
        "next_attempt_at": "2026-11-30T19:56:42.511Z",
        "attempt_count": 1,
        "attempts": [{
            "number": 1,
            "at": "2026-11-30T19:56:37.370Z",
            "duration_ms": 78,
            "status": null,
            "failure": "unreachable",
        }],
        "created_at": "2026-11-30T19:56:37.148Z",
    })
}
