//! Starts the function: makes its adapters from the environment and runs the handler.

use std::sync::Arc;

use aws_lambda_events::event::sqs::SqsEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use mooring_mail_worker::{App, Ports, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    mooring_telemetry::init();
    let ports = Ports {
        clock: Arc::new(mooring_system::SystemClock),
        entropy: Arc::new(mooring_system::SystemEntropy),
        rows: Arc::new(mooring_store::Store::from_env()),
        keys: Arc::new(mooring_vault::Vault::from_env()?),
        queue: Arc::new(mooring_queue::Queues::from_env()),
        mailer: Arc::new(mooring_mail::Ses::from_env()?),
        writer: Arc::new(mooring_texts::Letters),
        profile: Arc::new(mooring_profiles::from_env()?),
        api_origin: mooring_edge::Config::from_env()?.api_origin,
    };
    let app = &App { ports };
    let serve =
        |event: LambdaEvent<SqsEvent>| async move { Ok::<_, Error>(handle(app, event.payload).await) };
    lambda_runtime::run(service_fn(serve)).await
}
