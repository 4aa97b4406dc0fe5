//! Fakes of the Ledger, and of rows by table, partition and sort key, which a purge empties.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{World, a_connection, account_of, away, connection_of};
use crate::base::error::{Error, Result};
use crate::base::ids::{AccountId, ConnectionId, DataKeyId, DeletionId, EndUser, TenantId};
use crate::base::place::{Locator, Part, Place, Subject};
use crate::base::queue::JobQueue;
use crate::base::secret::{Digest, Fingerprint};
use crate::base::table::Table;
use crate::connect::connection::State;
use crate::deletion::ledger::DeletionJob;
use crate::deletion::ledger::{Deletion, Reason};
use crate::deletion::link::LinkedDeletion;
use crate::deletion::ports::{
    Cutoff, DeletionBegin, DeletionOwnerRead, LedgerRead, LedgerWrite, LinkEnd, LinkedDeletions, Purge,
};
use crate::deletion::steps::begin_deletion;

type Row = (Table, String, String);

#[derive(Default)]
pub(crate) struct DeletionRows {
    pub(crate) deletions: Mutex<BTreeMap<DeletionId, Deletion>>,
    pub(crate) rows: Mutex<BTreeSet<Row>>,
    owners: Mutex<BTreeMap<DeletionId, (EndUser, Timestamp)>>,
    cut_accounts: Mutex<BTreeMap<AccountId, DeletionId>>,
    links_ended: Mutex<BTreeMap<String, Timestamp>>,
    linked: Mutex<BTreeMap<String, Vec<LinkedDeletion>>>,
    pub(crate) sent: Mutex<Vec<DeletionId>>,
    /// The version whose first write to the Ledger fails, as if the process ended right before it.
    pub(crate) crash_at: Mutex<Option<u64>>,
    pub(crate) others_are_faster: Mutex<bool>,
    pub(crate) queue_is_away: Mutex<bool>,
    /// How far the clock moves with each cutoff.
    pub(crate) cut_takes: Mutex<jiff::SignedDuration>,
    /// Whether the person authorises again right before the next cutoff.
    pub(crate) comes_back: Mutex<bool>,
}

fn place(table: Table, partition: &str, prefix: &str) -> Place {
    Place { class: table, locator: Locator::new(partition, prefix) }
}

fn covers(place: &Place, row: &Row) -> bool {
    let (partition, prefix) = place.locator.texts();
    row.0 == place.class && row.1 == partition && row.2.starts_with(prefix)
}

impl World {
    /// Makes a world of deletions, in which no operation reads a data key.
    pub(crate) fn of_deletions() -> Arc<Self> {
        let world = Self::new();
        *world.vault.data_keys_stay_shut.lock().unwrap() = true;
        world
    }

    /// Stores an active connection of the person Anna, with accounts and all its rows.
    pub(crate) fn connect(&self, number: u128, accounts: &[u128]) -> ConnectionId {
        let id = connection_of(number);
        self.put_connection(a_connection(id.clone()));
        for number in accounts {
            self.put_account(&id, account_of(*number), &number.to_string());
        }
        id
    }

    pub(super) fn put_connection_rows(&self, tenant: &TenantId, id: &ConnectionId) {
        let part = format!("{tenant}#{id}");
        let mut rows = self.deletion.rows.lock().unwrap();
        rows.insert((Table::Connections, tenant.to_string(), id.to_string()));
        rows.extend(["fence", "mail"].map(|key| (Table::Connections, part.clone(), key.to_owned())));
        let vault = ["key#token#-", "key#data#-", "tok#access#00000001", "tok#refresh#00000001"];
        rows.extend(vault.map(|key| (Table::Vault, part.clone(), key.to_owned())));
    }

    pub(super) fn put_account_rows(&self, tenant: &TenantId, id: &ConnectionId, account: &AccountId) {
        let part = format!("{tenant}#{id}");
        let mut rows = self.deletion.rows.lock().unwrap();
        rows.extend(
            ["", "#fence", "#sync"]
                .map(|end| (Table::Connections, part.clone(), format!("acc#{account}{end}"))),
        );
        rows.insert((Table::Vault, part.clone(), format!("key#data#{account}")));
        rows.extend(
            [1, 2, 3].map(|day| (Table::Reports, format!("{part}#{account}"), format!("r#ad#{day}"))),
        );
    }

    pub(crate) fn plan(self: &Arc<Self>) -> begin_deletion::Ports {
        super::ports!(self, begin_deletion::Ports { clock, entropy, rows })
    }

