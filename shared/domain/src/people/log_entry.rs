//! An entry of a tenant's log as it is read: a call of the API, or a sync.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::base::ids::{CredentialId, EventId, InvalidId};
use crate::people::access_log::Pseudonym;

/// The place of an entry in the log: its instant and its id, so that places sort by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPosition(String);

impl LogPosition {
    /// Makes a position from the text that the store sorts by.
    pub fn read(text: &str) -> Option<Self> {
        let (at, event) = text.split_once('#')?;
        let fits = at.parse::<Timestamp>().is_ok() && event.parse::<EventId>().is_ok();
        fits.then(|| Self(text.to_owned()))
    }

    /// Returns the position as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the instant of the position.
    pub fn at(&self) -> Timestamp {
        let at = self.0.split_once('#').and_then(|(at, _)| at.parse().ok());
        at.unwrap_or(Timestamp::MIN)
    }
}

impl FromStr for LogPosition {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::read(text).ok_or(InvalidId::of("an instant, `#` and an event's id"))
    }
}

impl fmt::Display for LogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stretch of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSpan {
    /// The first instant.
    pub from: Timestamp,
    /// The instant before which the stretch ends.
    pub to: Timestamp,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The call did what was asked.
    Succeeded,
    /// The call was refused; the caller has to change something.
    Refused,
    /// Mooring or a platform failed.
    Failed,
}

impl CallOutcome {
    /// Finds an outcome by the stored class of its status.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "2xx" => Some(Self::Succeeded),
            "4xx" => Some(Self::Refused),
            "5xx" => Some(Self::Failed),
            _ => None,
        }
    }
}

/// A call of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEntry {
    /// The credential that called.
    pub credential: CredentialId,
    /// Whether the credential is a frontend token.
    pub is_browser: bool,
    /// The end user whom a frontend token was for.
    pub person: Option<Pseudonym>,
    /// The operation's name in OpenAPI.
    pub operation: String,
    /// Ids of Mooring that the call named or made.
    pub subjects: Vec<String>,
    /// How the call ended.
    pub outcome: CallOutcome,
    /// The request's id.
    pub request_id: String,
}

/// What happened to a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncEntry {
    /// It ended well.
    Done,
    /// It gave up.
    Failed,
    /// The platform refused the token.
    Refused,
    /// Some names could not be read; the figures are there.
    NamesIncomplete,
}

impl SyncEntry {
    const ALL: [Self; 4] = [Self::Done, Self::Failed, Self::Refused, Self::NamesIncomplete];

    /// Returns the word in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "sync.done",
            Self::Failed => "sync.failed",
            Self::Refused => "sync.refused",
            Self::NamesIncomplete => "sync.names_incomplete",
        }
    }

    /// Finds an entry by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entry| entry.as_str() == text)
    }
}

/// The content of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogContent {
    /// A call of the API.
    Call(CallEntry),
    /// An event of a sync.
    Sync(SyncEntry),
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The place of the entry.
    pub position: LogPosition,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub content: LogContent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_instants_with_ids_and_nothing_else() {
        let good = "2026-11-22T10:02:30.000Z#evt_01M81BA3QGE3PTAKDPNFZNW122";
        let position: LogPosition = good.parse().unwrap();
        assert_eq!(position.at(), "2026-11-22T10:02:30Z".parse().unwrap());
        assert_eq!(position.to_string(), good);
        for bad in ["", "2026-11-22T10:02:30.000Z", "#evt_01M81BA3QGE3PTAKDPNFZNW122", "tenant"] {
            assert!(bad.parse::<LogPosition>().is_err(), "{bad}");
        }
    }
}
