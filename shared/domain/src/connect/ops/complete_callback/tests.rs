//! The callback: what is refused, in which order, and what is ended.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::base::error::{Error, Kind};
use crate::base::ids::TenantId;
use crate::base::table::Table;
use crate::connect::candidates::{self, Candidates};
use crate::connect::connection::{Connection, State};
use crate::connect::ports::NewConnection;
use crate::connect::session::{AuthTransaction, ConnectSession};
use crate::deletion::ledger::Reason;
use crate::platform::account::PlatformAccount;
use crate::platform::credentials::{INDEX_APP, platform_fingerprint};
use crate::platform::profile::ScopePurpose;
use crate::testing::{PLATFORM, World, a_connection, connection, described, key, ports, ready, tenant, user};
use crate::vault::keys::{DataKey as _, KeyContext, Use};

const STATE: &str = "the-state";

const COOKIE: &str = "the-cookie";

/// A world in which a person just comes back from the platform.
fn world() -> Arc<World> {
    let world = World::at(Timestamp::UNIX_EPOCH + SignedDuration::from_mins(1));
    let session = ConnectSession {
        tenant: tenant(),
        end_user: user(),
        platform: PLATFORM.to_owned(),
        return_url: "https://shop.example/back?x=1".to_owned(),
        reauthorise: None,
        mail: None,
        locale: None,
        left_out: Vec::new(),
        expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(30),
    };
    let transaction = AuthTransaction {
        session,
        context: "c".to_owned(),
        redirect_uri: "https://api.example/oauth/callback/play/c".to_owned(),
        scopes: vec!["ads".to_owned()],
        cookie: world.entropy.digest(COOKIE.as_bytes()),
        expires_at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(10),
    };
    world.flow.transactions.lock().unwrap().push((world.entropy.digest(STATE.as_bytes()), transaction));
    world.profile.lock().unwrap().platforms[0].scopes.push(ScopePurpose {
        scope: "ads".to_owned(),
        what: "Reads ads.".to_owned(),
        purpose: "Reporting.".to_owned(),
        translations: std::collections::BTreeMap::new(),
        required: true,
    });
    // A platform may list one account twice.
    let twice = PlatformAccount { name: "Renamed".to_owned(), ..described("7") };
    *world.platform.listed.lock().unwrap() = vec![described("7"), twice];
    *world.platform.list_calls.lock().unwrap() = 3;
    world
}

fn without_permission() -> Arc<World> {
    let world = world();
    world.platform.granted.lock().unwrap().clear();
    world
}

/// Changes the transaction that waits.
fn change(world: &World, change: impl FnOnce(&mut AuthTransaction)) {
    change(&mut world.flow.transactions.lock().unwrap()[0].1);
}

fn run(world: &Arc<World>, input: &Input) -> Result<CallbackOutcome> {
    let ports = ports!(world, Ports { keys, new_keys, connectors, profile, clock, entropy, rows });
    ready(super::run(&ports, input))
}

/// The word that the product gets, and the error behind it.
fn ended(world: &Arc<World>, input: &Input) -> (String, Error) {
    let Ok(CallbackOutcome::Ended { url, error }) = run(world, input) else { panic!("it did not end") };
    let word = url.as_str().strip_prefix("https://shop.example/back?x=1&error=");
    (word.expect("another address").to_owned(), error)
}

fn input() -> Input {
    Input {
        platform: PLATFORM.to_owned(),
        context: "c".to_owned(),
        state: Confidential::new(STATE),
        code: Some("code".into()),
        issuer: None,
        cookie: Some(Confidential::new(COOKIE)),
    }
}

fn live(identity: &str) -> Connection {
    let identity = platform_fingerprint(&key(&KeyContext::app(INDEX_APP)), PLATFORM, identity);
    Connection { state: State::NeedsReauth, identity, ..a_connection(connection()) }
}

/// What can be chosen of a new connection.
fn candidates_of(new: &NewConnection) -> Result<Candidates> {
    let context = KeyContext::connection(&tenant(), &new.connection.id, Use::Data);
    candidates::open(&key(&context), &new.candidates)
}

