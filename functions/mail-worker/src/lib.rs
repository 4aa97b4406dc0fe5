//! SQS: mails the links that people asked for to have their data deleted.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use mooring_domain::Result;
use mooring_domain::base::ids::MailId;
pub use mooring_domain::deletion::ops::send_mail::Ports;
use mooring_domain::deletion::ops::send_mail::run;
use mooring_queue::run_batch;

/// The dependencies of the function.
#[derive(Clone)]
pub struct App {
    /// The ports of the operation.
    pub ports: Ports,
}

/// Sends the mails of a batch of requests.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    run_batch(&event, 1, |request| work(app, request)).await
}

async fn work(app: &App, request: MailId) -> Result<()> {
    let outcome = run(&app.ports, &request).await?;
    tracing::info!(
        mail.request = request.as_str(),
        mail.outcome = outcome.as_str(),
        "mail request worked off"
    );
    Ok(())
}
