//! SQS: mails the links that people asked for to have their data deleted.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use mooring_domain::Result;
use mooring_domain::base::ids::MailId;
pub use mooring_domain::notice::ops::send_mail::Ports;
use mooring_domain::notice::ops::send_mail::run;
use mooring_queue::run_batch;

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// What the operation needs.
    pub ports: Ports,
}

/// Works the requests of a batch off.
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
