//! Sends the mail that a deletion request by address asked for, if the address is known and its turn has come.
//!
//! The queue tries an error again; a message that fails for good becomes a dead letter, which raises an alarm. The
//! request with its sealed address is deleted as soon as nothing is left to do for it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;

use crate::base::address::MailAddress;
use crate::base::error::{Error, Kind, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::{ConnectionId, MailId, TenantId};
use crate::base::locale::Locale;
use crate::base::queue::JobQueue;
use crate::base::random;
use crate::base::secret::Fingerprint;
use crate::connect::connection::State;
use crate::connect::ports::{ConnectionRead, MailIndexRead, TransientPut};
use crate::deletion::link::{DeletionLink, LINK_MINUTES};
use crate::notice::mail::{LOOK_AGAIN, MailRequest, REQUEST_KEPT, Turn, slot, turn};
use crate::notice::ports::{Letter, MailPaces, MailRequestTake, MailWriter, Mailer};
use crate::platform::credentials::{self, INDEX_APP};
use crate::platform::profile::Profile;
use crate::platform::steps::app_secrets;
use crate::vault::keys::DataKey;
use crate::vault::ports::{KeyOpen, VaultRead};

rows!(VaultRead, MailRequestTake, MailPaces, MailIndexRead, ConnectionRead, TransientPut);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes links.
    pub entropy: Arc<dyn Entropy>,
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Opens data keys.
    pub keys: Arc<dyn KeyOpen>,
    /// Puts a request off.
    pub queue: Arc<dyn JobQueue<MailId>>,
    /// Sends the mail.
    pub mailer: Arc<dyn Mailer>,
    /// Writes the mail.
    pub writer: Arc<dyn MailWriter>,
    /// The profile of the product that sends the mail.
    pub profile: Arc<Profile>,
    /// The API's origin, for the address in the link.
    pub api_origin: String,
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request was done before, or has expired.
    Nothing,
    /// No live connection has the address.
    Unknown,
    /// The mail of another waiting request answers this one.
    Merged,
    /// The request waits for its turn, or for the index of mailboxes.
    Waits,
    /// The mail left.
    Sent,
}

impl Outcome {
    /// Returns the outcome's word, for the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Unknown => "unknown",
            Self::Merged => "merged",
            Self::Waits => "waits",
            Self::Sent => "sent",
        }
    }
}

/// Works on one request.
pub async fn run(ports: &Ports, id: &MailId) -> Result<Outcome> {
    let now = ports.clock.now();
    let Some(request) = ports.rows.mail_request(id, now).await? else { return Ok(Outcome::Nothing) };
    let key = app_secrets::app_key(ports.rows.as_ref(), ports.keys.as_ref(), INDEX_APP).await?;
    let address = open(key.as_ref(), &request)?;
    let mail = credentials::mail_fingerprint(key.as_ref(), &address);
    let live = live(ports, &ports.rows.by_mail(&mail).await?).await?;
    if live.is_empty() {
        let again = request.expires_at - REQUEST_KEPT + LOOK_AGAIN;
        if now < again {
            ports.queue.send(std::slice::from_ref(id), delay(now, again)).await?;
            return Ok(Outcome::Waits);
        }
        ports.rows.delete_mail_request(id).await?;
        return Ok(Outcome::Unknown);
    }
    match turn(ports.rows.pace(&mail).await?.as_ref(), id, now) {
        Turn::Merge => {
            ports.rows.delete_mail_request(id).await?;
            Ok(Outcome::Merged)
        }
        Turn::Wait(pace, until) => {
            if let Some(pace) = pace {
                stored(ports.rows.put_pace(&mail, &pace, now).await?)?;
            }
            ports.queue.send(std::slice::from_ref(id), delay(now, until)).await?;
            Ok(Outcome::Waits)
        }
        Turn::Send(pace) => {
            stored(ports.rows.put_pace(&mail, &pace, now).await?)?;
            send(ports, &address, request.locale.as_ref(), DeletionLink::new(live, mail, now)).await?;
            ports.rows.delete_mail_request(id).await?;
            Ok(Outcome::Sent)
        }
    }
}

fn open(key: &dyn DataKey, request: &MailRequest) -> Result<MailAddress> {
    let plain = key.open(&slot(&request.id), &request.sealed)?;
    MailAddress::parse(plain.text().unwrap_or_default())
        .map_err(|_| Error::new(Kind::Internal, "mail_request_broken", "A request holds no address."))
}

/// Fails when another worker stored first: two requests of one address met, and the message comes again and finds the
/// stored state.
fn stored(is_stored: bool) -> Result<()> {
    if is_stored {
        return Ok(());
    }
    Err(Error::unavailable("mail_turn_taken", "Another request of the same address was faster."))
}

/// Computes the delay of a message. A queue delays by 15 minutes at most; a request that has to wait longer is put off
/// again.
fn delay(now: Timestamp, until: Timestamp) -> u32 {
    u32::try_from(until.duration_since(now).as_secs() + 1).unwrap_or(1)
}

/// Keeps the connections whose deletion has not begun.
async fn live(ports: &Ports, found: &[(TenantId, ConnectionId)]) -> Result<Vec<(TenantId, ConnectionId)>> {
    let mut live = Vec::new();
    for (tenant, id) in found {
        let row = ports.rows.connection(tenant, id).await?;
        if row.is_some_and(|row| row.state != State::Purging) {
            live.push((tenant.clone(), id.clone()));
        }
    }
    Ok(live)
}

async fn send(
    ports: &Ports,
    address: &MailAddress,
    locale: Option<&Locale>,
    link: DeletionLink,
) -> Result<()> {
    let token = random::secret_text(ports.entropy.as_ref());
    ports.rows.put_link(&ports.entropy.digest(token.as_bytes()), &link).await?;
    let url = format!("{}/deletion-requests/{token}", ports.api_origin);
    let Letter { subject, text } = ports.writer.deletion_link(locale, &ports.profile, &url);
    ports.mailer.send(&SecretString::from(address.text()), &subject, &text).await
}

impl DeletionLink {
    fn new(connections: Vec<(TenantId, ConnectionId)>, mail: Fingerprint, now: Timestamp) -> Self {
        let expires_at = now + SignedDuration::from_mins(LINK_MINUTES);
        Self { connections, mail, made_at: now, expires_at }
    }
}
