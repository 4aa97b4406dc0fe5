//! What is stored of a grant: a new pending connection, or new tokens of a live one.

use std::collections::HashSet;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::landing::Landing;
use super::{Input, Ports};
use crate::app::{INDEX_APP, app_key, platform_fingerprint};
use crate::candidates::{self, Candidate, Candidates};
use crate::connect::binding::{return_to, ticket_handle};
use crate::connect::way::{Onward, Stage, ticket_of};
use crate::connect::{AuthTransaction, ConfirmTicket, PENDING_MINUTES};
use crate::connection::{Connection, KeyRow, State, TokenRow, token_slot};
use crate::deletion::{DEAD_MAN, Deletion, Reason, Subject};
use crate::deletion_plan::{Draft, draft};
use crate::error::{Error, Kind, Result};
use crate::ids::ConnectionId;
use crate::keys::{KeyContext, Use};
use crate::ports::{DataKey, NewConnection};
use crate::random;
use crate::secret::{Confidential, Fingerprint, reading};

/// Stores what the grant is good for.
pub(super) async fn run(
    ports: &Ports<'_>,
    input: &Input,
    transaction: &AuthTransaction,
    landing: &Landing<'_>,
) -> Result<(Stage, Onward)> {
    landing.check_scopes()?;
    let index = app_key(ports.vault, ports.open, INDEX_APP).await?;
    let who = landing.identity().await?;
    let identity =
        reading(&who.id, |id| platform_fingerprint(index.as_ref(), &transaction.session.platform, id));
    if let Some(id) = &transaction.session.reauthorise {
        return again(ports, (transaction, id), landing, &identity).await;
    }
    let candidates = candidates(transaction, landing, index.as_ref()).await?;
    let connection = create(ports, transaction, landing, identity, &candidates).await?;
    ticket(ports, input, transaction, connection).await
}

async fn candidates(
    transaction: &AuthTransaction,
    landing: &Landing<'_>,
    index: &dyn DataKey,
) -> Result<Candidates> {
    let candidate = |account: crate::account::PlatformAccount| {
        let fingerprint = platform_fingerprint(index, &transaction.session.platform, &account.external_id);
        Candidate { account, fingerprint }
    };
    let list = landing.accounts().await?;
    // What a platform lists is one account by its id, however often it comes: chosen twice it would count twice.
    let mut seen = HashSet::new();
    let once = list.usable.into_iter().filter(|account| seen.insert(account.external_id.clone()));
    Ok(Candidates { usable: once.map(candidate).collect(), unusable: list.unusable })
}

/// Writes a pending connection in one transaction with everything that belongs to it.
async fn create(
    ports: &Ports<'_>,
    transaction: &AuthTransaction,
    landing: &Landing<'_>,
    identity: Fingerprint,
    candidates: &Candidates,
) -> Result<ConnectionId> {
    let now = ports.clock.now();
    let id = ConnectionId::from_uuid(random::uuid(ports.entropy, now));
    let (token_key, token_row) = key(ports, transaction, &id, Use::Token).await?;
    let (data_key, data_row) = key(ports, transaction, &id, Use::Data).await?;
    let abandoned = abandoned(ports, transaction, &id, &[&token_row, &data_row]).await?;
    let new = NewConnection {
        connection: row(transaction, landing, (&id, &abandoned), identity),
        keys: vec![token_row, data_row],
        tokens: tokens(token_key.as_ref(), landing, 1)?,
        candidates: candidates::seal(data_key.as_ref(), candidates)?,
        expires_at: now + DEAD_MAN,
        abandoned,
    };
    ports.create.create(&new).await?;
    Ok(id)
}

fn row(
    transaction: &AuthTransaction,
    landing: &Landing<'_>,
    (id, abandoned): (&ConnectionId, &Deletion),
    identity: Fingerprint,
) -> Connection {
    let session = &transaction.session;
    // Both count from the same instant, so that the code never outlives what waits for it.
    let created_at = abandoned.t0 - SignedDuration::from_mins(PENDING_MINUTES);
    Connection {
        id: id.clone(),
        tenant: session.tenant.clone(),
        platform: session.platform.clone(),
        context: transaction.context.clone(),
        end_user: session.end_user.clone(),
        state: State::Pending,
        tier: landing.connector.manifest().tier,
        scopes: landing.grant.scopes.clone(),
        created_at,
        identity,
        mail: session.mail.clone(),
        deletion: Some(abandoned.id.clone()),
        delete_by: None,
    }
}

