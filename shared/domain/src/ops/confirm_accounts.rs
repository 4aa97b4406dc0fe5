//! The choice of accounts: [`show`] lists what the grant reaches, [`run`] keeps what was chosen and hands the product
//! a one-time code. Until the product redeems it the connection is pending.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::account::{Account, PlatformAccount, UnusableAccount, encode_accounts, profile_slot};
use crate::candidates::{self, Candidate, Candidates};
use crate::connect::binding::{return_to, unusable};
use crate::connect::{ActivationCode, ConfirmTicket, PENDING_MINUTES};
use crate::connection::{Connection, KeyRow, State};
use crate::deletion::DEAD_MAN;
use crate::error::{Error, Result};
use crate::ids::AccountId;
use crate::keys::{KeyContext, Use};
use crate::ports::{
    CallerRead, Clock, ConnectionConfirm, ConnectionRead, Entropy, KeyMint, KeyOpen, NewAccount,
    TransientRead, TransientTake, VaultRead,
};
use crate::profile::Profile;
use crate::random;
use crate::together::{Work, together};

/// How many accounts are written in one call.
const BATCH: usize = 20;
/// How many keys are made at the same time.
const AT_ONCE: usize = 10;
/// How many accounts can be chosen in one go: their keys have to be made within one request.
const MOST: usize = 500;

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The tenant's name.
    pub callers: &'a dyn CallerRead,
    /// Looks at tickets.
    pub read: &'a dyn TransientRead,
    /// Uses tickets up.
    pub take: &'a dyn TransientTake,
    /// The pending connection and its candidates.
    pub connections: &'a dyn ConnectionRead,
    /// Writes the choice.
    pub confirm: &'a dyn ConnectionConfirm,
    /// The connection's wrapped data key.
    pub vault: &'a dyn VaultRead,
    /// Opens it.
    pub open: &'a dyn KeyOpen,
    /// Makes the accounts' data keys.
    pub mint: &'a dyn KeyMint,
    /// The product.
    pub profile: &'a Profile,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Ids and the code.
    pub entropy: &'a dyn Entropy,
}

/// What the confirm page says.
#[derive(Debug, Clone)]
pub struct Offer {
    /// Who asks.
    pub tenant: String,
    /// With which product.
    pub product: String,
    /// Where its privacy policy is.
    pub privacy_url: String,
    /// What the grant reaches, in the order that choices count in.
    pub accounts: Vec<PlatformAccount>,
    /// What it reaches and nobody can choose, each with its reason.
    pub unusable: Vec<UnusableAccount>,
    /// The origin that the form's answer leads to.
    pub return_origin: String,
}

/// What the person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// To connect these of the offered accounts, by their place in the list.
    Connect(Vec<usize>),
    /// To connect nothing. The pending connection ends by itself, the grant at the platform with it.
    Cancel,
}

/// Lists what can be chosen; the ticket stays good.
pub async fn show(ports: &Ports<'_>, ticket: &str) -> Result<Offer> {
    let key = ports.entropy.digest(ticket.as_bytes());
    let ticket = ports.read.ticket(&key, ports.clock.now()).await?.ok_or_else(unusable)?;
    let (_, _, candidates) = offered(ports, &ticket).await?;
    let tenant = ports.callers.tenant(&ticket.tenant).await?.filter(|tenant| tenant.active);
    Ok(Offer {
        tenant: tenant.ok_or_else(unusable)?.name,
        product: ports.profile.product.clone(),
        privacy_url: ports.profile.privacy_url.clone(),
        accounts: candidates.usable.into_iter().map(|candidate| candidate.account).collect(),
        unusable: candidates.unusable,
        return_origin: return_to(&ticket.return_url, &[])?.origin().ascii_serialization(),
    })
}

