//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use mooring_domain::webhook::target::Reach;
use mooring_edge::{Config, Edge};
use mooring_system::{SystemClock, SystemEntropy};
use mooring_webhook_endpoint_create::{App, Ports, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(mooring_store::Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let ports = Ports { rows: store, new_keys: Arc::new(mooring_vault::Vault::from_env()?) };
    mooring_edge::run(App { edge, ports, reach: Reach::Public }, |app, request| {
        Box::pin(handle(app, request))
    })
    .await
}
