//! Webhooks: what a tenant's own servers hear of, the endpoints that hear it, and deliveries with their attempts.
//!
//! An event holds ids and states only. What leaves follows the Standard Webhooks specification; how it is signed and
//! sent is the business of the port [`crate::webhook::ports::WebhookPost`].

use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Result};
use crate::base::host::Entropy;
use crate::base::ids::{EndpointId, TenantId};
use crate::base::secret::Confidential;
use crate::vault::keys::{SealedBox, WrappedKey};
use crate::webhook::event::EventType;

/// How many endpoints a tenant may have.
pub const MOST_ENDPOINTS: u32 = 20;

/// How long a secret that was replaced signs beside the new one.
pub const OLD_SECRET: SignedDuration = SignedDuration::from_hours(24);

/// How many secrets may sign at the same time.
pub const MOST_SECRETS: usize = 4;

/// Why an endpoint hears nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisableReason {
    /// Its owner switched it off.
    Requested,
    /// It answered 410 Gone.
    Gone,
    /// It failed for five days without one success.
    Failing,
}

impl DisableReason {
    /// The reason's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// Finds a reason by its word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Requested, Self::Gone, Self::Failing].into_iter().find(|reason| reason.as_str() == text)
    }
}

/// An endpoint: everything of it that may be shown. Its address and its secrets are in [`EndpointSecrets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Scheme, host and port of its address; path and query may hold a token and are only kept sealed.
    pub origin: String,
    /// The types that it hears; empty for all there are and will be.
    pub types: Vec<EventType>,
    /// What its owner calls it.
    pub description: String,
    /// Why and since when it is switched off.
    pub off: Option<(DisableReason, Timestamp)>,
    /// When it first failed since it last succeeded.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Endpoint {
    /// Tells whether it is to hear of a type.
    pub fn hears(&self, kind: EventType) -> bool {
        self.off.is_none() && (self.types.is_empty() || self.types.contains(&kind))
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

/// A value sealed under a data key of its own, which lies beside it: whoever writes it need not open anything.
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
    /// Tells it from others; part of its slot.
    pub name: String,
    /// The secret's bytes.
    pub value: SealedValue,
    /// When it stops signing; `None` for the current one.
    pub until: Option<Timestamp>,
}

/// What of an endpoint is only kept sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointSecrets {
    /// Its address, in the slot [`URL_SLOT`].
    pub url: SealedValue,
    /// Its secrets, the current one first.
    pub secrets: Vec<SealedSecret>,
    /// Counts the changes; each is conditional on it.
    pub version: u64,
}

/// The slot of an endpoint's address.
pub const URL_SLOT: &str = "hook#url";

/// The slot of an endpoint's secret.
pub fn secret_slot(name: &str) -> String {
    format!("hook#secret#{name}")
}

impl EndpointSecrets {
    /// The secrets that sign at an instant.
    pub fn valid(&self, now: Timestamp) -> impl Iterator<Item = &SealedSecret> {
        self.secrets.iter().filter(move |secret| secret.until.is_none_or(|until| now < until))
    }
}

/// A new signing secret: 256 bits.
pub struct NewSecret {
    /// The bytes that sign.
    pub bytes: zeroize::Zeroizing<[u8; 32]>,
    /// Its name.
    pub name: String,
}

impl NewSecret {
    /// Makes one; the same entropy makes the same secret.
    pub fn make(entropy: &dyn Entropy) -> Self {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut());
        let name = entropy.digest(bytes.as_ref()).to_hex().chars().take(16).collect();
        Self { bytes, name }
    }

    /// The text that its owner gets, as Standard Webhooks writes secrets.
    pub fn text(&self) -> Confidential {
        Confidential::new(format!("whsec_{}", data_encoding::BASE64.encode(self.bytes.as_ref())))
    }
}

/// What is changed of an endpoint; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointChange {
    /// What may be shown of a new address.
    pub origin: Option<String>,
    /// The types that it hears; empty for all.
    pub types: Option<Vec<EventType>>,
    /// What its owner calls it.
    pub description: Option<String>,
    /// Whether it is switched.
    pub switch: Switch,
}

/// How an endpoint is switched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Switch {
    /// It stays as it is.
    #[default]
    Stay,
    /// On, which forgets its failures.
    On,
    /// Off, for a reason and from an instant on.
    DisableReason(DisableReason, Timestamp),
}
