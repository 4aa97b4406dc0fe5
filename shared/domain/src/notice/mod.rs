//! Notices to people: requests for a mail, the pace of the mails to an address, and the way out.

pub mod mail;
pub mod ports;
