//! Lists the places that each step deletes, from the deletion's own list.
//!
//! The Vault is emptied in two parts, because Mooring asks the platform to end the grant in between. The subject's own
//! row, which answers that a deletion is under way, is deleted last. The store knows which rows a part of a place has.

use crate::base::place::{Part, Place, Subject};
use crate::base::table::Table;
use crate::deletion::ledger::{Deletion, Step};
use crate::deletion::ports::Purge;

/// Lists the places that a step deletes.
pub(super) fn of(rows: &(impl Purge + ?Sized), deletion: &Deletion) -> Vec<Place> {
    let places = deletion.places.iter();
    let vault = |place: &&Place| place.class == Table::Vault;
    let part = |part| move |place| rows.part(place, part);
    match deletion.step {
        Step::ShredData => places.filter(vault).flat_map(part(Part::DataKeys)).collect(),
        Step::ShredToken => places.filter(vault).flat_map(part(Part::Tokens)).collect(),
        Step::Purge => places
            .filter(|place| !vault(place) && is_ours(deletion, place))
            .flat_map(part(Part::AllButOwn))
            .collect(),
        Step::PurgeAgain => places.filter(|place| is_ours(deletion, place)).cloned().collect(),
        Step::Verify => deletion.places.clone(),
        Step::CutConnections | Step::Revoke | Step::Done => Vec::new(),
    }
}

/// Returns whether this deletion deletes the place. A tenant's connections delete their own rows: deleting these here
/// would hide a connection whose cutoff was not made.
fn is_ours(deletion: &Deletion, place: &Place) -> bool {
    deletion.subject != Subject::Tenant || place.class != Table::Connections
}
