//! Creating, listing, confirming, authorising again, changing states.

use mooring_domain::Kind;
use mooring_domain::base::secret::Digest;
use mooring_domain::base::table::Table;
use mooring_domain::connect::connection::State;
use mooring_domain::connect::fence::Fence;
use mooring_domain::connect::ports::{
    ConnectionConfirm as _, ConnectionCreate as _, ConnectionRead as _, ConnectionState as _, FenceRead as _,
    TransientPut as _, TransientRead as _,
};
use mooring_domain::connect::session::ActivationCode;
use mooring_domain::connect::token_life::Life;
use mooring_domain::deletion::ports::LedgerRead as _;
use mooring_domain::vault::keys::{KeyContext, Use};
use mooring_domain::vault::ports::VaultRead as _;
use mooring_domain::vault::rows::TokenRow;
use mooring_tests_contract::values::{
    change, change_state, key_row, new_account, new_connection, sealed, tenant_id,
};
use mooring_tests_contract::{World, expiry};

use super::transient::ticket;

#[tokio::test]
async fn a_new_connection_is_read_as_it_was_created() {
    let world = World::start().await.unwrap();
    let (tenant, store) = (tenant_id(), &world.store);
    let mut new = new_connection(&tenant, world.now());
    new.candidates = (0..12).map(|byte| sealed(byte, 40)).collect();
    store.create(&new).await.unwrap();
    let id = &new.connection.id;
    assert_eq!(store.connection(&tenant, id).await.unwrap().as_ref(), Some(&new.connection));
    assert_eq!(store.candidates(&tenant, id).await.unwrap(), new.candidates);
    for key in &new.keys {
        assert_eq!(store.key(&key.context).await.unwrap().as_ref(), Some(&key.wrapped));
    }
    for token in &new.tokens {
        assert_eq!(store.token(&tenant, id, token.name).await.unwrap().as_ref(), Some(token));
    }
    let fence = store.fence(&tenant, id, None).await.unwrap();
    assert_eq!(fence, Fence { connection: Some(State::Pending), account: None });
    assert_eq!(store.deletion(&tenant, &new.abandoned.id).await.unwrap(), Some(new.abandoned));
}

#[tokio::test]
async fn every_row_of_a_pending_connection_ends_by_itself_but_its_deletion_does_not() {
    let world = World::start().await.unwrap();
    let case = world.pending(3).await.unwrap();
    let end = expiry(
        &world.row(Table::Connections, case.tenant().as_str(), case.id().as_str()).await.unwrap().unwrap(),
    );
    assert!(end.is_some());
    for table in [Table::Connections, Table::Vault, Table::Directory] {
        for row in world.rows(table).await.unwrap() {
            assert_eq!(expiry(&row), end, "{table:?} {:?}", row["sk"]);
        }
    }
    assert!(world.rows(Table::Ledger).await.unwrap().iter().all(|row| expiry(row).is_none()));
}

#[tokio::test]
async fn creating_is_all_or_nothing() {
    let world = World::start().await.unwrap();
    let tenant = tenant_id();
    let first = new_connection(&tenant, world.now());
    world.store.create(&first).await.unwrap();
    let rows = world.rows(Table::Vault).await.unwrap().len();
    let mut second = new_connection(&tenant, world.now());
    second.abandoned.id = first.abandoned.id.clone();
    let error = world.store.create(&second).await.unwrap_err();
    assert_eq!(error.kind, Kind::Conflict);
    assert_eq!(world.store.connection(&tenant, &second.connection.id).await.unwrap(), None);
    assert_eq!(world.rows(Table::Vault).await.unwrap().len(), rows);
    let mut large = new_connection(&tenant, world.now());
    large.candidates = vec![sealed(0, 10); 51];
    assert_eq!(world.store.create(&large).await.unwrap_err().code, "too_many_accounts");
}

