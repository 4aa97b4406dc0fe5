//! Rate limits by GCRA: a bucket is one number, the instant at which it is full again.
//!
//! A call moves that instant on by the call's cost, and is refused when the instant would lie further ahead than a
//! burst reaches. Instants are microseconds since the epoch. Deciding is pure; the port [`RateBuckets`] keeps the
//! number.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;

use crate::base::error::{Error, Kind, Result, Retry};
use crate::base::ids::{CredentialId, TenantId};
use crate::base::together::both;

/// The outcome of taking from a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeOutcome {
    /// The call was taken; the bucket is full again at this instant.
    Done(i64),
    /// The condition did not hold; when the bucket that was found is full again.
    Refused(Option<i64>),
}

/// Keeps the buckets of rate limits. Instants are microseconds. A call is tried once and has little time, because a
/// limit that makes everybody wait is worse than none.
#[async_trait]
pub trait RateBuckets: Send + Sync {
    /// Reads when buckets are full again, as of a moment ago; `None` where nothing is known.
    async fn peek(&self, buckets: &[Bucket; 2]) -> Result<[Option<i64>; 2]>;
    /// Sets when a bucket is full again, if the bucket is not in use.
    async fn start(&self, bucket: &Bucket, in_use: InUse, full_at: i64) -> Result<TakeOutcome>;
    /// Adds a cost to when a bucket is full again, if that instant is at latest `latest`.
    async fn add(&self, bucket: &Bucket, cost: i64, latest: i64) -> Result<TakeOutcome>;
    /// Takes a cost off when a bucket is full again, if that instant is later than `after`.
    async fn give_back(&self, bucket: &Bucket, cost: i64, after: i64) -> Result<()>;
}

/// The number of seconds that the figures of a limit are about.
pub const WINDOW_SECONDS: u32 = 60;

/// The code of the refusal.
pub const QUOTA_EXCEEDED: &str = "quota_exceeded";

const SECOND: i64 = 1_000_000;

const WINDOW: i64 = 60 * SECOND;

/// How far clocks, and the times at which a call reads a clock and takes, may lie apart.
const SLACK: i64 = 30 * SECOND;

/// A number of calls a minute, and a number of calls at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    calls: u32,
    burst: u32,
}

impl Rate {
    /// Makes a rate; both figures are at least 1.
    pub const fn per_minute(calls: u32, burst: u32) -> Self {
        Self { calls: if calls == 0 { 1 } else { calls }, burst: if burst == 0 { 1 } else { burst } }
    }

    /// Returns the calls that a full bucket lets through at once.
    pub const fn burst(self) -> u32 {
        self.burst
    }

    /// Returns the calls of a minute.
    pub const fn calls(self) -> u32 {
        self.calls
    }

    /// Returns the cost of one call; rounded up, so that never more than the rate is let through.
    pub fn cost(self) -> i64 {
        (WINDOW - 1) / i64::from(self.calls) + 1
    }

    /// Returns the latest `full_at` at which the bucket still admits one call.
    pub fn latest(self, now: i64) -> i64 {
        now.saturating_add(self.cost().saturating_mul(i64::from(self.burst) - 1))
    }

    /// Returns the range in which `full_at` of a used bucket lies: later than now, and not later than a whole burst
    /// can make it.
    pub fn in_use(self, now: i64) -> InUse {
        InUse { after: now, until: self.latest(now).saturating_add(self.cost()).saturating_add(SLACK) }
    }

    /// Returns how many calls there is room for.
    pub fn left(self, full_at: i64, now: i64) -> u32 {
        let room = self.latest(now).saturating_add(self.cost()).saturating_sub(full_at.max(now));
        u32::try_from(room.max(0) / self.cost()).unwrap_or(u32::MAX)
    }

    /// Returns seconds, rounded up: until there is room for a call if there is none, otherwise until the bucket is
    /// full.
    pub fn window(self, full_at: i64, now: i64) -> u64 {
        let until = if self.left(full_at, now) == 0 { self.latest(now) } else { now };
        let micros = u64::try_from(full_at.saturating_sub(until)).unwrap_or_default();
        micros.div_ceil(SECOND.unsigned_abs()).max(1)
    }
}

/// The range in which the `full_at` of a used bucket can lie. Before the range, the bucket is full. Behind it, another
/// process's clock set the instant, which must not close the API until that time: the bucket counts as full too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InUse {
    /// Now.
    pub after: i64,
    /// The latest instant that can be true.
    pub until: i64,
}

