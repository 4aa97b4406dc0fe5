//! Webhooks: an event lies beside the change that it reports, deliveries move on by their version, and nobody sees
//! another tenant's.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use mooring_domain::base::ids::{EndpointId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::base::together::{Work, together};
use mooring_domain::connect::connection::State;
use mooring_domain::connect::ports::ConnectionState as _;
use mooring_domain::deletion::ledger::{Reason, Step};
use mooring_domain::deletion::ports::{DeletionBegin as _, LedgerWrite as _};
use mooring_domain::people::ports::{Admission, DirectoryWrite as _};
use mooring_domain::people::tenant::Tenant;
use mooring_domain::vault::keys::WrappedKey;
use mooring_domain::webhook::delivery::{Delivery, DeliveryState, Job};
use mooring_domain::webhook::endpoint::{
    DisableReason, Endpoint, EndpointSecrets, MOST_ENDPOINTS, SealedSecret, SealedValue,
};
use mooring_domain::webhook::endpoint::{Enablement, EndpointChange};
use mooring_domain::webhook::event::{Event, EventType};
use mooring_domain::webhook::ports::{
    DeliveryRead as _, DeliveryWrite as _, EndpointHealth as _, EndpointRead as _, EndpointSecretsRead as _,
    EndpointWrite as _, WebhookDue as _,
};
use mooring_system::SystemEntropy;
use mooring_tests_contract::values::{change, change_state, sealed, tenant_id};
use mooring_tests_contract::{World, text};
use uuid::Uuid;

/// Counts the events of a tenant that wait, by type.
async fn waiting(world: &World, tenant: &TenantId) -> BTreeMap<String, usize> {
    let rows = world.partition(Table::Activity, format!("hook#{tenant}")).await.unwrap();
    let mut types = BTreeMap::new();
    for (_, item) in
        rows.iter().filter(|(sk, item)| sk.starts_with("evt#") && text(item, "due_shard") == "events")
    {
        *types.entry(text(item, "type")).or_default() += 1;
    }
    types
}

/// Registers the tenant.
async fn opened(world: &World, tenant: &TenantId) {
    let row = Tenant {
        id: tenant.clone(),
        name: "T".to_owned(),
        active: true,
        return_urls: Vec::new(),
        origins: Vec::new(),
        pseudonyms: None,
    };
    world.store.put_tenant(&row, None).await.unwrap();
}

