//! Webhook endpoints: addresses of a tenant's own servers that receive events, with their signing secrets.
//!
//! An event holds ids and states only. A webhook follows the Standard Webhooks specification; the port
//! [`crate::webhook::ports::WebhookPost`] signs and sends it.

use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Result};
use crate::base::host::Entropy;
use crate::base::ids::{EndpointId, TenantId};
use crate::base::secret::Confidential;
use crate::vault::keys::{SealedBox, WrappedKey};
use crate::webhook::event::{Event, EventType};

/// How many endpoints a tenant may have.
pub const MOST_ENDPOINTS: u32 = 20;

/// How long a replaced secret signs beside the new one.
pub const OLD_SECRET: SignedDuration = SignedDuration::from_hours(24);

/// How many secrets may sign at the same time.
pub const MOST_SECRETS: usize = 4;

/// The reason why an endpoint is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisableReason {
    /// The owner switched the endpoint off.
    Requested,
    /// The endpoint answered 410 Gone.
    Gone,
    /// The endpoint failed for five days without one success.
    Failing,
}

impl DisableReason {
    /// All reasons.
    pub const ALL: [Self; 3] = [Self::Requested, Self::Gone, Self::Failing];

    /// Returns the reason's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Finds a reason by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// An endpoint: every field that may be shown. Its address and its secrets are in [`EndpointSecrets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The endpoint's id.
    pub id: EndpointId,
    /// The tenant that owns the endpoint.
    pub tenant: TenantId,
    /// Scheme, host and port of the address; path and query may hold a token and are only kept sealed.
    pub origin: String,
    /// The types that the endpoint receives; empty for all types, later ones included.
    pub types: Vec<EventType>,
    /// The description that the owner gave.
    pub description: String,
    /// Why and since when the endpoint is switched off.
    pub off: Option<(DisableReason, Timestamp)>,
    /// When the endpoint first failed since its last success.
    pub failing_since: Option<Timestamp>,
    /// When the endpoint was made.
    pub created_at: Timestamp,
    /// When the endpoint was made or last switched on: it hears nothing from before.
    pub listens_from: Timestamp,
}

impl Endpoint {
    /// Returns whether the endpoint is to receive an event. Deliveries are made up to a minute after their event is
    /// written, and later when Mooring is behind: an endpoint that was made or switched on in between was not listening.
    pub fn hears(&self, event: &Event) -> bool {
        // The time at which an event was written is stored in milliseconds.
        let listened = event.written_at.as_millisecond() >= self.listens_from.as_millisecond();
        self.off.is_none() && listened && (self.types.is_empty() || self.types.contains(&event.kind))
    }

    /// Refuses an endpoint that is switched off.
    pub fn require_on(&self) -> Result<()> {
        if self.off.is_none() {
            return Ok(());
        }
        let message = "The endpoint is switched off; switch it on with `enabled: true` first.";
        Err(Error::conflict("endpoint_disabled", message))
    }
}

/// A value sealed under a data key of its own, which lies beside it: code that writes the value need not open
/// anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// The data key.
    pub key: WrappedKey,
    /// The value.
    pub sealed: SealedBox,
}

/// A signing secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The secret's name among the endpoint's secrets; part of the secret's slot.
    pub name: String,
    /// The secret's bytes.
    pub value: SealedValue,
    /// When the secret stops signing; `None` for the current one.
    pub until: Option<Timestamp>,
}

/// The fields of an endpoint that are only kept sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSecrets {
    /// The endpoint's address, in the slot [`URL_SLOT`].
    pub url: SealedValue,
    /// The endpoint's secrets, the current one first.
    pub secrets: Vec<SealedSecret>,
    /// The number of changes; each change is conditional on it.
    pub version: u64,
}

/// The slot of an endpoint's address.
pub const URL_SLOT: &str = "hook#url";

/// Names the slot of an endpoint's secret.
pub fn secret_slot(name: &str) -> String {
    format!("hook#secret#{name}")
}

impl EndpointSecrets {
    /// Returns the secrets that sign at an instant.
    pub fn valid(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecret> {
        self.secrets.iter().filter(move |secret| secret.until.is_none_or(|until| now < until))
    }
}

/// A new signing secret: 256 bits.
pub struct NewSecret {
    /// The bytes that sign.
    pub bytes: zeroize::Zeroizing<[u8; 32]>,
    /// The secret's name.
    pub name: String,
}

impl NewSecret {
    /// Makes a secret; the same entropy makes the same secret.
    pub fn make(entropy: &dyn Entropy) -> Self {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut());
        let name = entropy.digest(bytes.as_ref()).to_hex().chars().take(16).collect();
        Self { bytes, name }
    }

    /// Returns the text that the secret's owner gets, as Standard Webhooks writes secrets.
    pub fn text(&self) -> Confidential {
        Confidential::new(format!("whsec_{}", data_encoding::BASE64.encode(self.bytes.as_ref())))
    }
}

/// The changes of an endpoint; a field that is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// The part of a new address that may be shown.
    pub origin: Option<String>,
    /// The types that the endpoint receives; empty for all.
    pub types: Option<Vec<EventType>>,
    /// The description that the owner gives.
    pub description: Option<String>,
    /// Whether the endpoint is enabled, disabled or kept as it is.
    pub enablement: Enablement,
}

/// The change of whether an endpoint receives deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Enablement {
    /// Keeps the endpoint as it is.
    #[default]
    Keep,
    /// Switches the endpoint on from an instant on, and clears its failures.
    Enable(Timestamp),
    /// Clears the failures of an endpoint that is on.
    Recover,
    /// Disables the endpoint, for a reason and from an instant on.
    Disable(DisableReason, Timestamp),
}
