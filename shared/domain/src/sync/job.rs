//! Sync jobs: one per connection, account and window; ids only, deterministic, safe to repeat.

use jiff::{SignedDuration, Timestamp};

use crate::base::ids::{AccountId, ConnectionId, TenantId};
use crate::base::window::Window;

/// How many shards the due index has.
pub const SHARDS: u16 = 16;

/// How many rows a window may hold before it is split.
pub const WINDOW_ROWS: u64 = 50_000;

/// Returns the place of a connection in its period: a shard of the due index and a minute of the period.
///
/// The place is a stable hash of the id, so that connections spread evenly and adding one needs no planning.
pub fn slot_of(connection: &ConnectionId, period_minutes: u16) -> (u16, u16) {
    let hash = connection
        .as_str()
        .bytes()
        .fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    let below = |value: u64, limit: u16| u16::try_from(value % u64::from(limit.max(1))).unwrap_or(0);
    // Ids that were made together differ in few characters, so the high bits are mixed into the low ones.
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(FNV_PRIME);
    (below(mixed >> 8, SHARDS), below(mixed >> 24, period_minutes))
}

/// Returns the latest slot of a connection at or before an instant, as the planner names it in its jobs.
pub fn latest_slot(connection: &ConnectionId, period_minutes: u16, at: Timestamp) -> Timestamp {
    let period = i64::from(period_minutes.max(1));
    let (_, minute) = slot_of(connection, period_minutes);
    let now = at.as_second().div_euclid(60);
    let slot = now - (now - i64::from(minute)).rem_euclid(period);
    Timestamp::from_second(slot * 60).unwrap_or(at)
}

/// Returns the first slot of a connection after an instant.
pub fn next_slot(connection: &ConnectionId, period_minutes: u16, after: Timestamp) -> Timestamp {
    let period = SignedDuration::from_mins(i64::from(period_minutes.max(1)));
    latest_slot(connection, period_minutes, after).saturating_add(period).unwrap_or(after)
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The reason for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// The first days after activation: names, statuses and the newest window.
    First,
    /// Older days after activation.
    Backfill,
    /// The trailing window that the platform may restate.
    Restate,
    /// The same days, because the product asked for them.
    Requested,
}

impl JobKind {
    /// Returns the kind's word in envelopes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Backfill => "backfill",
            Self::Restate => "restate",
            Self::Requested => "requested",
        }
    }

    /// Finds a kind by its word.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::First, Self::Backfill, Self::Restate, Self::Requested];
        all.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One sync job. The window is `None` where the account's zone has to decide which days are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncJob {
    /// The tenant that owns the connection.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
    /// The reason for the job.
    pub kind: JobKind,
    /// The days, once they are known.
    pub window: Option<Window>,
    /// The slot of the period that the job belongs to: the same slot gives the same id.
    pub slot: Timestamp,
    /// How often the job put itself back because the platform limited it.
    pub deferred: u16,
    /// When the platform may be called again, if this is further ahead than one wait of the queue.
    pub not_before: Option<Timestamp>,
}

impl SyncJob {
    /// Returns the deterministic id: a job that is sent twice is done once.
    pub fn id(&self) -> String {
        let window = self.window.map_or_else(|| "-".to_owned(), |w| format!("{}_{}", w.from, w.to));
        format!("{}.{}.{window}", self.kind.as_str(), self.slot.as_second())
    }
}

/// One probe: the question whether a connection's grant lives. It holds ids only; the same due time gives the same
/// probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeJob {
    /// The tenant that owns the connection.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// When the grant was due to be asked.
    pub due_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_never_move_and_spread_over_shards_and_minutes() {
        let id = |number: u128| ConnectionId::from_uuid(uuid::Uuid::from_u128(number));
        assert_eq!(slot_of(&id(1), 60), slot_of(&id(1), 60));
        let mut shards = [0_u32; 16];
        let mut minutes = [0_u32; 60];
        for number in 0..9_600 {
            let (shard, minute) = slot_of(&id(0x0193_0000_0000_7000_8000_0000_0000_0000 + number), 60);
            shards[usize::from(shard)] += 1;
            minutes[usize::from(minute)] += 1;
        }
        assert!(shards.iter().all(|count| (480..720).contains(count)), "{shards:?}");
        assert!(minutes.iter().all(|count| (100..220).contains(count)), "{minutes:?}");
        assert_eq!(slot_of(&id(1), 0).1, 0);
    }

    #[test]
    fn slots_follow_each_other_by_a_period() {
        let id = ConnectionId::from_uuid(uuid::Uuid::from_u128(7));
        let (_, minute) = slot_of(&id, 60);
        let at = Timestamp::from_second(1_795_132_800 + 60 * i64::from(minute)).unwrap();
        let second = SignedDuration::from_secs(1);
        assert_eq!((latest_slot(&id, 60, at), next_slot(&id, 60, at - second)), (at, at));
        assert_eq!(next_slot(&id, 60, at), at + SignedDuration::from_mins(60));
        assert_eq!(latest_slot(&id, 60, at - second), at - SignedDuration::from_mins(60));
    }
}
