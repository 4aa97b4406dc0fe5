//! Exact money and decimals: integer micro units, never floats.

use std::fmt;
use std::str::FromStr;

/// A decimal number in micro units: 1.5 is 1,500,000. Money in the account's currency, or a count that may have fractions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micros(pub i64);

/// One whole unit.
pub const MICROS: i64 = 1_000_000;

/// Says why a text is not a decimal number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNumber {
    /// Something other than an optional sign, digits and one point.
    #[error("not a decimal number")]
    Malformed,
    /// More than six digits that matter after the point.
    #[error("more precise than a millionth")]
    TooPrecise,
    /// Outside the range of 64-bit micro units.
    #[error("out of range")]
    OutOfRange,
}

impl Micros {
    /// Makes the micro units of a whole number, if it is in range.
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
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(InvalidNumber::Malformed);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 6 {
            return Err(InvalidNumber::TooPrecise);
        }
        let magnitude: i128 =
            format!("{whole}{fraction:0<6}").parse().map_err(|_| InvalidNumber::OutOfRange)?;
        let signed = if negative { -magnitude } else { magnitude };
        i64::try_from(signed).map(Self).map_err(|_| InvalidNumber::OutOfRange)
    }
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

/// Divides exactly and rounds half away from zero; `None` when the divisor is zero or the result is out of range.
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
    /// The three letters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl FromStr for Currency {
    type Err = InvalidNumber;

    fn from_str(text: &str) -> Result<Self, InvalidNumber> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| InvalidNumber::Malformed)?;
        if bytes.iter().all(u8::is_ascii_uppercase) { Ok(Self(bytes)) } else { Err(InvalidNumber::Malformed) }
    }
}
