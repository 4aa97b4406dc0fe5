//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use mooring_edge::{Config, Edge};
use mooring_sync_request::{App, Ports, handle};
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(mooring_store::Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let ports = Ports {
        rows: store,
        queue: Arc::new(mooring_queue::Queues::from_env()),
        profile: Arc::new(mooring_profiles::from_env()?),
        clock: edge.clock.clone(),
    };
    mooring_edge::run(App { edge, ports }, |app, request| Box::pin(handle(app, request))).await
}
