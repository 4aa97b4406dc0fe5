//! Fakes of syncs: progress, chunks and completeness of one account, the due index, the queue, the breaker.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Step, World, account, connection, ports, ready, tenant};
use crate::base::error::{Error, Kind, Result};
use crate::base::ids::{AccountRef, ConnectionId, TenantId};
use crate::base::queue::JobQueue;
use crate::connect::ops::probe_connection;
use crate::platform::figures::Level;
use crate::sync::activity::Activity;
use crate::sync::breaker::{Breaker, Breakers, Circuit};
use crate::sync::chunk::{NewChunk, StoredChunk};
use crate::sync::completeness::{DayRecord, DayStatus, Days};
use crate::sync::ending::{Ended, SyncEnd, SyncNews};
use crate::sync::job::{JobKind, ProbeJob, SyncJob, slot_of};
use crate::sync::ops::run_sync::{Input, Outcome, Ports, run};
use crate::sync::ports::{
    ActivityWrite, ChunkRead, ChunkWrite, CompletenessRead, DueRead, SyncAsk, SyncEndWrite, SyncProgress,
};
use crate::sync::state::{Checkpoint, SyncChange, SyncState};

#[derive(Default)]
pub(crate) struct SyncRows {
    pub(crate) chunks: Mutex<BTreeMap<String, StoredChunk>>,
    history: Mutex<Vec<StoredChunk>>,
    /// Until when each chunk that was put is kept.
    pub(crate) kept: Mutex<Vec<Option<Timestamp>>>,
    pub(crate) days: Mutex<BTreeMap<(Level, Date), DayRecord>>,
    pub(crate) state: Mutex<SyncState>,
    /// The change that another job of the account stores right before this one stores its own.
    pub(crate) meanwhile: Mutex<Option<SyncChange>>,
    /// The end of another job that is stored right before this one stores its own.
    pub(crate) rival: Mutex<Option<SyncEnd>>,
    /// The news of all ends, in order.
    pub(crate) news: Mutex<Vec<SyncNews>>,
    checkpoints: Mutex<BTreeMap<String, Checkpoint>>,
    /// The number of writes after which the account is deleted.
    pub(crate) writes_left: Mutex<Option<usize>>,
    pub(crate) sent: Mutex<Vec<(SyncJob, u32)>>,
    pub(crate) probes: Mutex<Vec<ProbeJob>>,
    pub(crate) breaker: Mutex<Option<Breaker>>,
    /// The due index, and the period of all accounts in it.
    pub(crate) due: Mutex<(Vec<AccountRef>, u16)>,
    pub(crate) outbox: Mutex<Vec<(String, SyncJob)>>,
    /// When a probe of the grant of [`connection`] is due.
    pub(crate) probe_at: Mutex<Option<Timestamp>>,
}

impl World {
    pub(crate) fn job(&self, kind: JobKind) -> SyncJob {
        SyncJob {
            tenant: tenant(),
            connection: connection(),
            account: account(),
            kind,
            window: None,
            slot: self.now(),
            deferred: 0,
            not_before: None,
        }
    }

    /// Runs a job in an invocation of one minute.
    pub(crate) fn run(self: &Arc<Self>, job: &SyncJob) -> Result<Outcome> {
        self.run_until(job, self.now() + SignedDuration::from_secs(60))
    }

    pub(crate) fn run_until(self: &Arc<Self>, job: &SyncJob, deadline: Timestamp) -> Result<Outcome> {
        let ports = ports!(self, Ports { clock, entropy, rows, keys, connectors, profile, queue });
        let outcome = ready(run(&ports, &Input { job: job.clone(), deadline }));
        assert!(self.sync.probes.lock().unwrap().is_empty(), "a job that sends probes");
        outcome
    }

    pub(crate) fn probe(self: &Arc<Self>) -> Result<probe_connection::Outcome> {
        let deadline = self.now() + SignedDuration::from_secs(60);
        let input = probe_connection::Input { tenant: tenant(), connection: connection(), deadline };
        let ports = ports!(self, probe_connection::Ports { clock, entropy, rows, keys, connectors, profile });
        ready(probe_connection::run(&ports, &input))
    }

    /// Counts the chunks that were put.
    pub(crate) fn puts(&self) -> usize {
        self.count(|step| matches!(step, Step::Put(_)))
    }

