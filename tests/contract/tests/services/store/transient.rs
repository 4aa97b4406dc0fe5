//! Short-lived rows: what is put is taken, once, and not after its end.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mooring_domain::connect::{ActivationCode, AuthTransaction, ConfirmTicket, ConnectSession, DeletionLink};
use mooring_domain::ports::{
    ConnectionConfirm as _, TransientPut as _, TransientRead as _, TransientTake as _,
};
use mooring_domain::secret::{Digest, Fingerprint};
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
        expires_at: end(now),
    }
}

fn transaction(now: Timestamp) -> AuthTransaction {
    AuthTransaction {
        session: ConnectSession { reauthorise: None, mail: None, ..session(now) },
        context: "ctx-1".to_owned(),
        redirect_uri: "https://api.example/oauth/callback/tiktok_ads/ctx-1".to_owned(),
        scopes: vec!["4".to_owned()],
        cookie: Digest([8; 32]),
        expires_at: end(now),
    }
}

#[tokio::test]
async fn each_kind_is_taken_as_it_was_put_and_then_gone() {
    let world = World::start().await.unwrap();
    let (store, now) = (&world.store, world.now());
    // One digest for all: the kinds do not get in each other's way.
    let key = Digest([1; 32]);
    let (session, transaction) = (session(now), transaction(now));
    let (tenant, connection, end_user) = (tenant_id(), connection_id(), session.end_user.clone());
    let ticket = ConfirmTicket {
        tenant: tenant.clone(),
        connection: connection.clone(),
        end_user,
        return_url: session.return_url.clone(),
        expires_at: end(now),
    };
    let mail = Fingerprint("a".repeat(32));
    let link =
        DeletionLink { connections: vec![(tenant, connection)], mail, made_at: now, expires_at: end(now) };
    store.put_session(&key, &session).await.unwrap();
    store.put_transaction(&key, &transaction).await.unwrap();
    store.put_ticket(&key, &ticket).await.unwrap();
    store.put_link(&key, &link).await.unwrap();
    assert_eq!(store.session(&key, now).await.unwrap().as_ref(), Some(&session));
    assert_eq!(store.ticket(&key, now).await.unwrap().as_ref(), Some(&ticket));
    assert_eq!(store.link(&key, now).await.unwrap().as_ref(), Some(&link));
    assert_eq!(store.take_session(&key, now).await.unwrap(), Some(session));
    assert_eq!(store.take_session(&key, now).await.unwrap(), None);
    assert_eq!(store.session(&key, now).await.unwrap(), None);
    assert_eq!(store.take_transaction(&key, now).await.unwrap(), Some(transaction));
    assert_eq!(store.take_transaction(&key, now).await.unwrap(), None);
    assert_eq!(store.take_ticket(&key, now).await.unwrap(), Some(ticket));
    assert_eq!(store.take_link(&key, now).await.unwrap(), Some(link));
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
    world.store.confirm(case.tenant(), case.id(), 2, (&key, &code)).await.unwrap();
    assert_eq!(world.store.take_code(&key, world.now()).await.unwrap(), Some(code));
    assert_eq!(world.store.take_code(&key, world.now()).await.unwrap(), None);
}

#[tokio::test]
async fn of_64_takers_at_once_exactly_one_gets_it() {
    let world = World::start().await.unwrap();
    for round in 0..8 {
        let (key, transaction) = (Digest([round; 32]), transaction(world.now()));
        world.store.put_transaction(&key, &transaction).await.unwrap();
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
async fn what_has_ended_is_not_there_and_is_used_up_by_taking() {
    let world = World::start().await.unwrap();
    let (key, session) = (Digest([4; 32]), session(world.now()));
    world.store.put_session(&key, &session).await.unwrap();
    // The caller's instant decides, not only the clock's.
    assert_eq!(world.store.session(&key, session.expires_at).await.unwrap(), None);
    world.pass(Duration::from_mins(10));
    assert_eq!(world.store.session(&key, world.now()).await.unwrap(), None);
    assert_eq!(world.store.take_session(&key, world.now()).await.unwrap(), None);
    let before = session.expires_at - SignedDuration::from_mins(1);
    assert_eq!(world.store.take_session(&key, before).await.unwrap(), None);
}
