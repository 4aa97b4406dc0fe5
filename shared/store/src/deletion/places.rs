//! Sums up the places that the families name, and the parts of them that a pass of a deletion empties.

use mooring_domain::base::place::{Part, Place};
use mooring_domain::base::table::Table;

use crate::client::place::Scope;
use crate::{connect, guard, people, sync, vault, webhook};

/// The families with rows that a deletion empties, in the order of the list in the Ledger.
const FAMILIES: [fn(&Scope<'_>) -> Vec<Place>; 6] = [
    vault::keys::places,
    people::keys::places,
    connect::keys::places,
    sync::keys::places,
    guard::keys::places,
    webhook::keys::places,
];

/// Lists every place of a subject.
pub(crate) fn places(scope: &Scope<'_>) -> Vec<Place> {
    FAMILIES.iter().flat_map(|family| family(scope)).collect()
}

/// Lists the places that make up a part of a place.
pub(crate) fn part(place: &Place, part: Part) -> Vec<Place> {
    match (part, place.class) {
        (Part::DataKeys, Table::Vault) => vault::keys::data_keys(place),
        (Part::Tokens, Table::Vault) => vault::keys::tokens(place),
        (Part::DataKeys | Part::Tokens, _) => Vec::new(),
        (Part::AllButOwn, Table::Connections) => connect::keys::all_but_own(place),
        (Part::AllButOwn, Table::Directory) => people::keys::all_but_own(place),
        (Part::AllButOwn, _) => vec![place.clone()],
    }
}
