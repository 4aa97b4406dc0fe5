//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use mooring_deletions_read::{App, handle};
use mooring_edge::{Config, Edge};
use mooring_registry::Registry;
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let app = App {
        edge: Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?),
        ledger: store.clone(),
        owners: store,
        connectors: Arc::new(Registry::from_env()?),
    };
    mooring_edge::run(app, |app, request| Box::pin(handle(app, request))).await
}
