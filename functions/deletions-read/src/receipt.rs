//! Writes the receipt as JSON: the places that were counted at zero, apart from the copies that expire later.

use mooring_domain::deletion::ledger::Step;
use mooring_domain::deletion::ops::read_deletions::receipt::Receipt;
use mooring_domain::deletion::residue::Residue;
use mooring_edge::openapi::{id_pattern, words};
use mooring_edge::views::deletion::{EventView, SubjectView};
use mooring_edge::views::time::Time;
use schemars::JsonSchema;
use serde::Serialize;

/// The proof of a deletion.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Receipt", example = crate::example::receipt())]
pub(crate) struct ReceiptResponse {
    /// The deletion's id.
    #[schemars(regex(pattern = id_pattern("del")))]
    deletion_id: String,
    /// The subject of the deletion.
    subject: SubjectView,
    /// The reason for the deletion.
    #[schemars(with = "words::DeletionReason")]
    reason: String,
    /// When the promised time began.
    t0: Time,
    /// When everything had to be gone.
    delete_by: Time,
    /// When everything was counted at zero.
    verified_at: Option<Time>,
    /// The items that were held.
    held: Held,
    /// The steps that were done, with their times and counts.
    events: Vec<EventView>,
    /// The outcome of the platform's part; missing for accounts and tenants.
    revocation: Option<Revocation>,
    /// The counts at the end.
    counted: Vec<Counted>,
    /// Copies that cannot be counted and expire by themselves.
    expires: Vec<Expiring>,
    /// The things that had to be kept, with legal ground and end date.
    exceptions: Vec<Exception>,
}

/// The items that were held.
#[derive(Debug, Serialize, JsonSchema)]
struct Held {
    /// How many items, by table.
    items: Vec<HeldItems>,
    /// The data keys that were destroyed: data that was sealed under them cannot be read any more.
    key_ids: Vec<String>,
}

/// The items of one table.
#[derive(Debug, Serialize, JsonSchema)]
struct HeldItems {
    /// The table.
    #[schemars(with = "words::TableName")]
    table: String,
    /// How many items there were.
    count: u64,
}

/// The outcome of asking the platform to end the grant.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ReceiptRevocation")]
struct Revocation {
    /// The outcome.
    #[schemars(with = "words::RevokeOutcome")]
    outcome: String,
    /// How many times the platform was asked.
    tries: u8,
    /// The page on which the person can end the grant, when the platform may still have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<words::Address>")]
    settings_url: Option<String>,
}

/// The counts of one table at the verification.
#[derive(Debug, Serialize, JsonSchema)]
struct Counted {
    /// The table.
    #[schemars(with = "words::TableName")]
    table: String,
    /// How many places of the table were counted.
    places: u64,
    /// How many items were left in these places.
    count: u64,
}

/// A copy that expires by itself.
#[derive(Debug, Serialize, JsonSchema)]
struct Expiring {
    /// The place where the copy may be.
    place: String,
    /// The data that the copy holds.
    holds: String,
    /// When the copy is gone.
    by: Time,
}

/// A thing that had to be kept.
#[derive(Debug, Serialize, JsonSchema)]
struct Exception {
    /// The thing.
    what: String,
    /// The legal ground for keeping it.
    legal_ground: String,
    /// Until when it is kept.
    until: Time,
}

impl ReceiptResponse {
    pub(crate) fn of(proof: &Receipt) -> Self {
        let deletion = &proof.deletion;
        Self {
            deletion_id: deletion.id.to_string(),
            subject: SubjectView::of(&deletion.subject),
            reason: deletion.reason.as_str().to_owned(),
            t0: deletion.t0.into(),
            delete_by: deletion.delete_by.into(),
            verified_at: deletion.verified_at.map(Time::from),
            held: Held::of(proof),
            events: deletion.happened().map(EventView::of).collect(),
            revocation: revocation(proof),
            counted: counted(proof),
            expires: deletion.residues().iter().filter_map(Expiring::of).collect(),
            // Nothing of tokens and advertising data is kept: the rule of T45 knows no exception (promise
            // T48).
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

/// Returns the last count, which ended the deletion.
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
    /// Shows a residue. A receipt exists only once the deletion is done, and then every date is known.
    fn of(residue: &Residue) -> Option<Self> {
        let by = residue.by?.into();
        Some(Self { place: residue.place.to_owned(), holds: residue.holds.to_owned(), by })
    }
}
