//! Accounts: what a connection reaches, chosen and let go one by one.

use crate::connection::State;
use crate::ids::AccountId;
use crate::keys::SealedBox;
use crate::money::Currency;
use crate::secret::Fingerprint;

/// An account as the platform describes it. Its name and number come from the platform, so they are only stored sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct PlatformAccount {
    /// The platform's own id, as text.
    pub external_id: String,
    /// The name that people see.
    pub name: String,
    /// The account's currency.
    pub currency: Currency,
    /// The IANA zone of the account's days, such as `Europe/Berlin`.
    pub zone: String,
}

impl std::fmt::Debug for PlatformAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlatformAccount({}, {})", self.currency.as_str(), self.zone)
    }
}

/// An account's row: everything that may be read without a key, and the sealed profile beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Our id.
    pub id: AccountId,
    /// Follows the connection's states; `purging` when it is let go alone.
    pub state: State,
    /// The account's currency.
    pub currency: Currency,
    /// The IANA zone of the account's days.
    pub zone: String,
    /// Recognises the account when its owner comes back.
    pub fingerprint: Fingerprint,
    /// [`PlatformAccount`], sealed under the account's data key in the slot `acc#<id>#profile`.
    pub profile: SealedBox,
}

/// The slot of an account's sealed profile.
pub fn profile_slot(account: &AccountId) -> String {
    format!("acc#{account}#profile")
}

/// Writes accounts as bytes to seal: each field with its length before it.
pub fn encode_accounts(accounts: &[PlatformAccount]) -> Vec<u8> {
    let mut out = Vec::new();
    for account in accounts {
        for field in [account.external_id.as_str(), &account.name, account.currency.as_str(), &account.zone] {
            out.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(field.as_bytes());
        }
    }
    out
}

/// Reads what [`encode_accounts`] wrote; `None` when the bytes are something else.
pub fn decode_accounts(mut bytes: &[u8]) -> Option<Vec<PlatformAccount>> {
    let mut accounts = Vec::new();
    while !bytes.is_empty() {
        let external_id = take_field(&mut bytes)?;
        let name = take_field(&mut bytes)?;
        let currency = take_field(&mut bytes)?.parse().ok()?;
        accounts.push(PlatformAccount { external_id, name, currency, zone: take_field(&mut bytes)? });
    }
    Some(accounts)
}

fn take_field(bytes: &mut &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    String::from_utf8(field.to_vec()).ok()
}
