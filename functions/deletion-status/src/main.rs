//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use mooring_deletion_status::{App, handle};
use mooring_edge::{Config, Edge};
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let profile = Arc::new(mooring_profiles::from_env()?);
    mooring_edge::run(App { edge, ledger: store, profile }, |app, request| Box::pin(handle(app, request)))
        .await
}
