//! Stores a choice. Ids and the code come from the ticket, so that a choice that is sent twice, or again after a
//! crash, writes the same rows.

use jiff::{SignedDuration, Timestamp};

use super::{BATCH, Ports, Standing};
use crate::base::error::Result;
use crate::base::ids::AccountId;
use crate::base::random::{derived_text, derived_uuid};
use crate::base::together::{Work, together};
use crate::connect::account::{Account, profile_slot};
use crate::connect::candidates::Candidate;
use crate::connect::connection::{Connection, State};
use crate::connect::ports::NewAccount;
use crate::connect::session::{ActivationCode, PENDING_MINUTES};
use crate::deletion::ledger::DEAD_MAN;
use crate::platform::account::encode_accounts;
use crate::vault::keys::KeyContext;
use crate::vault::rows::KeyRow;

/// The number of keys that are generated at the same time.
const AT_ONCE: usize = 10;

/// Derives the one-time code of a ticket.
pub(super) fn code(ports: &Ports, ticket: &str) -> String {
    derived_text(ports.entropy.as_ref(), ticket, "code")
}

/// Writes the chosen accounts and the code. Each account is sealed under a key of its own.
pub(super) async fn run(
    ports: &Ports,
    standing: &Standing<'_>,
    (connection, parts): (&Connection, usize),
    chosen: &[(String, Candidate)],
) -> Result<()> {
    let now = ports.clock.now();
    let ticket = &standing.ticket;
    let work =
        chosen.iter().map(|one| -> Work<'_, _> { Box::pin(account(ports, standing, connection, one)) });
    let accounts = together(work.collect(), AT_ONCE).await.into_iter().collect::<Result<Vec<_>>>()?;
    for batch in accounts.chunks(BATCH) {
        ports.rows.add_accounts(&ticket.tenant, &ticket.connection, batch, now + DEAD_MAN).await?;
    }
    let code = ActivationCode {
        tenant: ticket.tenant.clone(),
        connection: ticket.connection.clone(),
        end_user: ticket.end_user.clone(),
        expires_at: connection.created_at + SignedDuration::from_mins(PENDING_MINUTES),
    };
    let key = ports.entropy.digest(self::code(ports, standing.text).as_bytes());
    ports.rows.confirm(&standing.key, parts, (&key, &code)).await
}

async fn account(
    ports: &Ports,
    standing: &Standing<'_>,
    connection: &Connection,
    (name, candidate): &(String, Candidate),
) -> Result<NewAccount> {
    let ticket = &standing.ticket;
    let id = account_id(ports, standing.text, name, connection.created_at);
    let context = KeyContext::account(&ticket.tenant, &ticket.connection, &id);
    let (key, wrapped) = ports.new_keys.generate(&context).await?;
    let plain = encode_accounts(std::slice::from_ref(&candidate.account));
    let account = Account {
        state: State::Pending,
        currency: candidate.account.currency,
        zone: candidate.account.zone.clone(),
        fingerprint: candidate.fingerprint.clone(),
        profile: key.seal(&profile_slot(&id), &plain)?,
        id,
    };
    Ok(NewAccount { account, key: KeyRow { context, wrapped } })
}

fn account_id(ports: &Ports, ticket: &str, name: &str, at: Timestamp) -> AccountId {
    AccountId::from_uuid(derived_uuid(ports.entropy.as_ref(), (ticket, &format!("account {name}")), at))
}
