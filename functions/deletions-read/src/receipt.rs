//! The receipt as JSON: what was counted at zero is kept apart from what expires by when.

use mooring_domain::deletion::ledger::Step;
use mooring_domain::deletion::ops::read_deletions::receipt::Receipt;
use mooring_domain::deletion::residue::Residue;
use mooring_edge::openapi::id_pattern;
use mooring_edge::views::deletion::{EventView, SubjectView};
use schemars::JsonSchema;
use serde::Serialize;

/// The proof of a deletion.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Receipt")]
pub(crate) struct ReceiptResponse {
    /// The deletion's id.
    #[schemars(regex(pattern = id_pattern("del")))]
    deletion_id: String,
    /// What was deleted.
    subject: SubjectView,
    /// What ended it.
    reason: String,
    /// When the promise started (RFC 3339).
    t0: String,
    /// When everything had to be gone (RFC 3339).
    delete_by: String,
    /// When everything was counted at zero (RFC 3339).
    verified_at: Option<String>,
    /// What was held.
    held: Held,
    /// What was done, when, and how much of it.
    events: Vec<EventView>,
    /// The platform's part; not for accounts and tenants.
    revocation: Option<Revocation>,
    /// What was counted at the end.
    counted: Vec<Counted>,
    /// Copies that cannot be counted and expire by themselves.
    expires: Vec<Expiring>,
    /// What had to be kept, with its legal ground and end date.
    exceptions: Vec<Exception>,
}

/// What was held.
#[derive(Debug, Serialize, JsonSchema)]
struct Held {
    /// How many items, by table.
    items: Vec<HeldItems>,
    /// The data keys that were destroyed: whatever is sealed under them is noise.
    key_ids: Vec<String>,
}

/// Items of one table.
#[derive(Debug, Serialize, JsonSchema)]
struct HeldItems {
    /// The table.
    table: String,
    /// How many there were.
    count: u64,
}

/// What came of asking the platform to end the grant.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReceiptRevocation")]
struct Revocation {
    /// `killed`, `refused`, `impossible` or `unreachable`.
    outcome: String,
    /// How often the platform was asked.
    tries: u8,
    /// Where the person can end it, when it may still stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings_url: Option<String>,
}

/// One table at the verification.
#[derive(Debug, Serialize, JsonSchema)]
struct Counted {
    /// The table.
    table: String,
    /// How many places of it were counted.
    places: u64,
    /// How many items were left in them.
    count: u64,
}

/// A copy that expires.
#[derive(Debug, Serialize, JsonSchema)]
struct Expiring {
    /// Where it may be.
    place: String,
    /// What it holds.
    holds: String,
    /// When it is gone (RFC 3339).
    by: String,
}

/// Something that had to be kept.
#[derive(Debug, Serialize, JsonSchema)]
struct Exception {
    /// What.
    what: String,
    /// Why.
    legal_ground: String,
    /// Until when (RFC 3339).
    until: String,
}

impl ReceiptResponse {
    pub(crate) fn of(proof: &Receipt) -> Self {
        let deletion = &proof.deletion;
        Self {
            deletion_id: deletion.id.to_string(),
            subject: SubjectView::of(&deletion.subject),
            reason: deletion.reason.as_str().to_owned(),
            t0: deletion.t0.to_string(),
            delete_by: deletion.delete_by.to_string(),
            verified_at: deletion.verified_at.map(|at| at.to_string()),
            held: Held::of(proof),
            events: deletion.happened().map(EventView::of).collect(),
            revocation: revocation(proof),
            counted: counted(proof),
            expires: deletion.residues().iter().filter_map(Expiring::of).collect(),
            // Tokens and advertising data have none: the rule of T45 knows no exception (promise T48).
            exceptions: Vec::new(),
        }
    }
}

impl Held {
    fn of(proof: &Receipt) -> Self {
        let items = proof
            .held
            .iter()
            .map(|(table, count)| HeldItems { table: table.as_str().to_owned(), count: *count });
        let keys = proof.deletion.keys.iter();
        Self { items: items.collect(), key_ids: keys.map(|key| key.to_hex()).collect() }
    }
}

fn revocation(proof: &Receipt) -> Option<Revocation> {
    let outcome = proof.deletion.revoke?.as_str().to_owned();
    let settings_url = proof.settings_url.map(str::to_owned);
    Some(Revocation { outcome, tries: proof.deletion.revoke_tries, settings_url })
}

/// The last count, which is what ended the deletion.
fn counted(proof: &Receipt) -> Vec<Counted> {
    let last = proof.deletion.events.iter().rfind(|event| event.step == Step::Verify);
    let counts = last.map(|event| event.counts.as_slice()).unwrap_or_default();
    let row = |(table, count): &(_, u64)| {
        let places = proof.counted.get(table).copied().unwrap_or_default();
        Counted {
            table: mooring_domain::base::table::Table::as_str(*table).to_owned(),
            places,
            count: *count,
        }
    };
    counts.iter().map(row).collect()
}

impl Expiring {
    /// A receipt exists only once the deletion is done, and then every date is known.
    fn of(residue: &Residue) -> Option<Self> {
        let by = residue.by?.to_string();
        Some(Self { place: residue.place.to_owned(), holds: residue.holds.to_owned(), by })
    }
}
