//! Deletions: their subjects, the Ledger, the places that they empty, and the copies that remain until they expire.

pub mod ledger;
pub mod link;
pub mod ops;
pub mod places;
pub mod ports;
pub mod residue;
pub mod steps;
