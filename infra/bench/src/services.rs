//! The services' process: the whole local stack without its schedules and pollers, and one active connection.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _, stdin, stdout};

use anyhow::{Context as _, Result, ensure};
use mooring_aws_local::{Delays, KEY_ALIAS, env_vars};
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::ConnectionState as _;
use mooring_domain::connect::token_life::{Change, Life};
use mooring_local::{Person, Stack, StackOptions};
use mooring_queue::QUEUES;
use mooring_store::Tables;
use serde::{Deserialize, Serialize};

/// The facts that another process needs about the services.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The environment of a function.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) tenant: String,
    pub(crate) api_key: String,
    pub(crate) connection: String,
    pub(crate) accounts: Vec<String>,
    /// A registered return URL.
    pub(crate) return_url: String,
    /// The platform that the connection was made at: it knows the token and the accounts.
    pub(crate) sandbox: String,
}

/// Connects as a person would, prints where everything is, and serves until standard input ends.
pub(crate) async fn serve(accounts: u32, delays: Delays) -> Result<()> {
    let options = StackOptions { ads: 20, advertisers: accounts, delays, ..StackOptions::default() };
    let stack = Stack::start(options).await?;
    stack.serve().await?;
    let connected = stack.product()?.connect(&mut Person::new()?, "somebody", None).await?;
    make_due(&stack, &connected.id).await?;
    let facts = Facts {
        env: environment(&stack),
        tenant: stack.seeded().tenant.to_string(),
        api_key: stack.seeded().api_key.clone(),
        connection: connected.id,
        accounts: connected.accounts,
        return_url: format!("{}/connected", stack.demo_origin()),
        sandbox: stack.wiring().platform_origin.clone(),
    };
    writeln!(stdout(), "{}", serde_json::to_string(&facts)?)?;
    let ended = tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()));
    ended.await?.context("standard input")?;
    stack.stop().await
}

/// Lets the day pass after which the connection is probed, in the row: functions here have the real time.
async fn make_due(stack: &Stack, connection: &str) -> Result<()> {
    let (tenant, id, store) = (&stack.seeded().tenant, connection.parse()?, &stack.adapters().store);
    let life = store.life(tenant, &id).await?;
    let life = Life { due_at: stack.clock().now(), ..life };
    let change = Change { life, from: State::Active, to: State::Active, events: Vec::new() };
    ensure!(store.record_life(tenant, &id, &change).await?, "the connection is not at rest");
    Ok(())
}

fn environment(stack: &Stack) -> BTreeMap<String, String> {
    let wiring = stack.wiring();
    let mut env: BTreeMap<String, String> = BTreeMap::new();
    let mut set = |name: &str, value: &str| env.insert(name.to_owned(), value.to_owned());
    for (name, value) in env_vars(&wiring.endpoints) {
        set(name, &value);
    }
    for (name, value) in Tables::prefixed("mooring-").env_vars() {
        set(name, &value);
    }
    for queue in QUEUES {
        set(queue.variable, wiring.queues.url(queue).unwrap_or_default());
    }
    let plenty = "6000000/6000000";
    for (name, value) in [
        ("KMS_KEY_ID", KEY_ALIAS),
        ("PROFILE", "statasphere"),
        ("API_ORIGIN", &wiring.api_origin),
        ("RATE_LIMIT_KEY", plenty),
        ("RATE_LIMIT_TENANT", plenty),
        ("LOG_LEVEL", "info"),
    ] {
        set(name, value);
    }
    env
}
