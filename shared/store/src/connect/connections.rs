//! Reads and creates connections, stores the chosen accounts and changes states.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::base::ids::{AccountId, AccountRef, ConnectionId, TenantId};
use mooring_domain::base::secret::{Digest, Fingerprint};
use mooring_domain::connect::account::Account;
use mooring_domain::connect::connection::{Connection, State};
use mooring_domain::connect::ports::{
    ConnectionConfirm, ConnectionCreate, ConnectionRead, ConnectionState as _, NewAccount, NewConnection,
};
use mooring_domain::connect::session::ActivationCode;
use mooring_domain::connect::token_life::Life;
use mooring_domain::vault::keys::SealedBox;
use mooring_domain::vault::rows::{KeyRow, TokenRow};
use mooring_domain::webhook::event::EventType;
use mooring_domain::{Error, Kind, Result};

use crate::client::Store;
use crate::client::item::{DUE_AT, DUE_SHARD, Draft, Fields, Item, SK, STATE, flag, text, texts};
use crate::client::key::{self, EARLIEST};
use crate::client::{Check, Write};
use crate::connect::items::account::{PROFILE, read_account, write_account};
use crate::connect::items::connection::{read_connection, state, write_connection, write_fence};
use crate::connect::items::session::{DONE, write_code};
use crate::connect::items::token_life::write_life;
use crate::connect::keys::{self, Short, due_mail};
use crate::deletion::items::HIDDEN;
use crate::deletion::ledger::{code_row, ledger_row};
use crate::vault::items::{read_sealed, write_key, write_sealed, write_token};
use crate::webhook::events::connection_row;
use crate::{deletion, vault};

/// The most sealed parts of the list of accounts: together with the other rows they stay below the 4 MB that
/// DynamoDB allows in a transaction.
const CANDIDATES: usize = 50;

/// The most accounts of one transaction: three rows each, and the check of the connection.
const ACCOUNTS: usize = 33;

/// Makes the error of a change to a connection that is not, or no longer, in the state that the change needs.
pub(crate) fn not_in_state(code: &'static str, message: &str) -> Error {
    Error::conflict(code, message)
}

#[async_trait]
impl ConnectionRead for Store {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>> {
        let item = self.get(&keys::connection(tenant, id)).await?;
        item.map(|item| read_connection(tenant, &item)).transpose()
    }

