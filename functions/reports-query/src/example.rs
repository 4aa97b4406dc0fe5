//! The example of a report, for the description.

use mooring_edge::openapi::{Value, json};

/// A report of one campaign on two days. Its second day lacks rows.
pub(crate) fn report() -> Value {
    json!({
        "connection_id": "con_01M8Q0F1BWFACT7HHBJ07088KV",
        "account_id": "acc_01M8Q0F1BZFZ8ABBA807Q0P5FS",
        "level": "campaign",
        "from": "2026-11-22",
        "to": "2026-11-23",
        "time_zone": "Europe/Berlin",
        "currency": "EUR",
        "group_by": "day,entity",
        "metrics": ["spend", "clicks", "ctr"],
        "rows": [
            { "day": "2026-11-22", "entity": campaign(), "metrics": metrics(221_030_000, 352, 0.01006) },
            { "day": "2026-11-23", "entity": campaign(), "metrics": metrics(264_110_000, 428, 0.011_871) },
        ],
        "totals": metrics(485_140_000, 780, 0.010_979),
        "completeness": [
            {
                "day": "2026-11-22", "status": "provisional", "reason": null, "not_offered": [], "unattributed": false,
                "observed_at": "2026-11-30T19:56:17.497Z",
            },
            {
                "day": "2026-11-23", "status": "partial", "reason": "rate_limited", "not_offered": [],
                "unattributed": false, "observed_at": "2026-11-30T19:56:17.497Z",
            },
        ],
        "provisional_days": ["2026-11-22"],
        "next_cursor": null,
    })
}

fn campaign() -> Value {
    json!({
        "id": "17201218159359870", "name": "Spring launch 001", "status": "CAMPAIGN_STATUS_ENABLE",
        "parent_id": null,
    })
}

fn metrics(spend: i64, clicks: i64, ctr: f64) -> Value {
    json!({ "spend": { "amount_micros": spend, "currency": "EUR" }, "clicks": clicks, "ctr": ctr })
}
