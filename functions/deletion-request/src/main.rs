//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use mooring_deletion_request::{App, Ports, by_link, by_mail, handle};
use mooring_edge::{Config, Edge};
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let store = Arc::new(Store::from_env());
    let edge = Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?);
    let queues = Arc::new(mooring_queue::Queues::from_env());
    let (clock, entropy) = (edge.clock.clone(), edge.entropy.clone());
    let ports =
        Ports { clock: clock.clone(), entropy: entropy.clone(), rows: store.clone(), queue: queues.clone() };
    let mail = by_mail::Ports {
        clock: clock.clone(),
        entropy: entropy.clone(),
        rows: store.clone(),
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        queue: queues.clone(),
    };
    let link = by_link::Ports { clock, entropy, rows: store, queue: queues };
    let app = App { edge, ports, mail, link, profile: Arc::new(mooring_profiles::from_env()?) };
    mooring_edge::run(app, |app, request| Box::pin(handle(app, request))).await
}
