//! SQS: mails the links that people asked for to have their data deleted.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use mooring_domain::Result;
use mooring_domain::ids::MailId;
use mooring_domain::ops::send_mail::{Ports, run};
use mooring_domain::ports::{
    Clock, ConnectionRead, Entropy, KeyOpen, MailIndexRead, MailPaces, MailQueue, MailRequestTake, Mailer,
    TransientPut, VaultRead,
};
use mooring_domain::profile::Profile;
use mooring_queue::{decode_mail, run_batch};

/// What the function needs.
#[derive(Clone)]
pub struct App {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Links.
    pub entropy: Arc<dyn Entropy>,
    /// The wrapped key that seals addresses.
    pub vault: Arc<dyn VaultRead>,
    /// Opens it.
    pub keys: Arc<dyn KeyOpen>,
    /// The requests.
    pub requests: Arc<dyn MailRequestTake>,
    /// How often addresses were written to.
    pub paces: Arc<dyn MailPaces>,
    /// Connections by mailbox.
    pub index: Arc<dyn MailIndexRead>,
    /// Connections.
    pub connections: Arc<dyn ConnectionRead>,
    /// Stores links.
    pub links: Arc<dyn TransientPut>,
    /// Puts requests off.
    pub queue: Arc<dyn MailQueue>,
    /// Sends mail.
    pub mailer: Arc<dyn Mailer>,
    /// The product.
    pub profile: Arc<Profile>,
    /// Where links lead.
    pub api_origin: String,
}

/// Works the requests of a batch off.
pub async fn handle(app: &App, event: SqsEvent) -> SqsBatchResponse {
    run_batch(&event, decode_mail, 1, |request| work(app, request)).await
}

async fn work(app: &App, request: MailId) -> Result<()> {
    let outcome = run(&ports(app), &request).await?;
    tracing::info!(
        mail.request = request.as_str(),
        mail.outcome = outcome.as_str(),
        "mail request worked off"
    );
    Ok(())
}

fn ports(app: &App) -> Ports<'_> {
    Ports {
        clock: app.clock.as_ref(),
        entropy: app.entropy.as_ref(),
        vault: app.vault.as_ref(),
        keys: app.keys.as_ref(),
        requests: app.requests.as_ref(),
        paces: app.paces.as_ref(),
        index: app.index.as_ref(),
        connections: app.connections.as_ref(),
        links: app.links.as_ref(),
        queue: app.queue.as_ref(),
        mailer: app.mailer.as_ref(),
        profile: &app.profile,
        api_origin: &app.api_origin,
    }
}
