//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use mooring_deletion_request::{App, handle};
use mooring_edge::{Config, Edge};
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let queues = Arc::new(mooring_queue::Queues::from_env());
    let app = App {
        edge,
        connections: store.clone(),
        begin: store.clone(),
        ledger: store.clone(),
        queue: queues.clone(),
        vault: store.clone(),
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        requests: store.clone(),
        mails: queues,
        read: store.clone(),
        take: store.clone(),
        ends: store,
        profile: Arc::new(mooring_profiles::from_env()?),
    };
    mooring_edge::run(app, |app, request| Box::pin(handle(app, request))).await
}
