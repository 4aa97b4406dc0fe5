//! Stores, reads and takes the short-lived rows of Transient; a row can be taken once.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::secret::Digest;
use mooring_domain::connect::ports::{TransientPut, TransientRead, TransientTake};
use mooring_domain::connect::session::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession};
use mooring_domain::connect::way::{Stage, WayBack};
use mooring_domain::deletion::link::DeletionLink;

use crate::client::Store;
use crate::client::item::{Item, flag, is_live, text};
use crate::client::{Check, Write};
use crate::connect::items::session::{
    CHOICE, DONE, read_code, read_link, read_session, read_ticket, read_transaction, read_way, write_link,
    write_session, write_ticket, write_transaction, write_way,
};
use crate::connect::keys::{Short, short};

impl Store {
    async fn unexpired(&self, key: &Digest, kind: Short, now: Timestamp) -> Result<Option<Item>> {
        unexpired(self.get(&short(key, kind)).await?, now)
    }

    async fn take_short(&self, key: &Digest, kind: Short, now: Timestamp) -> Result<Option<Item>> {
        unexpired(self.take(&short(key, kind)).await?, now)
    }
}

fn unexpired(item: Option<Item>, now: Timestamp) -> Result<Option<Item>> {
    let Some(item) = item else { return Ok(None) };
    Ok(is_live(&item, now)?.then_some(item))
}

/// Makes the way back of a session at a stage.
fn way(session: &ConnectSession, stage: Stage, until: Timestamp) -> WayBack {
    WayBack { return_url: session.return_url.clone(), cookie: None, stage, until }
}

#[async_trait]
impl TransientPut for Store {
    async fn put_session(&self, key: &Digest, session: &ConnectSession) -> Result<()> {
        let way = way(session, Stage::Open, session.expires_at);
        let rows = [
            Write::put(short(key, Short::Session), write_session(session)),
            Write::put(short(key, Short::Way), write_way(&way)),
        ];
        // These writes have no conditions, so that none of them is refused.
        self.transact(&rows).await.map(drop)
    }

    async fn put_way(&self, key: &Digest, way: &WayBack) -> Result<()> {
        self.put(&short(key, Short::Way), write_way(way)).await
    }

    async fn put_ticket(&self, key: &Digest, ticket: &ConfirmTicket) -> Result<()> {
        self.put(&short(key, Short::Ticket), write_ticket(ticket)).await
    }

    async fn put_link(&self, key: &Digest, link: &DeletionLink) -> Result<()> {
        self.put(&short(key, Short::Link), write_link(link)).await
    }
}

#[async_trait]
impl TransientRead for Store {
    async fn session(&self, key: &Digest, now: Timestamp) -> Result<Option<ConnectSession>> {
        self.unexpired(key, Short::Session, now).await?.as_ref().map(read_session).transpose()
    }

    async fn transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>> {
        self.unexpired(key, Short::Transaction, now).await?.as_ref().map(read_transaction).transpose()
    }

    async fn way(&self, key: &Digest, now: Timestamp) -> Result<Option<WayBack>> {
        self.unexpired(key, Short::Way, now).await?.as_ref().map(read_way).transpose()
    }

    async fn ticket(&self, key: &Digest, now: Timestamp) -> Result<Option<ConfirmTicket>> {
        self.unexpired(key, Short::Ticket, now).await?.as_ref().map(read_ticket).transpose()
    }

    async fn link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        self.unexpired(key, Short::Link, now).await?.as_ref().map(read_link).transpose()
    }
}

#[async_trait]
impl TransientTake for Store {
    async fn depart(
        &self,
        session: &Digest,
        (key, transaction): (&Digest, &AuthTransaction),
    ) -> Result<bool> {
        let cookie = Some(transaction.cookie);
        let of = |stage| WayBack { cookie, ..way(&transaction.session, stage, transaction.expires_at) };
        let rows = [
            Write::delete(short(session, Short::Session)).only_if(Check::Exists),
            Write::put(short(session, Short::Way), write_way(&of(Stage::Departed(*key)))),
            Write::put(short(key, Short::Transaction), write_transaction(transaction)),
            Write::put(short(key, Short::Way), write_way(&of(Stage::Open))),
        ];
        Ok(self.transact(&rows).await?.is_empty())
    }

    async fn take_transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>> {
        self.take_short(key, Short::Transaction, now).await?.as_ref().map(read_transaction).transpose()
    }

    async fn decide(&self, key: &Digest, choice: &Digest, done: bool) -> Result<bool> {
        let choice = text(choice.to_hex());
        let first = vec![Check::Lacks(CHOICE)];
        let again = vec![Check::Is(CHOICE, choice.clone())];
        let decide = Write::update(short(key, Short::Ticket)).set(CHOICE, choice);
        let decide = if done { decide.set(DONE, flag(true)) } else { decide };
        let decide = decide.only_if(Check::Exists).only_if(Check::Any(vec![first, again]));
        Ok(self.transact(&[decide]).await?.is_empty())
    }

    async fn take_code(&self, key: &Digest, now: Timestamp) -> Result<Option<ActivationCode>> {
        self.take_short(key, Short::Code, now).await?.as_ref().map(read_code).transpose()
    }

    async fn take_link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        self.take_short(key, Short::Link, now).await?.as_ref().map(read_link).transpose()
    }
}
