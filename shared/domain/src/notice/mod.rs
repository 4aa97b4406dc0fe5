//! Notices to people: mails with deletion links.

pub mod mail;
pub mod ops;
pub mod ports;
