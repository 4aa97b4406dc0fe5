//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use lambda_runtime::{LambdaEvent, service_fn};
use mooring_queue::Queues;
use mooring_store::Store;
use mooring_sync_planner::{App, handle};
use mooring_system::SystemClock;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    mooring_telemetry::init();
    let app = App {
        clock: Arc::new(SystemClock),
        due: Arc::new(Store::from_env().await),
        queue: Arc::new(Queues::from_env().await),
        profile: Arc::new(mooring_profiles::from_env()?),
    };
    let app = &app;
    let serve =
        async |event: LambdaEvent<Value>| handle(app, event.payload).await.map_err(lambda_runtime::Error::from);
    lambda_runtime::run(service_fn(serve)).await
}
