//! Offers the choice of accounts: [`show`] lists the accounts that the grant reaches, [`run`] stores the choice and
//! hands the product a one-time code. Until the product redeems the code, the connection is pending.
//!
//! The consent shown is the consent recorded: the page names its ticket by a public handle, the browser presents the
//! ticket itself, and accounts go by ids that only this list has. A call that does not fit uses nothing up. The first
//! choice with a ticket counts; the same choice again, as of a double click or after a crash, has the same result.

mod choice;
mod keep;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use std::collections::HashSet;

use url::Url;

pub use self::choice::MOST as MOST_CHOSEN;

use crate::base::error::{Error, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::locale::Locale;
use crate::base::secret::{Digest, Fingerprint};
use crate::base::together::both;
use crate::connect::binding::{foreign_list, return_to, ticket_handle};
use crate::connect::candidates::{self, Candidate, Candidates};
use crate::connect::connection::{Connection, State};
use crate::connect::end::End;
use crate::connect::ports::{ConnectionConfirm, ConnectionRead, HeldAccounts, TransientRead, TransientTake};
use crate::connect::session::ConfirmTicket;
use crate::people::ports::CallerRead;
use crate::platform::account::{PlatformAccount, UnusableAccount};
use crate::platform::profile::Profile;
use crate::vault::keys::{KeyContext, Use};
use crate::vault::ports::{KeyGenerate, KeyOpen, VaultRead};

/// The number of accounts that one call writes.
const BATCH: usize = 20;

rows!(CallerRead, TransientRead, TransientTake, ConnectionRead, HeldAccounts, ConnectionConfirm, VaultRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// Generates the accounts' data keys.
    pub new_keys: Arc<dyn KeyGenerate>,
    /// The product's profile.
    pub profile: Arc<Profile>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids and the code.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
}

/// The ticket in the browser's cookie, and the handle in the address or the form of the page.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The ticket's text.
    pub ticket: &'a str,
    /// The handle.
    pub handle: &'a str,
}

/// The contents of the confirm page.
#[derive(Debug)]
pub struct Offer {
    /// The tenant who asks.
    pub tenant: String,
    /// The product that the tenant uses.
    pub product: String,
    /// The address of the product's privacy policy.
    pub privacy_url: String,
    /// The language of the session; without it, the browser's counts.
    pub locale: Option<Locale>,
    /// The handle of the ticket, for the form.
    pub handle: String,
    /// The accounts that the grant reaches and that can be chosen.
    pub accounts: Vec<Offered>,
    /// The accounts that the grant reaches and nobody can choose, each with its reason.
    pub unusable: Vec<UnusableAccount>,
    /// The origin that the form's answer leads to.
    pub return_origin: String,
    /// Why the accounts connected already are unknown, for the log: the person can choose all the same.
    pub unseen: Option<Error>,
}

/// An account to choose.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The account's id on this page and nowhere else.
    pub id: String,
    /// The account.
    pub account: PlatformAccount,
    /// True when a live connection of the tenant holds the account: chosen again, it is connected twice.
    pub already: bool,
}

/// The page that the browser sees.
#[derive(Debug)]
pub enum Shown {
    /// The list.
    Offer(Offer),
    /// No list: the choice was made, and the browser returns to this address.
    Decided(Url),
}

/// The decision of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// To connect these of the offered accounts, by their ids on the page.
    Connect(Vec<String>),
    /// To connect nothing. The pending connection ends by itself, and so does the grant at the platform.
    Cancel,
}

/// The answer to a decision.
#[derive(Debug)]
pub enum Outcome {
    /// The browser returns to this address.
    Back(Url),
    /// The list comes again, because the choice was impossible. Nothing was used up.
    Again(Box<Offer>, Error),
}

/// A ticket that belongs to the browser and to the browser's page.
struct Standing<'a> {
    text: &'a str,
    key: Digest,
    ticket: ConfirmTicket,
}

