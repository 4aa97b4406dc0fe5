//! Accounts at a platform: a connection reaches them, and the person chooses and lets them go one by one.

use crate::base::money::Currency;
use crate::base::zone;

/// An account as the platform describes it. Its name and number come from the platform, so Mooring stores them only
/// sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct PlatformAccount {
    /// The platform's own id, as text.
    pub external_id: String,
    /// The name that people see.
    pub name: String,
    /// The account's currency.
    pub currency: Currency,
    /// The zone of the account's days as [`crate::base::zone::canonical`] names it, such as `Europe/Berlin`.
    pub zone: String,
}

/// The accounts that a grant reaches: each account once, by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountList {
    /// The accounts that can be connected, in the platform's order.
    pub usable: Vec<PlatformAccount>,
    /// The others, each with its reason.
    pub unusable: Vec<UnusableAccount>,
}

/// An account that the grant names and that cannot be connected. Only the platform can fill in what is missing, so the
/// page shows the account and Mooring guesses nothing. Sealed wherever it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct UnusableAccount {
    /// The platform's own id, as text; empty where the platform gave none.
    pub external_id: String,
    /// The name that people see; empty where the name is not known.
    pub name: String,
    /// The reason why the account cannot be connected.
    pub reason: Unusable,
}

impl std::fmt::Debug for UnusableAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UnusableAccount({})", self.reason.as_str())
    }
}

/// Why an account cannot be connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unusable {
    /// The platform lists the account without an id.
    NoId,
    /// The platform gives no currency: the account's money would have no unit.
    NoCurrency,
    /// The currency is not a code of ISO 4217.
    UnknownCurrency,
    /// The platform gives no zone: nobody could say when its days begin.
    NoZone,
    /// Mooring does not know the zone.
    UnknownZone,
    /// The platform refuses to describe the account: it does not exist any more, or the grant does not reach it.
    Refused,
    /// The platform was asked for the account and left it out of its answer, or answered with something else.
    NotDescribed,
    /// The time was over, the platform failed, or its answer could not be understood. No fault of the account itself
    /// is known.
    NotRead,
}

impl Unusable {
    /// All reasons with their words.
    const ALL: [(Self, &'static str); 8] = [
        (Self::NoId, "no_id"),
        (Self::NoCurrency, "no_currency"),
        (Self::UnknownCurrency, "unknown_currency"),
        (Self::NoZone, "no_zone"),
        (Self::UnknownZone, "unknown_zone"),
        (Self::Refused, "refused"),
        (Self::NotDescribed, "not_described"),
        (Self::NotRead, "not_read"),
    ];

    /// Returns every reason.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(reason, _)| reason)
    }

    /// Returns the reason's word.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(reason, _)| *reason == self).map_or("refused", |(_, word)| word)
    }

    /// Finds a reason by its word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == text).map(|(reason, _)| *reason)
    }
}

/// The platform's description of an account, as far as there is one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Described<'a> {
    /// The account's id.
    pub external_id: &'a str,
    /// The account's name.
    pub name: &'a str,
    /// The account's currency.
    pub currency: Option<&'a str>,
    /// The texts that may name the account's zone, the best first.
    pub zones: &'a [Option<&'a str>],
}

impl Described<'_> {
    /// Returns the account, or the reason why it cannot be used. `usd` can only be `USD`; no other guess is made.
    pub fn account(&self) -> std::result::Result<PlatformAccount, UnusableAccount> {
        let account = || {
            let currency = said(self.currency).ok_or(Unusable::NoCurrency)?;
            let currency: Currency =
                currency.to_ascii_uppercase().parse().map_err(|_| Unusable::UnknownCurrency)?;
            Ok(PlatformAccount {
                external_id: self.external_id.to_owned(),
                name: self.name.to_owned(),
                currency: Some(currency).filter(Currency::is_money).ok_or(Unusable::UnknownCurrency)?,
                zone: self.zone()?,
            })
        };
        account().map_err(|reason| UnusableAccount {
            external_id: self.external_id.to_owned(),
            name: self.name.to_owned(),
            reason,
        })
    }

    fn zone(&self) -> std::result::Result<String, Unusable> {
        let mut said = self.zones.iter().filter_map(|zone| said(*zone)).peekable();
        said.peek().ok_or(Unusable::NoZone)?;
        said.find_map(zone::canonical).ok_or(Unusable::UnknownZone)
    }
}