impl InUse {
    /// Returns whether a bucket is in use.
    pub fn holds(self, full_at: i64) -> bool {
        self.after < full_at && full_at <= self.until
    }
}

/// The error of a text that is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not calls a minute and calls at once, such as 600/120")]
pub struct InvalidRate;

impl FromStr for Rate {
    type Err = InvalidRate;

    /// Reads calls a minute and calls at once, such as `600/120`.
    fn from_str(text: &str) -> std::result::Result<Self, InvalidRate> {
        let (calls, burst) = text.split_once('/').ok_or(InvalidRate)?;
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0).ok_or(InvalidRate);
        Ok(Self { calls: number(calls)?, burst: number(burst)? })
    }
}

/// The limits of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The limit of each credential.
    pub key: Rate,
    /// The limit of all credentials of a tenant together.
    pub tenant: Rate,
}

impl Default for Limits {
    fn default() -> Self {
        Self { key: Rate::per_minute(600, 120), tenant: Rate::per_minute(3_000, 600) }
    }
}

impl Limits {
    /// Returns the limits with the names that callers know them by.
    pub const fn named(self) -> [(&'static str, Rate); 2] {
        [("key", self.key), ("tenant", self.tenant)]
    }
}

/// The caller whose calls a bucket counts: a credential, or without one the whole tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// The tenant.
    pub tenant: TenantId,
    /// The credential.
    pub credential: Option<CredentialId>,
}

impl Bucket {
    /// Returns the buckets of a call, in the order of [`Limits::named`].
    pub fn of(tenant: &TenantId, credential: &CredentialId) -> [Self; 2] {
        let bucket = |credential| Self { tenant: tenant.clone(), credential };
        [bucket(Some(credential.clone())), bucket(None)]
    }
}

/// The result of one limit for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauge {
    /// The limit's name.
    pub name: &'static str,
    /// True when the limit lets the call through.
    pub admitted: bool,
    /// How many calls there is room for now.
    pub left: u32,
    /// Seconds until `left` changes: see [`Rate::window`].
    pub window: u64,
    /// When the bucket is full again, in microseconds.
    pub full_at: i64,
}

/// The limits that were exceeded, behind the refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Exceeded(pub Vec<&'static str>);

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the limit of {}", self.0.join(" and "))
    }
}

/// The results of all limits for a call.
#[derive(Debug, Default)]
pub struct Reading {
    /// The limits that could be read.
    pub gauges: Vec<Gauge>,
    /// The errors of the limits that could not be read. Such a limit lets the call through: its table is the one that
    /// every call needs anyway, and an API that closes because of its counter would be the worse fault.
    pub blind: Vec<Error>,
}

impl Reading {
    /// Returns the refusal, if a limit does not let the call through.
    pub fn refusal(&self) -> Option<Error> {
        let refused: Vec<&Gauge> = self.gauges.iter().filter(|gauge| !gauge.admitted).collect();
        let seconds = refused.iter().map(|gauge| gauge.window).max()?;
        let message = format!("Too many calls. There is room for the next one in {seconds} s.");
        let wait = Retry::After(Some(Duration::from_secs(seconds)));
        let exceeded = Exceeded(refused.iter().map(|gauge| gauge.name).collect());
        Some(Error::new(Kind::RateLimited, QUOTA_EXCEEDED, message).retry(wait).because(exceeded))
    }
}

/// Counts a call against its limits. A call that a limit refuses costs the other limit nothing.
///
/// `seen` is the answer of [`RateBuckets::peek`] a moment ago. A bucket that was empty then is empty still, or a call
/// is just given back to it: the call is refused without a write.
///
/// A call whose credential has plenty left is taken out of both buckets at the same time. If the credential's refuses
/// all the same, because many calls came at once, the call is given back to the tenant's. Otherwise the credential's
/// bucket is drawn first, so that a caller at its limit takes nothing from the others of its tenant.
pub async fn count(
    port: &dyn RateBuckets,
    limits: Limits,
    buckets: &[Bucket; 2],
    seen: [Option<i64>; 2],
    now: i64,
) -> Reading {
    let rates = limits.named();
    let levels = if is_spent(limits, seen, now) {
        [level(limits.key, seen[0], now), level(limits.tenant, seen[1], now)].map(Ok)
    } else if has_plenty(limits.key, seen[0], now) {
        draw_both(port, limits, buckets, seen, now).await
    } else {
        draw_in_turn(port, limits, buckets, seen, now).await
    };
    let mut reading = Reading::default();
    for ((name, rate), level) in rates.into_iter().zip(levels) {
        match level {
            Ok(level) => reading.gauges.push(gauge(name, rate, level, now)),
            Err(error) => reading.blind.push(error),
        }
    }
    reading
}

