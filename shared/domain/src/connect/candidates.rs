//! The accounts that a person may choose from: sealed in parts between the callback and the confirmation.
//!
//! Each candidate carries the fingerprint that recognises the account later, because the function that confirms the
//! choice cannot open the key behind fingerprints.

use crate::base::error::{Error, Kind, Result};
use crate::base::secret::Fingerprint;
use crate::platform::account::{PlatformAccount, Unusable, UnusableAccount, put_field, take_field};
use crate::platform::figures::shortened;
use crate::vault::keys::{DataKey, SealedBox};

/// The largest part in clear, in bytes.
const PART_BYTES: usize = 48 * 1024;

/// The number of parts that fit the transaction that stores them: some 20,000 accounts.
const PARTS: usize = 50;

/// The first byte of each part.
const VERSION: u8 = 1;

/// The first byte of a usable entry.
const USABLE: u8 = b'u';

const UNUSABLE: u8 = b'x';

/// The accounts that a grant reaches, between the callback and the confirmation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Candidates {
    /// The accounts that can be chosen.
    pub usable: Vec<Candidate>,
    /// The accounts that cannot be chosen; the page shows them too.
    pub unusable: Vec<UnusableAccount>,
}

/// An account to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The account as the platform describes it.
    pub account: PlatformAccount,
    /// The fingerprint that recognises the account later.
    pub fingerprint: Fingerprint,
}

/// Seals candidates under the connection's own data key.
pub fn seal(key: &dyn DataKey, candidates: &Candidates) -> Result<Vec<SealedBox>> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let usable = candidates.usable.iter().map(encode);
    for entry in usable.chain(candidates.unusable.iter().map(encode_unusable)) {
        match parts.last_mut() {
            Some(part) if part.len() + entry.len() <= PART_BYTES => part.extend_from_slice(&entry),
            _ => parts.push([&[VERSION], entry.as_slice()].concat()),
        }
    }
    if parts.len() > PARTS {
        let message = "The grant reaches more accounts than can be offered at once; grant fewer.";
        return Err(Error::new(Kind::TooLarge, "too_many_accounts", message));
    }
    parts.iter().enumerate().map(|(number, part)| key.seal(&slot(number), part)).collect()
}

/// Opens the parts that [`seal`] sealed.
pub fn open(key: &dyn DataKey, parts: &[SealedBox]) -> Result<Candidates> {
    let mut candidates = Candidates::default();
    for (number, part) in parts.iter().enumerate() {
        let plain = key.open(&slot(number), part)?;
        let mut bytes = plain.bytes().strip_prefix(&[VERSION]).ok_or_else(broken)?;
        while !bytes.is_empty() {
            decode(&mut bytes, &mut candidates).ok_or_else(broken)?;
        }
    }
    Ok(candidates)
}

/// Names the slot of a part, which is its row's sort key.
fn slot(number: usize) -> String {
    format!("cand#{number}")
}

fn encode(candidate: &Candidate) -> Vec<u8> {
    let PlatformAccount { external_id, name, currency, zone } = &candidate.account;
    let name = shortened(name.clone());
    entry(USABLE, &[&candidate.fingerprint.0, external_id, &name, currency.as_str(), zone])
}

fn encode_unusable(account: &UnusableAccount) -> Vec<u8> {
    let UnusableAccount { external_id, name, reason } = account;
    entry(UNUSABLE, &[external_id, &shortened(name.clone()), reason.as_str()])
}

fn entry(kind: u8, fields: &[&str]) -> Vec<u8> {
    let mut out = vec![kind];
    for field in fields {
        put_field(&mut out, field);
    }
    out
}

fn decode(bytes: &mut &[u8], candidates: &mut Candidates) -> Option<()> {
    let (kind, rest) = bytes.split_first()?;
    *bytes = rest;
    let mut next = || take_field(bytes);
    match *kind {
        USABLE => {
            let fingerprint = Fingerprint(next()?);
            let (external_id, name) = (next()?, next()?);
            let account =
                PlatformAccount { external_id, name, currency: next()?.parse().ok()?, zone: next()? };
            candidates.usable.push(Candidate { account, fingerprint });
        }
        UNUSABLE => {
            let (external_id, name) = (next()?, next()?);
            let reason = Unusable::parse(&next()?)?;
            candidates.unusable.push(UnusableAccount { external_id, name, reason });
        }
        _ => return None,
    }
    Some(())
}

fn broken() -> Error {
    Error::new(Kind::Internal, "candidates", "The list of accounts does not have its own shape.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Key;

    fn candidate(number: usize, name: &str) -> Candidate {
        let account = PlatformAccount {
            external_id: number.to_string(),
            name: name.to_owned(),
            currency: "EUR".parse().unwrap(),
            zone: "Europe/Berlin".to_owned(),
        };
        Candidate { account, fingerprint: Fingerprint(format!("{number:032x}")) }
    }

    fn unusable(number: usize) -> UnusableAccount {
        let reason = if number.is_multiple_of(2) { Unusable::NoCurrency } else { Unusable::Refused };
        UnusableAccount { external_id: number.to_string(), name: "x".repeat(number % 9), reason }
    }

    #[test]
    fn thousands_come_back_in_order_from_parts_that_fit() {
        let usable = (0..3_000).map(|number| candidate(number, &"ä".repeat(number % 50))).collect();
        let all = Candidates { usable, unusable: (0..500).map(unusable).collect() };
        let parts = seal(&Key::named("k"), &all).unwrap();
        assert!(parts.len() > 1 && parts.iter().all(|part| part.0.len() <= PART_BYTES + 16));
        assert_eq!(open(&Key::named("k"), &parts).unwrap(), all);
        assert!(open(&Key::named("k"), &parts[1..]).is_err(), "a part opens in its own slot only");
        let foreign = Key::named("k").seal("cand#0", &[VERSION + 1]).unwrap();
        assert!(open(&Key::named("k"), &[foreign]).is_err(), "another format is not guessed at");
    }

    #[test]
    fn more_than_a_transaction_holds_is_refused() {
        let usable = (0..6_000).map(|number| candidate(number, &"x".repeat(512))).collect();
        let all = Candidates { usable, unusable: Vec::new() };
        assert_eq!(seal(&Key::named("k"), &all).unwrap_err().code, "too_many_accounts");
    }
}
