//! Short-lived rows: a row can be taken once, and not after its end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::ids::{ConnectionId, TenantId};
use mooring_domain::base::secret::{Digest, Fingerprint};
use mooring_domain::connect::end::End;
use mooring_domain::connect::ports::{
    ConnectionConfirm as _, TransientPut as _, TransientRead as _, TransientTake as _,
};
use mooring_domain::connect::session::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession};
use mooring_domain::connect::way::{Stage, WayBack};
use mooring_domain::deletion::link::DeletionLink;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{connection_id, tenant_id};

fn end(now: Timestamp) -> Timestamp {
    Timestamp::from_second((now + SignedDuration::from_mins(10)).as_second()).unwrap()
}

fn session(now: Timestamp) -> ConnectSession {
    ConnectSession {
        tenant: tenant_id(),
        end_user: "user-1".parse().unwrap(),
        platform: "tiktok_ads".to_owned(),
        return_url: "https://app.example/back?x=1".to_owned(),
        reauthorise: Some(connection_id()),
        mail: Some(Fingerprint("f".repeat(32))),
        locale: "pt-br".parse().ok(),
        left_out: vec!["44".to_owned()],
        expires_at: end(now),
    }
}

fn transaction(now: Timestamp) -> AuthTransaction {
    AuthTransaction {
        session: ConnectSession {
            reauthorise: None,
            mail: None,
            locale: None,
            left_out: Vec::new(),
            ..session(now)
        },
        context: "ctx-1".to_owned(),
        redirect_uri: "https://api.example/oauth/callback/tiktok_ads/ctx-1".to_owned(),
        scopes: vec!["4".to_owned()],
        cookie: Digest([8; 32]),
        expires_at: end(now),
    }
}

/// Makes a ticket with which nothing was decided yet.
pub(crate) fn ticket(tenant: &TenantId, connection: &ConnectionId, now: Timestamp) -> ConfirmTicket {
    ConfirmTicket {
        tenant: tenant.clone(),
        connection: connection.clone(),
        end_user: "user-1".parse().unwrap(),
        return_url: "https://app.example/back?x=1".to_owned(),
        locale: "de".parse().ok(),
        choice: None,
        done: false,
        expires_at: end(now),
    }
}

#[tokio::test]
async fn each_kind_is_taken_as_it_was_put_and_then_gone() {
    let world = World::start().await.unwrap();
    let (store, now) = (&world.store, world.now());
    // One digest for all kinds: they do not get in each other's way.
    let key = Digest([1; 32]);
    let (session, transaction) = (session(now), transaction(now));
    let (tenant, connection, end_user) = (tenant_id(), connection_id(), session.end_user.clone());
    let ticket = ConfirmTicket { end_user, ..ticket(&tenant, &connection, now) };
    let mail = Fingerprint("a".repeat(32));
    let mailed =
        DeletionLink { connections: vec![(tenant, connection)], mail, made_at: now, expires_at: end(now) };
    store.put_session(&key, &session).await.unwrap();
    store.put_ticket(&key, &ticket).await.unwrap();
    store.put_link(&key, &mailed).await.unwrap();
    assert_eq!(store.session(&key, now).await.unwrap().as_ref(), Some(&session));
    assert_eq!(store.ticket(&key, now).await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.link(&key, now).await.unwrap().as_ref(), Some(&mailed));
    let open = store.way(&key, now).await.unwrap().unwrap();
    assert_eq!((open.stage, open.cookie, open.until), (Stage::Open, None, session.expires_at));
    let to = Digest([5; 32]);
    assert!(store.depart(&key, (&to, &transaction)).await.unwrap());
    assert!(!store.depart(&key, (&Digest([6; 32]), &transaction)).await.unwrap(), "a link works once");
    assert_eq!(store.session(&key, now).await.unwrap(), None);
    assert_eq!(store.transaction(&Digest([6; 32]), now).await.unwrap(), None);
    assert_eq!(store.transaction(&to, now).await.unwrap().as_ref(), Some(&transaction));
    let link = store.way(&key, now).await.unwrap().unwrap();
    assert_eq!((link.stage, link.cookie), (Stage::Departed(to), Some(transaction.cookie)));
    let way = store.way(&to, now).await.unwrap().unwrap();
    assert_eq!((way.stage.clone(), way.cookie), (Stage::Open, Some(transaction.cookie)));
    let ended = WayBack { stage: Stage::Ended(End::Declined), ..way };
    store.put_way(&to, &ended).await.unwrap();
    assert_eq!(store.way(&to, now).await.unwrap(), Some(ended));
    let key = to;
    assert_eq!(store.take_transaction(&key, now).await.unwrap(), Some(transaction));
    assert_eq!(store.take_transaction(&key, now).await.unwrap(), None);
    let key = Digest([1; 32]);
    assert_eq!(store.take_link(&key, now).await.unwrap(), Some(mailed));
    assert_eq!(store.take_link(&key, now).await.unwrap(), None);
}

