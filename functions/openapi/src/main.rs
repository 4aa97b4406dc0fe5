//! Starts the function: makes its adapters from the environment and runs the handler.

use mooring_openapi::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    mooring_telemetry::init();
    mooring_edge::run(App, |app, request| Box::pin(handle(app, request))).await
}
