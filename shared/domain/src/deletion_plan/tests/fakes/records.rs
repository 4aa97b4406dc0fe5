//! The world's rows: connections, the Ledger, purging.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{World, crashed, place};
use crate::account::Account;
use crate::connection::{Connection, State};
use crate::deletion::{Deletion, Place, Reason, Subject, Table};
use crate::error::Result;
use crate::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, EndUser, TenantId};
use crate::keys::SealedBox;
use crate::ports::{
    Clock, ConnectionRead, Cut, DeletionBegin, DeletionOwnerRead, LedgerRead, LedgerWrite, Purge,
};
use crate::secret::Digest;

impl Clock for World {
    fn now(&self) -> Timestamp {
        self.memory().now
    }
}

#[async_trait]
impl ConnectionRead for World {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>> {
        Ok(self.memory().connections.get(id).filter(|row| row.tenant == *tenant).cloned())
    }

    async fn connections(
        &self,
        _: &TenantId,
        after: Option<&ConnectionId>,
        limit: u32,
    ) -> Result<Vec<Connection>> {
        let memory = self.memory();
        let later = memory.connections.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
        Ok(later.take(usize::try_from(limit).unwrap()).map(|(_, row)| row.clone()).collect())
    }

    async fn accounts(&self, _: &TenantId, id: &ConnectionId) -> Result<Vec<Account>> {
        Ok(self.memory().accounts.get(id).cloned().unwrap_or_default())
    }

    async fn candidates(&self, _: &TenantId, _: &ConnectionId) -> Result<Vec<SealedBox>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl DeletionBegin for World {
    async fn places(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        accounts: &[AccountId],
    ) -> Result<Vec<Place>> {
        let ten = tenant.as_str();
        let (connection, mut places) = match subject {
            Subject::Tenant => {
                let tables = [Table::Directory, Table::Transient, Table::Connections];
                return Ok(tables.iter().map(|table| place(*table, ten, "")).collect());
            }
            Subject::Connection(id) => {
                let part = format!("{tenant}#{id}");
                let mut places =
                    vec![place(Table::Connections, ten, id.as_str()), place(Table::Connections, &part, "")];
                places.extend(
                    ["key#data#", "key#token#", "tok#"].map(|start| place(Table::Vault, &part, start)),
                );
                (id, places)
            }
            Subject::Account(id, account) => {
                let part = format!("{tenant}#{id}");
                let own = place(Table::Connections, &part, &format!("acc#{account}"));
                (id, vec![own, place(Table::Vault, &part, &format!("key#data#{account}"))])
            }
        };
        places.extend(
            accounts
                .iter()
                .map(|account| place(Table::Reports, &format!("{tenant}#{connection}#{account}"), "")),
        );
        Ok(places)
    }

    async fn held_keys(&self, _: &TenantId, _: &Subject) -> Result<Vec<DataKeyId>> {
        Ok(vec![DataKeyId([7; 16])])
    }

    async fn begin(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Cut> {
        let mut memory = self.memory();
        match &deletion.subject {
            Subject::Connection(id) => {
                let Some(row) = memory.connections.get_mut(id) else { return Ok(Cut::Nothing) };
                if row.state == State::Purging {
                    return Ok(row.deletion.clone().map_or(Cut::Nothing, Cut::Before));
                }
                if deletion.reason == Reason::Abandoned && row.state != State::Pending {
                    return Ok(Cut::Nothing);
                }
                row.state = State::Purging;
                row.deletion = Some(deletion.id.clone());
            }
            Subject::Account(id, account) => {
                if let Some(before) = memory.cut_accounts.get(account) {
                    return Ok(Cut::Before(before.clone()));
                }
                let accounts = memory.accounts.get_mut(id).unwrap();
                accounts.iter_mut().find(|one| one.id == *account).unwrap().state = State::Purging;
                memory.cut_accounts.insert(account.clone(), deletion.id.clone());
            }
            Subject::Tenant => {}
        }
        memory.log.push("cut".to_owned());
        memory.owners.extend(owner.map(|owner| (deletion.id.clone(), (owner.clone(), deletion.delete_by))));
        memory.deletions.insert(deletion.id.clone(), deletion.clone());
        Ok(Cut::Made)
    }
}

#[async_trait]
impl LedgerRead for World {
    async fn deletion(&self, _: &TenantId, id: &DeletionId) -> Result<Option<Deletion>> {
        Ok(self.memory().deletions.get(id).cloned())
    }

    async fn deletions(&self, _: &TenantId, after: Option<&DeletionId>, limit: u32) -> Result<Vec<Deletion>> {
        let memory = self.memory();
        let later = memory.deletions.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
        Ok(later.take(usize::try_from(limit).unwrap()).map(|(_, row)| row.clone()).collect())
    }

    async fn by_code(&self, code: &Digest) -> Result<Option<Deletion>> {
        let of = |text: &str| crate::ports::Entropy::digest(&self.entropy, text.as_bytes());
        Ok(self.memory().deletions.values().find(|row| of(&row.code) == *code).cloned())
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Deletion>> {
        let memory = self.memory();
        let due = memory.deletions.values().filter(|row| row.next_step_at.is_some_and(|at| at <= now));
        Ok(due.take(usize::try_from(limit).unwrap()).cloned().collect())
    }
}

#[async_trait]
impl DeletionOwnerRead for World {
    async fn owner(&self, _: &TenantId, id: &DeletionId, now: Timestamp) -> Result<Option<EndUser>> {
        Ok(self.memory().owners.get(id).filter(|(_, until)| *until > now).map(|(owner, _)| owner.clone()))
    }
}

#[async_trait]
impl LedgerWrite for World {
    async fn advance(&self, deletion: &Deletion) -> Result<bool> {
        let mut memory = self.memory();
        if memory.crash_at == Some(deletion.version) {
            memory.crash_at = None;
            return Err(crashed());
        }
        let Some(row) = memory.deletions.get_mut(&deletion.id) else { return Ok(false) };
        if row.version + 1 != deletion.version {
            return Ok(false);
        }
        *row = deletion.clone();
        Ok(!memory.others_are_faster)
    }
}

#[async_trait]
impl Purge for World {
    async fn purge(&self, place: &Place) -> Result<u64> {
        let count = self.count(place).await?;
        let mut memory = self.memory();
        memory.log.push(format!("purge {} {}", place.table.as_str(), place.prefix));
        memory.rows.retain(|row| !covers(place, row));
        let gone: Vec<_> =
            memory.connections.keys().filter(|id| place.prefix == id.as_str()).cloned().collect();
        for id in gone {
            memory.connections.remove(&id);
        }
        Ok(count)
    }

    async fn count(&self, place: &Place) -> Result<u64> {
        Ok(u64::try_from(self.memory().rows.iter().filter(|row| covers(place, row)).count()).unwrap())
    }
}

fn covers(place: &Place, row: &super::Row) -> bool {
    row.0 == place.table && row.1 == place.partition && row.2.starts_with(&place.prefix)
}
