//! Sends the one mail of Mooring through SES.
//!
//! An address is used for one call and not kept: no error and no log of this crate holds it. Therefore SES's own
//! error texts, which may quote the address, are dropped.

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
    /// Makes a sender from a client and the sender's address.
    pub fn new(client: Client, from: &str) -> Self {
        Self { client, from: from.to_owned() }
    }

    /// Builds client and address from the environment.
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

/// The codes of SES that another try does not mend. Most concern the identity, the account or the role, and
/// thus every mail; `BadRequestException` and `MessageRejected` may concern one recipient.
const STANDING: [&str; 7] = [
    "AccessDeniedException",
    "AccountSuspendedException",
    "BadRequestException",
    "MailFromDomainNotVerifiedException",
    "MessageRejected",
    "NotFoundException",
    "SendingPausedException",
];

/// Turns SES's error into the project's. It names SES's code if that is one of [`STANDING`] and drops the
/// rest, because SES's messages quote the address that was refused.
///
/// A refusal with such a code is a fault of the set-up, so that it is logged as an error. Every other failed
/// mail is tried again.
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