/// The deletion that runs by itself unless the product takes the connection up in time.
async fn abandoned(
    ports: &Ports<'_>,
    transaction: &AuthTransaction,
    id: &ConnectionId,
    keys: &[&KeyRow],
) -> Result<Deletion> {
    let (now, session) = (ports.clock.now(), &transaction.session);
    let subject = Subject::Connection(id.clone());
    let t0 = now + SignedDuration::from_mins(PENDING_MINUTES);
    let places = ports.deletions.places(&session.tenant, &subject, &[]).await?;
    let plan = Draft {
        tenant: session.tenant.clone(),
        subject,
        reason: Reason::Abandoned,
        platform: session.platform.clone(),
        t0,
        first_step_at: t0,
        places,
        keys: keys.iter().map(|row| row.wrapped.id).collect(),
    };
    Ok(draft(ports.entropy, now, plan))
}

async fn key(
    ports: &Ports<'_>,
    transaction: &AuthTransaction,
    id: &ConnectionId,
    purpose: Use,
) -> Result<(Box<dyn DataKey>, KeyRow)> {
    let context = KeyContext::connection(&transaction.session.tenant, id, purpose);
    let (key, wrapped) = ports.mint.mint(&context).await?;
    Ok((key, KeyRow { context, wrapped }))
}

/// Seals the grant's tokens, each in the slot of its own row.
fn tokens(key: &dyn DataKey, landing: &Landing<'_>, version: u64) -> Result<Vec<TokenRow>> {
    let grant = &landing.grant;
    let named = [("access", Some(&grant.access)), ("refresh", grant.refresh.as_ref())];
    let seal = |(name, token): (&'static str, Option<&SecretString>)| {
        let sealed = reading(token?, |token| key.seal(&token_slot(name, version), token.as_bytes()));
        Some(sealed.map(|sealed| TokenRow { name, version, key: key.id(), sealed }))
    };
    named.into_iter().filter_map(seal).collect()
}

/// Lets this browser choose accounts, once.
async fn ticket(
    ports: &Ports<'_>,
    input: &Input,
    transaction: &AuthTransaction,
    connection: ConnectionId,
) -> Result<(Stage, Onward)> {
    let session = &transaction.session;
    let text = ticket_of(ports.entropy, input.cookie.as_ref().map_or("", Confidential::text));
    let ticket = ConfirmTicket {
        tenant: session.tenant.clone(),
        connection,
        end_user: session.end_user.clone(),
        return_url: session.return_url.clone(),
        choice: None,
        done: false,
        expires_at: ports.clock.now() + SignedDuration::from_mins(PENDING_MINUTES),
    };
    let key = ports.entropy.digest(text.text().as_bytes());
    ports.put.put_ticket(&key, &ticket).await?;
    Ok((Stage::Choosing, Onward::Choose { handle: ticket_handle(&key), ticket: text }))
}

/// Gives a live connection new tokens under a new key; its id, accounts and data stay.
async fn again(
    ports: &Ports<'_>,
    (transaction, id): (&AuthTransaction, &ConnectionId),
    landing: &Landing<'_>,
    identity: &Fingerprint,
) -> Result<(Stage, Onward)> {
    let session = &transaction.session;
    let found = ports.connections.connection(&session.tenant, id).await?;
    let live = found.filter(|row| row.state.is_readable() && row.end_user == session.end_user);
    let row = live.ok_or_else(not_live)?;
    if row.identity != *identity {
        return Err(other_identity());
    }
    let newest = ports.vault.token(&session.tenant, id, "access").await?;
    let version = newest.map_or(0, |token| token.version) + 1;
    let (token_key, key_row) = key(ports, transaction, id, Use::Token).await?;
    let tokens = tokens(token_key.as_ref(), landing, version)?;
    let connection = Connection { state: State::Active, scopes: landing.grant.scopes.clone(), ..row };
    ports.create.reauthorise(&connection, &key_row, &tokens).await?;
    let url = return_to(&session.return_url, &[("connection_id", connection.id.as_str())])?;
    Ok((Stage::Again(connection.id), Onward::Back(url)))
}

fn not_live() -> Error {
    let message = "The connection that was to be authorised again is no longer live; nothing was kept.";
    Error::conflict("not_live", message)
}

fn other_identity() -> Error {
    let message = "You signed in at the platform as somebody else than the one who connected before. \
                   Nothing was changed and nothing was kept.";
    Error::new(Kind::NotPermitted, "other_identity", message)
}
