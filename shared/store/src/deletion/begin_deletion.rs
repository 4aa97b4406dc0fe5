//! Makes the cutoff: from this one transaction on, nothing of the subject can be read or written.
//!
//! It holds the row that decides, the fence, the deletion with its public code and audit event, and as many of the
//! subject's other rows as fit, those of the Vault first. The rest is stamped right after; the purge deletes it anyway.
//! Rows that are physically there count, expired or not.

use async_trait::async_trait;
use mooring_domain::Result;
use mooring_domain::base::ids::{AccountId, ConnectionId, DataKeyId, EndUser, TenantId};
use mooring_domain::base::place::{Place, Subject};
use mooring_domain::base::table::Table;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::ConnectionState as _;
use mooring_domain::deletion::ledger::{Deletion, Reason};
use mooring_domain::deletion::ports::{Cutoff, DeletionBegin};

use crate::client::Store;
use crate::client::item::{
    DUE_AT, DUE_SHARD, Draft, EXPIRES_AT, Fields, STATE, flag, number, seconds, text, time,
};
use crate::client::key::{self, Key, Span};
use crate::client::place::Scope;
use crate::client::{Backoff, Check, Refusal, TRANSACTION, Write, busy};
use crate::connect::items::connection::{DELETE_BY, DELETION, state};
use crate::connect::items::token_life::VERSION;
use crate::deletion::ledger::{audit_row, code_row, ledger_row};
use crate::deletion::{audit_items, keys, places};
use crate::people::items::ACTIVE;
use crate::vault::items::read_key_id;
use crate::webhook::events::cut_row;
use crate::{connect, people, sync, vault, webhook};

/// The writes of a cutoff.
struct Plan {
    /// Refused, they say that there is nothing to cut, or that it was cut before.
    deciding: Vec<Write>,
    /// What has to be in the transaction.
    core: Vec<Write>,
    /// What should be, most important first.
    rows: Vec<Write>,
}

impl Plan {
    /// Lets the plan be made only while a row is as it was seen.
    fn resting_on(mut self, key: Key, seen: Check) -> Self {
        let own = self.rows.iter().position(|row| *row.key() == key);
        let write = own.map_or_else(|| Write::check(key), |own| self.rows.remove(own));
        self.deciding.push(write.only_if(seen));
        self
    }
}

#[async_trait]
impl DeletionBegin for Store {
    async fn places(
        &self,
        tenant: &TenantId,
        subject: &Subject,
        accounts: &[AccountId],
    ) -> Result<Vec<Place>> {
        Ok(places::places(&Scope { tenant, subject, accounts }))
    }

    async fn held_keys(&self, tenant: &TenantId, subject: &Subject) -> Result<Vec<DataKeyId>> {
        let span = match subject {
            Subject::Connection(connection) => vault::keys::vault(tenant, connection, "key#"),
            Subject::Account(connection, account) => {
                vault::keys::vault(tenant, connection, &vault::keys::data_key_of(account))
            }
            Subject::Tenant => return Ok(Vec::new()),
        };
        self.query(&span).await?.iter().map(read_key_id).collect()
    }

