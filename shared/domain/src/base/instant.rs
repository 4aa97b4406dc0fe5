//! Writes instants with one precision, so that texts of equal length sort as their times do.

use jiff::Timestamp;

/// Writes an instant for people outside of Mooring: RFC 3339 in UTC, always with three digits of milliseconds.
pub fn to_text(at: Timestamp) -> String {
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instant_has_three_digits_of_milliseconds() {
        for (given, written) in [
            ("2026-11-26T10:00:31Z", "2026-11-26T10:00:31.000Z"),
            ("2026-11-26T10:00:31.1Z", "2026-11-26T10:00:31.100Z"),
            ("2026-11-26T10:00:31.123999Z", "2026-11-26T10:00:31.123Z"),
        ] {
            assert_eq!(to_text(given.parse().unwrap()), written);
        }
    }
}
