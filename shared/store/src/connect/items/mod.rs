//! Items of the connect family.

pub(crate) mod account;
pub(crate) mod connection;
pub(crate) mod session;
pub(crate) mod token_life;
