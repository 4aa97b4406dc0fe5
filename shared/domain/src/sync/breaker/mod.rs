//! The breaker before a platform: after several failures in a row, jobs wait without a call, and one job at a time
//! probes.
//!
//! There is one breaker for each platform and app. It counts failures that another try may mend, until a success; an
//! answer of any kind, a refusal too, resets the count. The breaker holds up jobs only: a person who connects, and the
//! one call that ends a grant, are let through.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Kind, Result, Retry};

/// The number of failures in a row that open the breaker.
pub const FAILURES: u32 = 5;

/// Failures further apart than this are not in a row.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// How long an open breaker waits between two probes.
pub const PROBE_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// How long an unchanged breaker is kept.
pub const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// A probe further ahead than this was planned by a clock that is wrong.
const WRONG_CLOCK: SignedDuration = SignedDuration::from_mins(15);

/// The spread of waits in seconds: at least the first, otherwise as long as the outage has lasted, at most the second.
const SPREAD_SECONDS: (i64, i64) = (30, 600);

/// How often a failure is counted again when other jobs count at the same time. The jobs that succeed count enough.
const TRIES: usize = 3;

/// The platform and app that a breaker belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// The platform.
    pub platform: String,
    /// The context of the app at the platform, as connections name it.
    pub context: String,
}

/// The record of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// The number of failures in a row; zero means closed.
    pub failures: u32,
    /// When the first of the failures happened.
    pub since: Timestamp,
    /// When the next probe may go; set only while the breaker is open.
    pub probe_at: Option<Timestamp>,
    /// The number of changes; each change adds one.
    pub version: u64,
}

/// The permission of a job to call the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The job may call.
    Clear,
    /// The job may call, and its answer resets the breaker: failures were counted, or the job is the probe.
    Watched,
    /// The job has to wait this many seconds.
    Wait(u32),
}

impl Breaker {
    /// Returns the breaker after a failure.
    fn failed(before: Option<&Self>, now: Timestamp) -> Self {
        let version = before.map_or(1, |before| before.version + 1);
        let row = before.filter(|before| before.failures > 0 && now.duration_since(before.since) <= WINDOW);
        let Some(before) = row else { return Self { failures: 1, since: now, probe_at: None, version } };
        let failures = before.failures.saturating_add(1);
        let probe_at = (failures >= FAILURES).then(|| now + PROBE_EVERY);
        Self { failures, since: before.since, probe_at, version }
    }

    fn reset(&self, now: Timestamp) -> Self {
        Self { failures: 0, since: now, probe_at: None, version: self.version + 1 }
    }

    fn wait(&self, now: Timestamp, random: u32) -> u32 {
        let rest = self.probe_at.map_or(0, |at| now.duration_until(at).as_secs().max(0));
        let (least, most) = SPREAD_SECONDS;
        let spread = now.duration_since(self.since).as_secs().clamp(least, most);
        let wait = rest.min(PROBE_EVERY.as_secs()) + i64::from(random) % spread + 1;
        u32::try_from(wait).unwrap_or(1)
    }
}

/// Decides about a job that is about to begin. Of the jobs that ask at the same time, at most one becomes the probe.
pub async fn admit(
    breakers: &dyn Breakers,
    circuit: &Circuit,
    now: Timestamp,
    random: u32,
) -> Result<Admission> {
    let Some(breaker) = breakers.breaker(circuit).await?.filter(|breaker| breaker.failures > 0) else {
        return Ok(Admission::Clear);
    };
    let Some(probe_at) = breaker.probe_at else { return Ok(Admission::Watched) };
    if probe_at > now && probe_at <= now + WRONG_CLOCK {
        return Ok(Admission::Wait(breaker.wait(now, random)));
    }
    let next = Breaker { probe_at: Some(now + PROBE_EVERY), version: breaker.version + 1, ..breaker.clone() };
    let probes = breakers.put_breaker(circuit, Some(&breaker), &next, now + KEPT).await?;
    Ok(if probes { Admission::Watched } else { Admission::Wait(next.wait(now, random)) })
}

/// Records the outcome of a job that was admitted: an outage of the platform, or an answer.
pub async fn record_outcome(
    breakers: &dyn Breakers,
    circuit: &Circuit,
    admission: Admission,
    now: Timestamp,
    is_outage: bool,
) -> Result<()> {
    if !is_outage && admission != Admission::Watched {
        return Ok(());
    }
    for _ in 0..TRIES {
        let before = breakers.breaker(circuit).await?;
        let next = match &before {
            // A failure while the breaker is open says nothing new: only a probe's answer changes anything.
            Some(open) if is_outage && open.probe_at.is_some() => return Ok(()),
            before if is_outage => Breaker::failed(before.as_ref(), now),
            Some(before) if before.failures > 0 => before.reset(now),
            _ => return Ok(()),
        };
        if breakers.put_breaker(circuit, before.as_ref(), &next, now + KEPT).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Returns whether an error is an outage of the platform, and not a refusal or a limit.
pub fn is_outage(error: &Error) -> bool {
    error.retry != Retry::Never && matches!(error.kind, Kind::Upstream | Kind::UpstreamChanged)
}

/// Keeps the breakers.
#[async_trait]
pub trait Breakers: Send + Sync {
    /// Reads the breaker of a circuit, consistently.
    async fn breaker(&self, circuit: &Circuit) -> Result<Option<Breaker>>;
    /// Stores the breaker if the stored one is still as it was seen; false when it is not.
    async fn put_breaker(
        &self,
        circuit: &Circuit,
        seen: Option<&Breaker>,
        next: &Breaker,
        expires_at: Timestamp,
    ) -> Result<bool>;
}
