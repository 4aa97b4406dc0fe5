//! Requested mail: requests, counts of sources, paces, and links that end together.

use std::time::Duration;

use jiff::SignedDuration;
use mooring_domain::base::ids::MailId;
use mooring_domain::base::secret::Fingerprint;
use mooring_domain::base::table::Table;
use mooring_domain::deletion::ports::LinkEnd as _;
use mooring_domain::notice::mail::{COUNTED_IN, MailRequest, Pace};
use mooring_domain::notice::ports::{MailPaces as _, MailRequestPut as _, MailRequestTake as _};
use mooring_domain::vault::keys::SealedBox;
use mooring_tests_contract::{World, expiry};
use uuid::Uuid;

fn id(number: u128) -> MailId {
    MailId::from_uuid(Uuid::from_u128(number))
}

fn mailbox() -> Fingerprint {
    Fingerprint("c".repeat(32))
}

#[tokio::test]
async fn a_request_is_kept_until_it_is_forgotten_or_over() {
    let world = World::start().await.unwrap();
    let (store, now) = (&world.store, world.now());
    let end = jiff::Timestamp::from_second(now.as_second() + 3_600).unwrap();
    let request = |number| MailRequest {
        id: id(number),
        sealed: SealedBox(vec![7; 60]),
        locale: "de-at".parse().ok(),
        expires_at: end,
    };
    store.put_mail_request(&request(1)).await.unwrap();
    store.put_mail_request(&request(2)).await.unwrap();
    assert_eq!(store.mail_request(&id(1), now).await.unwrap(), Some(request(1)));
    assert_eq!(store.mail_request(&id(1), end).await.unwrap(), None);
    assert_eq!(store.mail_request(&id(3), now).await.unwrap(), None);
    for _ in 0..2 {
        store.delete_mail_request(&id(1)).await.unwrap();
    }
    assert_eq!(store.mail_request(&id(1), now).await.unwrap(), None);
    assert_eq!(store.mail_request(&id(2), now).await.unwrap(), Some(request(2)));
}

#[tokio::test]
async fn sources_are_counted_by_window() {
    let world = World::start().await.unwrap();
    let end = world.now() + SignedDuration::from_mins(10);
    let count = |source: &str, window| {
        let source = Fingerprint(source.to_owned());
        let store = &world.store;
        async move { store.count_source(&source, window, end).await.unwrap() }
    };
    assert_eq!([count("one", 5).await, count("one", 5).await, count("two", 5).await], [1, 2, 1]);
    assert_eq!(count("one", 6).await, 1);
    assert!(world.rows(Table::Transient).await.unwrap().iter().all(|row| expiry(row).is_some()));
}

#[tokio::test]
async fn of_two_changes_of_a_pace_one_is_stored() {
    let world = World::start().await.unwrap();
    let (store, now) = (&world.store, world.now());
    let first = Pace { last: now, by: id(1), since: now, count: 1, waiting: None, version: 1 };
    assert_eq!(store.pace(&mailbox()).await.unwrap(), None);
    assert!(store.put_pace(&mailbox(), &first, now).await.unwrap());
    assert!(!store.put_pace(&mailbox(), &Pace { by: id(2), ..first.clone() }, now).await.unwrap());
    let next = Pace { waiting: Some((id(3), now)), version: 2, ..first.clone() };
    assert!(store.put_pace(&mailbox(), &next, now).await.unwrap());
    assert!(!store.put_pace(&mailbox(), &Pace { count: 9, ..next.clone() }, now).await.unwrap());
    assert_eq!(store.pace(&mailbox()).await.unwrap(), Some(next));

    // Once a pace is over, a first one can be stored again, even before TTL has come.
    world.pass(Duration::from_secs(COUNTED_IN.as_secs().unsigned_abs() + 1));
    let now = world.now();
    assert_eq!(store.pace(&mailbox()).await.unwrap(), None);
    assert!(store.put_pace(&mailbox(), &Pace { last: now, ..first }, now).await.unwrap());
}

#[tokio::test]
async fn links_end_at_an_instant() {
    let world = World::start().await.unwrap();
    let (store, now) = (&world.store, world.now());
    assert_eq!(store.links_ended(&mailbox()).await.unwrap(), None);
    store.end_links(&mailbox(), now).await.unwrap();
    assert_eq!(store.links_ended(&mailbox()).await.unwrap(), Some(now));
    assert_eq!(store.links_ended(&Fingerprint("d".repeat(32))).await.unwrap(), None);
}
