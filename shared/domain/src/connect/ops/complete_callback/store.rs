//! Stores a grant: a new pending connection, or new tokens of a live one.

use std::collections::HashSet;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::granted_access::GrantedAccess;
use super::{Input, Ports};
use crate::base::error::{Error, Kind, Result};
use crate::base::ids::ConnectionId;
use crate::base::place::Subject;
use crate::base::random;
use crate::base::secret::{Confidential, Fingerprint, reading};
use crate::base::together::both;
use crate::connect::binding::{return_to, ticket_handle};
use crate::connect::candidates::{self, Candidate, Candidates};
use crate::connect::connection::{Connection, State};
use crate::connect::ports::NewConnection;
use crate::connect::session::{AuthTransaction, ConfirmTicket, PENDING_MINUTES};
use crate::connect::way::{Onward, Stage, ticket_of};
use crate::deletion::ledger::{DEAD_MAN, Deletion, Reason};
use crate::deletion::steps::begin_deletion::{Draft, draft};
use crate::platform::credentials::{INDEX_APP, platform_fingerprint};
use crate::platform::steps::app_secrets::app_key;
use crate::vault::keys::{DataKey, KeyContext, Use};
use crate::vault::rows::{KeyRow, TokenRow, token_slot};

/// Stores the grant's connection, tokens and candidates.
pub(super) async fn run(
    ports: &Ports,
    input: &Input,
    transaction: &AuthTransaction,
    granted: &GrantedAccess<'_>,
) -> Result<(Stage, Onward)> {
    granted.check_scopes()?;
    // The key of fingerprints is the deployment's, and the platform knows nothing of it.
    let (index, who) =
        both(app_key(ports.rows.as_ref(), ports.keys.as_ref(), INDEX_APP), granted.identity()).await;
    let (index, who) = (index?, who?);
    let identity =
        reading(&who.id, |id| platform_fingerprint(index.as_ref(), &transaction.session.platform, id));
    if let Some(id) = &transaction.session.reauthorise {
        return again(ports, (transaction, id), granted, &identity).await;
    }
    let candidates = candidates(transaction, granted, index.as_ref()).await?;
    let connection = create(ports, transaction, granted, identity, &candidates).await?;
    ticket(ports, input, transaction, connection).await
}

async fn candidates(
    transaction: &AuthTransaction,
    granted: &GrantedAccess<'_>,
    index: &dyn DataKey,
) -> Result<Candidates> {
    let candidate = |account: crate::platform::account::PlatformAccount| {
        let fingerprint = platform_fingerprint(index, &transaction.session.platform, &account.external_id);
        Candidate { account, fingerprint }
    };
    let list = granted.accounts().await?;
    // One id is one account, however often the platform lists it: chosen twice, the account would count twice.
    let mut seen = HashSet::new();
    let once = list.usable.into_iter().filter(|account| seen.insert(account.external_id.clone()));
    Ok(Candidates { usable: once.map(candidate).collect(), unusable: list.unusable })
}

/// Writes a pending connection in one transaction with everything that belongs to it.
async fn create(
    ports: &Ports,
    transaction: &AuthTransaction,
    granted: &GrantedAccess<'_>,
    identity: Fingerprint,
    candidates: &Candidates,
) -> Result<ConnectionId> {
    let now = ports.clock.now();
    let id = ConnectionId::from_uuid(random::uuid(ports.entropy.as_ref(), now));
    let (token, data) =
        both(key(ports, transaction, &id, Use::Token), key(ports, transaction, &id, Use::Data)).await;
    let ((token_key, token_row), (data_key, data_row)) = (token?, data?);
    let abandoned = abandoned(ports, transaction, &id, &[&token_row, &data_row]).await?;
    let new = NewConnection {
        connection: row(transaction, granted, (&id, &abandoned), identity),
        keys: vec![token_row, data_row],
        tokens: tokens(token_key.as_ref(), granted, 1)?,
        candidates: candidates::seal(data_key.as_ref(), candidates)?,
        expires_at: now + DEAD_MAN,
        abandoned,
    };
    ports.rows.create(&new).await?;
    Ok(id)
}

