//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use mooring_deletion_worker::{App, handle};
use mooring_store::Store;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let app = &App {
        clock: Arc::new(mooring_system::SystemClock),
        entropy: Arc::new(mooring_system::SystemEntropy),
        connections: store.clone(),
        begin: store.clone(),
        ledger: store.clone(),
        advance: store.clone(),
        queue: Arc::new(mooring_queue::Queues::from_env()),
        purge: store.clone(),
        vault: store,
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        connectors: Arc::new(mooring_registry::Registry::from_env()?),
        profile: Arc::new(mooring_profiles::from_env()?),
    };
    let serve =
        |event: LambdaEvent<SqsEvent>| async move { Ok::<_, Error>(handle(app, event.payload).await) };
    lambda_runtime::run(service_fn(serve)).await
}