fn endpoint(tenant: &TenantId, number: u128) -> Endpoint {
    Endpoint {
        id: EndpointId::from_uuid(Uuid::from_u128(number)),
        tenant: tenant.clone(),
        origin: "https://hooks.example.com".to_owned(),
        types: vec![EventType::DeletionCompleted],
        description: "d".to_owned(),
        off: None,
        failing_since: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        listens_from: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn secrets(version: u64) -> EndpointSecrets {
    let value = |byte: u8| SealedValue {
        key: WrappedKey { id: mooring_domain::base::ids::DataKeyId([byte; 16]), blob: vec![byte; 9] },
        sealed: sealed(byte, 3),
    };
    let until = Some(jiff::Timestamp::UNIX_EPOCH);
    EndpointSecrets {
        url: value(1),
        secrets: vec![
            SealedSecret { name: "a".to_owned(), value: value(2), until: None },
            SealedSecret { name: "b".to_owned(), value: value(3), until },
        ],
        version,
    }
}

#[tokio::test]
async fn parallel_calls_make_no_more_endpoints_than_a_tenant_may_have() {
    let world = World::start().await.unwrap();
    let tenant = tenant_id();
    opened(&world, &tenant).await;
    let call = |number: u32| -> Work<'_, bool> {
        let endpoint = endpoint(&tenant, u128::from(number) + 1);
        let store = &world.store;
        // A call that met too many others at once gets that error, and made nothing.
        Box::pin(async move {
            store.create(&endpoint, &secrets(1)).await.is_ok_and(|answer| answer == Admission::Stored)
        })
    };
    let answers = together((0..=MOST_ENDPOINTS * 2).map(call).collect(), 64).await;
    let stored = u32::try_from(answers.iter().filter(|stored| **stored).count()).unwrap();
    let listed = world.store.endpoints(&tenant, None, 100).await.unwrap();
    assert!(stored <= MOST_ENDPOINTS && listed.len() == usize::try_from(stored).unwrap(), "{stored}");
    for number in stored..MOST_ENDPOINTS {
        let more = endpoint(&tenant, u128::from(number) + 1_000);
        assert_eq!(world.store.create(&more, &secrets(1)).await.unwrap(), Admission::Stored);
    }
    let over = endpoint(&tenant, 2_000);
    assert_eq!(world.store.create(&over, &secrets(1)).await.unwrap(), Admission::Full);
    // An existing endpoint stays, however full the tenant is; and a deleted one makes room.
    assert_eq!(world.store.create(&listed[0], &secrets(1)).await.unwrap(), Admission::There);
    assert!(world.store.remove(&tenant, &listed[0].id).await.unwrap());
    assert!(!world.store.remove(&tenant, &listed[0].id).await.unwrap());
    assert_eq!(world.store.create(&over, &secrets(1)).await.unwrap(), Admission::Stored);
    assert_eq!(world.store.create(&listed[0], &secrets(1)).await.unwrap(), Admission::Full);
}

#[tokio::test]
async fn every_change_that_is_told_has_its_event_beside_it() {
    let world = World::start().await.unwrap();
    let case = world.active(2).await.unwrap();
    let (store, tenant, id) = (&world.store, case.tenant(), case.id());
    for (from, to) in [
        (State::Active, State::Suspect),
        (State::Suspect, State::Active),
        (State::Active, State::Suspect),
        (State::Suspect, State::NeedsReauth),
    ] {
        assert!(change_state(store, tenant, id, &[from], to).await.unwrap());
        // A change that does not happen has no event.
        assert!(!change_state(store, tenant, id, &[from], to).await.unwrap());
    }
    let mut deletion = case.ending(&world, Reason::Disconnected).await.unwrap();
    store.begin(&deletion, None).await.unwrap();
    store.begin(&deletion, None).await.unwrap();
    deletion.version += 1;
    assert!(store.advance(&deletion).await.unwrap());
    (deletion.version, deletion.step, deletion.verified_at) =
        (deletion.version + 1, Step::Done, Some(world.now()));
    assert!(store.advance(&deletion).await.unwrap());
    assert!(store.advance(&deletion).await.unwrap(), "a repetition of the same write");
    let seen = waiting(&world, tenant).await;
    let wanted = [
        ("connection.activated", 1),
        ("connection.disconnected", 1),
        ("connection.needs_reauth", 1),
        ("connection.recovered", 1),
        ("connection.suspect", 2),
        ("deletion.completed", 1),
    ];
    assert_eq!(seen, wanted.map(|(kind, count)| (kind.to_owned(), count)).into());
    let rows = world.partition(Table::Activity, format!("hook#{tenant}")).await.unwrap();
    let kept = SignedDuration::from_hours(83 * 24).as_secs();
    for (_, item) in &rows {
        let left = mooring_tests_contract::expiry(item).unwrap() - world.now().as_second();
        assert!((kept - 60..=kept).contains(&left), "an event stays {left} seconds");
    }
}

/// P3: the product gets the date at which a connection that waits ends.
#[tokio::test]
async fn the_event_of_a_connection_that_waits_has_the_date_of_its_end() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (store, tenant, id) = (&world.store, case.tenant(), case.id());
    let ends_at = Timestamp::from_second(world.now().as_second() + 14 * 86_400).unwrap();
    let mut life = store.life(tenant, id).await.unwrap();
    life.ends_at = Some(ends_at);
    let waits = change(id, life, State::Active, State::NeedsReauth);
    assert!(store.record_life(tenant, id, &waits).await.unwrap());
    let mut dates = Vec::new();
    for (_, item) in world.partition(Table::Activity, format!("hook#{tenant}")).await.unwrap() {
        let event = text(&item, "sk").strip_prefix("evt#").unwrap().parse().unwrap();
        let event = store.event(tenant, &event).await.unwrap().unwrap();
        if event.kind == EventType::ConnectionNeedsReauth {
            dates.push(event.about.deletes_at);
        }
    }
    assert_eq!(dates, [Some(ends_at)]);
}

