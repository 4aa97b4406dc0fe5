//! What the parts of a job share: the context, the time that is left, and how a step can stop the job.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::gate::FenceGate;
use super::open::Opened;
use super::window::{Limits, Plan};
use super::{GO_ON, Input, Ports, window};
use crate::base::error::{Error, Kind, Result};
use crate::base::ids::AccountRef;
use crate::base::window::Window;
use crate::platform::capabilities::CallContext;
use crate::platform::figures::Level;
use crate::platform::profile::PlatformProfile;
use crate::sync::chunk::{NewChunk, StoredChunk, slot};
use crate::sync::completeness::{DayRecord, Days};
use crate::sync::job::{JobKind, SyncJob};
use crate::sync::state::Checkpoint;
use crate::vault::keys::SealedBox;

/// What is left of an invocation to say how far a job came, after the last call of the platform.
const TO_SAVE: SignedDuration = SignedDuration::from_secs(5);

/// A platform that does not answer within this time is at fault, not our haste.
const ENOUGH: Duration = Duration::from_secs(20);

/// The code of a call that ended without an answer.
const TIMED_OUT: &str = "platform_timeout";

/// Why a job does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The fence closed.
    Closed,
    /// The invocation is about to end.
    Late,
    /// The platform, or the kit before it, refused or failed.
    Platform(Error),
    /// Something that we build on failed.
    Ours(Error),
}

/// What a step of a job answers.
pub(super) type Step<T> = std::result::Result<T, Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        // A write that met a closed fence says so in its own way.
        if error.kind == Kind::Gone { Self::Closed } else { Self::Ours(error) }
    }
}

/// The context of a job.
pub(super) struct Work<'a> {
    pub(super) ports: &'a Ports,
    pub(super) at: AccountRef,
    pub(super) opened: &'a Opened<'a>,
    pub(super) platform: &'a PlatformProfile,
    pub(super) zone: TimeZone,
    pub(super) today: Date,
    gate: FenceGate<'a>,
    deadline: Timestamp,
    /// Names and statuses get half of an invocation at most: figures come first, whatever a list does.
    names_until: Timestamp,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        ports: &'a Ports,
        input: &Input,
        at: AccountRef,
        opened: &'a Opened<'a>,
    ) -> Result<Self> {
        let name = &opened.connection.platform;
        let platform = ports.profile.platform(name).ok_or_else(|| {
            Error::new(Kind::Refused, "platform_off", "The profile has no such platform any more.")
        })?;
        let zone = window::zone(&opened.account.zone)?;
        let today = window::day(&zone, ports.clock.now());
        let gate = FenceGate::new(ports, at.clone());
        let (now, deadline) = (ports.clock.now(), input.deadline);
        let names_until = now + deadline.duration_since(now) / 2;
        Ok(Self { ports, at, opened, platform, zone, today, gate, deadline, names_until })
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// What goes with each platform call.
    pub(super) fn cx(&self) -> CallContext<'_> {
        self.cx_until(self.deadline - TO_SAVE)
    }

    /// What goes with a call for names and statuses; `None` when their time is over.
    pub(super) fn cx_for_names(&self) -> Option<CallContext<'_>> {
        (self.now() < self.names_until).then(|| self.cx_until(self.names_until))
    }

    fn cx_until(&self, end: Timestamp) -> CallContext<'_> {
        let left = end.duration_since(self.now());
        let patience = Duration::try_from(left).unwrap_or_default();
        let Opened { token, app, .. } = self.opened;
        CallContext { token, app, profile: self.platform, patience, gate: &self.gate }
    }

    /// Why a call stops the job: the gate, the platform, or our own end if there was little time for it.
    pub(super) fn stop(&self, cx: &CallContext<'_>, error: Error) -> Stop {
        if let Some(stop) = self.gate.stop() {
            return stop;
        }
        if error.code == TIMED_OUT && cx.patience < ENOUGH { Stop::Late } else { Stop::Platform(error) }
    }

    /// Lets the next step begin while there is time for it.
    pub(super) fn in_time(&self) -> Step<()> {
        if self.now() + GO_ON > self.deadline { Err(Stop::Late) } else { Ok(()) }
    }

    /// The oldest day with figures, if the job has to read all days again: what they were in is not what they are in now.
    pub(super) async fn stored(&self, job: &SyncJob) -> Result<Option<Date>> {
        if job.kind != JobKind::First || job.window.is_some() {
            return Ok(None);
        }
        let Window { from, to } = window::ever(self.today);
        let days = self.ports.rows.days(&self.at, from, to).await?;
        Ok(days.iter().filter(|(_, record)| record.version.is_some()).map(|((_, day), _)| *day).min())
    }

    /// Settles the days of a job.
    pub(super) fn plan(&self, job: &SyncJob, daily: bool, (stored, entities): (Option<Date>, u64)) -> Plan {
        let manifest = self.opened.connector.manifest();
        let limits = Limits {
            window_days: manifest.window_days,
            restatement_days: u32::from(manifest.restatement_days),
            backfill_days: u32::from(self.platform.backfill_days),
            retention_days: self.ports.profile.retention_days.map_or(u32::MAX, u32::from),
            stored,
            entities,
        };
        window::plan(job.kind, job.window, self.today, daily, &limits)
    }

    pub(super) async fn send(&self, jobs: &[SyncJob]) -> Result<()> {
        if jobs.is_empty() { Ok(()) } else { self.ports.queue.send(jobs, 0).await }
    }

    pub(super) async fn put_checkpoint(&self, id: &str, checkpoint: &Checkpoint) -> Result<()> {
        self.ports.rows.put_checkpoint(&self.at, id, checkpoint, self.now()).await
    }

    /// Until when the product keeps what is written at an instant, or belongs to it; `None`: as long as the account is
    /// connected, and the account's deletion ends it.
    pub(super) fn kept_until(&self, from: Timestamp) -> Option<Timestamp> {
        self.retention().map(|kept| from + kept)
    }

    /// How long the product keeps what it reads, if the profile bounds it.
    pub(super) fn retention(&self) -> Option<SignedDuration> {
        let days = self.ports.profile.retention_days?;
        Some(SignedDuration::from_hours(24 * i64::from(days)))
    }

    /// Writes what is known of the days that were stored.
    pub(super) async fn save_days(&self, track: &mut Track) -> Result<()> {
        if !track.records.is_empty() {
            self.ports.rows.put_days(&self.at, &track.records).await?;
            track.records.clear();
        }
        track.unsaved = 0;
        Ok(())
    }

    /// Writes what is known of the days, then up to where the job came: never the other way round.
    pub(super) async fn save(&self, track: &mut Track) -> Result<()> {
        self.save_days(track).await?;
        if let Some(checkpoint) = track.reached.take() {
            self.put_checkpoint(&track.job.id(), &checkpoint).await?;
        }
        Ok(())
    }

    /// Seals the parts of a chunk.
    pub(super) fn seal(&self, chunk: Draft<'_>) -> Result<NewChunk> {
        let seal = |(part, bytes): (usize, &Vec<u8>)| -> Result<SealedBox> {
            self.opened.key.seal(&slot(chunk.name, chunk.version, part), bytes)
        };
        let stored = StoredChunk {
            name: chunk.name.to_owned(),
            version: chunk.version,
            rows: chunk.rows,
            parts: chunk.parts.iter().enumerate().map(seal).collect::<Result<_>>()?,
        };
        Ok(NewChunk { chunk: stored, expires_at: chunk.expires_at, is_first: chunk.is_first })
    }

    /// Puts chunks together, with the fence read right before; tells of each whether it is the newest.
    pub(super) async fn put(&self, chunks: &[NewChunk]) -> Step<Vec<Result<bool>>> {
        if chunks.is_empty() {
            return Ok(Vec::new());
        }
        self.in_time()?;
        self.gate.look().await?;
        Ok(self.ports.rows.put_chunks(&self.at, chunks).await?)
    }
}