fn row(
    transaction: &AuthTransaction,
    granted: &GrantedAccess<'_>,
    (id, abandoned): (&ConnectionId, &Deletion),
    identity: Fingerprint,
) -> Connection {
    let session = &transaction.session;
    // Connection and code both count from the same instant, so that the code never outlives the pending connection.
    let created_at = abandoned.t0 - SignedDuration::from_mins(PENDING_MINUTES);
    Connection {
        id: id.clone(),
        tenant: session.tenant.clone(),
        platform: session.platform.clone(),
        context: transaction.context.clone(),
        end_user: session.end_user.clone(),
        state: State::Pending,
        tier: granted.connector.manifest().tier,
        scopes: granted.grant.scopes.clone(),
        created_at,
        identity,
        mail: session.mail.clone(),
        deletion: Some(abandoned.id.clone()),
        delete_by: None,
    }
}

/// Plans the deletion that runs by itself unless the product takes the connection up in time.
async fn abandoned(
    ports: &Ports,
    transaction: &AuthTransaction,
    id: &ConnectionId,
    keys: &[&KeyRow],
) -> Result<Deletion> {
    let (now, session) = (ports.clock.now(), &transaction.session);
    let subject = Subject::Connection(id.clone());
    let t0 = now + SignedDuration::from_mins(PENDING_MINUTES);
    let places = ports.rows.places(&session.tenant, &subject, &[]).await?;
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
    Ok(draft(ports.entropy.as_ref(), now, plan))
}

async fn key(
    ports: &Ports,
    transaction: &AuthTransaction,
    id: &ConnectionId,
    purpose: Use,
) -> Result<(Box<dyn DataKey>, KeyRow)> {
    let context = KeyContext::connection(&transaction.session.tenant, id, purpose);
    let (key, wrapped) = ports.new_keys.generate(&context).await?;
    Ok((key, KeyRow { context, wrapped }))
}

/// Seals the grant's tokens, each in the slot of its own row.
fn tokens(key: &dyn DataKey, granted: &GrantedAccess<'_>, version: u64) -> Result<Vec<TokenRow>> {
    let grant = &granted.grant;
    let named = [("access", Some(&grant.access)), ("refresh", grant.refresh.as_ref())];
    let seal = |(name, token): (&'static str, Option<&SecretString>)| {
        let sealed = reading(token?, |token| key.seal(&token_slot(name, version), token.as_bytes()));
        Some(sealed.map(|sealed| TokenRow { name, version, key: key.id(), sealed }))
    };
    named.into_iter().filter_map(seal).collect()
}

/// Stores the ticket that lets this browser choose accounts, once.
async fn ticket(
    ports: &Ports,
    input: &Input,
    transaction: &AuthTransaction,
    connection: ConnectionId,
) -> Result<(Stage, Onward)> {
    let session = &transaction.session;
    let text = ticket_of(ports.entropy.as_ref(), input.cookie.as_ref().map_or("", Confidential::text));
    let ticket = ConfirmTicket {
        tenant: session.tenant.clone(),
        connection,
        end_user: session.end_user.clone(),
        return_url: session.return_url.clone(),
        locale: session.locale.clone(),
        choice: None,
        done: false,
        expires_at: ports.clock.now() + SignedDuration::from_mins(PENDING_MINUTES),
    };
    let key = ports.entropy.digest(text.text().as_bytes());
    ports.rows.put_ticket(&key, &ticket).await?;
    Ok((Stage::Choosing, Onward::Choose { handle: ticket_handle(&key), ticket: text }))
}

/// Gives a live connection new tokens under a new key; the connection's id, accounts and data stay.
async fn again(
    ports: &Ports,
    (transaction, id): (&AuthTransaction, &ConnectionId),
    granted: &GrantedAccess<'_>,
    identity: &Fingerprint,
) -> Result<(Stage, Onward)> {
    let session = &transaction.session;
    let (found, newest) =
        both(ports.rows.connection(&session.tenant, id), ports.rows.token(&session.tenant, id, "access"))
            .await;
    let (found, newest) = (found?, newest?);
    let live = found.filter(|row| row.state.is_readable() && row.end_user == session.end_user);
    let row = live.ok_or_else(not_live)?;
    if row.identity != *identity {
        return Err(other_identity());
    }
    let version = newest.map_or(0, |token| token.version) + 1;
    let (token_key, key_row) = key(ports, transaction, id, Use::Token).await?;
    let tokens = tokens(token_key.as_ref(), granted, version)?;
    let connection = Connection { state: State::Active, scopes: granted.grant.scopes.clone(), ..row };
    ports.rows.reauthorise(&connection, &key_row, &tokens).await?;
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
