//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use mooring_sync_worker::{App, handle, probe_connection, run_sync};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mooring_telemetry::init();
    let store = Arc::new(mooring_store::Store::from_env());
    let sync = run_sync::Ports {
        clock: Arc::new(mooring_system::SystemClock),
        entropy: Arc::new(mooring_system::SystemEntropy),
        rows: store.clone(),
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        connectors: Arc::new(mooring_registry::Registry::from_env()?),
        profile: Arc::new(mooring_profiles::from_env()?),
        queue: Arc::new(mooring_queue::Queues::from_env()),
    };
    let run_sync::Ports { clock, entropy, keys, connectors, profile, .. } = sync.clone();
    let probe = probe_connection::Ports { clock, entropy, rows: store, keys, connectors, profile };
    let app = &App { sync, probe };
    let serve = |event: LambdaEvent<SqsEvent>| async move {
        let deadline = Timestamp::from_millisecond(i64::try_from(event.context.deadline)?)?;
        Ok::<_, Error>(handle(app, event.payload, deadline).await)
    };
    lambda_runtime::run(service_fn(serve)).await
}
