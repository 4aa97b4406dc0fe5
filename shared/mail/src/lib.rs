//! SES adapter: the one mail Mooring sends.
//!
//! An address is used for one call and kept nowhere: no error and no log of this crate holds it, because a cause that
//! comes from SES may quote it.

mod config;

use async_trait::async_trait;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use mooring_domain::notice::ports::Mailer;
use mooring_domain::{Error, Kind, Result};
use secrecy::{ExposeSecret, SecretString};

pub use aws_sdk_sesv2::Client;
pub use config::Config;

const CHARSET: &str = "UTF-8";

/// Sends mail through SES.
#[derive(Clone)]
pub struct Ses {
    client: Client,
    from: String,
}

impl Ses {
    /// Uses a client and a sender's address.
    pub fn new(client: Client, from: &str) -> Self {
        Self { client, from: from.to_owned() }
    }

    /// Builds both from the environment.
    pub fn from_env() -> Result<Self> {
        let client = Client::new(&mooring_aws::config("SESV2"));
        Ok(Self::new(client, &Config::from_env()?.from))
    }
}

impl std::fmt::Debug for Ses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ses")
    }
}

#[async_trait]
impl Mailer for Ses {
    async fn send(&self, to: &SecretString, subject: &str, text: &str) -> Result<()> {
        let message = message(subject, text).map_err(|_| incomplete())?;
        self.client
            .send_email()
            .from_email_address(&self.from)
            .destination(Destination::builder().to_addresses(to.expose_secret()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map_err(|error| refused(&error))?;
        Ok(())
    }
}

fn message(subject: &str, text: &str) -> std::result::Result<Message, BuildError> {
    let content = |data: &str| Content::builder().data(data).charset(CHARSET).build();
    let body = Body::builder().text(content(text)?).build();
    Ok(Message::builder().subject(content(subject)?).body(body).build())
}

fn incomplete() -> Error {
    Error::new(Kind::Internal, "mail_incomplete", "The mail could not be put together.")
}

/// The codes that trying again does not mend: most are of the identity, the account or the role, and stand for every mail;
/// `BadRequestException` and `MessageRejected` may be about one recipient.
const STANDING: [&str; 7] = [
    "AccessDeniedException",
    "AccountSuspendedException",
    "BadRequestException",
    "MailFromDomainNotVerifiedException",
    "MessageRejected",
    "NotFoundException",
    "SendingPausedException",
];

/// Names SES's code where it is one of [`STANDING`] and drops the rest: its messages quote the address that was refused.
///
/// A refusal that stands is a fault of the set-up, so that it is logged as an error; everything else is tried again.
fn refused(error: &SdkError<SendEmailError>) -> Error {
    let given = error.as_service_error().and_then(ProvideErrorMetadata::code);
    let Some(code) = STANDING.into_iter().find(|code| Some(*code) == given) else {
        return Error::unavailable("mail_away", "The mail service did not take the mail.");
    };
    let message = format!(
        "The mail service refused the mail ({code}). If it refuses all mails, look at the sender's identity and the account \
         in SES, and at the right to ses:SendEmail."
    );
    Error::new(Kind::Internal, "mail_refused", message)
}

#[cfg(test)]
mod tests;
