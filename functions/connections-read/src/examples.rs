//! Examples of the answers, for the description.

use mooring_edge::openapi::{Value, json};

/// A connection with one account.
pub(crate) fn connection() -> Value {
    json!({
        "id": "con_01M8Q0F1BWFACT7HHBJ07088KV",
        "platform": "tiktok_ads",
        "state": "active",
        "scopes": ["100", "200", "210", "220", "44"],
        "created_at": "2026-11-30T19:56:14.591Z",
        "end_user": "user-4711",
        "figures_kept_days": 730,
        "accounts": [account()],
    })
}

/// A page with one connection, which is the last.
pub(crate) fn list() -> Value {
    json!({ "connections": [connection()], "next_cursor": null })
}

fn account() -> Value {
    json!({
        "id": "acc_01M8Q0F1BZFZ8ABBA807Q0P5FS",
        "name": "Nordlicht Outdoor",
        "currency": "EUR",
        "time_zone": "Europe/Berlin",
        "state": "active",
        "last_synced_at": "2026-11-30T19:56:20.036Z",
        "names_pending": false,
        "sync": {
            "state": "current",
            "progress": null,
            "last_attempt": "2026-11-30T19:56:20.036Z",
            "last_success": "2026-11-30T19:56:20.036Z",
            "last_error": null,
            "next_at": "2026-11-30T20:41:00.000Z",
        },
    })
}
