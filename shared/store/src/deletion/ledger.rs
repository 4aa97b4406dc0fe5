//! Reads and writes the Ledger: deletions, their public codes, audit events.

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::Result;
use mooring_domain::base::host::Entropy as _;
use mooring_domain::base::ids::{DeletionId, EndUser, EventId, TenantId};
use mooring_domain::base::secret::Digest;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ledger::{Deletion, Step};
use mooring_domain::deletion::link::LinkedDeletion;
use mooring_domain::deletion::ports::{
    DeletionOwnerRead, LedgerList, LedgerRead, LedgerWrite, LinkedDeletions,
};
use mooring_system::SystemEntropy;

use crate::client::Store;
use crate::client::item::{Draft, Fields, Item, SK, is_live, maps, number, time};
use crate::client::key::{EARLIEST, Key, instant};
use crate::client::{Check, Write};
use crate::deletion::items::{HIDDEN, VERSION, read_deletion, write_deletion};
use crate::deletion::keys::{self, DUE_DELETIONS};
use crate::webhook::events::end_row;

/// How many times `limit` keys are read from the due index: it lags behind and may name deletions that are
/// done.
const AHEAD: usize = 2;

/// Makes a deletion's row.
pub(crate) fn ledger_row(deletion: &Deletion) -> Draft {
    write_deletion(deletion)
}

/// Makes the key of the row by which a deletion's public code is found.
pub(crate) fn code_key(deletion: &Deletion) -> Key {
    keys::code(&SystemEntropy.digest(deletion.code.as_bytes()))
}

/// Makes the write of the row by which a deletion's public code is found.
pub(crate) fn code_row(deletion: &Deletion) -> Write {
    let draft =
        Draft::default().text("tenant", deletion.tenant.as_str()).text("deletion", deletion.id.as_str());
    Write::put(code_key(deletion), draft)
}

/// Makes the write of an audit event.
pub(crate) fn audit_row(tenant: &TenantId, (event, draft): (EventId, Draft)) -> Write {
    Write::put(keys::audit(tenant, &event), draft)
}

#[async_trait]
impl LedgerRead for Store {
    async fn deletion(&self, tenant: &TenantId, id: &DeletionId) -> Result<Option<Deletion>> {
        self.get(&keys::deletion(tenant, id)).await?.as_ref().map(read_deletion).transpose()
    }

    async fn deletions(
        &self,
        tenant: &TenantId,
        after: Option<&DeletionId>,
        limit: u32,
    ) -> Result<Vec<Deletion>> {
        let shown = |row: &Item| {
            let fields = Fields::of("deletion", row);
            Ok(!fields.flag(HIDDEN)? && fields.maybe_text(SK)? != after.map(DeletionId::as_str))
        };
        let rows = self.first(&keys::deletions_from(tenant, after), limit, shown).await?;
        rows.iter().map(read_deletion).collect()
    }

    async fn by_code(&self, code: &Digest) -> Result<Option<Deletion>> {
        let Some(row) = self.get(&keys::code(code)).await? else { return Ok(None) };
        let fields = Fields::of("code", &row);
        self.deletion(&fields.parsed("tenant")?, &fields.parsed("deletion")?).await
    }

    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<Deletion>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let until = instant(now);
        let range = (EARLIEST, until.as_str());
        let ahead = Some(limit.saturating_mul(AHEAD));
        let keys = self.due_keys(Table::Ledger, DUE_DELETIONS, range, ahead).await?;
        let rows = self.get_many(Table::Ledger, &keys).await?;
        let mut due = rows.iter().map(read_deletion).collect::<Result<Vec<_>>>()?;
        due.retain(|deletion| deletion.next_step_at.is_some_and(|at| at <= now));
        due.sort_by_key(|deletion| deletion.next_step_at);
        due.truncate(limit);
        Ok(due)
    }
}

#[async_trait]
impl LedgerList for Store {
    async fn every_deletion(&self) -> Result<Vec<Deletion>> {
        let mut deletions = Vec::new();
        for row in self.rows_below(Table::Ledger, keys::DELETIONS).await? {
            if !Fields::of("deletion", &row).flag(HIDDEN)? {
                deletions.push(read_deletion(&row)?);
            }
        }
        Ok(deletions)
    }
}

#[async_trait]
impl DeletionOwnerRead for Store {
    async fn owner(&self, tenant: &TenantId, id: &DeletionId, now: Timestamp) -> Result<Option<EndUser>> {
        let Some(row) = self.get(&keys::owner(tenant, id)).await? else { return Ok(None) };
        if !is_live(&row, now)? {
            return Ok(None);
        }
        Fields::of("owner of a deletion", &row).parsed("end_user").map(Some)
    }
}

#[async_trait]
impl LedgerWrite for Store {
    async fn advance(&self, deletion: &Deletion) -> Result<bool> {
        let before = Check::Is(VERSION, number(deletion.version.saturating_sub(1)));
        let key = keys::deletion(&deletion.tenant, &deletion.id);
        let stored = if deletion.step == Step::Done {
            let row = Write::put(key, ledger_row(deletion)).only_if(before);
            self.transact(&[row, end_row(deletion, self.clock.now())]).await?.is_empty()
        } else {
            self.put_if(&key, ledger_row(deletion), &[before]).await?
        };
        if stored {
            return Ok(true);
        }
        // The SDK sends a put again when the answer is lost; the second put then finds the row that the first
        // wrote.
        Ok(self.deletion(&deletion.tenant, &deletion.id).await?.as_ref() == Some(deletion))
    }
}

#[async_trait]
impl LinkedDeletions for Store {
    async fn linked(&self, link: &Digest) -> Result<Vec<LinkedDeletion>> {
        let Some(row) = self.get(&keys::linked(link)).await? else { return Ok(Vec::new()) };
        Fields::of("deletions of a link", &row).maps("deletions", read_linked)
    }

    async fn put_linked(&self, link: &Digest, deletions: &[LinkedDeletion]) -> Result<()> {
        let list = maps(deletions.iter().map(write_linked));
        self.put(&keys::linked(link), Draft::default().with("deletions", list)).await
    }
}

fn write_linked(linked: &LinkedDeletion) -> Draft {
    Draft::default()
        .text("tenant", linked.tenant.as_str())
        .text("deletion", linked.deletion.as_str())
        .with("since", time(linked.since))
        .maybe("accounts", linked.accounts.map(number))
}

fn read_linked(fields: Fields<'_>) -> Result<LinkedDeletion> {
    Ok(LinkedDeletion {
        tenant: fields.parsed("tenant")?,
        deletion: fields.parsed("deletion")?,
        since: fields.parsed("since")?,
        accounts: fields.maybe_number("accounts")?,
    })
}
