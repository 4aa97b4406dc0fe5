//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use mooring_sync_planner::{App, Ports, handle};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mooring_telemetry::init();
    let queues = Arc::new(mooring_queue::Queues::from_env());
    let ports =
        Ports { rows: Arc::new(mooring_store::Store::from_env()), queue: queues.clone(), probes: queues };
    let app = &App {
        ports,
        clock: Arc::new(mooring_system::SystemClock),
        profile: Arc::new(mooring_profiles::from_env()?),
    };
    let serve =
        |event: LambdaEvent<Value>| async move { handle(app, event.payload).await.map_err(Error::from) };
    lambda_runtime::run(service_fn(serve)).await
}
