//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use aws_lambda_events::sqs::SqsEvent;
use lambda_runtime::{LambdaEvent, service_fn};
use mooring_queue::Queues;
use mooring_registry::Registry;
use mooring_store::Store;
use mooring_sync_worker::{App, deadline, handle};
use mooring_system::{SystemClock, SystemEntropy};
use mooring_vault::Vault;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env().await);
    let (s, v) = (&store, Arc::new(Vault::from_env().await?));
    let (clock, entropy, queue) = (Arc::new(SystemClock), Arc::new(SystemEntropy), Arc::new(Queues::from_env().await));
    let (connectors, profile) = (Arc::new(Registry::from_env()?), Arc::new(mooring_profiles::from_env()?));
    #[rustfmt::skip]
    let app = &App { clock, entropy, fences: s.clone(), connections: s.clone(), states: s.clone(), vault: s.clone(), keys: v,
        connectors, progress: s.clone(), completeness: s.clone(), stored: s.clone(), sheets: s.clone(), queue,
        activity: s.clone(), begin: s.clone(), ledger: s.clone(), profile };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<SqsEvent>| {
        let until = deadline(event.context.deadline);
        Ok::<_, lambda_runtime::Error>(handle(app, event.payload, until).await)
    }))
    .await
}