fn said(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

impl std::fmt::Debug for PlatformAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlatformAccount({}, {})", self.currency.as_str(), self.zone)
    }
}

/// The first byte of the bytes that [`encode_accounts`] writes.
const VERSION: u8 = 1;

/// Writes accounts as bytes to seal: the format's version, then each field with its length before it.
pub fn encode_accounts(accounts: &[PlatformAccount]) -> Vec<u8> {
    let mut out = vec![VERSION];
    for account in accounts {
        for field in [account.external_id.as_str(), &account.name, account.currency.as_str(), &account.zone] {
            put_field(&mut out, field);
        }
    }
    out
}

/// Reads the bytes that [`encode_accounts`] wrote; `None` when the bytes are something else.
pub fn decode_accounts(bytes: &[u8]) -> Option<Vec<PlatformAccount>> {
    let mut bytes = bytes.strip_prefix(&[VERSION])?;
    let mut accounts = Vec::new();
    while !bytes.is_empty() {
        let external_id = take_field(&mut bytes)?;
        let name = take_field(&mut bytes)?;
        let currency = take_field(&mut bytes)?.parse().ok()?;
        accounts.push(PlatformAccount { external_id, name, currency, zone: take_field(&mut bytes)? });
    }
    Some(accounts)
}

/// Writes a field with its length before it.
pub(crate) fn put_field(out: &mut Vec<u8>, field: &str) {
    out.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(field.as_bytes());
}

/// Reads a field that [`put_field`] wrote, and moves on behind the field.
pub(crate) fn take_field(bytes: &mut &[u8]) -> Option<String> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *bytes = rest;
    String::from_utf8(field.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(
        currency: Option<&str>,
        zones: &[Option<&str>],
    ) -> std::result::Result<(String, String), Unusable> {
        let account = Described { external_id: "7", name: "Shop", currency, zones }.account();
        let both = |account: PlatformAccount| (account.currency.as_str().to_owned(), account.zone);
        account.map(both).map_err(|account| account.reason)
    }

    #[test]
    fn an_account_that_lacks_a_unit_or_days_has_a_reason() {
        let zone = [Some("Europe/Berlin")];
        for (currency, reason) in [
            (None, Unusable::NoCurrency),
            (Some(" "), Unusable::NoCurrency),
            (Some("USDT"), Unusable::UnknownCurrency),
            (Some("XXX"), Unusable::UnknownCurrency),
            (Some("€"), Unusable::UnknownCurrency),
        ] {
            assert_eq!(described(currency, &zone), Err(reason), "{currency:?}");
        }
        assert_eq!(described(Some(" usd"), &zone).unwrap().0, "USD");
        for (zones, reason) in [
            (&[][..], Unusable::NoZone),
            (&[None, Some("")], Unusable::NoZone),
            (&[None, Some("Mars/Olympus")], Unusable::UnknownZone),
        ] {
            assert_eq!(described(Some("EUR"), zones), Err(reason), "{zones:?}");
        }
        assert_eq!(described(Some("EUR"), &[Some("Mars/Olympus"), Some("GMT+8")]).unwrap().1, "Etc/GMT-8");
    }

    #[test]
    fn accounts_come_back_from_their_bytes_and_another_format_is_not_guessed_at() {
        let described =
            Described { external_id: "7", name: "Café", currency: Some("EUR"), zones: &[Some("+05:30")] };
        let all = vec![described.account().unwrap(), described.account().unwrap()];
        let bytes = encode_accounts(&all);
        assert_eq!(decode_accounts(&bytes), Some(all));
        assert_eq!(decode_accounts(&bytes[1..]), None);
    }

    #[test]
    fn every_reason_comes_back_from_its_word() {
        for (reason, word) in Unusable::ALL {
            assert_eq!((reason.as_str(), Unusable::parse(word)), (word, Some(reason)));
        }
    }
}
