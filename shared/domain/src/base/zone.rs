//! The zone of an account's days: an IANA name, or a fixed offset where the platform names no place.

use jiff::tz::{Offset, TimeZone};

/// Names that people write and the tz data lacks, where only one zone can be meant: China has one legal time.
const ALIASES: &[(&str, &str)] = &[("Asia/Beijing", "Asia/Shanghai")];

/// Entries of the tz data that stand for an unknown zone.
const NOT_ZONES: &[&str] = &["Etc/Unknown", "Factory"];

/// The letters before an offset in everyday writing. The sign is as people mean it: `GMT+8` is eight hours ahead.
/// `Etc/GMT-8` of the tz data has the opposite sign.
const PREFIXES: &[&str] = &["GMT", "UTC"];

const HOUR: i32 = 3600;

/// Reads a platform's name for a zone; `None` where the name has no exact meaning.
///
/// A whole number of hours becomes its `Etc/` name, which every tz library knows; other offsets become `+05:30`.
pub fn canonical(text: &str) -> Option<String> {
    let text = text.trim();
    let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(text));
    let name = alias.map_or(text, |(_, name)| name);
    if let Ok(zone) = TimeZone::get(name) {
        return zone.iana_name().filter(|name| !NOT_ZONES.contains(name)).map(str::to_owned);
    }
    offset(text).map(offset_name)
}

/// Finds the zone of a name that [`canonical`] returned.
pub fn find(name: &str) -> Option<TimeZone> {
    if let Ok(zone) = TimeZone::get(name) {
        return Some(zone);
    }
    Offset::from_seconds(offset(name)?).ok().map(TimeZone::fixed)
}

/// Reads `+08:00`, `-0330`, `+8`, `GMT+8` or `UTC-03:30` as seconds ahead of UTC.
fn offset(text: &str) -> Option<i32> {
    let upper = text.to_ascii_uppercase();
    let rest = PREFIXES.iter().find_map(|prefix| upper.strip_prefix(prefix)).unwrap_or(&upper).trim_start();
    let (sign, digits) = match rest.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-" | "\u{2212}", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) if minutes.len() == 2 => (hours, minutes),
        Some(_) => return None,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str, most: i32| {
        let plain = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number: &i32| plain && *number <= most)
    };
    Some(sign * (number(hours, 14)? * HOUR + number(minutes, 59)? * 60))
}

fn offset_name(seconds: i32) -> String {
    let (sign, size) = if seconds < 0 { ('-', -seconds) } else { ('+', seconds) };
    let (hours, minutes) = (size / HOUR, size % HOUR / 60);
    // The tz data has the opposite sign, and goes from twelve hours behind to fourteen ahead.
    let etc = format!("Etc/GMT{}{hours}", if seconds < 0 { '+' } else { '-' });
    match (seconds, minutes) {
        (0, _) => "Etc/UTC".to_owned(),
        (_, 0) if TimeZone::get(&etc).is_ok() => etc,
        _ => format!("{sign}{hours:02}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn names_and_exact_offsets_are_zones_and_nothing_else_is() {
        let cases = [
            ("Europe/Berlin", "Europe/Berlin"),
            ("europe/berlin", "Europe/Berlin"),
            (" Asia/Kolkata ", "Asia/Kolkata"),
            ("Asia/Beijing", "Asia/Shanghai"),
            ("Etc/GMT-1", "Etc/GMT-1"),
            ("GMT+8", "Etc/GMT-8"),
            ("UTC-3", "Etc/GMT+3"),
            ("+08:00", "Etc/GMT-8"),
            ("-0330", "-03:30"),
            ("UTC+05:30", "+05:30"),
            ("+00:00", "Etc/UTC"),
            ("-13:00", "-13:00"),
        ];
        for (text, name) in cases {
            assert_eq!(canonical(text).as_deref(), Some(name), "{text}");
            assert!(find(name).is_some(), "{name}");
        }
        for text in [
            "",
            " ",
            "Mars/Olympus",
            "Etc/Unknown",
            "Factory",
            "GMT+",
            "+8:0",
            "+15:00",
            "8",
            "+08:60",
            "+-8",
            "+1x",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_ahead_of_utc_by_what_it_says() {
        let now: Timestamp = "2026-11-21T20:00:00Z".parse().unwrap();
        for (name, day) in [("GMT+8", 22), ("+03:59", 21), ("+04:30", 22), ("-05:00", 21)] {
            let zone = find(&canonical(name).unwrap()).unwrap();
            assert_eq!(zone.to_datetime(now).date().day(), day, "{name}");
        }
    }
}
