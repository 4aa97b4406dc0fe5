//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use mooring_webhook_worker::{App, handle};
use mooring_webhooks::{Config, Sender};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mooring_telemetry::init();
    let store = Arc::new(mooring_store::Store::from_env());
    let app = &App {
        clock: Arc::new(mooring_system::SystemClock),
        entropy: Arc::new(mooring_system::SystemEntropy),
        endpoints: store.clone(),
        health: store.clone(),
        secrets: store.clone(),
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        deliveries: store.clone(),
        write: store,
        queue: Arc::new(mooring_queue::Queues::from_env()),
        post: Arc::new(Sender::new(Config::from_env()?)?),
    };
    let serve =
        |event: LambdaEvent<SqsEvent>| async move { Ok::<_, Error>(handle(app, event.payload).await) };
    lambda_runtime::run(service_fn(serve)).await
}
