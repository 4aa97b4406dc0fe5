//! Transient: short-lived rows, looked at or taken once.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::caller::Credential;
use mooring_domain::connect::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession, DeletionLink};
use mooring_domain::ports::{TransientPut, TransientRead, TransientTake};
use mooring_domain::secret::Digest;

use crate::Store;
use crate::items::caller::write_credential;
use crate::items::connect::{
    read_code, read_link, read_session, read_ticket, read_transaction, write_link, write_session,
    write_ticket, write_transaction,
};
use crate::items::{Item, is_live};
use crate::keys::{Short, frontend_token, short};

impl Store {
    async fn look(&self, key: &Digest, kind: Short, now: Timestamp) -> Result<Option<Item>> {
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

#[async_trait]
impl TransientPut for Store {
    async fn put_session(&self, key: &Digest, session: &ConnectSession) -> Result<()> {
        self.put(&short(key, Short::Session), write_session(session)).await
    }

    async fn put_transaction(&self, key: &Digest, transaction: &AuthTransaction) -> Result<()> {
        self.put(&short(key, Short::Transaction), write_transaction(transaction)).await
    }

    async fn put_ticket(&self, key: &Digest, ticket: &ConfirmTicket) -> Result<()> {
        self.put(&short(key, Short::Ticket), write_ticket(ticket)).await
    }

    async fn put_frontend_token(&self, credential: &Credential) -> Result<()> {
        self.put(&frontend_token(&credential.tenant, &credential.id), write_credential(credential)).await
    }

    async fn put_link(&self, key: &Digest, link: &DeletionLink) -> Result<()> {
        self.put(&short(key, Short::Link), write_link(link)).await
    }
}

#[async_trait]
impl TransientRead for Store {
    async fn session(&self, key: &Digest, now: Timestamp) -> Result<Option<ConnectSession>> {
        self.look(key, Short::Session, now).await?.as_ref().map(read_session).transpose()
    }

    async fn ticket(&self, key: &Digest, now: Timestamp) -> Result<Option<ConfirmTicket>> {
        self.look(key, Short::Ticket, now).await?.as_ref().map(read_ticket).transpose()
    }

    async fn link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        self.look(key, Short::Link, now).await?.as_ref().map(read_link).transpose()
    }
}

#[async_trait]
impl TransientTake for Store {
    async fn take_session(&self, key: &Digest, now: Timestamp) -> Result<Option<ConnectSession>> {
        self.take_short(key, Short::Session, now).await?.as_ref().map(read_session).transpose()
    }

    async fn take_transaction(&self, key: &Digest, now: Timestamp) -> Result<Option<AuthTransaction>> {
        self.take_short(key, Short::Transaction, now).await?.as_ref().map(read_transaction).transpose()
    }

    async fn take_ticket(&self, key: &Digest, now: Timestamp) -> Result<Option<ConfirmTicket>> {
        self.take_short(key, Short::Ticket, now).await?.as_ref().map(read_ticket).transpose()
    }

    async fn take_code(&self, key: &Digest, now: Timestamp) -> Result<Option<ActivationCode>> {
        self.take_short(key, Short::Code, now).await?.as_ref().map(read_code).transpose()
    }

    async fn take_link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        self.take_short(key, Short::Link, now).await?.as_ref().map(read_link).transpose()
    }
}
