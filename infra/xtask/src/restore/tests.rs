//! The replay over HTTP: a table as it was before a deletion, and the Ledger after it.

use std::sync::Arc;

use mooring_aws_local::{AwsLocal, Delays, LocalClock, Options as Local, sdk_config};
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::random;
use mooring_domain::deletion::ops::request_deletion::by_operator;
use mooring_domain::deletion::ports::{LedgerRead as _, LedgerWrite as _, Purge as _};
use mooring_domain::people::ports::{CallerRead as _, DirectoryWrite as _};
use mooring_domain::people::tenant::Tenant;
use mooring_store::create_tables;
use mooring_system::{SystemClock, SystemEntropy};

use super::*;

fn named(name: &str) -> Tenant {
    Tenant {
        id: TenantId::from_uuid(random::uuid(&SystemEntropy, Timestamp::now())),
        name: name.to_owned(),
        active: true,
        return_urls: vec!["https://app.example/back".to_owned()],
        origins: vec![format!("https://{name}.example")],
        pseudonyms: None,
    }
}

#[tokio::test]
async fn what_was_deleted_since_is_deleted_from_the_copy_and_nothing_else() {
    let local = Local {
        folder: None,
        clock: LocalClock::new(1),
        dynamodb_port: 0,
        port: 0,
        delays: Delays::default(),
    };
    let aws = AwsLocal::start(local).await.unwrap();
    let config = sdk_config(&aws.endpoints().dynamodb);
    let client = mooring_store::client(&config);
    for tables in ["live-", "copy-"] {
        create_tables(&client, &Tables::prefixed(tables)).await.unwrap();
    }
    let live = Store::reached_by(config.clone(), Tables::prefixed("live-"));
    let copy = Store::reached_by(config, Tables::named([(Table::Directory, "copy-directory".to_owned())]));
    let (gone, stays, before) = (named("gone"), named("stays"), named("before"));
    for tenant in [&gone, &stays, &before] {
        live.put_tenant(tenant, None).await.unwrap();
    }
    // The state at the point: two tenants; the deletion of the third was verified before it.
    for tenant in [&gone, &stays] {
        copy.put_tenant(tenant, None).await.unwrap();
    }
    let ports = by_operator::Ports {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        rows: Arc::new(live.clone()),
    };
    let deletion = by_operator::run(&ports, &gone.id).await.unwrap();
    let mut earlier = by_operator::run(&ports, &before.id).await.unwrap();
    let at = Timestamp::now();
    earlier.verified_at = Some(at - SignedDuration::from_mins(1));
    earlier.version += 1;
    assert!(live.advance(&earlier).await.unwrap());
    assert_eq!(live.deletion(&gone.id, &deletion.id).await.unwrap().unwrap().id, deletion.id);

    let done = replay::replay(&live, &copy, Table::Directory, at).await.unwrap();
    assert_eq!(done.deletions, 1, "the deletion that ended before the point is in the copy already");
    assert!(done.rows >= 2, "the tenant's row and its origin: {done:?}");
    assert_eq!(copy.tenant(&gone.id).await.unwrap(), None);
    assert!(!copy.origin_known("https://gone.example").await.unwrap());
    assert_eq!(copy.tenant(&stays.id).await.unwrap(), Some(stays));
    for place in deletion.places.iter().filter(|place| place.class == Table::Directory) {
        assert_eq!(copy.count(place).await.unwrap(), 0);
    }
    let again = replay::replay(&live, &copy, Table::Directory, at).await.unwrap();
    assert_eq!((again.deletions, again.rows), (1, 0), "a replay may be repeated");
}

#[test]
fn a_point_that_the_window_does_not_reach_is_refused() {
    let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
    let ago = |hours| now - SignedDuration::from_hours(hours);
    assert!(within_window(Table::Vault, ago(23), now).is_ok());
    let early = within_window(Table::Vault, ago(25), now).unwrap_err().to_string();
    assert!(early.contains("keeps 1 days") && early.contains("2026-11-29T12:00:00Z"), "{early}");
    assert!(within_window(Table::Reports, ago(-1), now).unwrap_err().to_string().contains("not over yet"));
}

#[test]
fn only_a_table_with_a_window_is_restored_and_a_copy_keeps_its_name() {
    for (word, says) in
        [("ledger", "cannot be checked"), ("transient", "minutes"), ("vaults", "known: directory")]
    {
        assert!(table(word).unwrap_err().contains(says), "{word}");
    }
    let name = copy_name("mooring", table("reports").unwrap(), "2026-11-30T12:00:00Z".parse().unwrap());
    assert_eq!(name, "mooring-reports-restored-20261130T120000Z");
}
