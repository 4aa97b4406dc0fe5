//! The accounts that a person may choose from: sealed in parts between the callback and the confirmation.
//!
//! Each carries the fingerprint that recognises it later, because the function that confirms the choice cannot open
//! the key behind fingerprints.

use crate::account::{PlatformAccount, decode_accounts, encode_accounts};
use crate::error::{Error, Kind, Result};
use crate::keys::SealedBox;
use crate::ports::DataKey;
use crate::report::shortened;
use crate::secret::Fingerprint;

/// The largest part in clear.
const PART_BYTES: usize = 48 * 1024;
/// How many parts fit the transaction that stores them: some 20,000 accounts.
const PARTS: usize = 50;

/// An account to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The account as the platform describes it.
    pub account: PlatformAccount,
    /// What recognises it later.
    pub fingerprint: Fingerprint,
}

/// Seals candidates under the connection's own data key.
pub fn seal(key: &dyn DataKey, candidates: &[Candidate]) -> Result<Vec<SealedBox>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    for candidate in candidates {
        let entry = encode(candidate);
        match parts.last_mut() {
            Some(part) if part.len() + entry.len() <= PART_BYTES => part.extend_from_slice(&entry),
            _ => parts.push(entry),
        }
    }
    if parts.len() > PARTS {
        let message = "The grant reaches more accounts than can be offered at once; grant fewer.";
        return Err(Error::new(Kind::TooLarge, "too_many_accounts", message));
    }
    parts.iter().enumerate().map(|(number, part)| key.seal(&slot(number), part)).collect()
}

/// Opens what [`seal`] sealed.
pub fn open(key: &dyn DataKey, parts: &[SealedBox]) -> Result<Vec<Candidate>> {
    let mut candidates = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let plain = key.open(&slot(number), part)?;
        let mut bytes = plain.bytes();
        while !bytes.is_empty() {
            candidates.push(decode(&mut bytes).ok_or_else(broken)?);
        }
    }
    Ok(candidates)
}

/// The slot of a part, which is its row's sort key.
fn slot(number: usize) -> String {
    format!("cand#{number}")
}

/// One entry: the fingerprint and the account, each with its length before it.
fn encode(candidate: &Candidate) -> Vec<u8> {
    let name = shortened(candidate.account.name.clone());
    let account = encode_accounts(&[PlatformAccount { name, ..candidate.account.clone() }]);
    let mut out = Vec::new();
    for field in [candidate.fingerprint.0.as_bytes(), &account] {
        out.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(field);
    }
    out
}

fn decode(bytes: &mut &[u8]) -> Option<Candidate> {
    let fingerprint = String::from_utf8(take(bytes)?.to_vec()).ok()?;
    let account = decode_accounts(take(bytes)?)?.pop()?;
    Some(Candidate { account, fingerprint: Fingerprint(fingerprint) })
}

fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    Some(field)
}

fn broken() -> Error {
    Error::new(Kind::Internal, "candidates", "The list of accounts does not have its own shape.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DataKeyId;
    use crate::secret::Plain;

    /// A key that only ties bytes to their slot.
    struct Tied;

    impl DataKey for Tied {
        fn seal(&self, slot: &str, plain: &[u8]) -> Result<SealedBox> {
            Ok(SealedBox([slot.as_bytes(), b"\0", plain].concat()))
        }

        fn open(&self, slot: &str, sealed: &SealedBox) -> Result<Plain> {
            let plain = sealed.0.strip_prefix(slot.as_bytes()).and_then(|rest| rest.strip_prefix(b"\0"));
            plain.map(|plain| Plain::new(plain.to_vec())).ok_or_else(broken)
        }

        fn fingerprint(&self, _: &str, _: &[u8]) -> [u8; 16] {
            [0; 16]
        }

        fn id(&self) -> DataKeyId {
            DataKeyId([0; 16])
        }
    }

    fn candidate(number: usize, name: &str) -> Candidate {
        let account = PlatformAccount {
            external_id: number.to_string(),
            name: name.to_owned(),
            currency: "EUR".parse().unwrap(),
            zone: "Europe/Berlin".to_owned(),
        };
        Candidate { account, fingerprint: Fingerprint(format!("{number:032x}")) }
    }

    #[test]
    fn thousands_come_back_in_order_from_parts_that_fit() {
        let all: Vec<_> = (0..3_000).map(|number| candidate(number, &"ä".repeat(number % 50))).collect();
        let parts = seal(&Tied, &all).unwrap();
        assert!(parts.len() > 1 && parts.iter().all(|part| part.0.len() <= PART_BYTES + 16));
        assert_eq!(open(&Tied, &parts).unwrap(), all);
        assert!(open(&Tied, &parts[1..]).is_err(), "a part opens in its own slot only");
    }

    #[test]
    fn more_than_a_transaction_holds_is_refused() {
        let all: Vec<_> = (0..6_000).map(|number| candidate(number, &"x".repeat(512))).collect();
        assert_eq!(seal(&Tied, &all).unwrap_err().code, "too_many_accounts");
    }
}
