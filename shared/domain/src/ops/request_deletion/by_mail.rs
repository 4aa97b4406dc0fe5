//! Takes a deletion request by e-mail address: mails a single-use link to the mailbox, and says the same to everybody.
//!
//! The address is turned into a fingerprint and forgotten. A link is stored whether or not anything was found, so that
//! the work, like the answer, does not tell; only the mail itself is sent where there is something to delete.

use jiff::SignedDuration;
use secrecy::SecretString;

use crate::app::{self, INDEX_APP};
use crate::connect::{DeletionLink, LINK_MINUTES};
use crate::connection::State;
use crate::error::{Error, Result};
use crate::ids::{ConnectionId, TenantId};
use crate::ports::{Clock, ConnectionRead, Entropy, KeyOpen, MailIndexRead, Mailer, TransientPut, VaultRead};
use crate::profile::Profile;
use crate::random;

/// The longest address that mail knows (RFC 5321, 4.5.3.1.3, less the brackets).
const ADDRESS_MAX: usize = 254;

/// What the operation needs.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Time.
    pub clock: &'a dyn Clock,
    /// Links.
    pub entropy: &'a dyn Entropy,
    /// The key behind fingerprints.
    pub vault: &'a dyn VaultRead,
    /// Opens it.
    pub keys: &'a dyn KeyOpen,
    /// Connections by mailbox.
    pub index: &'a dyn MailIndexRead,
    /// Connections.
    pub connections: &'a dyn ConnectionRead,
    /// Stores the link.
    pub links: &'a dyn TransientPut,
    /// Sends it.
    pub mailer: &'a dyn Mailer,
    /// Who says so.
    pub profile: &'a Profile,
    /// Where the link leads.
    pub api_origin: &'a str,
}

/// Mails the link. Answers why a mail could not be sent, for the log; the person is told nothing of it.
pub async fn run(ports: &Ports<'_>, address: &str) -> Result<Option<Error>> {
    let address = address.trim();
    check(address)?;
    let index = app::app_key(ports.vault, ports.keys, INDEX_APP).await?;
    let found = ports.index.by_mail(&app::mail_fingerprint(&*index, address)).await?;
    let live = live(ports.connections, &found).await?;
    let found_any = !live.is_empty();
    let token = random::secret_text(ports.entropy);
    let expires_at = ports.clock.now() + SignedDuration::from_mins(LINK_MINUTES);
    let link = DeletionLink { connections: live, expires_at };
    ports.links.put_link(&ports.entropy.digest(token.as_bytes()), &link).await?;
    if !found_any {
        return Ok(None);
    }
    let (subject, text) = mail(ports.profile, &format!("{}/deletion-requests/{token}", ports.api_origin));
    Ok(ports.mailer.send(&SecretString::from(address), &subject, &text).await.err())
}

/// Keeps the connections that are not on their way out already.
async fn live(
    connections: &dyn ConnectionRead,
    found: &[(TenantId, ConnectionId)],
) -> Result<Vec<(TenantId, ConnectionId)>> {
    let mut live = Vec::new();
    for (tenant, id) in found {
        let row = connections.connection(tenant, id).await?;
        if row.is_some_and(|row| row.state != State::Purging) {
            live.push((tenant.clone(), id.clone()));
        }
    }
    Ok(live)
}

/// Refuses what cannot be an address. It says nothing about whether the address is known.
fn check(address: &str) -> Result<()> {
    let plain = address.len() <= ADDRESS_MAX && !address.chars().any(|c| c.is_control() || c.is_whitespace());
    let parts = address.rsplit_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
    if plain && parts.is_some() && !address.contains([',', ';', '<', '>']) {
        return Ok(());
    }
    Err(Error::invalid("invalid_email", "This is not an e-mail address."))
}

fn mail(profile: &Profile, url: &str) -> (String, String) {
    let Profile { product, contact_email, privacy_url, .. } = profile;
    let subject = format!("Delete your data at {product}");
    let text = format!(
        "Hello,\n\n\
         somebody, we hope you, asked {product} to delete the data of the accounts that were connected with this \
         e-mail address.\n\n\
         Open this page to see what will be deleted, and confirm it there:\n\n\
         {url}\n\n\
         The link works once, for {LINK_MINUTES} minutes. When you confirm, {product} can no longer read the data, \
         asks the platform to end the access, and deletes everything within 7 days; a page shows you every step.\n\n\
         If it was not you, do nothing: nothing is deleted without your confirmation.\n\n\
         Questions: {contact_email}\n\
         Privacy policy: {privacy_url}\n"
    );
    (subject, text)
}
