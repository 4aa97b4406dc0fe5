//! Reads and writes the text of a credential, with a prefix and a checksum that secret scanners can rely on.
//!
//! `moor_live_<tenant 26><key 26>_<secret 43>_<checksum 6>`; a frontend token is
//! `moor_ft_live_<tenant 26><token 26><key 26>_<secret 43>_<checksum 6>` and names the key that minted it, so that
//! authentication reads both at the same time. `test` stands in the place of `live` outside of a deployment. Nothing
//! here says that a credential is valid: this needs the stored digest.

use crate::base::host::Entropy;
use crate::base::ids::{CredentialId, TenantId};
use crate::base::random::{self, SECRET_LENGTH};
use crate::base::secret::Confidential;

const BODY_LENGTH: usize = 26;

const CHECKSUM_LENGTH: usize = 6;

/// The place where a credential works. The word stands in the credential's text, so that people and scanners see what
/// a leaked one opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// A deployment.
    Live,
    /// A developer's machine or a test.
    #[default]
    Test,
}

impl Mode {
    const ALL: [Self; 2] = [Self::Live, Self::Test];

    const fn prefix(self, frontend: bool) -> &'static str {
        match (self, frontend) {
            (Self::Live, false) => "moor_live_",
            (Self::Live, true) => "moor_ft_live_",
            (Self::Test, false) => "moor_test_",
            (Self::Test, true) => "moor_ft_test_",
        }
    }
}

/// The parts that the well-formed text of a credential names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Where the credential claims to work.
    pub mode: Mode,
    /// The tenant that the credential claims to belong to.
    pub tenant: TenantId,
    /// The id that the credential claims.
    pub id: CredentialId,
    /// The key that minted a frontend token; `None` for an API key.
    pub minted_by: Option<CredentialId>,
}

/// Mints the text of a new credential with 256 random bits.
pub fn mint(entropy: &dyn Entropy, named: &Presented) -> Confidential {
    let prefix = named.mode.prefix(named.minted_by.is_some());
    let key = named.minted_by.as_ref().map_or("", CredentialId::body);
    let secret = random::secret_text(entropy);
    let text = format!("{prefix}{}{}{key}_{secret}", named.tenant.body(), named.id.body());
    let checksum = checksum(&text);
    Confidential::new(format!("{text}_{checksum}"))
}

/// Reads the text of a credential; `None` unless prefix, lengths, alphabet and checksum all fit.
pub fn parse(text: &str) -> Option<Presented> {
    let kinds = Mode::ALL.into_iter().flat_map(|mode| [(mode, false), (mode, true)]);
    let stripped = |(mode, frontend): (Mode, bool)| {
        text.strip_prefix(mode.prefix(frontend)).map(|rest| (mode, frontend, rest))
    };
    let (mode, frontend, rest) = { kinds }.find_map(stripped)?;
    let (covered, sum) = text.rsplit_once('_')?;
    let (names, rest) = rest.split_once('_')?;
    let (secret, _) = rest.split_once('_')?;
    let bodies = if frontend { 3 } else { 2 };
    let shaped = names.len() == bodies * BODY_LENGTH && is_base62(secret, SECRET_LENGTH);
    if !shaped || !is_base62(sum, CHECKSUM_LENGTH) || checksum(covered) != sum {
        return None;
    }
    let (tenant, names) = names.split_at_checked(BODY_LENGTH)?;
    let (id, key) = names.split_at_checked(BODY_LENGTH)?;
    let minted_by = if frontend { Some(prefixed(CredentialId::PREFIX, key)?) } else { None };
    Some(Presented {
        mode,
        tenant: prefixed(TenantId::PREFIX, tenant)?,
        id: prefixed(CredentialId::PREFIX, id)?,
        minted_by,
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

/// Computes the CRC-32 of IEEE 802.3, bit by bit: 110 bytes at a time need no table.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::testing::Counting;

    fn minted(mode: Mode, frontend: bool) -> (Presented, String) {
        let id = |number| CredentialId::from_uuid(Uuid::from_u128(number));
        let tenant = TenantId::from_uuid(Uuid::from_u128(7));
        let named = Presented { mode, tenant, id: id(9), minted_by: frontend.then(|| id(11)) };
        let text = mint(&Counting::default(), &named).text().to_owned();
        (named, text)
    }

    #[test]
    fn the_checksum_is_the_common_crc() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn what_is_minted_is_read_back_and_says_where_it_works() {
        for (mode, frontend, prefix) in [
            (Mode::Live, false, "moor_live_"),
            (Mode::Live, true, "moor_ft_live_"),
            (Mode::Test, false, "moor_test_"),
            (Mode::Test, true, "moor_ft_test_"),
        ] {
            let (named, text) = minted(mode, frontend);
            assert!(text.starts_with(prefix), "{prefix}");
            assert_eq!(parse(&text), Some(named));
        }
    }

    #[test]
    fn every_changed_lost_or_added_character_is_refused() {
        for (_, text) in [minted(Mode::Live, false), minted(Mode::Live, true)] {
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
        }
        assert!(parse("").is_none());
    }

    #[test]
    fn the_word_of_another_place_does_not_fit() {
        let (_, text) = minted(Mode::Test, false);
        assert!(parse(&text.replace("_test_", "_live_")).is_none());
    }
}
