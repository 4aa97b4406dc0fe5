//! Deletions: what they are about, the Ledger, the places that they empty, what is left and until when.

pub mod ledger;
pub mod link;
pub mod ops;
pub mod places;
pub mod ports;
pub mod residue;
pub mod steps;