/// A chunk before it is sealed.
#[derive(Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) name: &'a str,
    pub(super) version: Timestamp,
    pub(super) rows: u64,
    pub(super) parts: &'a [Vec<u8>],
    pub(super) expires_at: Option<Timestamp>,
    /// No other version is known of.
    pub(super) is_first: bool,
}

/// How far a job has come in this invocation.
pub(super) struct Track {
    /// The job as it was delivered.
    pub(super) original: SyncJob,
    /// The job with its days, once they are settled.
    pub(super) job: SyncJob,
    pub(super) window: Window,
    /// Something was stored that another delivery need not do again.
    pub(super) progressed: bool,
    pub(super) rows: u64,
    pub(super) days: u64,
    /// Rows that could not be used.
    pub(super) odd: u64,
    /// What is known of days that were stored, until it is written too.
    pub(super) records: Days,
    /// Up to where every day is stored, until it is written too.
    pub(super) reached: Option<Checkpoint>,
    /// Rows since that was last written.
    pub(super) unsaved: u64,
}

impl Track {
    pub(super) fn new(job: &SyncJob, today: Date) -> Self {
        let window = job.window.unwrap_or(Window { from: today, to: today });
        Self {
            original: job.clone(),
            job: job.clone(),
            window,
            progressed: false,
            rows: 0,
            days: 0,
            odd: 0,
            records: Days::new(),
            reached: None,
            unsaved: 0,
        }
    }

    /// Keeps what is known of a day, to be written with the others.
    pub(super) fn know(&mut self, level: Level, date: Date, record: DayRecord) {
        self.records.insert((level, date), record);
        self.days += 1;
    }

    /// Fixes the days: from now on the job is another one, with an id of its own.
    pub(super) fn settle(&mut self, window: Window) {
        self.window = window;
        self.job.window = Some(window);
    }

    /// A further job of the same slot.
    pub(super) fn later(&self, window: Window) -> SyncJob {
        let kind = if self.job.kind == JobKind::First { JobKind::Backfill } else { self.job.kind };
        SyncJob { kind, window: Some(window), deferred: 0, not_before: None, ..self.job.clone() }
    }

    /// The ids that are done when the job is done.
    pub(super) fn ids(&self) -> Vec<String> {
        let mut ids = vec![self.original.id(), self.job.id()];
        ids.dedup();
        ids
    }
}
