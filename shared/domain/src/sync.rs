//! Sync jobs: one per connection, account and window; ids only, deterministic, safe to repeat.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ids::{AccountId, ConnectionId, TenantId};
use crate::report::Level;

/// How many shards the due index has.
pub const SHARDS: u16 = 16;
/// How many rows a window may hold before it is cut.
pub const WINDOW_ROWS: u64 = 50_000;

/// Days, both ends included, in the account's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

impl Window {
    /// Makes a window; `None` when it would end before it begins.
    pub fn new(from: Date, to: Date) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// How many days it has.
    pub fn days(&self) -> u32 {
        let span = self.from.until(self.to).map_or(0, |span| span.get_days());
        u32::try_from(span).unwrap_or(0) + 1
    }

    /// Its days, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Date> + use<> {
        let to = self.to;
        std::iter::successors(Some(self.from), |day| day.tomorrow().ok()).take_while(move |day| *day <= to)
    }

    /// Cuts it into windows of at most `days`, newest first, because people look at the newest days first.
    pub fn cut(&self, days: u32) -> Vec<Self> {
        let all: Vec<Date> = self.iter().collect();
        let size = usize::try_from(days.max(1)).unwrap_or(1);
        all.rchunks(size)
            .filter_map(|part| Some(Self { from: *part.first()?, to: *part.last()? }))
            .collect()
    }
}

/// Why a job exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// The first days after activation: names, statuses and the newest window.
    First,
    /// Older days after activation.
    Backfill,
    /// The trailing window that the platform may restate.
    Restate,
}

impl JobKind {
    /// The kind's word in envelopes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Backfill => "backfill",
            Self::Restate => "restate",
        }
    }

    /// Finds a kind by its word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::First, Self::Backfill, Self::Restate].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One sync job. The window is `None` where the account's zone has to say which days are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncJob {
    /// Whose job it is.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
    /// Why it exists.
    pub kind: JobKind,
    /// The days, once known.
    pub window: Option<Window>,
    /// The slot of the period it belongs to: the same slot gives the same id.
    pub slot: Timestamp,
    /// How often it put itself back because the platform limited it.
    pub deferred: u16,
}

impl SyncJob {
    /// The deterministic id: a job that is sent twice is done once.
    pub fn id(&self) -> String {
        let window = self.window.map_or_else(|| "-".to_owned(), |w| format!("{}_{}", w.from, w.to));
        format!("{}.{}.{window}", self.kind.as_str(), self.slot.as_second())
    }
}

/// How far a job came: what was finished is not fetched again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// Names and statuses are stored.
    pub structure: bool,
    /// Levels whose days are stored up to and including this one, oldest first.
    pub levels: Vec<(Level, Date)>,
    /// The whole job is done.
    pub done: bool,
}

/// What is remembered of an account's syncs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncState {
    /// When a job last ended well.
    pub last_success: Option<Timestamp>,
    /// When names and statuses were last read.
    pub structure_at: Option<Timestamp>,
    /// How many ads the account has, for cutting windows.
    pub ads: u64,
    /// When the platform first refused the token, while the connection is suspect.
    pub suspect_since: Option<Timestamp>,
}