/// Uses the ticket up, keeps the choice and answers where the browser returns to.
pub async fn run(ports: &Ports<'_>, ticket: &str, decision: &Decision) -> Result<Url> {
    if let Decision::Connect(choices) = decision {
        check(choices)?;
    }
    let key = ports.entropy.digest(ticket.as_bytes());
    let ticket = ports.take.take_ticket(&key, ports.clock.now()).await?.ok_or_else(unusable)?;
    let (name, value) = match decision {
        Decision::Cancel => ("error", "cancelled".to_owned()),
        Decision::Connect(choices) => ("code", keep(ports, &ticket, choices).await?),
    };
    return_to(&ticket.return_url, &[("connection_id", ticket.connection.as_str()), (name, &value)])
}

fn check(choices: &[usize]) -> Result<()> {
    match choices.len() {
        0 => Err(Error::invalid("nothing_chosen", "Choose at least one account. Go back and tick one.")),
        1..=MOST => Ok(()),
        _ => {
            Err(Error::invalid("too_many_chosen", format!("At most {MOST} accounts can be chosen at once.")))
        }
    }
}

/// Writes the chosen accounts, each sealed under a key of its own, and the code.
async fn keep(ports: &Ports<'_>, ticket: &ConfirmTicket, choices: &[usize]) -> Result<String> {
    let (connection, parts, candidates) = offered(ports, ticket).await?;
    let chosen = choose(candidates.usable, choices)?;
    let now = ports.clock.now();
    let work =
        chosen.iter().map(|candidate| -> Work<'_, _> { Box::pin(account(ports, ticket, candidate, now)) });
    let accounts = together(work.collect(), AT_ONCE).await.into_iter().collect::<Result<Vec<_>>>()?;
    for batch in accounts.chunks(BATCH) {
        ports.confirm.add_accounts(&ticket.tenant, &ticket.connection, batch, now + DEAD_MAN).await?;
    }
    let text = random::secret_text(ports.entropy);
    let code = ActivationCode {
        tenant: ticket.tenant.clone(),
        connection: ticket.connection.clone(),
        end_user: ticket.end_user.clone(),
        expires_at: connection.created_at + SignedDuration::from_mins(PENDING_MINUTES),
    };
    let key = ports.entropy.digest(text.as_bytes());
    ports.confirm.confirm(&ticket.tenant, &ticket.connection, parts, (&key, &code)).await?;
    Ok(text)
}

/// Opens the list of a pending connection; answers the number of its parts too.
async fn offered(ports: &Ports<'_>, ticket: &ConfirmTicket) -> Result<(Connection, usize, Candidates)> {
    let (tenant, id) = (&ticket.tenant, &ticket.connection);
    let connection = ports.connections.connection(tenant, id).await?;
    let connection = connection.filter(|row| row.state == State::Pending).ok_or_else(unusable)?;
    let parts = ports.connections.candidates(tenant, id).await?;
    if parts.is_empty() {
        return Err(unusable());
    }
    let context = KeyContext::connection(tenant, id, Use::Data);
    let wrapped = ports.vault.key(&context).await?.ok_or_else(unusable)?;
    let key = ports.open.open(&context, &wrapped).await?;
    Ok((connection, parts.len(), candidates::open(key.as_ref(), &parts)?))
}

fn choose(candidates: Vec<Candidate>, choices: &[usize]) -> Result<Vec<Candidate>> {
    if choices.iter().any(|choice| *choice >= candidates.len()) {
        return Err(Error::invalid("unknown_choice", "An account was chosen that is not in the list."));
    }
    let chosen = candidates.into_iter().enumerate().filter(|(place, _)| choices.contains(place));
    Ok(chosen.map(|(_, candidate)| candidate).collect())
}

async fn account(
    ports: &Ports<'_>,
    ticket: &ConfirmTicket,
    candidate: &Candidate,
    now: Timestamp,
) -> Result<NewAccount> {
    let id = AccountId::from_uuid(random::uuid(ports.entropy, now));
    let context = KeyContext::account(&ticket.tenant, &ticket.connection, &id);
    let (key, wrapped) = ports.mint.mint(&context).await?;
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
