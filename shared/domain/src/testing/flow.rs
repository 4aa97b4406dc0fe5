//! Fakes of the short-lived rows of the connect flow and of deletions by mail.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use super::World;
use crate::base::error::Result;
use crate::base::secret::Digest;
use crate::connect::ports::{TransientPut, TransientRead, TransientTake};
use crate::connect::session::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession};
use crate::connect::way::WayBack;
use crate::deletion::link::DeletionLink;

/// Rows of one kind by their keys.
type Rows<T> = Mutex<Vec<(Digest, T)>>;

#[derive(Default)]
pub(crate) struct FlowRows {
    pub(crate) transactions: Rows<AuthTransaction>,
    pub(crate) ways: Rows<WayBack>,
    pub(crate) tickets: Rows<ConfirmTicket>,
    pub(crate) codes: Rows<ActivationCode>,
    pub(crate) links: Rows<DeletionLink>,
    /// The sessions that a callback opened to ask again.
    pub(crate) sessions: Rows<ConnectSession>,
}

/// Finds the newest row of a key.
fn find<T: Clone>(rows: &Rows<T>, key: &Digest) -> Option<T> {
    rows.lock().unwrap().iter().rev().find(|(known, _)| known == key).map(|(_, row)| row.clone())
}

/// Takes the row of a key, an expired one too: a caller that acts on such a row is wrong.
fn take<T: Clone>(rows: &Rows<T>, key: &Digest) -> Option<T> {
    let found = find(rows, key);
    rows.lock().unwrap().retain(|(known, _)| known != key);
    found
}

impl World {
    pub(super) fn change_ticket(&self, key: &Digest, change: impl FnOnce(&mut ConfirmTicket)) {
        let mut tickets = self.flow.tickets.lock().unwrap();
        if let Some((_, ticket)) = tickets.iter_mut().find(|(known, _)| known == key) {
            change(ticket);
        }
    }
}

#[async_trait]
impl TransientPut for World {
    async fn put_session(&self, key: &Digest, session: &ConnectSession) -> Result<()> {
        self.flow.sessions.lock().unwrap().push((*key, session.clone()));
        Ok(())
    }

    async fn put_ticket(&self, key: &Digest, ticket: &ConfirmTicket) -> Result<()> {
        self.note("ticket");
        self.flow.tickets.lock().unwrap().push((*key, ticket.clone()));
        Ok(())
    }

    async fn put_way(&self, key: &Digest, way: &WayBack) -> Result<()> {
        self.flow.ways.lock().unwrap().push((*key, way.clone()));
        Ok(())
    }

    async fn put_link(&self, key: &Digest, link: &DeletionLink) -> Result<()> {
        self.flow.links.lock().unwrap().push((*key, link.clone()));
        Ok(())
    }
}

#[async_trait]
impl TransientRead for World {
    async fn session(&self, _: &Digest, _: Timestamp) -> Result<Option<ConnectSession>> {
        panic!("no test has a session")
    }

    async fn transaction(&self, _: &Digest, _: Timestamp) -> Result<Option<AuthTransaction>> {
        panic!("no test looks at a transaction")
    }

    async fn way(&self, key: &Digest, _: Timestamp) -> Result<Option<WayBack>> {
        Ok(find(&self.flow.ways, key))
    }

    async fn ticket(&self, key: &Digest, _: Timestamp) -> Result<Option<ConfirmTicket>> {
        Ok(find(&self.flow.tickets, key))
    }

    async fn link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        Ok(find(&self.flow.links, key).filter(|link| link.expires_at > now))
    }
}

#[async_trait]
impl TransientTake for World {
    async fn depart(&self, _: &Digest, _: (&Digest, &AuthTransaction)) -> Result<bool> {
        panic!("no test has a session")
    }

    async fn take_transaction(&self, key: &Digest, _: Timestamp) -> Result<Option<AuthTransaction>> {
        Ok(take(&self.flow.transactions, key))
    }

    async fn decide(&self, key: &Digest, choice: &Digest, done: bool) -> Result<bool> {
        let fits = |ticket: ConfirmTicket| ticket.choice.is_none_or(|earlier| earlier == *choice);
        if !find(&self.flow.tickets, key).is_some_and(fits) {
            return Ok(false);
        }
        self.change_ticket(key, |ticket| {
            ticket.choice = Some(*choice);
            ticket.done |= done;
        });
        Ok(true)
    }

    async fn take_code(&self, key: &Digest, _: Timestamp) -> Result<Option<ActivationCode>> {
        Ok(take(&self.flow.codes, key))
    }

    async fn take_link(&self, key: &Digest, now: Timestamp) -> Result<Option<DeletionLink>> {
        Ok(take(&self.flow.links, key).filter(|link| link.expires_at > now))
    }
}
