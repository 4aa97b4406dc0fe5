//! Chooses a language by the header `Accept-Language` (RFC 9110, 12.5.4).

use crate::{Language, default_language, find, languages};

/// The languages of a header that are read. Browsers send fewer.
const MOST: usize = 32;

/// Returns the language that a header prefers among those that there are; the default language when it names none of them.
/// Of equal weights the first counts, and a language with the weight zero is never chosen.
pub fn accepted(header: &str) -> &'static Language {
    let mut ranges: Vec<(u16, &str)> = header.split(',').take(MOST).filter_map(range).collect();
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let refused = |language: &Language| {
        ranges.iter().any(|(weight, tag)| *weight == 0 && tag.eq_ignore_ascii_case(language.tag))
    };
    let wanted = ranges.iter().filter(|(weight, _)| *weight > 0);
    let mut found = wanted.filter_map(|(_, tag)| match *tag {
        "*" => languages().iter().find(|language| !refused(language)),
        tag => find(tag).filter(|language| !refused(language)),
    });
    found.next().unwrap_or_else(default_language)
}

/// Reads one range with its weight in thousandths. A range whose weight is none is left out.
fn range(text: &str) -> Option<(u16, &str)> {
    let (tag, parameter) = text.split_once(';').unwrap_or((text, ""));
    let weight = match parameter.trim() {
        "" => 1_000,
        parameter => thousandths(parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="))?)?,
    };
    Some((weight, tag.trim())).filter(|(_, tag)| !tag.is_empty())
}

fn thousandths(text: &str) -> Option<u16> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    let part: u16 = format!("{part:0<3}").parse().ok().filter(|_| digits)?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1_000),
        _ => None,
    }
}
