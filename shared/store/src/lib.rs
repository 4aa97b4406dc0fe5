//! Implements the data ports of the domain on DynamoDB: one file per concern.
//!
//! [`Store`] implements every data port. A family's `keys` build the key of each row, its `items` turn domain
//! values into items, and `client` calls DynamoDB and interprets its errors. The other files only say which
//! rows an operation reads and writes, and under which conditions.
//!
//! A row whose `expires_at` has passed by the clock is absent for every reader, because TTL removes it late.
//! Only deletion reads the rows that are physically there.
//!
//! This crate contains no keys of the customer's data, no decisions, and no fence check of bulk writes of
//! chunks: the operation reads the fence again itself.

mod client;
mod config;
mod connect;
mod deletion;
mod guard;
mod notice;
mod people;
mod schema;
mod sync;
#[cfg(test)]
mod tests;
mod vault;
mod webhook;

pub use client::store::{PATIENCE, Store, client};
pub use config::{Tables, variable};
pub use schema::{TableSpec, create_tables, table_specs};
