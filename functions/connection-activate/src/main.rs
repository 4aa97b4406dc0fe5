//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use mooring_connection_activate::{App, handle};
use mooring_edge::{Config, Edge};
use mooring_queue::Queues;
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let app = App {
        edge: Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?),
        take: store.clone(),
        connections: store.clone(),
        held: store.clone(),
        activate: store,
        queue: Arc::new(Queues::from_env()),
        profile: Arc::new(mooring_profiles::from_env()?),
    };
    mooring_edge::run(app, |app, request| Box::pin(handle(app, request))).await
}
