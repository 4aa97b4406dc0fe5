//! Connections, accounts, fences, and the short-lived rows of the connect flow.

pub(crate) mod activation;
pub(crate) mod connections;
pub(crate) mod fences;
pub(crate) mod held;
pub(crate) mod items;
pub(crate) mod keys;
pub(crate) mod mail_index;
pub(crate) mod sessions;
pub(crate) mod token_life;
