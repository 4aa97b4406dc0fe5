//! The store itself: the client of DynamoDB, the names of the tables, and how long calls may take.

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

use crate::config::Tables;

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
    pub(super) client: Client,
    pub(super) tables: Arc<Tables>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(super) patience: Duration,
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
        Self::reached_by(mooring_aws::config("DYNAMODB"), Tables::from_env())
    }

    /// Makes a store of some tables that reaches `DynamoDB` as `config` says, within the store's own time limits.
    pub fn reached_by(config: SdkConfig, tables: Tables) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(CALL).build();
        let config = config.into_builder().timeout_config(timeouts).build();
        Self::new(client(&config), tables, Arc::new(SystemClock))
    }
}