#[tokio::test]
async fn lists_are_in_id_order_and_page_without_gaps() {
    let world = World::start().await.unwrap();
    let tenant = tenant_id();
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(world.pending_of(&tenant, 0).await.unwrap().id().clone());
    }
    ids.sort();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = world.store.connections(&tenant, after.as_ref(), 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        seen.extend(page.into_iter().map(|connection| connection.id));
    }
    assert_eq!(seen, ids);
    assert!(world.store.connections(&tenant, None, 0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_hundred_accounts_are_chosen_in_batches() {
    let world = World::start().await.unwrap();
    let case = world.pending(100).await.unwrap();
    assert_eq!(case.accounts.len(), 100);
    let account = case.account(99);
    let fence = world.store.fence(case.tenant(), case.id(), Some(&account.account)).await.unwrap();
    assert_eq!(fence, Fence { connection: Some(State::Pending), account: Some(State::Pending) });
    let context = KeyContext::account(case.tenant(), case.id(), &account.account);
    assert!(world.store.key(&context).await.unwrap().is_some());
}

#[tokio::test]
async fn nothing_is_added_or_confirmed_once_the_connection_is_not_pending() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let late = new_account(case.tenant(), case.id());
    let added =
        world.store.add_accounts(case.tenant(), case.id(), std::slice::from_ref(&late), world.now()).await;
    assert_eq!(added.unwrap_err().kind, Kind::Conflict);
    assert!(world.store.key(&late.key.context).await.unwrap().is_none());
    let code = ActivationCode {
        tenant: case.tenant().clone(),
        connection: case.id().clone(),
        end_user: case.connection.end_user.clone(),
        expires_at: world.now(),
    };
    let confirmed = world.store.confirm(&Digest([4; 32]), 2, (&Digest([3; 32]), &code)).await;
    assert_eq!(confirmed.unwrap_err().kind, Kind::Conflict);
    assert!(world.rows(Table::Transient).await.unwrap().is_empty());
}

#[tokio::test]
async fn confirming_removes_the_list_to_choose_from() {
    let world = World::start().await.unwrap();
    let case = world.pending(1).await.unwrap();
    let code = ActivationCode {
        tenant: case.tenant().clone(),
        connection: case.id().clone(),
        end_user: case.connection.end_user.clone(),
        expires_at: world.now(),
    };
    assert_eq!(world.store.candidates(case.tenant(), case.id()).await.unwrap().len(), 2);
    let early = world.store.confirm(&Digest([4; 32]), 2, (&Digest([3; 32]), &code)).await;
    assert_eq!(early.unwrap_err().kind, Kind::Conflict, "a choice needs its ticket");
    world.store.put_ticket(&Digest([4; 32]), &ticket(case.tenant(), case.id(), world.now())).await.unwrap();
    world.store.confirm(&Digest([4; 32]), 2, (&Digest([3; 32]), &code)).await.unwrap();
    assert!(world.store.candidates(case.tenant(), case.id()).await.unwrap().is_empty());
    let ticket = world.store.ticket(&Digest([4; 32]), world.now()).await.unwrap();
    assert!(ticket.is_some_and(|ticket| ticket.done), "the ticket does not say that it was carried out");
}

#[tokio::test]
async fn authorising_again_leaves_only_the_new_key_and_tokens() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (tenant, id, store) = (case.tenant(), case.id(), &world.store);
    assert!(change_state(store, tenant, id, &[State::Active], State::NeedsReauth).await.unwrap());
    let key = key_row(KeyContext::connection(tenant, id, Use::Token));
    let fresh = TokenRow { name: "access", version: 1, key: key.wrapped.id, sealed: sealed(77, 100) };
    store.reauthorise(&case.connection, &key, std::slice::from_ref(&fresh)).await.unwrap();
    assert_eq!(store.key(&key.context).await.unwrap(), Some(key.wrapped.clone()));
    assert_eq!(store.token(tenant, id, "access").await.unwrap(), Some(fresh.clone()));
    assert_eq!(store.token(tenant, id, "refresh").await.unwrap(), None);
    assert_eq!(store.connection(tenant, id).await.unwrap().unwrap().state, State::Active);
    assert!(store.fence(tenant, id, Some(&case.account(0).account)).await.unwrap().lets_write());
    let rows = world.partition(Table::Vault, case.home()).await.unwrap();
    assert!(rows.iter().all(|(_, row)| expiry(row).is_none()));
    let pending = world.pending(1).await.unwrap();
    let refused = store.reauthorise(&pending.connection, &key_row(key.context), &[fresh]).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
}

/// P3: the results of probes of the old grant are not stored after the person came back, however many probes were under
/// way.
#[tokio::test]
async fn nothing_that_was_seen_of_the_old_grant_is_written_over_a_new_one() {
    let world = World::start().await.unwrap();
    let case = world.active(0).await.unwrap();
    let (tenant, id, store) = (case.tenant(), case.id(), &world.store);
    let key = key_row(KeyContext::connection(tenant, id, Use::Token));
    let fresh = [TokenRow { name: "access", version: 1, key: key.wrapped.id, sealed: sealed(77, 100) }];
    for _ in 0..2 {
        let before = store.life(tenant, id).await.unwrap();
        store.reauthorise(&case.connection, &key, &fresh).await.unwrap();
        // Also the lives that others stored between a read and the new grant: each counts the version up by one.
        for more in 0..20 {
            let life = Life { version: before.version + more, ..before.clone() };
            let seen = change(id, life, State::Active, State::Active);
            assert!(!store.record_life(tenant, id, &seen).await.unwrap(), "{more} later");
        }
        let now = store.life(tenant, id).await.unwrap();
        assert!(store.record_life(tenant, id, &change(id, now, State::Active, State::Active)).await.unwrap());
    }
}

#[tokio::test]
async fn the_newest_of_many_versions_of_a_token_is_found() {
    let world = World::start().await.unwrap();
    let case = world.active(0).await.unwrap();
    let key = key_row(KeyContext::connection(case.tenant(), case.id(), Use::Token));
    let version = |version| TokenRow { name: "access", version, key: key.wrapped.id, sealed: sealed(1, 10) };
    let tokens: Vec<_> = [1, 2, 9, 10, 11].into_iter().map(version).collect();
    world.store.reauthorise(&case.connection, &key, &tokens).await.unwrap();
    assert_eq!(world.store.token(case.tenant(), case.id(), "access").await.unwrap().unwrap().version, 11);
}

#[tokio::test]
async fn a_state_changes_only_from_those_named() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (tenant, id, store) = (case.tenant(), case.id(), &world.store);
    let before = world.rows(Table::Connections).await.unwrap().len();
    assert!(!change_state(store, tenant, id, &[State::Suspect], State::NeedsReauth).await.unwrap());
    assert!(change_state(store, tenant, id, &[State::Active, State::Suspect], State::Suspect).await.unwrap());
    assert_eq!(store.fence(tenant, id, None).await.unwrap().connection, Some(State::Suspect));
    assert!(store.fence(tenant, id, Some(&case.account(0).account)).await.unwrap().lets_write());
    assert!(!change_state(store, &tenant_id(), id, &[State::Suspect], State::Active).await.unwrap());
    assert_eq!(world.rows(Table::Connections).await.unwrap().len(), before, "nothing was made");
}