    async fn begin(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Cutoff> {
        let mut backoff = Backoff::default();
        loop {
            let Some(plan) = self.plan(deletion, owner).await? else { return Ok(Cutoff::Nothing) };
            let Plan { deciding, core, mut rows } = plan;
            let decides = deciding.len();
            let mut writes = [deciding, core].concat();
            let rest = rows.split_off(rows.len().min(TRANSACTION - writes.len()));
            writes.extend(rows);
            let refused = self.transact(&writes).await?;
            if refused.is_empty() {
                self.stamp_rest(deletion, rest).await;
                return Ok(Cutoff::Made);
            }
            if refused.iter().any(|refusal| refusal.position < decides) {
                return before(&refused, decides);
            }
            // A row went away between the read and the transaction: read again.
            if !backoff.wait().await {
                return Err(busy("rows that keep changing"));
            }
        }
    }
}

/// What was there in place of something to cut.
fn before(refused: &[Refusal], decides: usize) -> Result<Cutoff> {
    let found = refused
        .iter()
        .filter(|refusal| refusal.position < decides)
        .filter_map(|refusal| refusal.found.as_ref());
    for item in found {
        if let Some(id) = Fields::of("cut", item).maybe_parsed(DELETION)? {
            return Ok(Cutoff::Before(id));
        }
    }
    Ok(Cutoff::Nothing)
}

impl Store {
    /// `None`: the accounts' loss that the deletion rests on was taken back.
    async fn plan(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Option<Plan>> {
        let plan = match &deletion.subject {
            Subject::Connection(id) | Subject::Account(id, _) if deletion.reason == Reason::AccountLost => {
                let Some((life, seen)) = self.evidence(deletion, id).await? else { return Ok(None) };
                self.whole_plan(deletion, owner).await?.resting_on(life, seen)
            }
            _ => self.whole_plan(deletion, owner).await?,
        };
        Ok(Some(plan))
    }

    /// The row that says that an account is lost, and that it is as it was seen: who authorises again writes another.
    async fn evidence(&self, deletion: &Deletion, id: &ConnectionId) -> Result<Option<(Key, Check)>> {
        let life = self.life(&deletion.tenant, id).await?;
        let of =
            |account: &AccountId| !matches!(&deletion.subject, Subject::Account(_, one) if one != account);
        let stands = life.lost.iter().any(|(account, since)| of(account) && *since == deletion.t0);
        let seen = Check::Is(VERSION, number(life.version));
        Ok(stands.then(|| (connect::keys::life(&deletion.tenant, id), seen)))
    }

    async fn whole_plan(&self, deletion: &Deletion, owner: Option<&EndUser>) -> Result<Plan> {
        let mut core = vec![
            Write::put(keys::deletion(&deletion.tenant, &deletion.id), ledger_row(deletion)),
            code_row(deletion),
            audit_row(&deletion.tenant, audit_items::cut(deletion)),
        ];
        core.extend(cut_row(deletion, self.clock.now()));
        core.extend(owner.map(|owner| owner_row(deletion, owner)));
        match &deletion.subject {
            Subject::Connection(connection) => self.plan_connection(deletion, connection, core).await,
            Subject::Account(connection, account) => {
                self.plan_account(deletion, connection, account, core).await
            }
            Subject::Tenant => {
                let hooks = self
                    .keys(&Span::prefix(Table::Vault, webhook::keys::hook_vault(&deletion.tenant), ""))
                    .await?;
                Ok(plan_tenant(deletion, core, hooks))
            }
        }
    }

    async fn plan_connection(
        &self,
        deletion: &Deletion,
        id: &ConnectionId,
        mut core: Vec<Write>,
    ) -> Result<Plan> {
        let tenant = &deletion.tenant;
        let decide =
            ending(deletion, connect::keys::connection(tenant, id)).set(DELETE_BY, time(deletion.delete_by));
        let decide = match deletion.reason {
            Reason::Abandoned => decide.only_if(Check::Is(STATE, state(State::Pending))),
            // Evidence against a grant never leaves it active: who authorises again makes it so.
            Reason::RevokedAtPlatform | Reason::NotReauthorised => {
                decide.only_if(Check::OneOf(STATE, [State::Suspect, State::NeedsReauth].map(state).to_vec()))
            }
            _ => still_there(decide),
        };
        core.push(closed(deletion, connect::keys::fence(tenant, id)));
        let (vault, own) = (vault::keys::vault(tenant, id, ""), key::rows_of(tenant, id, ""));
        let (stamped, own) = tokio::join!(Box::pin(self.keys(&vault)), Box::pin(self.keys(&own)));
        let mut rows: Vec<Write> = stamped?.into_iter().map(|key| stamp(deletion, key)).collect();
        let mut own = own?;
        own.retain(|key| key.sk != "fence");
        own.sort_by_key(|key| rank(&key.sk));
        rows.extend(own.into_iter().map(|key| retired(deletion, key)));
        Ok(Plan { deciding: vec![decide], core, rows })
    }

    async fn plan_account(
        &self,
        deletion: &Deletion,
        id: &ConnectionId,
        account: &AccountId,
        mut core: Vec<Write>,
    ) -> Result<Plan> {
        let tenant = &deletion.tenant;
        let connection = still_there(Write::check(connect::keys::connection(tenant, id)));
        let row = connect::keys::account(tenant, id, account);
        let decide = still_there(ending(deletion, row.clone()).without(&[DUE_SHARD, DUE_AT]));
        let fence = connect::keys::account_fence(tenant, id, account);
        core.push(closed(deletion, fence.clone()));
        let vault = vault::keys::vault(tenant, id, &vault::keys::data_key_of(account));
        let (own, jobs) = (key::rows_of(tenant, id, &row.sk), key::rows_of(tenant, id, "outbox#"));
        let keys = |span| Box::pin(self.keys(span));
        let (stamped, own, jobs) = tokio::join!(keys(&vault), keys(&own), keys(&jobs));
        let mut rows: Vec<Write> = stamped?.into_iter().map(|key| stamp(deletion, key)).collect();
        let mut own = own?;
        own.retain(|key| *key != row && *key != fence);
        own.extend(jobs?.into_iter().filter(|key| is_job_of(key, account)));
        own.sort_by_key(|key| rank(&key.sk));
        rows.extend(own.into_iter().map(|key| retired(deletion, key)));
        Ok(Plan { deciding: vec![connection, decide], core, rows })
    }

    /// The cutoff is made; what is left is made unreadable sooner by this, and deleted by the purge in any case.
    async fn stamp_rest(&self, deletion: &Deletion, rest: Vec<Write>) {
        if let Err(error) = self.transact_where_possible(rest).await {
            tracing::warn!(deletion.id = %deletion.id, error.code, "some rows were not stamped at the cut");
        }
    }
}

/// Says whose deletion it is until everything must be gone: its reader may be a browser of that end user.
fn owner_row(deletion: &Deletion, owner: &EndUser) -> Write {
    let draft = Draft::default().text("end_user", owner.as_str()).expiring(deletion.delete_by);
    Write::put(keys::owner(&deletion.tenant, &deletion.id), draft)
}

fn plan_tenant(deletion: &Deletion, core: Vec<Write>, hooks: Vec<Key>) -> Plan {
    let decide = Write::update(people::keys::tenant(&deletion.tenant))
        .set(ACTIVE, flag(false))
        .set(DELETION, text(deletion.id.as_str()))
        .only_if(Check::Exists)
        .only_if(Check::Lacks(DELETION));
    let rows = hooks.into_iter().map(|key| stamp(deletion, key)).collect();
    Plan { deciding: vec![decide], core, rows }
}

/// A row that says which deletion ends it.
fn ending(deletion: &Deletion, key: Key) -> Write {
    closed(deletion, key).set(DELETION, text(deletion.id.as_str()))
}

/// A row in its last state.
fn closed(deletion: &Deletion, key: Key) -> Write {
    Write::update(key).set(STATE, state(State::Purging)).set(EXPIRES_AT, seconds(deletion.dead_at()))
}

/// A row with nothing but an end.
fn stamp(deletion: &Deletion, key: Key) -> Write {
    Write::update(key).set(EXPIRES_AT, seconds(deletion.dead_at())).only_if(Check::Exists)
}

/// A row of the connection itself, by its kind.
fn retired(deletion: &Deletion, key: Key) -> Write {
    if connect::keys::is_account_fence(&key.sk) {
        return closed(deletion, key).only_if(Check::Exists);
    }
    if key::parse_account(&key.sk).is_some() {
        return closed(deletion, key).without(&[DUE_SHARD, DUE_AT]).only_if(Check::Exists);
    }
    let is_indexed = connect::keys::is_indexed(&key.sk);
    let write = stamp(deletion, key);
    if is_indexed { write.without(&[DUE_SHARD, DUE_AT]) } else { write }
}

fn still_there(write: Write) -> Write {
    write.only_if(Check::Exists).only_if(Check::Not(STATE, state(State::Purging)))
}

fn is_job_of(key: &Key, account: &AccountId) -> bool {
    sync::keys::parse_outbox(&key.sk).is_some_and(|(_, of)| of == *account)
}

/// Fences first, then accounts, then what else the index finds, then what only helps the syncs.
fn rank(sk: &str) -> u8 {
    if connect::keys::is_account_fence(sk) {
        0
    } else if key::parse_account(sk).is_some() {
        1
    } else if connect::keys::is_indexed(sk) {
        2
    } else {
        3
    }
}
