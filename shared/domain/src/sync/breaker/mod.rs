//! The breaker before a platform: after failures in a row jobs wait without a call, and one at a time probes.
//!
//! One breaker for each platform and app. It counts failures that another try may mend and that no success came
//! between; an answer of any kind, a refusal too, resets it. What it holds up is only jobs: a person who connects, and
//! the one call that ends a grant, are let through.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Kind, Result, Retry};

/// So many failures in a row open the breaker.
pub const FAILURES: u32 = 5;

/// Failures further apart than this are not in a row.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// An open breaker lets one probe through in this time.
pub const PROBE_EVERY: SignedDuration = SignedDuration::from_secs(30);

/// How long a breaker that nobody touches is remembered.
pub const KEPT: SignedDuration = SignedDuration::from_hours(1);

/// A probe further ahead than this was planned by a clock that is wrong.
const WRONG_CLOCK: SignedDuration = SignedDuration::from_mins(15);

/// Waits are drawn from at least this many seconds, and from as many as the outage is old, up to ten minutes.
const SPREAD_SECONDS: (i64, i64) = (30, 600);

/// How often a failure is counted again when others count at the same time; those who get through say enough.
const TRIES: usize = 3;

/// Which breaker is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circuit {
    /// The platform.
    pub platform: String,
    /// The context of the app at the platform, as connections name it.
    pub context: String,
}

/// What is remembered of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row; none means closed and forgotten.
    pub failures: u32,
    /// The first of them.
    pub since: Timestamp,
    /// When the next probe may go; only while the breaker is open.
    pub probe_at: Option<Timestamp>,
    /// Every change adds one.
    pub version: u64,
}

/// Whether a job may call the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Nothing speaks against it.
    Clear,
    /// It may, and its answer resets the breaker: failures were counted, or it is the probe.
    Watched,
    /// Not before so many seconds.
    Wait(u32),
}

impl Breaker {
    /// The breaker after a failure.
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

/// Decides about a job that is about to begin. At most one of those who ask at the same time becomes the probe.
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

/// Tells what came of a job that was admitted: whether the platform is away, or answered.
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
            // What failed while the breaker was open is known: only a probe's answer changes anything.
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

/// Tells whether an error says that the platform is away, and not that it refuses or limits us.
pub fn is_outage(error: &Error) -> bool {
    error.retry != Retry::Never && matches!(error.kind, Kind::Upstream | Kind::UpstreamChanged)
}

/// Keeps what is known of platforms that are away.
#[async_trait]
pub trait Breakers: Send + Sync {
    /// The breaker of a circuit, read consistently.
    async fn breaker(&self, circuit: &Circuit) -> Result<Option<Breaker>>;
    /// Stores it if it is still as it was seen; false when it is not.
    async fn put_breaker(
        &self,
        circuit: &Circuit,
        seen: Option<&Breaker>,
        next: &Breaker,
        expires_at: Timestamp,
    ) -> Result<bool>;
}
