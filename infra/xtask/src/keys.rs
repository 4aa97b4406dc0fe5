//! A tenant's API keys from the operator's side: in a stack, or in the runner on this machine.

use std::io::{BufRead, stdin};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand, value_parser};
use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::ids::{CredentialId, TenantId};
use mooring_domain::people::api_key::ApiKey;
use mooring_domain::people::caller::Scope;
use mooring_domain::people::caller::text::{self, Mode};
use mooring_domain::people::ops::manage_keys as keys;
use mooring_domain::people::ops::manage_keys::{Input, OVERLAP, Output, Ports};
use mooring_domain::people::ports::CallerRead as _;
use mooring_system::{SystemClock, SystemEntropy};

use crate::reach::{Deployment, Reach};

/// A chore with keys.
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
        /// The name of the key.
        #[arg(long)]
        label: String,
        /// What it may do; may be repeated.
        #[arg(long = "scope", required = true, value_parser = scope)]
        scopes: Vec<Scope>,
        /// In how many days it ends; without it, never.
        #[arg(long, allow_negative_numbers = true, value_parser = value_parser!(i64).range(1..=MOST_DAYS))]
        days: Option<i64>,
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
        #[arg(long, default_value_t = OVERLAP.as_hours(), allow_negative_numbers = true)]
        #[arg(value_parser = value_parser!(i64).range(0..=24 * MOST_DAYS))]
        overlap_hours: i64,
    },
    /// Ends a key, and its frontend tokens, at once.
    Revoke {
        /// The tenant.
        tenant: TenantId,
        /// The key.
        key: CredentialId,
    },
    /// Says whose a key or frontend token is. Reads its text from standard input, so that no list of processes and no
    /// history of a shell has it.
    Whose,
}

/// The longest life and overlap of a key, in days: ten years.
const MOST_DAYS: i64 = 3_650;

fn scope(name: &str) -> Result<Scope, String> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    Scope::parse(name).ok_or_else(|| format!("there is no such scope; known: {}", known()))
}

/// Does one chore with keys.
#[expect(clippy::print_stdout, reason = "what was asked for is shown to whoever asked")]
pub(crate) async fn run(Options { reach, chore }: Options) -> Result<()> {
    if matches!(chore, Chore::Whose) {
        println!("{}", whose(stdin().lock())?);
        return Ok(());
    }
    reach.work(async |deployment| done(deployment, chore).await).await
}

async fn done(Deployment { store, mode }: &Deployment, chore: Chore) -> Result<String> {
    let ports = Ports {
        rows: Arc::new(store.clone()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        mode: *mode,
    };
    Ok(match chore {
        Chore::Add { tenant, label, scopes, days } => {
            let expires_at = days.map(end).transpose()?;
            shown(&keys::add(&ports, &tenant, Input { label, scopes, expires_at }).await?)
        }
        Chore::List { tenant } => {
            ensure!(store.tenant(&tenant).await?.is_some(), "there is no tenant {tenant}");
            let lines: Vec<String> = keys::list(&ports, &tenant).await?.iter().map(line).collect();
            if lines.is_empty() { format!("{tenant} has no keys") } else { lines.join("\n") }
        }
        Chore::Narrow { tenant, key, scopes } => line(&keys::narrow(&ports, &tenant, &key, &scopes).await?),
        Chore::Rotate { tenant, key, overlap_hours } => {
            let overlap = SignedDuration::from_hours(overlap_hours);
            shown(&keys::rotate(&ports, &tenant, &key, overlap).await?)
        }
        Chore::Revoke { tenant, key } => {
            keys::revoke(&ports, &tenant, &key).await?;
            format!("{key} and its frontend tokens have ended")
        }
        Chore::Whose => whose(stdin().lock())?,
    })
}

fn end(days: i64) -> Result<Timestamp> {
    let life = SignedDuration::from_hours(days.saturating_mul(24));
    Timestamp::now().checked_add(life).context("the key would outlive the calendar")
}

/// Shows a new key with its text: once, to whoever makes it.
fn shown(made: &Output) -> String {
    format!("key      {}\napi key  {}", made.key.credential.id, made.text.text())
}

/// Writes one key: id, label, state, scopes.
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

/// The most bytes that are read of a line.
const LONGEST_LINE: u64 = 4_096;

/// Says whose a credential is. Bytes that are not a text are not a credential either.
fn whose(given: impl BufRead) -> Result<String> {
    let mut typed = Vec::new();
    given.take(LONGEST_LINE).read_until(b'\n', &mut typed)?;
    ensure!(!typed.is_empty(), "give the text of the credential on standard input, as one line");
    let named = text::parse(String::from_utf8_lossy(&typed).trim())
        .context("this is no credential of Mooring: prefix or checksum does not fit")?;
    let place = if named.mode == Mode::Live { "a deployment" } else { "a developer's machine" };
    let what = named.minted_by.as_ref().map_or_else(
        || format!("API key {}", named.id),
        |key| format!("frontend token {} of the API key {key}", named.id),
    );
    Ok(format!("{what}\ntenant  {}\nmade for {place}", named.tenant))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    const TENANT: &str = "ten_01M8MF1BFSEZ6BGZ5Q9QYHNDN2";
    const KEY: &str = "key_01M8MF1BFSFS4A7V2DT5JZ99RC";

    fn parsed(words: &[&str]) -> Result<Option<u16>, String> {
        let line = Line::try_parse_from([["key"].as_slice(), words].concat());
        line.map(|line| line.options.reach.local).map_err(|error| error.to_string())
    }

    #[test]
    fn local_stands_before_or_behind_and_never_takes_the_next_word_for_a_port() {
        assert_eq!(parsed(&["list", TENANT]), Ok(None));
        for words in [["--local", "list", TENANT], ["list", "--local", TENANT], ["list", TENANT, "--local"]] {
            assert_eq!(parsed(&words), Ok(Some(8787)), "{words:?}");
        }
        assert_eq!(parsed(&["list", TENANT, "--local=9000"]), Ok(Some(9000)));
        let both = parsed(&["list", TENANT, "--local", "--stack", "mooring"]).unwrap_err();
        assert!(both.contains("cannot be used with"), "{both}");
    }

    #[test]
    fn what_was_mistyped_is_refused_with_what_is_right() {
        let rotate = |hours| ["rotate", TENANT, KEY, "--overlap-hours", hours];
        assert!(parsed(&rotate("0")).is_ok());
        for hours in ["-5", "99999999999999"] {
            assert!(parsed(&rotate(hours)).unwrap_err().contains("not in 0..=87600"), "{hours}");
        }
        let add = |scope, days| ["add", TENANT, "--label", "server", "--scope", scope, "--days", days];
        assert!(parsed(&add("reports.read", "90")).is_ok());
        assert!(parsed(&add("reports.read", "0")).unwrap_err().contains("not in 1..=3650"));
        assert!(parsed(&add("reports", "90")).unwrap_err().contains("known: connect, "));
        assert!(parsed(&["list", "ten_1"]).unwrap_err().contains("`ten_` and 26 characters"));
    }

    #[test]
    fn whatever_is_no_credential_is_said_to_be_none() {
        let told = |given: &[u8]| whose(given).unwrap_err().to_string();
        assert!(told(b"").contains("standard input"));
        for given in [b"hello\n".as_slice(), b"\xff\xfe", b"moor_test_\n", &vec![b'a'; 100_000]] {
            assert!(told(given).contains("no credential of Mooring"));
        }
    }
}
