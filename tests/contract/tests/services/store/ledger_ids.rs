//! The Ledger outlives everything that it records: whatever ended a connection, the Ledger holds opaque ids, and
//! nothing of a person.

use jiff::Timestamp;
use mooring_domain::base::ids::EndUser;
use mooring_domain::base::place::Subject;
use mooring_domain::base::table::Table;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::ConnectionState as _;
use mooring_domain::deletion::ledger::{Deletion, Reason};
use mooring_domain::deletion::ports::{
    Cutoff, DeletionBegin as _, DeletionOwnerRead as _, LedgerWrite as _, Purge as _,
};
use mooring_domain::people::ports::DirectoryWrite as _;
use mooring_domain::people::tenant::Tenant;
use mooring_tests_contract::World;
use mooring_tests_contract::values::{Case, change, deletion};

const ORIGIN: &str = "https://ledger-canary.example";
const NAME: &str = "Ledger Canary Ltd";

/// Lists the values that may not be in the Ledger: fingerprints, the product's reference of its user, names of the
/// customer.
fn planted(case: &Case) -> Vec<String> {
    let mut planted = vec![ORIGIN.to_owned(), NAME.to_owned(), case.connection.end_user.as_str().to_owned()];
    planted.push(case.connection.identity.0.clone());
    planted.extend(case.connection.mail.iter().map(|mail| mail.0.clone()));
    planted.extend(case.accounts.iter().map(|account| account.fingerprint.0.clone()));
    planted.retain(|text| !text.is_empty());
    planted
}

/// Checks every row of the Ledger with all its attributes, as text.
async fn assert_opaque(world: &World, case: &Case, when: &str) {
    let rows = world.rows(Table::Ledger).await.unwrap();
    assert!(!rows.is_empty());
    for text in planted(case) {
        for row in &rows {
            assert!(!format!("{row:?}").contains(&text), "{when}: the Ledger holds {text}");
        }
    }
}

async fn with_tenant(world: &World) -> Case {
    let case = world.active(2).await.unwrap();
    let tenant = Tenant {
        id: case.tenant().clone(),
        name: NAME.to_owned(),
        active: true,
        return_urls: vec![format!("{ORIGIN}/back")],
        origins: vec![ORIGIN.to_owned()],
        pseudonyms: None,
    };
    world.store.put_tenant(&tenant, None).await.unwrap();
    case
}

/// Stores the evidence of a deletion for this reason; most reasons rest on nothing stored.
async fn rests_on(world: &World, case: &Case, (reason, since): (Reason, Timestamp)) {
    let (store, tenant, id) = (&world.store, case.tenant(), case.id());
    let mut to = State::Active;
    let mut lost = Vec::new();
    match reason {
        Reason::RevokedAtPlatform | Reason::NotReauthorised => to = State::Suspect,
        Reason::AccountLost => lost.push((case.account(0).account, since)),
        _ => return,
    }
    let mut life = store.life(tenant, id).await.unwrap();
    life.lost = lost;
    assert!(store.record_life(tenant, id, &change(id, life, State::Active, to)).await.unwrap());
}

async fn end(world: &World, case: &Case, subject: Subject, reason: Reason) -> Deletion {
    let t0 = world.now();
    rests_on(world, case, (reason, t0)).await;
    let places = world.store.places(case.tenant(), &subject, &case.account_ids()).await.unwrap();
    let ended = Deletion { places, ..deletion(case.tenant(), subject, reason, t0) };
    let owner = Some(&case.connection.end_user);
    assert_eq!(world.store.begin(&ended, owner).await.unwrap(), Cutoff::Made);
    ended
}

/// Purges everything, and moves the deletion on once, so that rows of each kind of write are there.
async fn finish(world: &World, mut ended: Deletion) {
    for place in &ended.places {
        world.store.purge(place).await.unwrap();
        assert_eq!(world.store.count(place).await.unwrap(), 0);
    }
    ended.version += 1;
    assert!(world.store.advance(&ended).await.unwrap());
}

#[tokio::test]
async fn the_ledger_holds_opaque_ids_whatever_ended_it() {
    for reason in Reason::all() {
        let world = World::start().await.unwrap();
        let case = if reason == Reason::Abandoned {
            world.pending(2).await.unwrap()
        } else {
            with_tenant(&world).await
        };
        let ended = end(&world, &case, Subject::Connection(case.id().clone()), reason).await;
        assert_opaque(&world, &case, reason.as_str()).await;
        finish(&world, ended).await;
        assert_opaque(&world, &case, reason.as_str()).await;
    }
}

#[tokio::test]
async fn the_ledger_holds_opaque_ids_of_accounts_and_tenants() {
    let world = World::start().await.unwrap();
    let case = with_tenant(&world).await;
    let account = Subject::Account(case.id().clone(), case.account(0).account);
    for subject in [account, Subject::Tenant] {
        let ended = end(&world, &case, subject.clone(), Reason::Requested).await;
        assert_opaque(&world, &case, &format!("{subject:?}")).await;
        finish(&world, ended).await;
        assert_opaque(&world, &case, &format!("{subject:?}")).await;
    }
    assert!(world.rows(Table::Directory).await.unwrap().is_empty(), "origins went with the tenant's rows");
}

#[tokio::test]
async fn whose_a_deletion_is_is_known_until_everything_must_be_gone() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let ended = end(&world, &case, Subject::Connection(case.id().clone()), Reason::Disconnected).await;
    let owner = |at| world.store.owner(case.tenant(), &ended.id, at);
    let known: EndUser = case.connection.end_user.clone();
    assert_eq!(owner(world.now()).await.unwrap(), Some(known));
    assert_eq!(owner(ended.delete_by).await.unwrap(), None);
}
