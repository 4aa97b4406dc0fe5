//! The function's process: adapters from the environment, then the handler.

use std::sync::Arc;

use mooring_connection_confirm::{App, handle};
use mooring_edge::{Config, Edge};
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};
use mooring_vault::Vault;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    let (store, vault) = (Arc::new(Store::from_env()), Arc::new(Vault::from_env()?));
    let app = App {
        edge: Edge::new(store.clone(), Arc::new(SystemClock), Arc::new(SystemEntropy), Config::from_env()?),
        read: store.clone(),
        take: store.clone(),
        connections: store.clone(),
        held: store.clone(),
        confirm: store.clone(),
        vault: store,
        open: vault.clone(),
        mint: vault,
        profile: Arc::new(mooring_profiles::from_env()?),
    };
    mooring_edge::run(app, |app, request| Box::pin(handle(app, request))).await
}
