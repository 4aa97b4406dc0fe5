//! Lists the places that each step deletes; pure, from the deletion's own list.
//!
//! The Vault is emptied in two parts, because Mooring asks the platform to end the grant in between. The subject's own
//! row, which answers that a deletion is under way, is deleted last.

use crate::base::table::Table;
use crate::deletion::ledger::{Deletion, Step};
use crate::deletion::places::{Place, Subject};

/// The beginning of the sort keys of data keys.
const DATA_KEYS: &str = "key#data#";

/// The beginnings of the sort keys of the token key and of tokens.
const TOKENS: [&str; 2] = ["key#token#", "tok#"];

/// Lists the places that a step deletes.
pub(super) fn of(deletion: &Deletion) -> Vec<Place> {
    let places = deletion.places.iter();
    match deletion.step {
        Step::ShredData => narrow(deletion, Table::Vault, &[DATA_KEYS]),
        Step::ShredToken => narrow(deletion, Table::Vault, &TOKENS),
        Step::Purge => {
            places.filter(|place| is_ours(deletion, place)).filter_map(|p| first(deletion, p)).collect()
        }
        Step::PurgeAgain => places.filter(|place| is_ours(deletion, place)).cloned().collect(),
        Step::Verify => deletion.places.clone(),
        Step::CutConnections | Step::Revoke | Step::Done => Vec::new(),
    }
}

/// Returns whether this deletion deletes the place. A tenant's connections delete their own rows: deleting these here
/// would hide a connection whose cutoff was not made.
fn is_ours(deletion: &Deletion, place: &Place) -> bool {
    deletion.subject != Subject::Tenant || place.table != Table::Connections
}

/// Returns the part of a place that the first pass deletes.
fn first(deletion: &Deletion, place: &Place) -> Option<Place> {
    let tenant_rows = place.partition == deletion.tenant.as_str();
    match (&deletion.subject, place.table) {
        (_, Table::Vault) => None,
        (Subject::Connection(_), Table::Connections) if tenant_rows => None,
        (Subject::Account(_, account), Table::Connections) if place.prefix == format!("acc#{account}") => {
            Some(Place { prefix: format!("acc#{account}#"), ..place.clone() })
        }
        (Subject::Tenant, Table::Directory) if tenant_rows && place.prefix.is_empty() => {
            Some(Place { prefix: "key#".to_owned(), ..place.clone() })
        }
        _ => Some(place.clone()),
    }
}

/// Returns the parts of a table's places whose sort keys begin with one of some prefixes.
fn narrow(deletion: &Deletion, table: Table, prefixes: &[&str]) -> Vec<Place> {
    let mut parts = Vec::new();
    for place in deletion.places.iter().filter(|place| place.table == table) {
        for prefix in prefixes {
            if place.prefix.starts_with(prefix) {
                parts.push(place.clone());
            } else if prefix.starts_with(place.prefix.as_str()) {
                parts.push(Place { prefix: (*prefix).to_owned(), ..place.clone() });
            }
        }
    }
    parts
}
