//! Mail that people request: keeps the request until its mail has left, and limits how often an address gets mail.
//!
//! A request is never lost. A request that comes too soon after the mail before it waits, and the same mail answers
//! the requests that come meanwhile: everybody who asks gets a mail within the hour.

use jiff::{SignedDuration, Timestamp};

use crate::base::ids::MailId;
use crate::base::locale::Locale;
use crate::vault::keys::SealedBox;

/// How long after a request an unknown address is looked up once more: the index of mailboxes follows the connections
/// behind it, and a person may ask right after connecting.
pub const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// How long a request is kept if its mail cannot be sent: long enough to mend the fault and to send the mail again.
pub const REQUEST_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How soon a mail to an address may follow the one before it.
pub const PAUSE: SignedDuration = SignedDuration::from_mins(PAUSE_MINUTES);

/// The same pause in minutes, as people are told: a mail comes within this time.
pub const PAUSE_MINUTES: i64 = 15;

/// How many mails of a day go out at that pace; the mails after them go out once an hour.
pub const QUICK_MAILS: u32 = 4;

/// How soon a mail may follow when an address got mail often.
pub const LONG_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// The time in which mails are counted.
pub const COUNTED_IN: SignedDuration = SignedDuration::from_hours(24);

/// How late a waiting request may be before another takes its place.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// How many requests of one source go on at once in [`SOURCE_WINDOW`]; the requests after them wait for
/// [`SOURCE_DELAY`].
pub const SOURCE_FREE: u64 = 10;

/// The time in which requests of a source are counted.
pub const SOURCE_WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// How long a request of a busy source waits; its mail still comes within [`PAUSE_MINUTES`].
pub const SOURCE_DELAY: SignedDuration = SignedDuration::from_mins(10);

/// The request of somebody who gave an address to have data deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRequest {
    /// The request's id.
    pub id: MailId,
    /// The address, sealed under the key of [`crate::platform::credentials::INDEX_APP`] in the slot [`slot`].
    pub sealed: SealedBox,
    /// The language in which the person asked.
    pub locale: Option<Locale>,
    /// When the request expires.
    pub expires_at: Timestamp,
}

/// Names the slot of a request's sealed address.
pub fn slot(id: &MailId) -> String {
    format!("mail#{id}")
}

/// The record of the mails to one known address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// When the last mail was about to be sent.
    pub last: Timestamp,
    /// The request that the last mail answered.
    pub by: MailId,
    /// When counting began.
    pub since: Timestamp,
    /// How many mails were sent since then.
    pub count: u32,
    /// The request whose mail waits, and until when it waits.
    pub waiting: Option<(MailId, Timestamp)>,
    /// The number of changes; each change is conditional on it.
    pub version: u64,
}

/// The decision about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// The request's mail leaves; holds the pace to store before the mail does.
    Send(Pace),
    /// The request waits until the instant; holds the pace to store, unless the stored one says so already.
    Wait(Option<Pace>, Timestamp),
    /// Another request waits, and its mail answers this request too.
    Merge,
}

/// Decides whether a request's mail leaves now, waits, or merges with another.
pub fn turn(pace: Option<&Pace>, id: &MailId, now: Timestamp) -> Turn {
    let Some(pace) = pace else {
        return Turn::Send(Pace {
            last: now,
            by: id.clone(),
            since: now,
            count: 1,
            waiting: None,
            version: 1,
        });
    };
    let next = Pace { version: pace.version + 1, ..pace.clone() };
    if pace.by == *id {
        // The mail could not be sent, or its fate is unknown.
        return Turn::Send(next);
    }
    let free_at = pace.last + pause(pace, now);
    if now >= free_at {
        let is_over = now.duration_since(pace.since) >= COUNTED_IN;
        let (since, count) = if is_over { (now, 1) } else { (pace.since, pace.count.saturating_add(1)) };
        return Turn::Send(Pace { last: now, by: id.clone(), since, count, waiting: None, ..next });
    }
    match &pace.waiting {
        Some((other, _)) if other == id => Turn::Wait(None, free_at),
        Some((_, until)) if now < *until + GRACE => Turn::Merge,
        _ => Turn::Wait(Some(Pace { waiting: Some((id.clone(), free_at)), ..next }), free_at),
    }
}

