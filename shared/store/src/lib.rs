//! DynamoDB behind the ports of the domain: one file per concern.
//!
//! [`Store`] implements every data port. Which key a row has is said in `keys`, how a domain value becomes an item in
//! `items`, and how the service is called and its errors are understood in `client`; the other files only say which
//! rows an operation reads and writes, and under which conditions.
//!
//! A row whose `expires_at` has passed by the clock is absent for every reader, because TTL removes it late. Only
//! deletion looks at what is physically there.
//!
//! Not here: keys of the customer's data, decisions, and the fence of bulk writes, which the operation re-reads itself.

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
/// How long one call may take with all its attempts: a function has to have time left to say so.
const CALL: Duration = Duration::from_secs(15);
/// How long a call may take that is tried once, because whoever makes it can go on without an answer.
pub const PATIENCE: Duration = Duration::from_secs(1);
/// How often a call is tried, and the longest first wait, which doubles up to [`LONGEST_WAIT`]. A table that throttles
/// every second call for minutes is ordinary: it is growing.
const ATTEMPTS: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Makes a client that is as patient as the store has to be.
///
/// The SDK pays for retries of all calls from one bucket that a minute of throttling empties, after which nothing is
/// tried again. Here a call that gets through pays for one retry: retries end where more than every second call fails.
pub fn client(config: &SdkConfig) -> Client {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_WAIT)
        .with_max_backoff(LONGEST_WAIT);
    let bucket = TokenBucket::builder().retry_cost(1).throttling_retry_cost(1).success_reward(1.0).build();
    let partition = RetryPartition::custom("mooring-store").token_bucket(bucket).build();
    Client::from_conf(Builder::from(config).retry_config(retries).retry_partition(partition).build())
}

/// Every data port, on DynamoDB.
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

    /// Gives the calls that are tried once another time than a second: a table that is emulated on a busy machine may
    /// need more than `DynamoDB` does.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Makes a store of a function's environment: that of [`mooring_aws::config`], and of [`Tables::from_env`].
    pub fn from_env() -> Self {
        Self::reached_by(mooring_aws::config("DYNAMODB"))
    }

    /// Reaches `DynamoDB` as `config` says, within the store's own times, and takes the tables from the environment.
    pub fn reached_by(config: SdkConfig) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build();
        let config = config.into_builder().timeout_config(timeouts).build();
        Self::new(client(&config), Tables::from_env(), Arc::new(SystemClock))
    }
}
