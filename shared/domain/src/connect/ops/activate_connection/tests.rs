//! Whose code fits, and an activation that does not hang on what it only tells.

use std::sync::Arc;

use jiff::SignedDuration;
use uuid::Uuid;

use super::*;
use crate::base::ids::{CredentialId, TenantId};
use crate::people::caller::CredentialKind;
use crate::testing::{World, a_connection, account, attempt, caller, connection, ports, ready, tenant, user};

/// One pending connection with one account, in a store that does not say where else the account is connected.
fn world() -> Arc<World> {
    let world = World::at(Timestamp::UNIX_EPOCH);
    let deletion = Some(DeletionId::from_uuid(Uuid::from_u128(3)));
    world.put_connection(Connection { state: State::Pending, deletion, ..a_connection(connection()) });
    world.put_account(&connection(), account(), "77");
    let expires_at = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(5);
    let code = ActivationCode { tenant: tenant(), connection: connection(), end_user: user(), expires_at };
    world.flow.codes.lock().unwrap().push((world.entropy.digest(b"code"), code));
    *world.connect.is_blind.lock().unwrap() = true;
    world
}

fn activate(world: &Arc<World>, standing: Standing) -> Result<Output> {
    let ports = ports!(world, Ports { queue, profile, clock, entropy, rows });
    let input = Input { connection: connection(), code: "code".to_owned(), end_user: user() };
    ready(run(&ports, &attempt(standing), &caller(CredentialKind::ApiKey), &input))
}

/// The code works once: what only decorates the answer must not cost it.
#[test]
fn an_activation_is_made_and_answered_though_nobody_knows_where_else_the_accounts_are() {
    let world = world();
    for standing in [Standing::First, Standing::Again, Standing::Done(None)] {
        let output = activate(&world, standing.clone()).unwrap();
        assert_eq!(output.connection.state, State::Active, "{standing:?}");
        assert_eq!((output.accounts.len(), output.also.len()), (1, 0), "{standing:?}");
        assert_eq!(output.unseen.map(|error| error.code), Some("away"), "{standing:?}");
    }
    assert!(world.flow.codes.lock().unwrap().is_empty());
    assert_eq!(world.sync.sent.lock().unwrap().len(), 1, "and made once");
}

/// Security design, 1.2: cross-user session fixation ends at the activation.
#[test]
fn a_code_works_for_its_own_tenant_connection_and_end_user_only() {
    let (now, user) = (Timestamp::UNIX_EPOCH, |name: &str| name.parse::<EndUser>().unwrap());
    let connection = |number| ConnectionId::from_uuid(Uuid::from_u128(number));
    let caller = |tenant, kind| Caller {
        tenant: TenantId::from_uuid(Uuid::from_u128(tenant)),
        credential: CredentialId::from_uuid(Uuid::nil()),
        kind,
        scopes: vec![Scope::Connect],
    };
    let code = ActivationCode {
        tenant: TenantId::from_uuid(Uuid::from_u128(1)),
        connection: connection(1),
        end_user: user("victim"),
        expires_at: now + SignedDuration::from_mins(1),
    };
    let key = || caller(1, CredentialKind::ApiKey);
    let token = |name| caller(1, CredentialKind::FrontendToken(user(name)));
    let late = now + SignedDuration::from_mins(1);
    let same = ("victim", 1, now);
    for (caller, (name, number, now), fits) in [
        (key(), same, true),
        (token("victim"), same, true),
        (token("attacker"), same, false),
        (key(), ("attacker", 1, now), false),
        (key(), ("victim", 2, now), false),
        (key(), ("victim", 1, late), false),
        (caller(2, CredentialKind::ApiKey), same, false),
    ] {
        let input = Input { connection: connection(number), code: String::new(), end_user: user(name) };
        assert_eq!(check(now, &caller, &input, Some(code.clone())).is_ok(), fits, "{name} {number} {now}");
        assert!(check(now, &caller, &input, None).is_err());
    }
}
