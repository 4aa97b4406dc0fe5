//! The example of a receipt, for the description.

use mooring_domain::base::retention::ELSEWHERE;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::residue;
use mooring_edge::openapi::{Value, json};

/// A receipt of a connection whose grant the platform ended.
pub(crate) fn receipt() -> Value {
    json!({
        "deletion_id": "del_01M8Q0FTPHE9WRJ3SA3VPMAG7J",
        "subject": { "kind": "connection", "connection_id": "con_01M8Q0F1BWFACT7HHBJ07088KV" },
        "reason": "disconnected",
        "t0": "2026-11-30T19:56:40.529Z",
        "delete_by": "2026-12-07T19:56:40.529Z",
        "verified_at": "2026-12-01T19:56:43.201Z",
        "held": {
            "items": [
                { "table": "connections", "count": 48 },
                { "table": "reports", "count": 726 },
                { "table": "vault", "count": 5 },
            ],
            "key_ids": ["5d0f0c7f7f3a4f0e9d0a1f6f0b8a4c21"],
        },
        "events": events(),
        "revocation": { "outcome": "killed", "tries": 1 },
        "counted": [
            { "table": "connections", "places": 3, "count": 0 },
            { "table": "reports", "places": 2, "count": 0 },
            { "table": "vault", "places": 1, "count": 0 },
        ],
        "expires": expires(),
        "exceptions": [],
    })
}

fn expires() -> Value {
    let tables = [
        (Table::Connections, "2026-12-04T20:16:43.002Z"),
        (Table::Vault, "2026-12-01T20:16:43.002Z"),
        (Table::Reports, "2026-12-04T20:16:43.002Z"),
        (Table::Activity, "2027-03-01T19:56:43.201Z"),
        (Table::Transient, "2026-12-11T19:56:43.201Z"),
    ];
    let tables = tables.map(|(table, by)| (residue::place(table), table.holds(), by));
    let ends = ["2026-12-06T19:56:43.201Z", "2027-03-04T19:56:43.201Z"];
    let elsewhere = ELSEWHERE.into_iter().zip(ends).map(|((_, place, holds, _), by)| (place, holds, by));
    let all = tables.into_iter().chain(elsewhere);
    all.map(|(place, holds, by)| json!({ "place": place, "holds": holds, "by": by })).collect()
}

fn events() -> Value {
    json!([
        { "at": "2026-11-30T19:56:41.076Z", "step": "shred_data", "counts": { "vault": 3 } },
        { "at": "2026-11-30T19:56:42.306Z", "step": "purge", "counts": { "connections": 48, "reports": 726 } },
        { "at": "2026-11-30T19:56:42.476Z", "step": "revoke", "counts": {}, "outcome": "killed" },
        { "at": "2026-11-30T19:56:42.621Z", "step": "shred_token", "counts": { "vault": 2 } },
        { "at": "2026-11-30T20:16:43.002Z", "step": "purge_again", "counts": { "connections": 0, "reports": 0, "vault": 0 } },
        { "at": "2026-12-01T19:56:43.201Z", "step": "verify", "counts": { "connections": 0, "reports": 0, "vault": 0 } },
    ])
}
