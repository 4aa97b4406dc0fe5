//! Deletions: the Ledger, mailed links, and the copies that remain until they expire.

pub mod ledger;
pub mod link;
pub mod ops;
pub mod ports;
pub mod residue;
pub mod steps;
