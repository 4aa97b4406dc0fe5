//! Requested mails and how often an address was written to.

pub(crate) mod keys;
pub(crate) mod mail;
