//! Takes a deletion request by e-mail address, and does and answers the same for every address.
//!
//! This operation seals and stores the address; the mail worker ([`crate::deletion::ops::send_mail`]) finds out later
//! whether the address is known. So neither the answer nor its time can tell. A limit never refuses: requests of a
//! busy source wait.

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::address::MailAddress;
use crate::base::error::{Error, Result};
use crate::base::host::{Clock, Entropy};
use crate::base::ids::MailId;
use crate::base::locale::Locale;
use crate::base::queue::JobQueue;
use crate::base::random;
use crate::base::together::both;
use crate::notice::mail::{MailRequest, REQUEST_KEPT, SOURCE_DELAY, SOURCE_FREE, SOURCE_WINDOW, slot};
use crate::notice::ports::MailRequestPut;
use crate::platform::credentials::{self, INDEX_APP};
use crate::platform::steps::app_secrets;
use crate::vault::keys::DataKey;
use crate::vault::ports::{KeyOpen, VaultRead};

rows!(VaultRead, MailRequestPut);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
    /// The rows of the key that seals addresses and makes fingerprints of sources, and of the request.
    pub rows: Arc<dyn Rows>,
    /// Opens the key.
    pub keys: Arc<dyn KeyOpen>,
    /// Sends the request to the mail worker.
    pub queue: Arc<dyn JobQueue<MailId>>,
}

/// A request as it came.
#[derive(Clone)]
pub struct Asked<'a> {
    /// The address.
    pub address: &'a str,
    /// The address of the network from which the request came, if it is known.
    pub source: Option<&'a str>,
    /// The language in which the person asked; the mail has it too.
    pub locale: Option<Locale>,
}

/// The outcome of a request, for the log.
#[derive(Debug)]
pub struct Output {
    /// How many seconds the request waits because its source asked often.
    pub delay_seconds: u32,
    /// Why the source could not be counted.
    pub uncounted: Option<Error>,
}

/// Takes the request. An error means that the request was not taken, and is the same for every address.
pub async fn run(ports: &Ports, asked: &Asked<'_>) -> Result<Output> {
    let address = MailAddress::parse(asked.address)?;
    let key = app_secrets::app_key(ports.rows.as_ref(), ports.keys.as_ref(), INDEX_APP).await?;
    let now = ports.clock.now();
    let id = MailId::from_uuid(random::uuid(ports.entropy.as_ref(), now));
    let sealed = key.seal(&slot(&id), address.text().as_bytes())?;
    let request = MailRequest { id, sealed, locale: asked.locale.clone(), expires_at: now + REQUEST_KEPT };
    // The number of a source refuses nothing. It is counted whether or not the request could be stored.
    let (stored, counted) =
        both(ports.rows.put_mail_request(&request), count(ports, key.as_ref(), asked.source, now)).await;
    stored?;
    let is_busy = counted.as_ref().is_ok_and(|count| *count > SOURCE_FREE);
    let delay_seconds = if is_busy { u32::try_from(SOURCE_DELAY.as_secs()).unwrap_or_default() } else { 0 };
    ports.queue.send(std::slice::from_ref(&request.id), delay_seconds).await?;
    Ok(Output { delay_seconds, uncounted: counted.err() })
}

async fn count(ports: &Ports, key: &dyn DataKey, source: Option<&str>, now: Timestamp) -> Result<u64> {
    let Some(source) = source else { return Ok(0) };
    let window = now.as_second().div_euclid(SOURCE_WINDOW.as_secs());
    let source = credentials::source_fingerprint(key, source);
    ports.rows.count_source(&source, window, now + SOURCE_WINDOW).await
}
