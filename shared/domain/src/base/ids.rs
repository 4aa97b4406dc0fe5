//! Identifiers: a prefix, an underscore, and a UUIDv7 in 26 Crockford characters.
//!
//! Ids are opaque, sort by creation time, and are safe in keys, logs and KMS contexts: an id says nothing about a
//! person.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The reason why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("has to be {expected}")]
pub struct InvalidId {
    expected: &'static str,
}

impl InvalidId {
    /// Makes the error of a text that has to be something else.
    pub const fn of(expected: &'static str) -> Self {
        Self { expected }
    }
}

/// Encodes 128 bits as 26 Crockford base32 characters, most significant first.
fn encode(mut bits: u128) -> String {
    let mut out = [b'0'; 26];
    for slot in out.iter_mut().rev() {
        let index = usize::try_from(bits & 31).unwrap_or_default();
        *slot = ALPHABET.get(index).copied().unwrap_or(b'0');
        bits >>= 5;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns whether a text is 26 characters of the alphabet and fits 128 bits.
fn is_body(text: &str) -> bool {
    text.len() == 26
        && text.bytes().all(|byte| ALPHABET.contains(&byte))
        && text.bytes().next().is_some_and(|first| (b'0'..=b'7').contains(&first))
}

macro_rules! id {
    ($name:ident, $prefix:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The prefix that every id of this kind carries.
            pub const PREFIX: &'static str = $prefix;

            /// Makes the id of a UUIDv7.
            pub fn from_uuid(uuid: Uuid) -> Self {
                Self(format!("{}_{}", $prefix, encode(uuid.as_u128())))
            }

            /// Returns the whole id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the 26 characters after the prefix.
            pub fn body(&self) -> &str {
                self.0.get($prefix.len() + 1..).unwrap_or_default()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let body = text.strip_prefix(concat!($prefix, "_"));
                match body {
                    Some(body) if is_body(body) => Ok(Self(text.to_owned())),
                    _ => Err(InvalidId { expected: concat!("`", $prefix, "_` and 26 characters") }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(TenantId, "ten", "One customer organisation of the product.");

id!(ConnectionId, "con", "One consented grant; never reused.");

id!(AccountId, "acc", "One account reached through a connection.");

id!(DeletionId, "del", "One deletion with its receipt.");

id!(CredentialId, "key", "One API key or frontend token.");

id!(EventId, "evt", "One audit or activity event.");

id!(EndpointId, "whe", "One webhook endpoint of a tenant.");

id!(DeliveryId, "dlv", "One event on its way to one webhook endpoint.");

id!(MailId, "mai", "One request for a mail.");

/// Returns whether a text has the form of an id of Mooring, of any kind.
pub fn is_id(text: &str) -> bool {
    text.split_once('_').is_some_and(|(prefix, body)| {
        (2..=8).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_lowercase()) && is_body(body)
    })
}

/// The id of a data key: 16 random bytes, printed in the sealed box's header.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataKeyId(pub [u8; 16]);

impl DataKeyId {
    /// Returns the id as 32 lower-case hex characters.
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Reads an id from 32 hex characters.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

/// A product's own opaque reference to a person; at most 128 visible ASCII characters.
///
/// The reference is the product's pseudonym for the person, so Mooring stores and compares it, and never logs it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EndUser(String);

impl EndUser {
    /// Returns the reference as the product wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EndUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndUser(…)")
    }
}

impl FromStr for EndUser {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && !text.contains('@') {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidId { expected: "1 to 128 visible ASCII characters, and no e-mail address" })
    }
}

/// The address of an account's rows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountRef {
    /// The tenant that owns the connection.
    pub tenant: TenantId,
    /// The connection that reaches the account.
    pub connection: ConnectionId,
    /// The account.
    pub account: AccountId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_refuse_other_kinds() {
        let id = TenantId::from_uuid(Uuid::from_u128(u128::MAX));
        assert_eq!(id.as_str(), "ten_7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
        assert_eq!(id.as_str().parse::<TenantId>().unwrap(), id);
        assert!(id.as_str().parse::<ConnectionId>().is_err());
        for bad in ["", "ten_", "ten_8ZZZZZZZZZZZZZZZZZZZZZZZZZ", "ten_7ZZZZZZZZZZZZZZZZZZZZZZZZI", "ten_é"]
        {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_end_user_is_opaque_and_never_printed() {
        let user: EndUser = "u-42".parse().unwrap();
        assert!(!format!("{user:?}").contains("42"));
        assert!("anna@example.com".parse::<EndUser>().is_err());
        assert!("".parse::<EndUser>().is_err());
    }
}
