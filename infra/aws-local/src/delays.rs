//! Delays before calls of the services, as a network and a busy service would cause them.

use std::time::Duration;

/// How long a service waits before it handles a call; the default waits for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delays {
    /// Before each call of `DynamoDB`.
    pub tables: Duration,
    /// Before each call of KMS.
    pub keys: Duration,
}

impl Delays {
    /// The delays of docs/performance.md: 5 ms before each call of a table, 10 ms before each call of KMS.
    pub const REMOTE: Self = Self { tables: Duration::from_millis(5), keys: Duration::from_millis(10) };
}
