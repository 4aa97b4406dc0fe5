//! SES adapter: the one mail Mooring sends.
//!
//! An address is used for one call and kept nowhere: no error and no log of this crate holds it, because a cause that
//! comes from SES may quote it.

mod config;

use async_trait::async_trait;
use aws_sdk_sesv2::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::operation::send_email::SendEmailError;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use mooring_domain::ports::Mailer;
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

/// Keeps SES's own code and drops the rest: its messages name the address that was refused.
fn refused(error: &SdkError<SendEmailError>) -> Error {
    let away = Error::unavailable("mail_away", "The mail service did not take the mail.");
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    match code {
        Some("MessageRejected" | "MailFromDomainNotVerifiedException" | "BadRequestException") => {
            let message = "The mail service refused the mail; look at the sender's identity in SES.";
            Error::new(Kind::Internal, "mail_refused", message)
        }
        _ => away,
    }
}

#[cfg(test)]
mod tests;
