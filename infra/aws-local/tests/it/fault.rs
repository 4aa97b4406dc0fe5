//! The fault proxy: every call is counted, and the chosen one is broken as planned.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use mooring_aws_local::{AwsLocal, Fault, FaultPlan, FaultProxy, sdk_config};

use crate::support::{create_table, ddb, exists, memory, put, text};

/// A service, a proxy in front of it, a client through the proxy without retries, and a client around the proxy.
struct Rig {
    _aws: AwsLocal,
    _proxy: FaultProxy,
    plan: Arc<FaultPlan>,
    through: Client,
    around: Client,
}

async fn rig() -> Rig {
    let aws = memory(1).await;
    let around = ddb(&aws.endpoints().dynamodb);
    create_table(&around).await;
    let plan = FaultPlan::quiet();
    let proxy = FaultProxy::start(&aws.endpoints().dynamodb, "dynamodb", Arc::clone(&plan)).await.unwrap();
    let config = sdk_config(proxy.url()).into_builder().retry_config(RetryConfig::disabled()).build();
    Rig { _aws: aws, _proxy: proxy, plan, through: Client::new(&config), around }
}

async fn two_puts(client: Client) {
    put(&client, "one", None).await;
    put(&client, "two", None).await;
}

#[tokio::test]
async fn a_crash_before_or_after_a_call_stops_the_caller_there() {
    let rig = rig().await;
    for (fault, written) in [(Fault::CrashBefore, false), (Fault::CrashAfter, true)] {
        rig.plan.reset();
        rig.plan.inject(2, fault);
        tokio::select! {
            () = two_puts(rig.through.clone()) => panic!("it was answered"),
            () = rig.plan.crashed() => {}
        }
        assert!(exists(&rig.around, "one").await);
        assert_eq!(exists(&rig.around, "two").await, written);
        rig.plan.clear_crash();
        two_puts(rig.through.clone()).await;
        let log: Vec<_> = rig.plan.log().into_iter().map(|call| (call.seq, call.operation)).collect();
        let expected: Vec<_> = (1..=4).map(|seq| (seq, "PutItem".to_owned())).collect();
        assert_eq!(log, expected);
        for pk in ["one", "two"] {
            rig.around.delete_item().table_name("items").key("pk", text(pk)).send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn dynamodb_refuses_in_its_own_words() {
    let rig = rig().await;
    rig.plan.inject(1, Fault::Throttle);
    rig.plan.inject(2, Fault::Conflict);
    rig.plan.inject(3, Fault::ServerError);
    rig.plan.inject(4, Fault::Conflict);
    let write = || rig.through.put_item().table_name("items").item("pk", text("a")).send();
    assert!(write().await.unwrap_err().into_service_error().is_provisioned_throughput_exceeded_exception());
    assert!(write().await.unwrap_err().into_service_error().is_transaction_conflict_exception());
    assert_eq!(write().await.unwrap_err().raw_response().unwrap().status().as_u16(), 500);
    let item = |pk| {
        let put = Put::builder().table_name("items").item("pk", text(pk)).build().unwrap();
        TransactWriteItem::builder().put(put).build()
    };
    let transaction = rig.through.transact_write_items().transact_items(item("a")).transact_items(item("b"));
    let cancelled = transaction.send().await.unwrap_err().into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(
        cancelled,
    ) = cancelled
    else {
        panic!("{cancelled:?}")
    };
    let codes: Vec<_> =
        cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert!(!exists(&rig.around, "a").await);
}

#[tokio::test]
async fn reset_duplicate_and_delay_reach_the_service() {
    let rig = rig().await;
    rig.plan.inject(1, Fault::Reset);
    rig.plan.inject(2, Fault::Duplicate);
    rig.plan.inject(3, Fault::Delay(Duration::from_millis(80)));
    let write = |pk| {
        let put = rig.through.put_item().table_name("items").item("pk", text(pk));
        put.condition_expression("attribute_not_exists(pk)").send()
    };
    assert!(write("reset").await.unwrap_err().as_service_error().is_none());
    assert!(exists(&rig.around, "reset").await);
    assert!(write("twice").await.unwrap_err().into_service_error().is_conditional_check_failed_exception());
    assert!(exists(&rig.around, "twice").await);
    let started = Instant::now();
    write("late").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(80));
}

/// The proxy drops the host name, so the service behind it would take the call for its own.
#[tokio::test]
async fn a_proxy_answers_to_its_own_names_alone_and_counts_no_other_call() {
    let aws = memory(1).await;
    let plan = FaultPlan::quiet();
    let proxy = FaultProxy::start(&aws.endpoints().ses, "ses", Arc::clone(&plan)).await.unwrap();
    let url = format!("{}/mailbox.json", proxy.url());
    let call = |host: &str| reqwest::Client::new().get(&url).header("host", host.to_owned()).send();
    let own = proxy.url().trim_start_matches("http://");
    let port = own.rsplit_once(':').unwrap().1;
    for foreign in ["evil.example", &format!("evil.example:{port}"), "127.0.0.1:1"] {
        assert_eq!(call(foreign).await.unwrap().status(), 421, "{foreign}");
    }
    assert!(plan.log().is_empty());
    for name in [own, &format!("localhost:{port}")] {
        assert_eq!(call(name).await.unwrap().status(), 200, "{name}");
    }
}

#[tokio::test]
async fn standard_retries_get_over_a_reset() {
    let aws = memory(1).await;
    create_table(&ddb(&aws.endpoints().dynamodb)).await;
    let plan = FaultPlan::at(1, Fault::Reset);
    let proxy = FaultProxy::start(&aws.endpoints().dynamodb, "dynamodb", Arc::clone(&plan)).await.unwrap();
    put(&ddb(proxy.url()), "a", None).await;
    assert_eq!(plan.log().len(), 2);
}

#[tokio::test]
async fn proxies_count_together_and_speak_each_dialect() {
    let aws = memory(1).await;
    let plan = FaultPlan::quiet();
    let queues = FaultProxy::start(&aws.endpoints().sqs, "sqs", Arc::clone(&plan)).await.unwrap();
    let platform = FaultProxy::start(&aws.endpoints().ses, "platform", Arc::clone(&plan)).await.unwrap();
    plan.inject(1, Fault::Throttle);
    plan.inject(2, Fault::Throttle);
    let config = sdk_config(queues.url()).into_builder().retry_config(RetryConfig::disabled()).build();
    let throttled =
        aws_sdk_sqs::Client::new(&config).get_queue_url().queue_name("jobs").send().await.unwrap_err();
    assert_eq!(throttled.into_service_error().meta().code(), Some("RequestThrottled"));
    let answer = reqwest::get(format!("{}/mailbox.json?secret=1", platform.url())).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.text().await.unwrap().contains("40100"));
    let answer = reqwest::get(format!("{}/mailbox.json", platform.url())).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "[]");
    let log: Vec<_> = plan.log().into_iter().map(|call| (call.seq, call.label, call.operation)).collect();
    let call = |seq, label: &str, operation: &str| (seq, label.to_owned(), operation.to_owned());
    let expected = [
        call(1, "sqs", "GetQueueUrl"),
        call(2, "platform", "GET /mailbox.json"),
        call(3, "platform", "GET /mailbox.json"),
    ];
    assert_eq!(log, expected);
}

#[tokio::test]
async fn a_thousand_calls_take_seconds() {
    let rig = rig().await;
    let mut took = Vec::new();
    for client in [&rig.around, &rig.through] {
        let started = Instant::now();
        for _ in 0..500 {
            exists(client, "a").await;
        }
        took.push(started.elapsed() / 500);
    }
    println!("a call takes {:?} without and {:?} with the proxy", took[0], took[1]);
    assert!(took[1] < Duration::from_millis(20));
}
