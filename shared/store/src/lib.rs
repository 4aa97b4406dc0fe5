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

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_types::SdkConfig;
use mooring_domain::base::host::Clock;
use mooring_system::SystemClock;

pub use config::{Tables, variable};
pub use schema::{INDEX, TableSpec, create_tables, table_specs};

/// How long one attempt of a call may take: DynamoDB answers within milliseconds or not at all.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long one call may take with all its attempts: the function needs time left to report the failure.
const CALL: Duration = Duration::from_secs(15);
/// How long a call may take that is tried once, because its caller can continue without an answer.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How many times a call is tried. The upper bound of the waits begins at [`FIRST_WAIT`] and doubles up to
/// [`LONGEST_WAIT`]. A table that throttles every second call for minutes is ordinary: DynamoDB does so while
/// the table grows.
const ATTEMPTS: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Makes a client that retries as the store needs it.
///
/// The SDK pays for the retries of all calls from one bucket of tokens. A minute of throttling empties that
/// bucket, and then nothing is tried again. Here a call that succeeds pays for one retry, so that retries end
/// when more than every second call fails.
pub fn client(config: &SdkConfig) -> Client {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_WAIT)
        .with_max_backoff(LONGEST_WAIT);
    let bucket = TokenBucket::builder().retry_cost(1).throttling_retry_cost(1).success_reward(1.0).build();
    let partition = RetryPartition::custom("mooring-store").token_bucket(bucket).build();
    Client::from_conf(Builder::from(config).retry_config(retries).retry_partition(partition).build())
}

/// Implements every data port on DynamoDB.
#[derive(Clone)]
pub struct Store {
    client: Client,
    tables: Arc<Tables>,
    clock: Arc<dyn Clock>,
    patience: Duration,
}

impl Store {
    /// Makes a store of explicit parts.
    pub fn new(client: Client, tables: Tables, clock: Arc<dyn Clock>) -> Self {
        Self { client, tables: Arc::new(tables), clock, patience: PATIENCE }
    }

    /// Replaces [`PATIENCE`], one second, for the calls that are tried once: an emulated table on a busy machine
    /// may need more time than `DynamoDB` does.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Makes a store from a function's environment: from [`mooring_aws::config`] and [`Tables::from_env`].
    pub fn from_env() -> Self {
        Self::reached_by(mooring_aws::config("DYNAMODB"))
    }

    /// Makes a store that reaches `DynamoDB` as `config` says, within the store's own time limits, and takes
    /// the tables from the environment.
    pub fn reached_by(config: SdkConfig) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build();
        let config = config.into_builder().timeout_config(timeouts).build();
        Self::new(client(&config), Tables::from_env(), Arc::new(SystemClock))
    }
}