    async fn connections(
        &self,
        tenant: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>> {
        let is_after =
            |row: &Item| Ok(Fields::of("connection", row).maybe_text(SK)? != after.map(ConnectionId::as_str));
        let rows = self.first(&keys::connections_from(tenant, after), limit, is_after).await?;
        rows.iter().map(|row| read_connection(tenant, row)).collect()
    }

    async fn accounts(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<Account>> {
        let rows = self.query_having(&key::rows_of(tenant, id, "acc#"), PROFILE).await?;
        rows.iter().map(read_account).collect()
    }

    async fn account(&self, at: &AccountRef) -> Result<Option<Account>> {
        let row = self.get(&keys::account(&at.tenant, &at.connection, &at.account)).await?;
        row.as_ref().map(read_account).transpose()
    }

    async fn candidates(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Vec<SealedBox>> {
        let rows = self.query(&key::rows_of(tenant, id, "cand#")).await?;
        let numbered = |row: &Item| {
            let number = Fields::of("candidates", row).word(SK, keys::parse_candidate)?;
            Ok((number, read_sealed(row)?))
        };
        let mut parts = rows.iter().map(numbered).collect::<Result<Vec<_>>>()?;
        parts.sort_by_key(|(number, _)| *number);
        Ok(parts.into_iter().map(|(_, part)| part).collect())
    }
}

#[async_trait]
impl ConnectionCreate for Store {
    async fn create(&self, new: &NewConnection) -> Result<()> {
        if new.candidates.len() > CANDIDATES {
            let message = "The grant reaches more accounts than one connection can hold.";
            return Err(Error::new(Kind::TooLarge, "too_many_accounts", message));
        }
        let fresh = |write: Write| write.only_if(Check::Absent);
        let writes: Vec<Write> = pending_rows(new).into_iter().map(fresh).collect();
        if self.transact(&writes).await?.is_empty() {
            return Ok(());
        }
        Err(not_in_state("connection_exists", "There is a connection with this id already."))
    }

    async fn reauthorise(&self, connection: &Connection, key: &KeyRow, tokens: &[TokenRow]) -> Result<()> {
        let (tenant, id) = (&connection.tenant, &connection.id);
        let old = self.keys(&vault::keys::vault(tenant, id, "tok#")).await?;
        let mut again = again_rows(connection, key, self.clock.now());
        let fresh: Vec<_> =
            tokens.iter().map(|token| vault::keys::token(tenant, id, token.name, token.version)).collect();
        again.extend(old.into_iter().filter(|key| !fresh.contains(key)).map(Write::delete));
        again
            .extend(fresh.iter().zip(tokens).map(|(key, token)| Write::put(key.clone(), write_token(token))));
        again.push(again_life(tenant, id, self.life(tenant, id).await?.version, self.clock.now()));
        if self.transact(&again).await?.is_empty() {
            return Ok(());
        }
        let message = "The connection is no longer live and cannot be authorised again.";
        Err(not_in_state("connection_not_live", message))
    }
}

/// Makes the write that begins the life of a grant anew. Its version is higher than any that counting
/// reaches. So nobody who read the life of the old grant, before this write or during it, can store an
/// observation of that grant.
fn again_life(tenant: &TenantId, id: &ConnectionId, known: u64, now: Timestamp) -> Write {
    let leap = u64::try_from(now.as_microsecond()).unwrap_or_default();
    let row = write_life(&Life::begin(now), leap.max(known + 1));
    Write::put(keys::life(tenant, id), row)
}

/// Makes the writes of a live connection that was authorised again, except those of its tokens and of its
/// grant's life.
fn again_rows(connection: &Connection, key: &KeyRow, now: Timestamp) -> Vec<Write> {
    let (tenant, id) = (&connection.tenant, &connection.id);
    let live = Check::OneOf(STATE, [State::Active, State::Suspect, State::NeedsReauth].map(state).to_vec());
    vec![
        Write::update(keys::connection(tenant, id))
            .set(STATE, state(State::Active))
            .set("context", text(connection.context.as_str()))
            .set("scopes", texts(connection.scopes.iter()))
            .only_if(live.clone()),
        Write::update(keys::fence(tenant, id)).set(STATE, state(State::Active)).only_if(live),
        Write::put(vault::keys::data_key(&key.context), write_key(&key.wrapped)),
        connection_row(tenant, id, EventType::ConnectionRecovered, now),
    ]
}

/// Makes all rows of a pending connection. An expiry removes those that outlive the connection by mistake;
/// the rows of its deletion must carry none.
fn pending_rows(new: &NewConnection) -> Vec<Write> {
    let (tenant, id) = (&new.connection.tenant, &new.connection.id);
    let brief = |key, draft: Draft| Write::put(key, draft.expiring(new.expires_at));
    let ledger = ledger_row(&new.abandoned).with(HIDDEN, flag(true));
    let mut rows = vec![
        brief(keys::connection(tenant, id), write_connection(&new.connection)),
        brief(keys::fence(tenant, id), write_fence(State::Pending)),
        Write::put(deletion::keys::deletion(tenant, &new.abandoned.id), ledger),
        code_row(&new.abandoned),
    ];
    rows.extend(new.connection.mail.iter().map(|mail| brief(keys::mail(tenant, id), mail_row(mail))));
    rows.extend(
        new.keys.iter().map(|key| brief(vault::keys::data_key(&key.context), write_key(&key.wrapped))),
    );
    let token = |token: &TokenRow| vault::keys::token(tenant, id, token.name, token.version);
    rows.extend(new.tokens.iter().map(|row| brief(token(row), write_token(row))));
    let parts = new.candidates.iter().enumerate();
    rows.extend(parts.map(|(number, part)| brief(keys::candidate(tenant, id, number), write_sealed(part))));
    rows
}

/// Makes a connection's row in the index by mailbox. The row holds only its place in the index.
fn mail_row(mail: &Fingerprint) -> Draft {
    Draft::default().text(DUE_SHARD, due_mail(mail)).text(DUE_AT, EARLIEST)
}

#[async_trait]
impl ConnectionConfirm for Store {
    async fn add_accounts(
        &self,
        tenant: &TenantId,
        connection: &ConnectionId,
        accounts: &[NewAccount],
        expires_at: Timestamp,
    ) -> Result<()> {
        for batch in accounts.chunks(ACCOUNTS) {
            let mut writes = vec![still_pending(tenant, connection)];
            for new in batch {
                let brief = |key, draft: Draft| Write::put(key, draft.expiring(expires_at));
                let id: &AccountId = &new.account.id;
                writes.extend([
                    brief(keys::account_fence(tenant, connection, id), write_fence(new.account.state)),
                    brief(keys::account(tenant, connection, id), write_account(&new.account)),
                    brief(vault::keys::data_key(&new.key.context), write_key(&new.key.wrapped)),
                ]);
            }
            self.while_pending(&writes).await?;
        }
        Ok(())
    }

    async fn confirm(
        &self,
        ticket: &Digest,
        candidates: usize,
        (digest, code): (&Digest, &ActivationCode),
    ) -> Result<()> {
        let ActivationCode { tenant, connection, .. } = code;
        let mut writes = vec![still_pending(tenant, connection)];
        writes
            .extend((0..candidates).map(|number| Write::delete(keys::candidate(tenant, connection, number))));
        writes.push(Write::put(keys::short(digest, Short::Code), write_code(code)));
        let ticket = Write::update(keys::short(ticket, Short::Ticket)).set(DONE, flag(true));
        writes.push(ticket.only_if(Check::Exists));
        self.while_pending(&writes).await
    }
}

fn still_pending(tenant: &TenantId, connection: &ConnectionId) -> Write {
    Write::check(keys::connection(tenant, connection)).only_if(Check::Is(STATE, state(State::Pending)))
}

impl Store {
    async fn while_pending(&self, writes: &[Write]) -> Result<()> {
        if self.transact(writes).await?.is_empty() {
            return Ok(());
        }
        Err(not_in_state(
            "connection_not_pending",
            "The connection is no longer waiting for its confirmation.",
        ))
    }
}
