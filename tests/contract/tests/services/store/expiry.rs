//! TTL is late: no reader sees a row past its end, though it is physically there.

use std::time::Duration;

use mooring_domain::Kind;
use mooring_domain::base::table::Table;
use mooring_domain::connect::fence::Fence;
use mooring_domain::connect::ports::{ConnectionRead as _, FenceRead as _, MailIndexRead as _};
use mooring_domain::deletion::ports::LedgerRead as _;
use mooring_domain::vault::keys::{KeyContext, Use};
use mooring_domain::vault::ports::VaultRead as _;
use mooring_tests_contract::World;

#[tokio::test]
async fn no_reader_sees_what_has_ended() {
    let world = World::start().await.unwrap();
    let case = world.pending(2).await.unwrap();
    let (tenant, id, store) = (case.tenant(), case.id(), &world.store);
    let rows = world.rows(Table::Connections).await.unwrap().len();
    world.pass(Duration::from_mins(61));
    assert_eq!(world.rows(Table::Connections).await.unwrap().len(), rows, "TTL has not come");
    assert_eq!(store.connection(tenant, id).await.unwrap(), None);
    assert!(store.connections(tenant, None, 10).await.unwrap().is_empty());
    assert!(store.accounts(tenant, id).await.unwrap().is_empty());
    assert!(store.candidates(tenant, id).await.unwrap().is_empty());
    let account = case.account(0).account;
    let fence = store.fence(tenant, id, Some(&account)).await.unwrap();
    assert_eq!(fence, Fence { connection: None, account: None });
    for context in [
        KeyContext::connection(tenant, id, Use::Token),
        KeyContext::connection(tenant, id, Use::Data),
        KeyContext::account(tenant, id, &account),
    ] {
        assert_eq!(store.key(&context).await.unwrap(), None);
    }
    assert_eq!(store.token(tenant, id, "access").await.unwrap(), None);
    assert!(store.by_mail(case.connection.mail.as_ref().unwrap()).await.unwrap().is_empty());
    assert_eq!(case.activate(store).await.unwrap_err().kind, Kind::Gone);
    assert!(
        store.deletion(tenant, &case.abandoned.id).await.unwrap().is_some(),
        "its deletion is still to run"
    );
}
