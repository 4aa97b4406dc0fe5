//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use mooring_calls_read::{App, handle, read_access_log, read_credential, read_usage};
use mooring_edge::{Config, Edge};
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(mooring_store::Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let credential = read_credential::Ports { rows: store.clone() };
    let log = read_access_log::Ports { rows: store.clone() };
    let usage = read_usage::Ports { rows: store };
    mooring_edge::run(App { edge, credential, log, usage }, |app, request| Box::pin(handle(app, request)))
        .await
}