    /// Counts the calls of the platform.
    pub(crate) fn pages(&self) -> usize {
        self.count(|step| *step == Step::Page)
    }

    /// Counts the opened keys and the calls of the platform.
    pub(crate) fn opened(&self) -> usize {
        self.count(|step| matches!(step, Step::Opened | Step::Page))
    }

    pub(crate) fn status(&self, level: Level, day: Date) -> DayStatus {
        self.sync.days.lock().unwrap()[&(level, day)].status
    }

    /// Counts the questions for figures of a level.
    pub(crate) fn questions(&self, level: Level) -> usize {
        self.platform.asked.lock().unwrap().iter().filter(|(asked, _)| *asked == level).count()
    }

    /// Refuses a write of an account that ended, as the store does.
    fn write(&self) -> Result<()> {
        let mut left = self.sync.writes_left.lock().unwrap();
        match left.as_mut() {
            Some(0) => Err(Error::new(Kind::Gone, "account_ended", "no")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn remember(&self, change: &SyncChange) {
        let mut state = self.sync.state.lock().unwrap();
        state.structure_at = change.structure_at.or(state.structure_at);
        state.names_due = change.names_due.unwrap_or(state.names_due);
        state.entities = change.entities.unwrap_or(state.entities);
        state.backfill = change.backfill.clone().or_else(|| state.backfill.take());
    }

    fn put_chunk(&self, NewChunk { chunk, expires_at, .. }: &NewChunk) -> bool {
        assert!(expires_at.is_none_or(|end| end > self.now()));
        self.sync.kept.lock().unwrap().push(*expires_at);
        let mut chunks = self.sync.chunks.lock().unwrap();
        if chunks.get(&chunk.name).is_some_and(|stored| stored.version >= chunk.version) {
            return false;
        }
        self.step(Step::Put(chunk.name.clone()));
        self.sync.history.lock().unwrap().push(chunk.clone());
        chunks.insert(chunk.name.clone(), chunk.clone());
        true
    }
}

#[async_trait]
impl CompletenessRead for World {
    async fn days(&self, _: &AccountRef, from: Date, to: Date) -> Result<Days> {
        let days = self.sync.days.lock().unwrap();
        let asked = days.iter().filter(|((_, day), _)| (from..=to).contains(day));
        Ok(asked.map(|(at, day)| (*at, *day)).collect())
    }
}

#[async_trait]
impl SyncProgress for World {
    async fn sync_state(&self, _: &AccountRef) -> Result<SyncState> {
        Ok(self.sync.state.lock().unwrap().clone())
    }

    async fn change_sync_state(&self, _: &AccountRef, change: &SyncChange) -> Result<()> {
        self.write()?;
        if let Some(other) = self.sync.meanwhile.lock().unwrap().take() {
            self.remember(&other);
        }
        self.remember(change);
        Ok(())
    }

    async fn checkpoint(&self, _: &AccountRef, job: &str) -> Result<Checkpoint> {
        Ok(self.sync.checkpoints.lock().unwrap().get(job).cloned().unwrap_or_default())
    }

    async fn put_checkpoint(
        &self,
        _: &AccountRef,
        job: &str,
        checkpoint: &Checkpoint,
        _: Timestamp,
    ) -> Result<()> {
        self.write()?;
        self.sync.checkpoints.lock().unwrap().insert(job.to_owned(), checkpoint.clone());
        Ok(())
    }

    async fn put_days(&self, _: &AccountRef, days: &Days) -> Result<()> {
        self.write()?;
        self.step(Step::Days);
        self.sync.days.lock().unwrap().extend(days);
        Ok(())
    }
}

#[async_trait]
impl SyncEndWrite for World {
    async fn end_sync(&self, account: &AccountRef, ended: &Ended, done: Option<&str>) -> Result<bool> {
        self.write()?;
        if let Some(other) = self.sync.meanwhile.lock().unwrap().take() {
            self.remember(&other);
        }
        {
            let mut state = self.sync.state.lock().unwrap();
            if let Some(rival) = self.sync.rival.lock().unwrap().take() {
                *state = state.after(&rival).state;
            }
            let slot = |state: &SyncState| state.backfill.as_ref().map(|backfill| backfill.slot);
            if state.ends + 1 != ended.state.ends || slot(&state) != slot(&ended.state) {
                return Ok(false);
            }
            let SyncState { structure_at, names_due, entities, asked_at, .. } = *state;
            *state = SyncState { structure_at, names_due, entities, asked_at, ..ended.state.clone() };
        }
        self.sync.news.lock().unwrap().extend_from_slice(&ended.news);
        if let Some(job) = done {
            let done = Checkpoint { structure: true, levels: Vec::new(), done: true };
            self.put_checkpoint(account, job, &done, self.now()).await?;
        }
        Ok(true)
    }
}

#[async_trait]
impl SyncAsk for World {
    async fn ask_sync(&self, _: &AccountRef, at: Timestamp, since: Timestamp) -> Result<bool> {
        let mut state = self.sync.state.lock().unwrap();
        let fits = state.asked_at.is_none_or(|asked| asked <= since);
        if fits {
            state.asked_at = Some(at);
        }
        Ok(fits)
    }
}

#[async_trait]
impl ChunkRead for World {
    async fn chunks(
        &self,
        _: &AccountRef,
        first: &str,
        last: &str,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<StoredChunk>> {
        let mut found = BTreeMap::new();
        let history = self.sync.history.lock().unwrap();
        for chunk in history.iter().filter(|chunk| as_of.is_none_or(|as_of| chunk.version <= as_of)) {
            found.insert(chunk.name.clone(), chunk.clone());
        }
        Ok(found.range(first.to_owned()..=last.to_owned()).map(|(_, chunk)| chunk.clone()).collect())
    }
}

#[async_trait]
impl ChunkWrite for World {
    async fn put_chunks(&self, _: &AccountRef, chunks: &[NewChunk]) -> Result<Vec<Result<bool>>> {
        Ok(chunks.iter().map(|new| Ok(self.put_chunk(new))).collect())
    }
}

#[async_trait]
impl Breakers for World {
    async fn breaker(&self, _: &Circuit) -> Result<Option<Breaker>> {
        Ok(self.sync.breaker.lock().unwrap().clone())
    }

    async fn put_breaker(
        &self,
        _: &Circuit,
        seen: Option<&Breaker>,
        next: &Breaker,
        expires_at: Timestamp,
    ) -> Result<bool> {
        assert!(expires_at > next.since);
        let mut breaker = self.sync.breaker.lock().unwrap();
        let fits = breaker.as_ref() == seen;
        if fits {
            *breaker = Some(next.clone());
        }
        Ok(fits)
    }
}

#[async_trait]
impl DueRead for World {
    async fn due(&self, shard: u16, first: u16, last: u16) -> Result<Vec<AccountRef>> {
        let (accounts, period) = &*self.sync.due.lock().unwrap();
        let here = |account: &&AccountRef| {
            let (home, minute) = slot_of(&account.connection, *period);
            home == shard && (first..=last).contains(&minute)
        };
        Ok(accounts.iter().filter(here).cloned().collect())
    }

    async fn probes(&self, until: Timestamp) -> Result<Vec<(TenantId, ConnectionId, Timestamp)>> {
        let due = self.sync.probe_at.lock().unwrap().filter(|at| *at <= until);
        Ok(due.map(|at| (tenant(), connection(), at)).into_iter().collect())
    }

    async fn outbox(&self, before: Timestamp) -> Result<Vec<(String, SyncJob)>> {
        let outbox = self.sync.outbox.lock().unwrap();
        Ok(outbox.iter().filter(|(_, job)| job.slot <= before).cloned().collect())
    }

    async fn outbox_done(&self, _: &SyncJob, id: &str) -> Result<()> {
        self.sync.outbox.lock().unwrap().retain(|(other, _)| other != id);
        Ok(())
    }
}

#[async_trait]
impl JobQueue<SyncJob> for World {
    async fn send(&self, jobs: &[SyncJob], delay_seconds: u32) -> Result<()> {
        self.sync.sent.lock().unwrap().extend(jobs.iter().map(|job| (job.clone(), delay_seconds)));
        Ok(())
    }
}

#[async_trait]
impl JobQueue<ProbeJob> for World {
    async fn send(&self, probes: &[ProbeJob], _: u32) -> Result<()> {
        self.sync.probes.lock().unwrap().extend_from_slice(probes);
        Ok(())
    }
}

#[async_trait]
impl ActivityWrite for World {
    async fn record(&self, _: &Activity) -> Result<()> {
        Ok(())
    }
}
