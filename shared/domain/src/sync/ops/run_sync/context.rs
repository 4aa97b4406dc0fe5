//! The context of a job, which no step changes, and the ways in which a step can stop the job.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::gate::FenceGate;
use super::open::Opened;
use super::{Ports, window};
use crate::base::error::{Error, Kind, Result};
use crate::base::ids::AccountRef;
use crate::platform::profile::PlatformProfile;
use crate::sync::breaker;

/// Why a job does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// The fence closed.
    Closed,
    /// The invocation is about to end.
    Late,
    /// The platform, or the kit before it, refused or failed.
    Platform(Error),
    /// A service that Mooring runs on failed.
    Ours(Error),
}

/// The result of a step.
pub(super) type Step<T> = std::result::Result<T, Stop>;

impl Stop {
    /// Returns whether the platform is down; `None` when something else stopped the job, which says nothing about it.
    pub(super) fn is_outage(&self) -> Option<bool> {
        match self {
            Self::Platform(error) => Some(breaker::is_outage(error)),
            Self::Closed | Self::Late | Self::Ours(_) => None,
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        // The store refuses a write behind a closed fence with this kind.
        if error.kind == Kind::Gone { Self::Closed } else { Self::Ours(error) }
    }
}

/// The context of a job. Every step reads it, and none writes into it.
pub(super) struct SyncContext<'a> {
    pub(super) ports: &'a Ports,
    pub(super) at: AccountRef,
    pub(super) opened: &'a Opened<'a>,
    pub(super) platform: &'a PlatformProfile,
    pub(super) zone: TimeZone,
    /// The account's day on which the job began.
    pub(super) today: Date,
    /// How long the product keeps the rows that it reads, if the profile bounds it. Without a bound it keeps them as long
    /// as the account is connected, and the account's deletion ends them.
    pub(super) retention: Option<SignedDuration>,
    pub(super) gate: FenceGate<'a>,
    /// When Lambda ends the invocation.
    pub(super) deadline: Timestamp,
    /// Names and statuses get half of an invocation at most: figures come first, however long a list is.
    pub(super) names_until: Timestamp,
}

impl<'a> SyncContext<'a> {
    pub(super) fn new(
        ports: &'a Ports,
        deadline: Timestamp,
        at: AccountRef,
        opened: &'a Opened<'a>,
    ) -> Result<Self> {
        let platform = ports.profile.platform(&opened.connection.platform).ok_or_else(platform_off)?;
        let zone = window::zone(&opened.account.zone)?;
        let now = ports.clock.now();
        let today = window::day(&zone, now);
        let retention =
            ports.profile.retention_days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let gate = FenceGate::new(ports, at.clone());
        let names_until = now + deadline.duration_since(now) / 2;
        Ok(Self { ports, at, opened, platform, zone, today, retention, gate, deadline, names_until })
    }
}

fn platform_off() -> Error {
    Error::new(Kind::Refused, "platform_off", "The profile has no such platform any more.")
}
