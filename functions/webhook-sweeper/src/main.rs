//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use mooring_webhook_sweeper::{App, Ports, handle};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mooring_telemetry::init();
    let ports = Ports {
        clock: Arc::new(mooring_system::SystemClock),
        rows: Arc::new(mooring_store::Store::from_env()),
        queue: Arc::new(mooring_queue::Queues::from_env()),
    };
    let app = &App { ports };
    let serve =
        |event: LambdaEvent<Value>| async move { handle(app, event.payload).await.map_err(Error::from) };
    lambda_runtime::run(service_fn(serve)).await
}