    pub(crate) fn deletion(&self, id: &DeletionId) -> Deletion {
        self.deletion.deletions.lock().unwrap()[id].clone()
    }

    /// Returns the deletions that were begun.
    pub(crate) fn begun(&self) -> Vec<Deletion> {
        self.deletion.deletions.lock().unwrap().values().cloned().collect()
    }

    /// Returns the sort keys of the rows that are left in a table.
    pub(crate) fn left(&self, table: Table) -> Vec<String> {
        let rows = self.deletion.rows.lock().unwrap();
        rows.iter().filter(|row| row.0 == table).map(|row| row.2.clone()).collect()
    }

    /// Returns whether the rows that a deletion rests on are still there.
    fn stands(&self, deletion: &Deletion) -> bool {
        let (Subject::Connection(id) | Subject::Account(id, _)) = &deletion.subject else { return true };
        let Some(row) = self.connect.connections.lock().unwrap().get(id).cloned() else { return false };
        match deletion.reason {
            Reason::AccountLost => {
                self.connect.life.lock().unwrap().lost.iter().any(|(_, since)| *since == deletion.t0)
            }
            Reason::RevokedAtPlatform | Reason::NotReauthorised => row.state != State::Active,
            Reason::Abandoned => row.state == State::Pending,
            _ => true,
        }
    }

    /// Returns the earlier cutoff of a subject.
    fn cut_before(&self, subject: &Subject) -> Option<Cutoff> {
        match subject {
            Subject::Connection(id) => {
                let connections = self.connect.connections.lock().unwrap();
                let row = connections.get(id).filter(|row| row.state == State::Purging)?;
                Some(row.deletion.clone().map_or(Cutoff::Nothing, Cutoff::Before))
            }
            Subject::Account(_, account) => {
                self.deletion.cut_accounts.lock().unwrap().get(account).cloned().map(Cutoff::Before)
            }
            Subject::Tenant => None,
        }
    }

    fn mark_purging(&self, deletion: &Deletion) {
        match &deletion.subject {
            Subject::Connection(id) => self.change(id, |row| {
                row.state = State::Purging;
                row.deletion = Some(deletion.id.clone());
            }),
            Subject::Account(id, account) => {
                let mut all = self.connect.accounts.lock().unwrap();
                let row = all.get_mut(id).unwrap().iter_mut().find(|row| row.id == *account);
                row.unwrap().state = State::Purging;
                self.deletion.cut_accounts.lock().unwrap().insert(account.clone(), deletion.id.clone());
            }
            Subject::Tenant => {}
        }
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
        let part = |account: &AccountId| format!("{tenant}#{connection}#{account}");
        places.extend(accounts.iter().map(|account| place(Table::Reports, &part(account), "")));
        Ok(places)
    }

    async fn held_keys(&self, _: &TenantId, _: &Subject) -> Result<Vec<DataKeyId>> {
        Ok(vec![DataKeyId([7; 16])])
    }

    async fn begin(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Cutoff> {
        if std::mem::take(&mut *self.deletion.comes_back.lock().unwrap()) {
            self.authorise_again();
        }
        if let Some(before) = self.cut_before(&deletion.subject) {
            return Ok(before);
        }
        if !self.stands(deletion) {
            return Ok(Cutoff::Nothing);
        }
        self.mark_purging(deletion);
        self.note("cut");
        self.pass(*self.deletion.cut_takes.lock().unwrap());
        let whose = owner.map(|owner| (deletion.id.clone(), (owner.clone(), deletion.delete_by)));
        self.deletion.owners.lock().unwrap().extend(whose);
        self.deletion.deletions.lock().unwrap().insert(deletion.id.clone(), deletion.clone());
        Ok(Cutoff::Made)
    }
}

#[async_trait]
impl LedgerRead for World {
    async fn deletion(&self, _: &TenantId, id: &DeletionId) -> Result<Option<Deletion>> {
        Ok(self.deletion.deletions.lock().unwrap().get(id).cloned())
    }

    async fn deletions(&self, _: &TenantId, after: Option<&DeletionId>, limit: u32) -> Result<Vec<Deletion>> {
        let all = self.begun().into_iter().filter(|row| after.is_none_or(|after| row.id > *after));
        Ok(all.take(usize::try_from(limit).unwrap()).collect())
    }

