//! One key, one effect: what comes again, what is taken over, what is forgotten.

use super::*;
use crate::base::random;
use crate::testing::{World, ready, tenant};

fn ports(world: &World) -> Ports<'_> {
    Ports { records: world, clock: world, entropy: &world.entropy }
}

/// Sends a call with a credential, a key and a body.
fn send(world: &World, credential: &str, key: &str, body: &str) -> Result<(Record, Attempt)> {
    let call = Call {
        tenant: &tenant(),
        credential: &Confidential::new(credential),
        operation: "createThing",
        key: &Confidential::new(key),
        request: world.entropy.digest(body.as_bytes()),
    };
    ready(admit(&ports(world), &call))
}

fn done(world: &World, record: Record) {
    ready(complete(&ports(world), record, Ok(Some("del_1".to_owned())))).unwrap();
}

fn fails(world: &World, record: Record, kind: Kind) {
    ready(complete(&ports(world), record, Err(kind))).unwrap();
}

fn code(outcome: Result<(Record, Attempt)>) -> &'static str {
    outcome.map(|_| ()).unwrap_err().code
}

#[test]
fn one_key_is_one_effect_and_the_answer_comes_again() {
    let world = World::new();
    let (record, first) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(first.standing, Standing::First);
    let secret = random::secret_text(first.entropy());
    let running = send(&world, "moor_a", "k", "body").map(|_| ()).unwrap_err();
    assert_eq!((running.code, running.kind), ("idempotency_in_progress", Kind::Conflict));
    assert_eq!(running.retry, Retry::After(Some(SOON)));
    done(&world, record);
    world.pass(SignedDuration::from_hours(23));
    let (_, again) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(again.standing, Standing::Done(Some("del_1".to_owned())));
    assert_eq!((again.now(), random::secret_text(again.entropy())), (first.now(), secret));
}

#[test]
fn a_key_belongs_to_its_request_and_its_credential() {
    let world = World::new();
    let (record, first) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(code(send(&world, "moor_a", "k", "other body")), "idempotency_key_reused");
    done(&world, record);
    assert_eq!(code(send(&world, "moor_a", "k", "other body")), "idempotency_key_reused");
    let (_, other_key) = send(&world, "moor_a", "k2", "body").unwrap();
    let (_, stranger) = send(&world, "moor_b", "k", "body").unwrap();
    let secrets = [first, other_key, stranger].map(|attempt| {
        assert_eq!(attempt.standing, Standing::First);
        random::secret_text(attempt.entropy())
    });
    assert!(secrets[0] != secrets[1] && secrets[0] != secrets[2] && secrets[1] != secrets[2]);
}

#[test]
fn a_refusal_is_forgotten_and_a_fault_is_not() {
    let world = World::new();
    for kind in [Kind::Invalid, Kind::NotFound, Kind::Conflict, Kind::Forbidden] {
        let (record, attempt) = send(&world, "moor_a", "k", &format!("{kind:?}")).unwrap();
        assert_eq!(attempt.standing, Standing::First);
        fails(&world, record, kind);
    }
    for kind in [Kind::Unavailable, Kind::Internal] {
        let body = format!("{kind:?}");
        let (record, _) = send(&world, "moor_a", &body, &body).unwrap();
        fails(&world, record, kind);
        assert_eq!(code(send(&world, "moor_a", &body, "mended")), "idempotency_key_reused");
        assert_eq!(send(&world, "moor_a", &body, &body).unwrap().1.standing, Standing::Again);
    }
}

#[test]
fn an_attempt_that_died_is_taken_over_and_cannot_come_back() {
    let world = World::new();
    let (dead, _) = send(&world, "moor_a", "k", "body").unwrap();
    world.pass(LEASE - SignedDuration::from_secs(1));
    assert_eq!(code(send(&world, "moor_a", "k", "body")), "idempotency_in_progress");
    world.pass(SignedDuration::from_secs(1));
    let (record, again) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(again.standing, Standing::Again);
    fails(&world, dead.clone(), Kind::Invalid);
    done(&world, dead);
    assert_eq!(
        code(send(&world, "moor_a", "k", "body")),
        "idempotency_in_progress",
        "the dead one changed nothing"
    );
    done(&world, record);
    assert!(send(&world, "moor_a", "k", "body").unwrap().1.is_done());
}

#[test]
fn a_key_is_free_again_after_a_day() {
    let world = World::new();
    let (record, first) = send(&world, "moor_a", "k", "body").unwrap();
    done(&world, record);
    world.pass(KEPT);
    let (_, later) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(later.standing, Standing::First);
    assert_ne!(random::secret_text(first.entropy()), random::secret_text(later.entropy()));
}

/// The stored digest is not that of anything that can be guessed, such as an e-mail address in a body.
#[test]
fn a_record_tells_nothing_without_the_credential() {
    let world = World::new();
    let (record, attempt) = send(&world, "moor_a", "anna@example.com", "body").unwrap();
    let guesses = ["anna@example.com", "body", "moor_a"].map(|text| world.entropy.digest(text.as_bytes()));
    let kept = [record.name, record.fingerprint, record.nonce];
    assert!(kept.iter().all(|kept| !guesses.contains(kept)));
    assert_eq!(format!("{record:?}").matches("Digest(…)").count(), 3, "digests are not printed");
    let mut derived = [0; 70];
    attempt.entropy().fill(&mut derived);
    assert!(derived.chunks(32).collect::<std::collections::HashSet<_>>().len() == 3, "blocks differ");
}

/// What another guard refused is as if it had never begun; an attempt that took over leaves the attempt that broke off.
#[test]
fn a_withdrawn_attempt_leaves_what_was_there() {
    let world = World::new();
    let (record, attempt) = send(&world, "moor_a", "k", "body").unwrap();
    ready(withdraw(&ports(&world), record, &attempt)).unwrap();
    let (record, attempt) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(attempt.standing, Standing::First);
    fails(&world, record, Kind::Unavailable);
    let (record, attempt) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(attempt.standing, Standing::Again);
    ready(withdraw(&ports(&world), record, &attempt)).unwrap();
    let (record, attempt) = send(&world, "moor_a", "k", "body").unwrap();
    assert_eq!(attempt.standing, Standing::Again, "the earlier attempt may have had its effect");
    done(&world, record);
    let (found, attempt) = send(&world, "moor_a", "k", "body").unwrap();
    ready(withdraw(&ports(&world), found, &attempt)).unwrap();
    assert!(send(&world, "moor_a", "k", "body").unwrap().1.is_done());
}