#[tokio::test]
async fn a_code_comes_with_the_confirmation_and_is_taken_once() {
    let world = World::start().await.unwrap();
    let case = world.pending(1).await.unwrap();
    let code = ActivationCode {
        tenant: case.tenant().clone(),
        connection: case.id().clone(),
        end_user: "user-1".parse().unwrap(),
        expires_at: end(world.now()),
    };
    let key = Digest([2; 32]);
    let ticket_key = Digest([9; 32]);
    world.store.put_ticket(&ticket_key, &ticket(case.tenant(), case.id(), world.now())).await.unwrap();
    world.store.confirm(&ticket_key, 2, (&key, &code)).await.unwrap();
    assert_eq!(world.store.take_code(&key, world.now()).await.unwrap(), Some(code));
    assert_eq!(world.store.take_code(&key, world.now()).await.unwrap(), None);
}

#[tokio::test]
async fn of_any_number_of_choices_the_first_counts_and_may_be_repeated() {
    let world = World::start().await.unwrap();
    let (store, now, key) = (&world.store, world.now(), Digest([7; 32]));
    let (one, other) = (Digest([10; 32]), Digest([11; 32]));
    assert!(!store.decide(&key, &one, false).await.unwrap(), "there is no such ticket");
    let ticket = ticket(&tenant_id(), &connection_id(), now);
    store.put_ticket(&key, &ticket).await.unwrap();
    assert!(store.decide(&key, &one, false).await.unwrap());
    assert!(!store.decide(&key, &other, true).await.unwrap());
    let decided = ConfirmTicket { choice: Some(one), ..ticket.clone() };
    assert_eq!(store.ticket(&key, now).await.unwrap(), Some(decided.clone()));
    assert!(store.decide(&key, &one, true).await.unwrap());
    assert_eq!(store.ticket(&key, now).await.unwrap(), Some(ConfirmTicket { done: true, ..decided }));
}

#[tokio::test]
async fn of_64_takers_at_once_exactly_one_gets_it() {
    let world = World::start().await.unwrap();
    for round in 0..8 {
        let (link, key) = (Digest([100 + round; 32]), Digest([round; 32]));
        let transaction = transaction(world.now());
        world.store.put_session(&link, &transaction.session).await.unwrap();
        assert!(world.store.depart(&link, (&key, &transaction)).await.unwrap());
        let takers: Vec<_> = (0..64)
            .map(|_| {
                let (store, now) = (world.store.clone(), world.now());
                tokio::spawn(async move { store.take_transaction(&key, now).await.unwrap() })
            })
            .collect();
        let mut winners = 0;
        for taker in takers {
            winners += usize::from(taker.await.unwrap().is_some());
        }
        assert_eq!(winners, 1, "round {round}");
    }
}

#[tokio::test]
async fn what_has_ended_is_not_there_but_for_the_way_back() {
    let world = World::start().await.unwrap();
    let (key, session) = (Digest([4; 32]), session(world.now()));
    let ticket = ticket(&tenant_id(), &connection_id(), world.now());
    world.store.put_session(&key, &session).await.unwrap();
    world.store.put_ticket(&key, &ticket).await.unwrap();
    // The caller's instant decides, not only the clock's.
    assert_eq!(world.store.session(&key, session.expires_at).await.unwrap(), None);
    world.pass(Duration::from_mins(10));
    assert_eq!(world.store.session(&key, world.now()).await.unwrap(), None);
    let way = world.store.way(&key, world.now()).await.unwrap().unwrap();
    assert_eq!((way.return_url, way.until), (session.return_url, session.expires_at));
    assert_eq!(world.store.ticket(&key, world.now()).await.unwrap(), Some(ticket));
    world.pass(Duration::from_hours(24));
    assert_eq!(world.store.way(&key, world.now()).await.unwrap(), None);
    assert_eq!(world.store.ticket(&key, world.now()).await.unwrap(), None);
}
