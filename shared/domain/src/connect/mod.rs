//! From the connect page to the live connection: sessions, grants, accounts, fences.

pub mod account;
pub mod binding;
pub mod candidates;
pub mod connection;
pub mod end;
pub mod fence;
pub mod ops;
pub mod ports;
pub mod session;
pub mod steps;
pub mod token_life;
pub mod way;