    async fn by_code(&self, code: &Digest) -> Result<Option<Deletion>> {
        let fits = |row: &Deletion| self.entropy.digest(row.code.as_bytes()) == *code;
        Ok(self.begun().into_iter().find(fits))
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Deletion>> {
        let due = self.begun().into_iter().filter(|row| row.next_step_at.is_some_and(|at| at <= now));
        Ok(due.take(usize::try_from(limit).unwrap()).collect())
    }
}

#[async_trait]
impl DeletionOwnerRead for World {
    async fn owner(&self, _: &TenantId, id: &DeletionId, now: Timestamp) -> Result<Option<EndUser>> {
        let owners = self.deletion.owners.lock().unwrap();
        Ok(owners.get(id).filter(|(_, until)| *until > now).map(|(owner, _)| owner.clone()))
    }
}

#[async_trait]
impl LedgerWrite for World {
    async fn advance(&self, deletion: &Deletion) -> Result<bool> {
        let mut crash_at = self.deletion.crash_at.lock().unwrap();
        if *crash_at == Some(deletion.version) {
            *crash_at = None;
            return Err(Error::unavailable("crashed", "the process ended here"));
        }
        let mut deletions = self.deletion.deletions.lock().unwrap();
        let row = deletions.get_mut(&deletion.id).filter(|row| row.version + 1 == deletion.version);
        let Some(row) = row else { return Ok(false) };
        *row = deletion.clone();
        Ok(!*self.deletion.others_are_faster.lock().unwrap())
    }
}

#[async_trait]
impl Purge for World {
    fn part(&self, wanted: &Place, part: Part) -> Vec<Place> {
        let (partition, prefix) = wanted.locator.texts();
        let starts = |word: &&&str| prefix.starts_with(**word);
        match part {
            Part::DataKeys => ["key#data#"].iter().filter(starts).map(|_| wanted.clone()).collect(),
            Part::Tokens => ["key#token#", "tok#"].iter().filter(starts).map(|_| wanted.clone()).collect(),
            Part::AllButOwn if prefix.starts_with("con_") => Vec::new(),
            Part::AllButOwn if prefix.starts_with("acc#") => {
                vec![place(wanted.class, partition, &format!("{prefix}#"))]
            }
            Part::AllButOwn if wanted.class == Table::Directory => {
                vec![place(wanted.class, partition, "key#")]
            }
            Part::AllButOwn => vec![wanted.clone()],
        }
    }

    async fn purge(&self, place: &Place) -> Result<u64> {
        let count = Purge::count(self, place).await?;
        let (_, prefix) = place.locator.texts();
        self.note(format!("purge {} {prefix}", place.class.as_str()));
        self.deletion.rows.lock().unwrap().retain(|row| !covers(place, row));
        self.connect.connections.lock().unwrap().retain(|id, _| prefix != id.as_str());
        Ok(count)
    }

    async fn count(&self, place: &Place) -> Result<u64> {
        let rows = self.deletion.rows.lock().unwrap();
        Ok(u64::try_from(rows.iter().filter(|row| covers(place, row)).count()).unwrap())
    }
}

#[async_trait]
impl JobQueue<DeletionJob> for World {
    async fn send(&self, jobs: &[DeletionJob], _: u32) -> Result<()> {
        if *self.deletion.queue_is_away.lock().unwrap() {
            return Err(away());
        }
        self.deletion.sent.lock().unwrap().extend(jobs.iter().map(|job| job.deletion.clone()));
        Ok(())
    }
}

#[async_trait]
impl LinkEnd for World {
    async fn links_ended(&self, mail: &Fingerprint) -> Result<Option<Timestamp>> {
        Ok(self.deletion.links_ended.lock().unwrap().get(&mail.0).copied())
    }

    async fn end_links(&self, mail: &Fingerprint, now: Timestamp) -> Result<()> {
        self.deletion.links_ended.lock().unwrap().insert(mail.0.clone(), now);
        Ok(())
    }
}

#[async_trait]
impl LinkedDeletions for World {
    async fn linked(&self, link: &Digest) -> Result<Vec<LinkedDeletion>> {
        Ok(self.deletion.linked.lock().unwrap().get(&link.to_hex()).cloned().unwrap_or_default())
    }

    async fn put_linked(&self, link: &Digest, deletions: &[LinkedDeletion]) -> Result<()> {
        self.deletion.linked.lock().unwrap().insert(link.to_hex(), deletions.to_vec());
        Ok(())
    }
}
