//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use mooring_edge::{Config, Edge};
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};
use mooring_webhook_endpoints_read::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let app = App { edge, endpoints: store };
    mooring_edge::run(app, |app, request| Box::pin(handle(app, request))).await
}