/// Lists the accounts that can be chosen; the ticket stays good.
pub async fn show(ports: &Ports, presented: Presented<'_>) -> Result<Shown> {
    let standing = stand(ports, presented).await?;
    if standing.ticket.done {
        return way_back(ports, &standing).map(Shown::Decided);
    }
    let ticket = &standing.ticket;
    let (offered, tenant) = both(offered(ports, ticket), ports.rows.tenant(&ticket.tenant)).await;
    let Some((_, _, candidates)) = offered? else {
        return expired(ticket).map(Shown::Decided);
    };
    let tenant = tenant?.filter(|tenant| tenant.active);
    let fingerprints: Vec<_> = candidates.usable.iter().map(|one| one.fingerprint.clone()).collect();
    let (held, unseen) = match ports.rows.held(&ticket.tenant, &fingerprints).await {
        Ok(held) => (held, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let held: HashSet<Fingerprint> = held.into_iter().map(|holders| holders.account).collect();
    let offered = |candidate: Candidate| Offered {
        already: held.contains(&candidate.fingerprint),
        id: choice::candidate_id(ports.entropy.as_ref(), &ticket.connection, &candidate),
        account: candidate.account,
    };
    Ok(Shown::Offer(Offer {
        tenant: tenant.ok_or_else(foreign_list)?.name,
        product: ports.profile.product.clone(),
        privacy_url: ports.profile.privacy_url.clone(),
        locale: ticket.locale.clone(),
        handle: presented.handle.to_owned(),
        accounts: candidates.usable.into_iter().map(offered).collect(),
        unusable: candidates.unusable,
        return_origin: return_to(&ticket.return_url, &[])?.origin().ascii_serialization(),
        unseen,
    }))
}

/// Takes a decision. An impossible choice is answered with the list, so that the person can put it right in place.
pub async fn decide_on(ports: &Ports, presented: Presented<'_>, decision: &Decision) -> Result<Outcome> {
    let error = match run(ports, presented, decision).await {
        Ok(url) => return Ok(Outcome::Back(url)),
        Err(error) if choice::IMPOSSIBLE.contains(&error.code) => error,
        Err(error) => return Err(error),
    };
    match show(ports, presented).await? {
        Shown::Offer(offer) => Ok(Outcome::Again(Box::new(offer), error)),
        Shown::Decided(url) => Ok(Outcome::Back(url)),
    }
}

/// Stores the choice and returns the address that the browser returns to.
pub async fn run(ports: &Ports, presented: Presented<'_>, decision: &Decision) -> Result<Url> {
    let standing = stand(ports, presented).await?;
    let digest = choice::digest(ports, decision);
    match standing.ticket.choice {
        Some(earlier) if earlier != digest => return Err(decided()),
        Some(_) if standing.ticket.done => return way_back(ports, &standing),
        _ => {}
    }
    match carry_out(ports, &standing, &digest, decision).await {
        Ok(Carried::Late) => expired(&standing.ticket),
        Ok(Carried::Out) => {
            way_back(ports, &Standing { ticket: decided_as(&standing.ticket, digest), ..standing })
        }
        // The same choice was sent twice at once: the other call may have finished.
        Err(error) => match stand(ports, presented).await {
            Ok(now) if now.ticket.done && now.ticket.choice == Some(digest) => way_back(ports, &now),
            _ => Err(error),
        },
    }
}

fn decided_as(ticket: &ConfirmTicket, choice: Digest) -> ConfirmTicket {
    ConfirmTicket { choice: Some(choice), done: true, ..ticket.clone() }
}

async fn carry_out(
    ports: &Ports,
    standing: &Standing<'_>,
    digest: &Digest,
    decision: &Decision,
) -> Result<Carried> {
    let Some((connection, parts, candidates)) = offered(ports, &standing.ticket).await? else {
        return Ok(Carried::Late);
    };
    let Decision::Connect(ids) = decision else {
        return decide(ports, standing, digest, true).await.map(|()| Carried::Out);
    };
    let chosen = choice::choose(ports, &connection.id, candidates.usable, ids)?;
    decide(ports, standing, digest, false).await?;
    keep::run(ports, standing, (&connection, parts), &chosen).await.map(|()| Carried::Out)
}

/// The result of a choice.
enum Carried {
    /// The choice was carried out.
    Out,
    /// The choice came too late: the pending connection has ended.
    Late,
}

fn expired(ticket: &ConfirmTicket) -> Result<Url> {
    return_to(&ticket.return_url, &[("error", End::Expired.as_str())])
}

async fn decide(ports: &Ports, standing: &Standing<'_>, digest: &Digest, done: bool) -> Result<()> {
    if ports.rows.decide(&standing.key, digest, done).await? { Ok(()) } else { Err(decided()) }
}

fn decided() -> Error {
    let message = "A choice was made here before, and that one counts. Go back to where you came from; what was \
                   connected can be disconnected there.";
    Error::conflict("already_decided", message)
}

/// Finds the ticket; the page's handle has to be the ticket's own.
async fn stand<'a>(ports: &Ports, presented: Presented<'a>) -> Result<Standing<'a>> {
    let key = ports.entropy.digest(presented.ticket.as_bytes());
    if !ports.entropy.same(ticket_handle(&key).as_bytes(), presented.handle.as_bytes()) {
        return Err(foreign_list());
    }
    let ticket = ports.rows.ticket(&key, ports.clock.now()).await?.ok_or_else(foreign_list)?;
    Ok(Standing { text: presented.ticket, key, ticket })
}

/// Returns the address that the browser returns to after the choice was carried out.
fn way_back(ports: &Ports, standing: &Standing<'_>) -> Result<Url> {
    let ticket = &standing.ticket;
    let cancelled = ticket.choice == Some(choice::digest(ports, &Decision::Cancel));
    let (name, value) = if cancelled {
        ("error", End::Cancelled.as_str().to_owned())
    } else {
        ("code", keep::code(ports, standing.text))
    };
    return_to(&ticket.return_url, &[("connection_id", ticket.connection.as_str()), (name, &value)])
}

/// Opens the list of a pending connection, with the number of its parts; `None` once the time to choose is over.
///
/// The ticket names all three rows, which are read at the same time. The list stays sealed until the connection is
/// seen pending.
async fn offered(ports: &Ports, ticket: &ConfirmTicket) -> Result<Option<(Connection, usize, Candidates)>> {
    let (tenant, id) = (&ticket.tenant, &ticket.connection);
    if ticket.expires_at <= ports.clock.now() {
        return Ok(None);
    }
    let context = KeyContext::connection(tenant, id, Use::Data);
    let (connection, (parts, wrapped)) = both(
        ports.rows.connection(tenant, id),
        both(ports.rows.candidates(tenant, id), ports.rows.key(&context)),
    )
    .await;
    let Some(connection) = connection?.filter(|row| row.state == State::Pending) else { return Ok(None) };
    let parts = parts?;
    if parts.is_empty() {
        return Ok(None);
    }
    let wrapped = wrapped?.ok_or_else(foreign_list)?;
    let key = ports.keys.open(&context, &wrapped).await?;
    let candidates = candidates::open(key.as_ref(), &parts)?;
    Ok(Some((connection, parts.len(), candidates)))
}
