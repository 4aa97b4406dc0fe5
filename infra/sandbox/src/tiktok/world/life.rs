//! The begin and the end of objects, and their status on a given day.

use super::{Advertiser, Level};
use crate::clock::Day;

/// How an object stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Disabled,
    Deleted,
}

/// The dates of an object's life, independent of today.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Life {
    pub(crate) created: Day,
    pub(crate) end: Option<(Day, Ending)>,
}

impl Life {
    /// Returns how the object has ended by `today`, if it has.
    pub(crate) fn ended(&self, today: Day) -> Option<Ending> {
        self.end.filter(|(day, _)| *day <= today).map(|(_, ending)| ending)
    }

    /// Returns the day of its last change.
    pub(crate) fn modified(&self, today: Day) -> Day {
        self.end.map(|(day, _)| day).filter(|day| *day <= today).unwrap_or(self.created)
    }
}

/// The three ways in which the platform words a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    pub(crate) primary: &'static str,
    pub(crate) operation: &'static str,
    /// The secondary status in its parts: the level, the level whose end it is, and the word for it.
    secondary: [&'static str; 3],
}

impl Status {
    /// Words the secondary status, for example `AD_STATUS_CAMPAIGN_DISABLE`.
    pub(crate) fn secondary(&self) -> String {
        self.secondary.concat()
    }

    /// Returns whether a `primary_status` filter value covers this status.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        match wanted {
            "STATUS_ALL" => true,
            "STATUS_NOT_DELETE" => self.primary != "STATUS_DELETE",
            other => self.primary == other,
        }
    }
}

/// The values of `primary_status` that the sandbox understands.
pub(crate) const PRIMARY: [&str; 6] = [
    "STATUS_ALL",
    "STATUS_NOT_DELETE",
    "STATUS_DELETE",
    "STATUS_DISABLE",
    "STATUS_NOT_DELIVERY",
    "STATUS_DELIVERY_OK",
];

impl Advertiser {
    /// Computes an object's status: deleted before disabled, and its own end before a parent's.
    pub(crate) fn status(&self, level: Level, index: usize, today: Day) -> Status {
        let own = self.life_of(level, index).ended(today);
        let chain = [(level, ""), (Level::AdGroup, "ADGROUP_"), (Level::Campaign, "CAMPAIGN_")];
        let found = |ending| {
            let ended = |above| self.life_of(above, self.ancestor(level, index, above)).ended(today);
            chain.iter().find(|(above, _)| *above <= level && ended(*above) == Some(ending))
        };
        let operation = if own.is_some() { "DISABLE" } else { "ENABLE" };
        let status = |primary, whose, word| {
            let secondary = [prefix(level), whose, word];
            Status { primary, operation, secondary }
        };
        if let Some((_, whose)) = found(Ending::Deleted) {
            return status("STATUS_DELETE", whose, "DELETE");
        }
        if let Some((_, whose)) = found(Ending::Disabled) {
            let primary = if own.is_some() { "STATUS_DISABLE" } else { "STATUS_NOT_DELIVERY" };
            return status(primary, whose, "DISABLE");
        }
        status("STATUS_DELIVERY_OK", "", if level == Level::Campaign { "ENABLE" } else { "DELIVERY_OK" })
    }
}

/// Returns how the secondary statuses of a level begin.
pub(crate) fn prefix(level: Level) -> &'static str {
    match level {
        Level::Advertiser => "STATUS_",
        Level::Campaign => "CAMPAIGN_STATUS_",
        Level::AdGroup => "ADGROUP_STATUS_",
        Level::Ad => "AD_STATUS_",
    }
}