/// Returns whether a bucket was seen empty, so that [`count`] refuses the call without a write.
pub fn is_spent(limits: Limits, seen: [Option<i64>; 2], now: i64) -> bool {
    is_empty(limits.key, seen[0], now) || is_empty(limits.tenant, seen[1], now)
}

/// Returns whether more than half of a burst is left.
fn has_plenty(rate: Rate, seen: Option<i64>, now: i64) -> bool {
    let full_at = level(rate, seen, now).full_at;
    rate.left(full_at, now) > rate.burst / 2
}

async fn draw_in_turn(
    port: &dyn RateBuckets,
    Limits { key, tenant }: Limits,
    buckets: &[Bucket; 2],
    seen: [Option<i64>; 2],
    now: i64,
) -> [Result<Level>; 2] {
    let first = draw(port, &buckets[0], key, seen[0], now).await;
    let refused = first.as_ref().is_ok_and(|level| !level.admitted);
    let second = if refused {
        Ok(level(tenant, seen[1], now))
    } else {
        draw(port, &buckets[1], tenant, seen[1], now).await
    };
    [first, second]
}

async fn draw_both(
    port: &dyn RateBuckets,
    Limits { key, tenant }: Limits,
    buckets: &[Bucket; 2],
    seen: [Option<i64>; 2],
    now: i64,
) -> [Result<Level>; 2] {
    let (first, second) =
        both(draw(port, &buckets[0], key, seen[0], now), draw(port, &buckets[1], tenant, seen[1], now)).await;
    let second = match (&first, second) {
        (Ok(Level { admitted: false, .. }), Ok(taken)) if taken.admitted => {
            given_back(port, &buckets[1], tenant, taken, now).await
        }
        (_, second) => second,
    };
    [first, second]
}

/// Gives a call back to a bucket. A bucket that is full again since has forgotten the call: the number is later than
/// now until then.
async fn given_back(
    port: &dyn RateBuckets,
    bucket: &Bucket,
    rate: Rate,
    taken: Level,
    now: i64,
) -> Result<Level> {
    port.give_back(bucket, rate.cost(), now).await?;
    Ok(Level { full_at: taken.full_at.saturating_sub(rate.cost()), ..taken })
}

/// The state of a bucket after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    full_at: i64,
    admitted: bool,
}

/// Takes a call out of a bucket with at most two conditional writes.
///
/// One write cannot set the number to the larger of two, so a full bucket is started anew, and the cost is added to
/// any other. `seen` says which of the two it is. A bucket that turned out not to be full stays so for this `now`,
/// because the number only grows: the second write decides.
async fn draw(
    port: &dyn RateBuckets,
    bucket: &Bucket,
    rate: Rate,
    seen: Option<i64>,
    now: i64,
) -> Result<Level> {
    let in_use = rate.in_use(now);
    let mut whole = !seen.is_some_and(|full_at| in_use.holds(full_at));
    for _ in 0..2 {
        let drawn = if whole {
            port.start(bucket, in_use, now.saturating_add(rate.cost())).await?
        } else {
            port.add(bucket, rate.cost(), rate.latest(now)).await?
        };
        match drawn {
            TakeOutcome::Done(full_at) => return Ok(Level { full_at, admitted: true }),
            TakeOutcome::Refused(Some(full_at)) if is_empty(rate, Some(full_at), now) => {
                return Ok(Level { full_at, admitted: false });
            }
            TakeOutcome::Refused(_) => whole = !whole,
        }
    }
    Err(Error::unavailable("limit_unsettled", "The limit could not be counted."))
}

fn is_empty(rate: Rate, seen: Option<i64>, now: i64) -> bool {
    seen.is_some_and(|full_at| full_at > rate.latest(now) && rate.in_use(now).holds(full_at))
}

/// Returns the state of a bucket that nothing is taken from.
fn level(rate: Rate, seen: Option<i64>, now: i64) -> Level {
    let full_at = seen.filter(|full_at| rate.in_use(now).holds(*full_at)).unwrap_or(now);
    Level { full_at, admitted: !is_empty(rate, seen, now) }
}

fn gauge(name: &'static str, rate: Rate, level: Level, now: i64) -> Gauge {
    let Level { full_at, admitted } = level;
    let left = if admitted { rate.left(full_at, now) } else { 0 };
    Gauge { name, admitted, left, window: rate.window(full_at, now), full_at }
}
