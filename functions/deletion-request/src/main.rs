//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use mooring_deletion_request::{ANSWER_AFTER, App, handle};
use mooring_edge::{Config, Edge};
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let app = App {
        edge,
        connections: store.clone(),
        begin: store.clone(),
        ledger: store.clone(),
        queue: Arc::new(mooring_queue::Queues::from_env()),
        vault: store.clone(),
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        index: store.clone(),
        put: store.clone(),
        read: store.clone(),
        take: store,
        mailer: Arc::new(mooring_mail::Ses::from_env()?),
        profile: Arc::new(mooring_profiles::from_env()?),
        answer_after: ANSWER_AFTER,
    };
    mooring_edge::run(app, |app, request| Box::pin(handle(app, request))).await
}
