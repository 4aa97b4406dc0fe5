//! Requests for mails, and the counters of mails to an address.

pub(crate) mod keys;
pub(crate) mod mail;