#[tokio::test]
async fn an_endpoint_comes_changes_and_goes_with_what_is_sealed() {
    let world = World::start().await.unwrap();
    let case = world.active(1).await.unwrap();
    let (store, tenant) = (&world.store, case.tenant());
    let one = endpoint(tenant, 7);
    assert_eq!(store.create(&one, &secrets(1)).await.unwrap(), Admission::Closed, "no such tenant");
    opened(&world, tenant).await;
    assert_eq!(store.create(&one, &secrets(1)).await.unwrap(), Admission::Stored);
    assert_eq!(store.create(&one, &secrets(1)).await.unwrap(), Admission::There, "made twice");
    assert_eq!(store.endpoint(tenant, &one.id).await.unwrap(), Some(one.clone()));
    assert_eq!(store.endpoint_secrets(tenant, &one.id).await.unwrap(), Some(secrets(1)));
    assert!(!store.change(tenant, &one.id, &EndpointChange::default(), Some(&secrets(3))).await.unwrap());
    assert!(store.change(tenant, &one.id, &EndpointChange::default(), Some(&secrets(2))).await.unwrap());

    let at = world.now();
    store.failing(tenant, &one.id, at).await.unwrap();
    store.failing(tenant, &one.id, at + SignedDuration::from_hours(1)).await.unwrap();
    assert_eq!(store.endpoint(tenant, &one.id).await.unwrap().unwrap().failing_since, Some(at));
    let earlier = Some(at - SignedDuration::from_hours(1));
    assert!(
        !store.switch_off(tenant, &one.id, DisableReason::Failing, earlier, at).await.unwrap(),
        "it recovered meanwhile"
    );
    assert!(store.switch_off(tenant, &one.id, DisableReason::Failing, Some(at), at).await.unwrap());
    assert!(!store.switch_off(tenant, &one.id, DisableReason::Gone, None, at).await.unwrap(), "off twice");
    assert_eq!(waiting(&world, tenant).await.get("webhook_endpoint.disabled"), Some(&1));
    assert_eq!(
        store.endpoint(tenant, &one.id).await.unwrap().unwrap().off,
        Some((DisableReason::Failing, at))
    );
    let on = EndpointChange {
        enablement: Enablement::Enable(at),
        types: Some(Vec::new()),
        ..EndpointChange::default()
    };
    assert!(store.change(tenant, &one.id, &on, None).await.unwrap());
    assert_eq!(
        store.endpoint(tenant, &one.id).await.unwrap(),
        Some(Endpoint { types: Vec::new(), listens_from: at, ..one.clone() })
    );
    assert!(store.remove(tenant, &one.id).await.unwrap());
    assert!(!store.remove(tenant, &one.id).await.unwrap());
    assert_eq!(store.endpoint_secrets(tenant, &one.id).await.unwrap(), None);
    store.failing(tenant, &one.id, at).await.unwrap();
    assert_eq!(store.endpoint(tenant, &one.id).await.unwrap(), None, "a late failure brought it back");
}

#[tokio::test]
async fn deliveries_are_made_once_move_by_version_and_are_listed_newest_first() {
    let world = World::start().await.unwrap();
    let (case, theirs) = (world.active(1).await.unwrap(), world.active(1).await.unwrap());
    let (store, tenant) = (&world.store, case.tenant());
    let (one, now) = (endpoint(tenant, 7).id, world.now());
    let mut made = Vec::new();
    for second in 0..5 {
        let at = now + SignedDuration::from_secs(second);
        let event = Event {
            id: mooring_domain::base::ids::EventId::from_uuid(Uuid::from_u128(
                u128::try_from(second).unwrap(),
            )),
            tenant: tenant.clone(),
            kind: EventType::Test,
            at,
            about: mooring_domain::webhook::event::About::default(),
            written_at: at,
            is_waiting: false,
        };
        store.put_event(&event).await.unwrap();
        assert_eq!(store.event(tenant, &event.id).await.unwrap(), Some(event.clone()));
        assert_eq!(store.event(theirs.tenant(), &event.id).await.unwrap(), None);
        let delivery = Delivery::of(&SystemEntropy, &event, &one, now);
        store.add(&delivery).await.unwrap();
        made.push(delivery);
    }
    let due = store.due_webhooks(now, 99).await.unwrap();
    let tries: Vec<_> = due.iter().filter(|job| matches!(job, Job::Try(_))).collect();
    assert_eq!(tries.len(), 5);
    let mut first = made[0].clone();
    (first.version, first.number) = (2, 1);
    first.end(DeliveryState::Delivered);
    assert!(store.advance_delivery(&first).await.unwrap());
    store.add(&made[0]).await.unwrap();
    assert_eq!(store.delivery(&first.at()).await.unwrap(), Some(first.clone()), "made again, it began anew");
    let stale = Delivery { number: 9, ..first.clone() };
    assert!(!store.advance_delivery(&stale).await.unwrap());
    assert!(!store.due_webhooks(now, 99).await.unwrap().contains(&Job::Try(first.at())));

    let ids = |found: Vec<Delivery>| found.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>();
    let newest: Vec<_> = made.iter().rev().map(|delivery| delivery.id.clone()).collect();
    assert_eq!(ids(store.deliveries(tenant, &one, None, 2).await.unwrap()), newest[..2]);
    assert_eq!(ids(store.deliveries(tenant, &one, Some(&newest[1]), 9).await.unwrap()), newest[2..]);
    assert!(store.deliveries(theirs.tenant(), &one, None, 9).await.unwrap().is_empty());
    assert!(store.deliveries(tenant, &endpoint(tenant, 8).id, None, 9).await.unwrap().is_empty());
}
