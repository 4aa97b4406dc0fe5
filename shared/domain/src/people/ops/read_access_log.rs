//! Reads the access log of a tenant: who called what, when, about what, and with which outcome; newest first.
//!
//! The call that reads is an entry of the log too, which the next reader sees.

use std::sync::Arc;

use crate::base::error::Result;
use crate::base::ids::CredentialId;
use crate::base::walk::Walk;
use crate::people::access_log::Pseudonym;
use crate::people::caller::{Caller, Scope};
use crate::people::log_entry::{CallEntry, LogContent, LogEntry, LogPosition, LogSpan};
use crate::people::ports::LogRead;

rows!(LogRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads.
    pub rows: Arc<dyn Rows>,
}

/// Narrows the log; without a part, the part takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The credential that called.
    pub credential: Option<CredentialId>,
    /// The end user whose frontend token called.
    pub person: Option<Pseudonym>,
    /// An id that the call named or made.
    pub subject: Option<String>,
}

impl Filter {
    fn takes(&self, entry: &LogEntry) -> bool {
        let LogContent::Call(call) = &entry.content else { return false };
        self.credential.as_ref().is_none_or(|credential| *credential == call.credential)
            && self.person.as_ref().is_none_or(|person| call.person.as_ref() == Some(person))
            && self.subject.as_ref().is_none_or(|subject| call.subjects.contains(subject))
    }
}

/// A page of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The calls with their places, newest first.
    pub calls: Vec<(LogEntry, CallEntry)>,
    /// The place from which the next page goes on; `None` on the last page.
    pub next: Option<LogPosition>,
}

/// Lists calls before a position. A page may be short, or empty, and yet not be the last: `next` says so.
pub async fn list(
    ports: &Ports,
    caller: &Caller,
    filter: &Filter,
    span: LogSpan,
    before: Option<LogPosition>,
    limit: u32,
) -> Result<Listing> {
    caller.require(Scope::AccessLogRead)?;
    // Syncs lie between the calls, so that every list is one of which some rows are left out.
    let mut walk = Walk::new(before, limit, true);
    while let Some((before, most)) = walk.wants() {
        let found = ports.rows.entries(&caller.tenant, span, before, most).await?;
        walk.take(found, |entry| &entry.position, |entry| filter.takes(entry));
    }
    let (entries, next) = walk.end();
    let call = |entry: LogEntry| match entry.content.clone() {
        LogContent::Call(call) => Some((entry, call)),
        LogContent::Sync(_) => None,
    };
    Ok(Listing { calls: entries.into_iter().filter_map(call).collect(), next })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::caller::CredentialKind;
    use crate::people::log_entry::SyncEntry;
    use crate::testing::{World, caller, ports, ready, server};

    fn span(world: &World) -> LogSpan {
        LogSpan { from: jiff::Timestamp::UNIX_EPOCH, to: world.now() }
    }

    /// Reads all pages and returns the operations in order, and the sizes of the pages.
    fn read(world: &Arc<World>, filter: &Filter, limit: u32) -> (Vec<String>, Vec<usize>) {
        let ports = ports!(world, Ports { rows });
        let (mut before, mut operations, mut pages) = (None, Vec::new(), Vec::new());
        loop {
            let page = ready(list(&ports, &server(), filter, span(world), before, limit)).unwrap();
            pages.push(page.calls.len());
            operations.extend(page.calls.into_iter().map(|(_, call)| call.operation));
            before = page.next;
            if before.is_none() {
                return (operations, pages);
            }
        }
    }

    #[test]
    fn calls_come_newest_first_and_each_once_and_syncs_are_no_calls() {
        let world = World::new();
        for number in 0..250 {
            world.log_call(number, "listConnections", &[]);
            world.log_sync(number, SyncEntry::Done);
        }
        world.log_call(250, "getReceipt", &[]);
        let (operations, pages) = read(&world, &Filter::default(), 100);
        assert_eq!((operations.len(), operations[0].as_str()), (251, "getReceipt"));
        assert_eq!(pages, [100, 100, 51]);
    }

    /// A filter that takes little reads a bounded part of the log for each page.
    #[test]
    fn a_filter_takes_what_it_says_from_the_whole_log() {
        let world = World::new();
        for number in 0..2_500 {
            let (operation, subject) =
                if number % 1_250 == 0 { ("getConnection", "con_1") } else { ("x", "con_2") };
            world.log_call(number, operation, &[subject]);
        }
        let filter = Filter { subject: Some("con_1".to_owned()), ..Filter::default() };
        let (operations, pages) = read(&world, &filter, 10);
        assert_eq!(operations, ["getConnection"; 2]);
        assert!(pages.len() >= 3, "{pages:?}");
        let nobody = Filter { person: Pseudonym::parse(&"0".repeat(32)), ..Filter::default() };
        assert_eq!(read(&world, &nobody, 10).0, [""; 0]);
    }

    #[test]
    fn the_log_needs_its_own_scope() {
        let world = World::new();
        let scopes = vec![Scope::ConnectionsRead, Scope::UsageRead];
        let other = Caller { scopes, ..caller(CredentialKind::ApiKey) };
        let ports = ports!(world, Ports { rows });
        let refused = ready(list(&ports, &other, &Filter::default(), span(&world), None, 10)).unwrap_err();
        assert_eq!(refused.code, "missing_scope");
    }
}
