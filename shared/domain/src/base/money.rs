//! Exact money and decimals: integer micro units, never floats.

use std::fmt;
use std::str::FromStr;

/// A decimal number in micro units: 1.5 is 1,500,000. It is money in the account's currency, or a count that may have
/// fractions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

/// The micro units of one whole unit.
pub const MICROS: i64 = 1_000_000;

/// The reason why a text is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    /// The text holds something other than an optional sign, digits and one point.
    #[error("not a decimal number")]
    Malformed,
    /// The text has more than six digits that matter after the point.
    #[error("more precise than a millionth")]
    TooPrecise,
    /// The number is outside the range of 64-bit micro units.
    #[error("out of range")]
    OutOfRange,
}

impl Micros {
    /// Returns the micro units of a whole number, if they are in range.
    pub fn whole(units: i64) -> Option<Self> {
        units.checked_mul(MICROS).map(Self)
    }
}

impl FromStr for Micros {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let magnitude = plain_micros(digits.as_bytes()).map_or_else(|| micros(digits.as_bytes()), Ok)?;
        let signed =
            if negative { 0_i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() };
        signed.map(Self).ok_or(InvalidNumber::OutOfRange)
    }
}

/// Powers of ten, by the number of digits that are missing to a millionth.
const TENS: [u64; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

/// The longest text of digits and a point that is always in range.
const SHORT: usize = 13;

/// Reads a number in its common form quickly: this runs five times for every row of every account. A longer, finer or
/// malformed text is left to [`micros`], which knows what is wrong.
fn plain_micros(digits: &[u8]) -> Option<u64> {
    let (mut number, mut point) = (0_u64, None);
    for (place, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if *byte == b'.' && point.is_none() && place > 0 {
            point = Some(place);
        } else {
            return None;
        }
    }
    let places = match point {
        None if !digits.is_empty() => 0,
        None => return None,
        Some(point) => digits.len() - point - 1,
    };
    let fits = digits.len() <= SHORT && (places > 0 || point.is_none());
    TENS.get(6_usize.checked_sub(places)?).filter(|_| fits).map(|tens| number * tens)
}

/// Reads digits with at most one point among them.
fn micros(digits: &[u8]) -> Result<u64, InvalidNumber> {
    let (mut number, mut places, mut digits_seen) = (Some(0_u64), None, 0_usize);
    let mut too_precise = false;
    for byte in digits {
        match (byte, &mut places) {
            (b'.', None) if digits_seen > 0 => (places, digits_seen) = (Some(0_u32), 0),
            (b'0'..=b'9', Some(6)) => {
                digits_seen += 1;
                too_precise |= *byte != b'0';
            }
            (b'0'..=b'9', _) => {
                digits_seen += 1;
                places = places.map(|places| places + 1);
                number = number.and_then(|n| n.checked_mul(10)?.checked_add(u64::from(byte - b'0')));
            }
            _ => return Err(InvalidNumber::Malformed),
        }
    }
    if digits_seen == 0 {
        return Err(InvalidNumber::Malformed);
    }
    if too_precise {
        return Err(InvalidNumber::TooPrecise);
    }
    let missing = 6 - places.unwrap_or(0);
    number.and_then(|n| n.checked_mul(10_u64.pow(missing))).ok_or(InvalidNumber::OutOfRange)
}

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, fraction) = (magnitude / 1_000_000, magnitude % 1_000_000);
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let padded = format!("{fraction:06}");
        write!(f, "{sign}{whole}.{}", padded.trim_end_matches('0'))
    }
}

/// Divides exactly and rounds half away from zero; returns `None` when the divisor is zero or the result is out of
/// range.
pub fn ratio(numerator: i64, denominator: i64, scale: i64) -> Option<i64> {
    if denominator == 0 {
        return None;
    }
    let (num, den) = (i128::from(numerator) * i128::from(scale), i128::from(denominator));
    let half = den.abs() / 2;
    let signed_half = if (num < 0) == (den < 0) { half } else { -half };
    let rounded = (num + if den < 0 { -signed_half } else { signed_half }) / den;
    i64::try_from(rounded).ok()
}

/// An ISO 4217 currency code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Returns the three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Returns whether the code is a currency: the standard has two codes, `XXX` and `XTS`, that stand for none.
    pub fn is_money(&self) -> bool {
        !matches!(&self.0, b"XXX" | b"XTS")
    }
}

impl FromStr for Currency {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| InvalidNumber::Malformed)?;
        if bytes.iter().all(u8::is_ascii_uppercase) { Ok(Self(bytes)) } else { Err(InvalidNumber::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_number_survives_its_text(micros in any::<i64>()) {
            prop_assert_eq!(Micros(micros).to_string().parse::<Micros>(), Ok(Micros(micros)));
        }

        #[test]
        fn any_text_is_a_number_or_an_error(text in "[-+0-9.,e ]{0,30}") {
            if let Ok(number) = text.parse::<Micros>() {
                prop_assert_eq!(number.to_string().parse::<Micros>(), Ok(number));
            }
        }

        #[test]
        fn the_quick_way_says_what_the_careful_one_says(text in "[0-9]{0,15}[.]?[0-9]{0,8}") {
            let quick = plain_micros(text.as_bytes());
            prop_assert!(quick.is_none_or(|quick| micros(text.as_bytes()) == Ok(quick)), "{text} {quick:?}");
        }

        #[test]
        fn a_ratio_is_the_nearest_whole_number(num in -(1_i64 << 50)..1 << 50, den in any::<i64>(), scale in 1_i64..=1_000_000) {
            let exact = i128::from(num) * i128::from(scale);
            match ratio(num, den, scale) {
                None => prop_assert!(den == 0 || (exact / i128::from(den)).abs() >= i128::from(i64::MAX)),
                Some(got) => {
                    let off = i128::from(got) * i128::from(den) - exact;
                    prop_assert!(off.abs() * 2 <= i128::from(den).abs());
                }
            }
        }
    }

    #[test]
    fn halves_go_away_from_zero_and_nothing_is_divided_by_zero() {
        assert_eq!(
            [ratio(1, 2, 1), ratio(-1, 2, 1), ratio(1, -2, 1), ratio(-1, -2, 1)],
            [Some(1), Some(-1), Some(-1), Some(1)]
        );
        assert_eq!([ratio(1, 3, 1), ratio(2, 3, 1), ratio(5, 0, 1)], [Some(0), Some(1), None]);
        assert_eq!(ratio(i64::MAX, 1, 2), None);
    }

    #[test]
    fn what_is_not_an_exact_decimal_is_refused() {
        assert_eq!("12.345678".parse(), Ok(Micros(12_345_678)));
        assert_eq!("-0.5000000".parse(), Ok(Micros(-500_000)));
        assert_eq!("0.1234567".parse::<Micros>(), Err(InvalidNumber::TooPrecise));
        assert_eq!("9223372036855".parse::<Micros>(), Err(InvalidNumber::OutOfRange));
        for text in ["", "-", ".5", "5.", "1e3", "+1", "1,5", " 1", "--1", "NaN"] {
            assert_eq!(text.parse::<Micros>(), Err(InvalidNumber::Malformed), "{text}");
        }
        assert!("eur".parse::<Currency>().is_err() && "EURO".parse::<Currency>().is_err());
    }
}
