//! The text of a credential: what a caller presents, with a prefix and a checksum that secret scanners can rely on.
//!
//! `moor_test_<tenant 26><credential 26>_<secret 43>_<checksum 6>`; frontend tokens begin with `moor_ft_test_`.
//! Says nothing about whether a credential is valid: that needs the stored digest.

use crate::ids::{CredentialId, TenantId};
use crate::ports::Entropy;
use crate::random::{self, SECRET_LENGTH};
use crate::secret::Confidential;

const KEY_PREFIX: &str = "moor_test_";
const FRONTEND_PREFIX: &str = "moor_ft_test_";
const BODY_LENGTH: usize = 26;
const CHECKSUM_LENGTH: usize = 6;

/// What the well-formed text of a credential names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Whose it claims to be.
    pub tenant: TenantId,
    /// Which one it claims to be.
    pub id: CredentialId,
    /// True for a frontend token, false for an API key.
    pub frontend: bool,
}

/// Mints the text of a new credential with 256 random bits.
pub fn mint(entropy: &dyn Entropy, tenant: &TenantId, id: &CredentialId, frontend: bool) -> Confidential {
    let prefix = if frontend { FRONTEND_PREFIX } else { KEY_PREFIX };
    let secret = random::secret_text(entropy);
    let text = format!("{prefix}{}{}_{secret}", tenant.body(), id.body());
    let checksum = checksum(&text);
    Confidential::new(format!("{text}_{checksum}"))
}

/// Reads the text of a credential; `None` unless prefix, lengths, alphabet and checksum all fit.
pub fn parse(text: &str) -> Option<Presented> {
    let (rest, frontend) = match text.strip_prefix(FRONTEND_PREFIX) {
        Some(rest) => (rest, true),
        None => (text.strip_prefix(KEY_PREFIX)?, false),
    };
    let (covered, sum) = text.rsplit_once('_')?;
    let (names, rest) = rest.split_once('_')?;
    let (secret, _) = rest.split_once('_')?;
    let shaped = names.len() == 2 * BODY_LENGTH && is_base62(secret, SECRET_LENGTH);
    if !shaped || !is_base62(sum, CHECKSUM_LENGTH) || checksum(covered) != sum {
        return None;
    }
    let (tenant, id) = names.split_at_checked(BODY_LENGTH)?;
    Some(Presented {
        tenant: prefixed(TenantId::PREFIX, tenant)?,
        id: prefixed(CredentialId::PREFIX, id)?,
        frontend,
    })
}

fn prefixed<T: std::str::FromStr>(prefix: &str, body: &str) -> Option<T> {
    format!("{prefix}_{body}").parse().ok()
}

fn is_base62(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn checksum(text: &str) -> String {
    random::base62(&crc32(text.as_bytes()).to_be_bytes(), CHECKSUM_LENGTH)
}

/// CRC-32 as in IEEE 802.3, bit by bit: 110 bytes at a time need no table.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::random::tests::Counting;

    fn minted(frontend: bool) -> (TenantId, CredentialId, String) {
        let tenant = TenantId::from_uuid(Uuid::from_u128(7));
        let id = CredentialId::from_uuid(Uuid::from_u128(9));
        let text = mint(&Counting::default(), &tenant, &id, frontend);
        (tenant, id, text.text().to_owned())
    }

    #[test]
    fn the_checksum_is_the_common_crc() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn what_is_minted_is_read_back() {
        for frontend in [false, true] {
            let (tenant, id, text) = minted(frontend);
            assert_eq!(parse(&text), Some(Presented { tenant, id, frontend }));
        }
    }

    #[test]
    fn every_changed_lost_or_added_character_is_refused() {
        let (_, _, text) = minted(false);
        for index in 0..text.len() {
            for other in ['0', 'Z', '_', 'é', ' '] {
                let changed: String =
                    text.chars().enumerate().map(|(at, c)| if at == index { other } else { c }).collect();
                assert!(changed == text || parse(&changed).is_none(), "{index} {other}");
            }
            let shorter: String =
                text.chars().enumerate().filter(|(at, _)| *at != index).map(|(_, c)| c).collect();
            assert!(parse(&shorter).is_none(), "without {index}");
        }
        assert!(parse(&format!("{text}0")).is_none());
        assert!(parse("").is_none());
    }
}
