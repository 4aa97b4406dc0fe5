//! A tenant's API keys from the operator's side: of a deployment, or of the runner on this machine.

use std::io::stdin;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use mooring_domain::caller::text::{self, Mode};
use mooring_domain::caller::{ApiKey, Scope};
use mooring_domain::ids::{CredentialId, TenantId};
use mooring_domain::ops::manage_keys::{self as keys, Input, OVERLAP, Output, Ports};
use mooring_local::running;
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

use crate::operator;

/// Which tables are meant: those of a deployment, by the variables that functions have too, unless a port is given.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Reach {
    /// The runner on this machine, by the port of its API.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8787")]
    local: Option<u16>,
}

impl Reach {
    /// The tables, and the word that new credentials there carry.
    pub(crate) async fn store(self) -> (Store, Mode) {
        match self.local {
            Some(port) => (running(port), Mode::Test),
            None => (Store::reached_by(operator().await), Mode::Live),
        }
    }
}

/// What is done with keys.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Adds a key and prints its text, once.
    Add {
        /// The tenant.
        tenant: TenantId,
        /// What the key is called.
        #[arg(long)]
        label: String,
        /// What it may do; may be repeated.
        #[arg(long = "scope", required = true, value_parser = scope)]
        scopes: Vec<Scope>,
        /// In how many days it ends; without it, never.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Lists a tenant's keys, the expired ones too.
    List {
        /// The tenant.
        tenant: TenantId,
    },
    /// Takes scopes away from a key, and from its frontend tokens, at once.
    Narrow {
        /// The tenant.
        tenant: TenantId,
        /// The key.
        key: CredentialId,
        /// What it may still do; may be repeated.
        #[arg(long = "scope", required = true, value_parser = scope)]
        scopes: Vec<Scope>,
    },
    /// Makes a key in the place of another, which goes on for a while, and prints its text, once.
    Rotate {
        /// The tenant.
        tenant: TenantId,
        /// The key that is replaced.
        key: CredentialId,
        /// For how many hours the replaced key goes on.
        #[arg(long, default_value_t = OVERLAP.as_hours())]
        overlap_hours: i64,
    },
    /// Ends a key, and its frontend tokens, at once.
    Revoke {
        /// The tenant.
        tenant: TenantId,
        /// The key.
        key: CredentialId,
    },
    /// Says whose a key or frontend token is. Its text is read from standard input, so that no list of processes and no
    /// history of a shell has it.
    Whose,
}

fn scope(name: &str) -> Result<Scope, String> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    Scope::parse(name).ok_or_else(|| format!("there is no such scope; known: {}", known()))
}

/// Does one chore with keys.
#[expect(clippy::print_stdout, reason = "what was asked for is shown to whoever asked")]
pub(crate) async fn run(options: Options) -> Result<()> {
    if matches!(options.chore, Chore::Whose) {
        println!("{}", whose()?);
        return Ok(());
    }
    let (store, mode) = options.reach.store().await;
    let ports = Ports { read: &store, write: &store, clock: &SystemClock, entropy: &SystemEntropy, mode };
    match options.chore {
        Chore::Add { tenant, label, scopes, days } => {
            let expires_at = days.map(end).transpose()?;
            shown(&keys::add(&ports, &tenant, Input { label, scopes, expires_at }).await?);
        }
        Chore::List { tenant } => {
            keys::list(&ports, &tenant).await?.iter().for_each(|key| println!("{}", line(key)));
        }
        Chore::Narrow { tenant, key, scopes } => {
            println!("{}", line(&keys::narrow(&ports, &tenant, &key, &scopes).await?));
        }
        Chore::Rotate { tenant, key, overlap_hours } => {
            let overlap = SignedDuration::from_hours(overlap_hours.max(0));
            shown(&keys::rotate(&ports, &tenant, &key, overlap).await?);
        }
        Chore::Revoke { tenant, key } => {
            keys::revoke(&ports, &tenant, &key).await?;
            println!("{key} and its frontend tokens have ended");
        }
        Chore::Whose => {}
    }
    Ok(())
}

fn end(days: u32) -> Result<Timestamp> {
    let life = SignedDuration::from_hours(24 * i64::from(days));
    Timestamp::now().checked_add(life).context("the key would outlive the calendar")
}

#[expect(clippy::print_stdout, reason = "the key is shown once, to whoever makes it")]
fn shown(made: &Output) {
    println!("key      {}\napi key  {}", made.key.credential.id, made.text.text());
}

/// One key: id, label, state, scopes.
fn line(key: &ApiKey) -> String {
    let ApiKey { credential, label, created_at, successor } = key;
    let state = match credential.expires_at {
        Some(end) if credential.is_live(Timestamp::now()) => format!("until {end}"),
        Some(end) => format!("expired {end}"),
        None => "no end".to_owned(),
    };
    let next = successor.as_ref().map(|key| format!("  successor {key}")).unwrap_or_default();
    let scopes = credential.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",");
    format!("{}  {label:?}  made {created_at}  {state}{next}  {scopes}", credential.id)
}

/// Whose the credential on standard input is.
fn whose() -> Result<String> {
    let mut typed = String::new();
    stdin().read_line(&mut typed)?;
    let named = text::parse(typed.trim())
        .context("this is no credential of Mooring: prefix or checksum does not fit")?;
    let place = if named.mode == Mode::Live { "a deployment" } else { "a developer's machine" };
    let what = named.minted_by.as_ref().map_or_else(
        || format!("API key {}", named.id),
        |key| format!("frontend token {} of the API key {key}", named.id),
    );
    Ok(format!("{what}\ntenant  {}\nmade for {place}", named.tenant))
}