/// Security design, 1.2, point 3: each check fails closed to one and the same answer, and the state is used up.
#[test]
fn what_does_not_fit_gets_one_answer_before_any_exchange() {
    type Change = fn(&mut Input, &mut AuthTransaction);
    let changes: [Change; 9] = [
        |input, _| input.state = Confidential::new("another"),
        |input, _| input.cookie = None,
        |input, _| input.cookie = Some(Confidential::new("another")),
        |input, _| input.cookie = Some(Confidential::new("")),
        |input, _| input.platform = "q".to_owned(),
        |input, _| input.context = "d".to_owned(),
        |input, _| input.issuer = Some("https://evil.example".to_owned()),
        |_, row| row.expires_at = Timestamp::UNIX_EPOCH,
        |_, row| row.session.tenant = TenantId::from_uuid(uuid::Uuid::from_u128(9)),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let (world, mut input) = (world(), input());
        self::change(&world, |row| change(&mut input, row));
        let error = run(&world, &input).unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Gone, "link_unusable"), "{number}");
        assert!(world.done().is_empty(), "{number}: nothing was exchanged");
        if number > 0 {
            assert!(
                world.flow.transactions.lock().unwrap().is_empty(),
                "{number}: used up whatever comes of it"
            );
        }
    }
}

#[test]
fn a_state_works_once() {
    let world = world();
    let Ok(CallbackOutcome::Onward(Onward::Choose { ticket, handle })) = run(&world, &input()) else {
        panic!("no list")
    };
    for cookie in [None, Some(Confidential::new("another"))] {
        let stranger = Input { cookie, ..input() };
        assert_eq!(run(&world, &stranger).unwrap_err().code, "link_unusable");
    }
    // The same browser, once more: the same list, and nothing is redeemed.
    let Ok(CallbackOutcome::Onward(Onward::Choose { ticket: again, handle: same })) = run(&world, &input())
    else {
        panic!("the second load finds no way on")
    };
    assert_eq!((again.text(), same), (ticket.text(), handle));
    assert_eq!(world.done(), ["exchange", "create", "ticket"]);
}

/// Whatever ends a flow, the product gets a word for it, and so it does when the callback is opened again.
#[test]
fn an_end_is_told_again() {
    let world = without_permission();
    let Ok(CallbackOutcome::Ask { token, .. }) = run(&world, &input()) else {
        panic!("it does not ask again")
    };
    let Ok(CallbackOutcome::Onward(Onward::Ask { token: again })) = run(&world, &input()) else {
        panic!("lost")
    };
    assert_eq!(token.text(), again.text());
    assert_eq!(world.done(), ["exchange", "revoke"]);
}

#[test]
fn whoever_is_late_goes_back_with_a_word() {
    let world = world();
    let cookie = Some(world.entropy.digest(COOKIE.as_bytes()));
    world.flow.transactions.lock().unwrap().clear();
    let return_url = "https://shop.example/back?x=1".to_owned();
    let until = Timestamp::UNIX_EPOCH;
    let way = WayBack { return_url, cookie, stage: Stage::Open, until };
    world.flow.ways.lock().unwrap().push((world.entropy.digest(STATE.as_bytes()), way));
    let Ok(CallbackOutcome::Onward(Onward::Back(url))) = run(&world, &input()) else { panic!("no way back") };
    assert!(url.as_str().ends_with("&error=expired"), "{url}");
    assert!(world.done().is_empty());
}

#[test]
fn a_new_connection_comes_with_the_deletion_that_ends_it() {
    let world = world();
    assert!(run(&world, &Input { issuer: Some("https://play.example".to_owned()), ..input() }).is_ok());
    let new = world.connect.created.lock().unwrap().remove(0);
    assert_eq!(
        (new.connection.state, new.connection.deletion.as_ref()),
        (State::Pending, Some(&new.abandoned.id))
    );
    assert_eq!(
        (new.abandoned.reason, new.abandoned.next_step_at),
        (Reason::Abandoned, Some(new.abandoned.t0))
    );
    assert_eq!(new.abandoned.t0.duration_since(new.connection.created_at), SignedDuration::from_mins(15));
    assert_eq!(new.abandoned.keys.len(), 2);
    let listed = candidates_of(&new).unwrap();
    assert_eq!(listed.usable.len(), 1, "one account is offered twice");
}

#[test]
fn s14_what_the_platform_gave_is_stored_sealed() {
    let world = world();
    assert!(run(&world, &Input { issuer: Some("https://play.example".to_owned()), ..input() }).is_ok());
    let new = world.connect.created.lock().unwrap().remove(0);
    let key = key(&KeyContext::connection(&tenant(), &new.connection.id, Use::Token));
    let opened = |sealed| key.open("tok#access#00000001", sealed).unwrap().text().unwrap().to_owned();
    let tokens: Vec<_> = new.tokens.iter().map(|token| opened(&token.sealed)).collect();
    assert_eq!(tokens, ["access-token"]);
    assert!(candidates_of(&new).is_ok());
}

