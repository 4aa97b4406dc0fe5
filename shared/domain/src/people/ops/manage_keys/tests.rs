//! Keys of one tenant: what may be taken away, what a rotation leaves, what is refused.

use super::*;
use crate::testing::{World, ports, ready, tenant};

fn world(admits: Admission) -> Arc<World> {
    let world = World::new();
    *world.people.admits.lock().unwrap() = admits;
    world
}

fn ports(world: &Arc<World>) -> Ports {
    ports!(world, Ports { clock, entropy, rows; mode: Mode::Live })
}

fn input(scopes: &[Scope]) -> Input {
    Input { label: "server".to_owned(), scopes: scopes.to_vec(), expires_at: None }
}

#[test]
fn a_key_of_a_deployment_says_live_and_names_its_tenant() {
    ready(async {
        let world = world(Admission::Stored);
        let made = add(&ports(&world), &tenant(), input(&[Scope::ReportsRead])).await.unwrap();
        assert!(made.text.text().starts_with("moor_live_"));
        let named = text::parse(made.text.text()).unwrap();
        assert_eq!((named.tenant, named.id, named.minted_by), (tenant(), made.key.credential.id, None));
    });
}

#[test]
fn narrowing_takes_away_and_never_gives() {
    ready(async {
        let world = world(Admission::Stored);
        let (ports, tenant) = (ports(&world), tenant());
        let scopes = [Scope::Connect, Scope::ReportsRead];
        let id = add(&ports, &tenant, input(&scopes)).await.unwrap().key.credential.id;
        let code = |outcome: Result<ApiKey>| outcome.map_or_else(|error| error.code, |_| "narrowed");
        assert_eq!(code(narrow(&ports, &tenant, &id, &[Scope::Disconnect]).await), "scope_not_held");
        assert_eq!(code(narrow(&ports, &tenant, &id, &[]).await), "no_scopes");
        let kept = narrow(&ports, &tenant, &id, &[Scope::ReportsRead]).await.unwrap();
        assert_eq!(kept.credential.scopes, [Scope::ReportsRead]);
        assert_eq!(code(narrow(&ports, &tenant, &id, &scopes).await), "scope_not_held");
        revoke(&ports, &tenant, &id).await.unwrap();
        assert_eq!(code(narrow(&ports, &tenant, &id, &[Scope::ReportsRead]).await), "not_found");
        assert_eq!(revoke(&ports, &tenant, &id).await.unwrap_err().code, "not_found");
    });
}

#[test]
fn a_rotated_key_overlaps_its_successor_and_is_rotated_once() {
    ready(async {
        let world = world(Admission::Stored);
        let (ports, tenant) = (ports(&world), tenant());
        let end = world.now() + SignedDuration::from_hours(90 * 24);
        let ending = Input { expires_at: Some(end), ..input(&[Scope::ReportsRead]) };
        let old = add(&ports, &tenant, ending).await.unwrap().key.credential.id;
        let new = rotate(&ports, &tenant, &old, SignedDuration::from_hours(1)).await.unwrap().key.credential;
        assert_eq!((new.scopes.as_slice(), new.expires_at), ([Scope::ReportsRead].as_slice(), Some(end)));
        let listed = list(&ports, &tenant).await.unwrap();
        let found = listed.iter().find(|key| key.credential.id == old).unwrap();
        assert_eq!(found.credential.expires_at, Some(world.now() + SignedDuration::from_hours(1)));
        let again = rotate(&ports, &tenant, &old, OVERLAP).await.map(|_| ()).unwrap_err();
        assert_eq!(again.code, "key_ended");
    });
}

#[test]
fn an_overlap_lengthens_no_life_and_no_overlap_is_too_long() {
    ready(async {
        let world = world(Admission::Stored);
        let (ports, tenant) = (ports(&world), tenant());
        let soon = world.now() + SignedDuration::from_hours(24);
        let longer = SignedDuration::from_hours(48);
        let cases = [
            (Some(soon), longer, soon),
            (Some(soon), SignedDuration::MAX, soon),
            (None, SignedDuration::MAX, Timestamp::MAX),
        ];
        for (end, overlap, until) in cases {
            let ending = Input { expires_at: end, ..input(&[Scope::ReportsRead]) };
            let old = add(&ports, &tenant, ending).await.unwrap().key.credential.id;
            rotate(&ports, &tenant, &old, overlap).await.unwrap();
            let listed = list(&ports, &tenant).await.unwrap();
            let found = listed.iter().find(|key| key.credential.id == old).unwrap();
            assert_eq!(found.credential.expires_at, Some(until));
        }
    });
}

#[test]
fn what_cannot_be_added_says_what_to_do() {
    ready(async {
        for (admits, code) in [(Admission::Full, "too_many_keys"), (Admission::Closed, "tenant_closed")] {
            let world = world(admits);
            let made = add(&ports(&world), &tenant(), input(&[Scope::Connect])).await;
            assert_eq!(made.map(|_| ()).unwrap_err().code, code);
        }
        let world = world(Admission::Stored);
        let over = Input { expires_at: Some(world.now()), ..input(&[Scope::Connect]) };
        assert_eq!(add(&ports(&world), &tenant(), over).await.map(|_| ()).unwrap_err().code, "already_over");
        for label in ["", " ", "two\nlines", &"a".repeat(LONGEST_LABEL + 1)] {
            let named = Input { label: label.to_owned(), ..input(&[Scope::Connect]) };
            let refused = add(&ports(&world), &tenant(), named).await.map(|_| ()).unwrap_err();
            assert_eq!(refused.code, "unusable_label", "{label:?}");
        }
    });
}
