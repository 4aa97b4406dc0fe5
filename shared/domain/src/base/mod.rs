//! Words that every family uses: errors, ids, instants, money, secrets, time zones, addresses, tables, places, walks, the host.

pub mod address;
pub mod backoff;
pub mod data_version;
pub mod error;
pub mod host;
pub mod ids;
pub mod instant;
pub mod locale;
pub mod money;
pub mod place;
pub mod queue;
pub mod random;
pub mod retention;
pub mod secret;
pub mod table;
pub mod together;
pub mod walk;
pub mod window;
pub mod zone;
