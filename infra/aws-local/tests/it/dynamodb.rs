//! `DynamoDB`: the operations that the product uses, and TTL by the clock.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use mooring_aws_local::AwsLocal;

use crate::support::{Dir, create_table, ddb, eventually, exists, memory, on_disk, put, text};

fn new_item(pk: &str) -> TransactWriteItem {
    let put = Put::builder()
        .table_name("items")
        .item("pk", text(pk))
        .condition_expression("attribute_not_exists(pk)");
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let aws = memory(1).await;
    let ddb = ddb(&aws.endpoints().dynamodb);
    create_table(&ddb).await;
    ddb.transact_write_items()
        .transact_items(new_item("a"))
        .transact_items(new_item("b"))
        .send()
        .await
        .unwrap();
    assert!(exists(&ddb, "a").await && exists(&ddb, "b").await);
    let refused =
        ddb.transact_write_items().transact_items(new_item("c")).transact_items(new_item("a")).send().await;
    let refused = refused.unwrap_err().into_service_error();
    assert!(refused.is_transaction_canceled_exception());
    assert!(!exists(&ddb, "c").await);
}

async fn expires_by_the_clock(aws: AwsLocal) {
    let ddb = ddb(&aws.endpoints().dynamodb);
    create_table(&ddb).await;
    aws.set_ttl_enabled(false);
    let now = aws.clock().now().as_second();
    put(&ddb, "a day", Some(now + 86_400)).await;
    put(&ddb, "a week", Some(now + 7 * 86_400)).await;
    put(&ddb, "for good", None).await;
    put(&ddb, "milliseconds", Some((now + 86_400) * 1000)).await;
    put(&ddb, "six years ago", Some(now - 6 * 365 * 86_400)).await;
    for i in 0..250 {
        put(&ddb, &format!("many {i}"), Some(now + 86_400)).await;
    }
    assert_eq!(aws.ttl_sweep_once().await.unwrap(), 0);
    aws.clock().advance(Duration::from_hours(25));
    assert_eq!(aws.ttl_sweep_once().await.unwrap(), 251);
    assert!(!exists(&ddb, "a day").await && !exists(&ddb, "many 249").await);
    for kept in ["a week", "for good", "milliseconds", "six years ago"] {
        assert!(exists(&ddb, kept).await, "{kept}");
    }
    aws.shutdown().await.unwrap();
}

#[tokio::test]
async fn items_expire_by_the_clock_in_memory() {
    expires_by_the_clock(memory(1).await).await;
}

#[tokio::test]
async fn items_expire_by_the_clock_on_disk() {
    let dir = Dir::new();
    expires_by_the_clock(on_disk(dir.path()).await).await;
}

#[tokio::test]
async fn the_background_sweep_can_be_switched_off() {
    let aws = memory(1).await;
    let ddb = ddb(&aws.endpoints().dynamodb);
    create_table(&ddb).await;
    put(&ddb, "a", Some(aws.clock().now().as_second() + 3600)).await;
    aws.set_ttl_enabled(false);
    aws.clock().advance(Duration::from_hours(2));
    tokio::time::sleep(Duration::from_millis(1300)).await;
    assert!(exists(&ddb, "a").await);
    aws.set_ttl_enabled(true);
    eventually(async || !exists(&ddb, "a").await).await;
}
