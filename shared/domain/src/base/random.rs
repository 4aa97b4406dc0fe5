//! Makes new ids and new secrets from the [`Entropy`] port and an instant. Everything here is pure, given its entropy.

use jiff::Timestamp;
use uuid::Uuid;

use crate::base::host::Entropy;

/// The number of characters of a [`secret_text`].
pub const SECRET_LENGTH: usize = 43;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Makes a UUID (version 7) from an instant, for a new id.
pub fn uuid(entropy: &dyn Entropy, now: Timestamp) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Makes the UUID (version 7) that belongs to a secret and a label. The UUID is the same every time, so that a
/// repeated call writes the same rows, and nobody can guess it without the secret.
pub fn derived_uuid(entropy: &dyn Entropy, (secret, label): (&str, &str), at: Timestamp) -> Uuid {
    let derived = entropy.derive(secret.as_bytes(), label);
    let mut random = [0; 10];
    random.iter_mut().zip(derived).for_each(|(to, from)| *to = from);
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Makes the secret text that belongs to a secret and a label. The text is the same every time.
pub fn derived_text(entropy: &dyn Entropy, secret: &str, label: &str) -> String {
    base62(&entropy.derive(secret.as_bytes(), label), SECRET_LENGTH)
}

/// Makes a text of 43 base62 characters from 256 random bits, for sessions, states, tickets, codes, links and
/// credentials.
pub fn secret_text(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    base62(&bytes, SECRET_LENGTH)
}

/// Draws a random number, for jitter.
pub fn number(entropy: &dyn Entropy) -> u32 {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes);
    u32::from_be_bytes(bytes)
}

/// Writes a big-endian number as base62 digits, most significant first, filled up with zeros on the left.
pub fn base62(number: &[u8], length: usize) -> String {
    let mut number = number.to_vec();
    let mut digits = vec![b'0'; length];
    for slot in digits.iter_mut().rev() {
        let digit = usize::try_from(divide(&mut number, 62)).unwrap_or_default();
        *slot = ALPHABET.get(digit).copied().unwrap_or(b'0');
    }
    String::from_utf8_lossy(&digits).into_owned()
}

/// Divides a big-endian number in place and returns the remainder.
fn divide(number: &mut [u8], by: u32) -> u32 {
    number.iter_mut().fold(0, |rest, byte| {
        let value = (rest << 8) | u32::from(*byte);
        *byte = u8::try_from(value / by).unwrap_or(u8::MAX);
        value % by
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Counting;

    #[test]
    fn base62_counts_like_any_number() {
        assert_eq!(base62(&[0], 3), "000");
        assert_eq!(base62(&[61], 2), "0z");
        assert_eq!(base62(&[1, 0], 3), "048");
        assert_eq!(base62(&[255; 32], SECRET_LENGTH).len(), SECRET_LENGTH);
        assert_ne!(base62(&[255; 32], SECRET_LENGTH), base62(&[254; 32], SECRET_LENGTH));
    }

    #[test]
    fn ids_sort_by_time() {
        let entropy = Counting::default();
        let early = uuid(&entropy, Timestamp::from_millisecond(1_000).unwrap());
        let late = uuid(&entropy, Timestamp::from_millisecond(1_001).unwrap());
        assert!(early < late);
        assert_eq!(early.get_version_num(), 7);
    }
}