fn pause(pace: &Pace, now: Timestamp) -> SignedDuration {
    let is_often = pace.count >= QUICK_MAILS && now.duration_since(pace.since) < COUNTED_IN;
    if is_often { LONG_PAUSE } else { PAUSE }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> MailId {
        MailId::from_uuid(Uuid::from_u128(number))
    }

    /// Plays requests of one known address, each at its minute and from a busy source or not, and the messages that
    /// were put off. Returns when each was asked for, and when mails left.
    fn play(requests: &[(i64, bool)]) -> (Vec<Timestamp>, Vec<Timestamp>) {
        let start = Timestamp::UNIX_EPOCH;
        let asked: Vec<_> =
            requests.iter().map(|(minute, _)| start + SignedDuration::from_mins(*minute)).collect();
        let delay = |busy: bool| if busy { SOURCE_DELAY } else { SignedDuration::ZERO };
        let shown = asked.iter().zip(requests).map(|(at, (_, busy))| *at + delay(*busy));
        let mut due: Vec<_> = shown.enumerate().map(|(n, at)| (at, id(u128::try_from(n).unwrap()))).collect();
        let (mut pace, mut left) = (None, Vec::new());
        while let Some(first) = due.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(n, _)| n) {
            let (at, id) = due.remove(first);
            match turn(pace.as_ref(), &id, at) {
                Turn::Send(next) => {
                    left.push(at);
                    pace = Some(next);
                }
                Turn::Wait(next, until) => {
                    pace = next.or(pace);
                    due.push((until, id));
                }
                Turn::Merge => {}
            }
        }
        (asked, left)
    }

    proptest! {
        #[test]
        fn whoever_asks_gets_a_mail_within_the_hour_and_nobody_is_flooded(
            mut requests in proptest::collection::vec((0_i64..4_000, proptest::bool::ANY), 1..120)
        ) {
            requests.sort_unstable();
            let (asked, left) = play(&requests);
            for at in asked {
                prop_assert!(left.iter().any(|mail| *mail >= at && *mail <= at + LONG_PAUSE), "asked at {at}: {left:?}");
            }
            prop_assert!(left.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= PAUSE));
            for (first, at) in left.iter().enumerate() {
                let day = left.iter().skip(first).filter(|mail| mail.duration_since(*at) < COUNTED_IN).count();
                prop_assert!(day <= 24 + 2 * usize::try_from(QUICK_MAILS).unwrap(), "{day} mails in a day");
            }
        }
    }

    #[test]
    fn the_first_mails_of_a_day_come_within_a_quarter_of_an_hour() {
        let (asked, left) = play(&[0, 1, 2, 16, 31].map(|minute| (minute, false)));
        for at in asked {
            assert!(left.iter().any(|mail| *mail >= at && *mail <= at + PAUSE), "asked at {at}: {left:?}");
        }
        assert_eq!(left.len(), 4);
    }

    #[test]
    fn a_mail_that_could_not_be_sent_is_sent_by_the_same_request() {
        let now = Timestamp::UNIX_EPOCH;
        let Turn::Send(pace) = turn(None, &id(1), now) else { panic!("the first is sent") };
        assert!(matches!(turn(Some(&pace), &id(1), now + SignedDuration::from_mins(2)), Turn::Send(_)));
        assert!(matches!(
            turn(Some(&pace), &id(2), now + SignedDuration::from_mins(2)),
            Turn::Wait(Some(_), _)
        ));
    }

    #[test]
    fn a_request_that_got_lost_while_it_waited_holds_up_no_other() {
        let now = Timestamp::UNIX_EPOCH;
        let lost = Some((id(2), now + PAUSE));
        let (last, since) = (now, now);
        let pace = Pace { last, by: id(1), since, count: QUICK_MAILS, waiting: lost, version: 3 };
        assert_eq!(turn(Some(&pace), &id(3), now + PAUSE), Turn::Merge);
        assert!(matches!(turn(Some(&pace), &id(3), now + PAUSE + GRACE), Turn::Wait(Some(_), _)));
    }
}