#[test]
fn a_person_who_says_no_is_told_so() {
    let world = world();
    assert_eq!(ended(&world, &Input { code: None, ..input() }).0, "declined");
    assert!(world.done().is_empty());
}

#[test]
fn a_permission_that_was_left_out_is_named_and_the_grant_ended() {
    let world = without_permission();
    let Ok(CallbackOutcome::Ask { token, error }) = run(&world, &input()) else {
        panic!("it does not ask again")
    };
    assert_eq!(error.code, "scope_missing");
    assert!(error.message.contains("Reads ads."), "{}", error.message);
    let sessions = world.flow.sessions.lock().unwrap();
    let (key, session) = sessions.last().unwrap();
    assert_eq!(*key, world.entropy.digest(token.text().as_bytes()));
    assert_eq!(
        (session.left_out.as_slice(), session.end_user.as_str()),
        (["ads".to_owned()].as_slice(), "u-1")
    );
    drop(sessions);
    assert_eq!(world.done(), ["exchange", "revoke"]);
}

#[test]
fn a_grant_with_scopes_without_end_is_ended() {
    let many = (0..=400).map(|number| number.to_string()).collect();
    for scopes in [many, vec!["ads".to_owned(), "s".repeat(8_192)]] {
        let world = world();
        *world.platform.granted.lock().unwrap() = scopes;
        let (word, error) = ended(&world, &input());
        assert_eq!((word.as_str(), error.kind), ("failed", Kind::UpstreamChanged));
        assert_eq!(world.done(), ["exchange", "revoke"]);
    }
}

#[test]
fn a_grant_that_cannot_be_stored_is_ended() {
    let world = world();
    *world.connect.is_broken.lock().unwrap() = true;
    let (word, error) = ended(&world, &input());
    assert_eq!((word.as_str(), error.kind), ("failed", Kind::Unavailable));
    assert_eq!(world.done(), ["exchange", "revoke"]);
}

/// A7: the calls of a callback end within ten seconds altogether, and the grant can still be given back.
#[test]
fn a_slow_platform_holds_a_callback_for_ten_seconds_at_most() {
    for pace in [1_800, 2_600, 4_000, 60_000].map(Duration::from_millis) {
        let world = world();
        *world.platform.pace.lock().unwrap() = pace;
        assert_eq!(ended(&world, &input()).0, "failed", "{pace:?}");
        let allowed = world.platform.allowed.lock().unwrap().clone();
        let held: Duration = allowed.iter().map(|(_, allowed)| pace.min(*allowed)).sum();
        assert!(held <= Duration::from_secs(10), "{pace:?}: {allowed:?}");
        let given_back = allowed.last().filter(|(what, _)| *what == "revoke").map(|(_, allowed)| *allowed);
        let granted = pace < Duration::from_secs(7);
        assert_eq!(given_back.is_some_and(|time| time >= Duration::from_secs(2)), granted, "{allowed:?}");
    }
}

#[test]
fn only_the_same_person_authorises_again() {
    for (identity, expected) in [("person", vec!["exchange", "again"]), ("other", vec!["exchange", "revoke"])]
    {
        let world = world();
        world.put_connection(live(identity));
        let newest = "tok#access#00000004".to_owned();
        world.deletion.rows.lock().unwrap().insert((
            Table::Vault,
            format!("{}#{}", tenant(), connection()),
            newest,
        ));
        change(&world, |row| row.session.reauthorise = Some(connection()));
        let arrived = run(&world, &input());
        assert_eq!(world.done(), expected);
        if identity == "person" {
            let Ok(CallbackOutcome::Onward(Onward::Back(url))) = arrived else { panic!("{arrived:?}") };
            assert_eq!(url.as_str(), format!("https://shop.example/back?x=1&connection_id={}", connection()));
            let (connection, tokens) = world.connect.reauthorised.lock().unwrap().remove(0);
            assert_eq!((connection.state, tokens[0].version), (State::Active, 5));
        } else {
            let Ok(CallbackOutcome::Ended { url, error }) = arrived else { panic!("{arrived:?}") };
            assert!(url.as_str().ends_with("&error=other_identity"), "{url}");
            assert_eq!(error.code, "other_identity");
        }
    }
}
