//! Faults of the service: patience where it helps, one retryable error where it does not.

use std::time::Duration;

use jiff::SignedDuration;
use mooring_aws_local::Fault;
use mooring_domain::Kind;
use mooring_domain::base::ids::ConnectionId;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::{ConnectionRead as _, ConnectionState as _};
use mooring_domain::connect::token_life::{Change, Life};
use mooring_domain::deletion::ledger::Deletion;
use mooring_domain::deletion::ledger::Reason;
use mooring_domain::deletion::ports::{Cutoff, DeletionBegin as _, LedgerWrite as _};
use mooring_domain::sync::chunk::StoredChunk;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{change, put_chunk, sealed};

/// The first refusal of an active connection.
fn suspect(id: &ConnectionId) -> Change {
    change(id, Life { version: 1, ..Life::default() }, State::Active, State::Suspect)
}

#[tokio::test]
async fn a_transaction_that_meets_another_is_tried_again() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    for call in 1..=4 {
        world.plan.inject(call, Fault::Conflict);
    }
    let store = world.faulty();
    assert!(store.record_life(case.tenant(), case.id(), &suspect(case.id())).await.unwrap());
    assert_eq!(world.plan.log().len(), 5);
}

#[tokio::test]
async fn a_service_that_never_has_room_is_one_error_that_may_be_tried_again() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Conflict] {
        world.plan.reset();
        for call in 1..=20 {
            world.plan.inject(call, fault);
        }
        let store = world.faulty();
        let error = store.record_life(case.tenant(), case.id(), &suspect(case.id())).await.unwrap_err();
        assert_eq!((error.kind, error.code), (Kind::Unavailable, "store_unavailable"), "{fault:?}");
        assert!(error.is_retryable());
        if fault != Fault::Conflict {
            let error = store.connection(case.tenant(), case.id()).await.unwrap_err();
            assert_eq!((error.kind, error.is_retryable()), (Kind::Unavailable, true), "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_in_time_may_be_asked_again() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    world.plan.inject(1, Fault::Delay(Duration::from_secs(20)));
    let store = world.impatient(Duration::from_secs(3));
    let error = store.connection(case.tenant(), case.id()).await.unwrap_err();
    assert_eq!((error.kind, error.is_retryable()), (Kind::Unavailable, true));
    assert!(store.connection(case.tenant(), case.id()).await.unwrap().is_some());
}

#[tokio::test]
async fn errors_do_not_show_what_was_asked() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    for call in 1..=20 {
        world.plan.inject(call, Fault::ServerError);
    }
    let error = world.faulty().connection(case.tenant(), case.id()).await.unwrap_err();
    let said = format!("{error} {error:?}");
    assert!(!said.contains(case.id().as_str()) && !said.contains(case.tenant().as_str()), "{said}");
}

/// An answer that is lost after the service did the work makes the SDK send the call again.
#[tokio::test]
async fn a_lost_answer_does_not_turn_success_into_refusal() {
    let world = World::start().await.unwrap();
    for fault in [Fault::Duplicate, Fault::Reset] {
        let mut broken = 0;
        let mut ended = None;
        for call in 1.. {
            let case = world.active(1).await.unwrap();
            let store = world.faulty();
            let planned = case.ending(&world, Reason::Disconnected).await.unwrap();
            world.plan.reset();
            world.plan.inject(call, fault);
            assert_eq!(store.begin(&planned, None).await.unwrap(), Cutoff::Made, "call {call} {fault:?}");
            ended = Some(planned);
            if !world.plan.log().iter().any(|seen| seen.fault == Some(fault)) {
                break;
            }
            broken = call;
        }
        assert!(broken >= 2, "of {broken} calls");
        let (ended, store) = (ended.unwrap(), world.faulty());
        world.plan.reset();
        world.plan.inject(1, fault);
        assert!(store.advance(&Deletion { version: 2, ..ended }).await.unwrap(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_chunk_whose_answer_is_lost_is_stored() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    for fault in [Fault::Duplicate, Fault::Reset] {
        for call in 1..=4 {
            world.plan.reset();
            world.plan.inject(call, fault);
            let name = format!("ad/{call}-{fault:?}");
            let chunk = StoredChunk { name, version: world.now(), rows: 1, parts: vec![sealed(1, 9); 3] };
            let end = world.now() + SignedDuration::from_hours(1);
            let stored = put_chunk(&world.faulty(), &case.account(0), &chunk, end).await.unwrap();
            assert!(stored, "call {call} {fault:?}");
        }
    }
}
