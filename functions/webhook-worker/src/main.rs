//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use mooring_webhook_worker::{App, Ports, handle};
use mooring_webhooks::{Config, Sender};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mooring_telemetry::init();
    let ports = Ports {
        clock: Arc::new(mooring_system::SystemClock),
        entropy: Arc::new(mooring_system::SystemEntropy),
        rows: Arc::new(mooring_store::Store::from_env()),
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        queue: Arc::new(mooring_queue::Queues::from_env()),
        post: Arc::new(Sender::new(Config::from_env()?)?),
    };
    let app = &App { ports };
    let serve =
        |event: LambdaEvent<SqsEvent>| async move { Ok::<_, Error>(handle(app, event.payload).await) };
    lambda_runtime::run(service_fn(serve)).await
}
