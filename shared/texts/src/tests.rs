//! Every language has every text, with the same places; no template says anything by itself; values stay values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mooring_domain::notice::ports::MailWriter as _;
use mooring_domain::platform::profile::Profile;

use super::*;

fn texts(language: &Language) -> BTreeMap<String, String> {
    read(language.file)
}

/// The places of a text. `{{` cannot be written.
fn places(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).map(|piece| piece.split_once('}').expect("a place has an end").0).collect()
}

#[test]
fn every_language_has_every_text_with_the_same_places() {
    let english = texts(default_language());
    assert!(english.len() > 100, "{}", english.len());
    for language in languages() {
        let own = texts(language);
        let (known, found): (Vec<_>, Vec<_>) = (english.keys().collect(), own.keys().collect());
        assert_eq!(known, found, "{}", language.tag);
        for (key, text) in &own {
            assert!(!text.trim().is_empty(), "{}: {key} is empty", language.tag);
            // A text of one thing may leave out how many there are.
            let optional = |name: &&&str| !(key.split('.').next_back() == Some("one") && **name == "count");
            let wanted: BTreeSet<_> = places(&english[key]);
            let wanted: BTreeSet<_> = wanted.iter().filter(optional).collect();
            let places = places(text);
            let places: BTreeSet<_> = places.iter().filter(optional).collect();
            assert_eq!(places, wanted, "{}: {key}", language.tag);
        }
        assert_eq!(language.text("format.months").split(' ').count(), 12, "{}", language.tag);
        assert!(["ltr", "rtl"].contains(&language.text("format.direction")));
    }
}

fn files(folder: &Path, ends: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ends, found);
        } else if path.to_str().is_some_and(|name| name.ends_with(ends)) {
            found.push(path);
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The functions and the edge, which write the pages.
fn sources(ends: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["functions", "shared/edge"] {
        files(&root().join(folder), ends, &mut found);
    }
    // The console is a program of its own, and the front page is for developers, in the language of the reference.
    found.retain(|path| {
        let path = path.to_str().unwrap();
        !path.contains("functions/console") && !path.contains("functions/openapi")
    });
    found
        .into_iter()
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect()
}

/// Takes out of a template what is no text: expressions, tags, entities. Attributes that people read or hear stay.
fn said(template: &str) -> String {
    let mut text = template.to_owned();
    for (open, close) in [("{{", "}}"), ("{%", "%}"), ("{#", "#}")] {
        while let Some((head, rest)) = text.split_once(open) {
            let (_, tail) = rest.split_once(close).expect("an expression has an end");
            text = format!("{head} {tail}");
        }
    }
    let (mut words, mut rest) = (String::new(), text.as_str());
    while let Some((head, tail)) = rest.split_once('<') {
        words.push_str(head);
        let (tag, after) = tail.split_once('>').expect("a tag has an end");
        for name in ["aria-label=\"", "title=\"", "placeholder=\"", "alt=\""] {
            words.extend(tag.split(name).skip(1).filter_map(|value| value.split('"').next()));
        }
        rest = after;
    }
    words + rest
}

#[test]
fn no_template_says_anything_by_itself() {
    let templates = sources(".html");
    assert!(templates.len() >= 10, "{}", templates.len());
    for (path, template) in templates {
        let said = said(&template);
        assert!(!said.chars().any(char::is_alphabetic), "{path} says: {}", said.trim());
    }
    assert_eq!(said("<p title=\"Hm\">{{ a.b }} and</p>").trim(), "Hm  and", "the test sees what is said");
}

/// Lists the keys that pages ask for by name: the first argument of `text`, `fill` and `count` of a language.
fn asked(source: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (maker, form) in [("text(\"", ""), ("fill(\"", ""), ("count(\"", ".other"), ("says: \"", "")] {
        let pieces = source.split(maker).skip(1).filter_map(|piece| piece.split('"').next());
        keys.extend(pieces.filter(|key| key.contains('.')).map(|key| format!("{key}{form}")));
    }
    keys
}

#[test]
fn every_text_that_a_page_asks_for_is_there() {
    let english = texts(default_language());
    let sources: Vec<_> = [sources(".html"), sources(".rs")].concat();
    let asked: BTreeSet<_> = sources.iter().flat_map(|(_, source)| asked(source)).collect();
    assert!(asked.len() > 60, "{}", asked.len());
    let missing: Vec<_> = asked.iter().filter(|key| !english.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn values_are_escaped_isolated_and_never_read_for_places() {
    let fill = default_language().fill("connect.asks");
    let filled =
        fill.strong("tenant", "{product}").name("product", "<b>&\"'\u{202E}\u{7}a\n b").name("platform", "P");
    assert_eq!(
        filled.to_string(),
        "<strong><bdi>{product}</bdi></strong> uses <bdi>&#60;b&#62;&#38;&#34;&#39;a b</bdi> and asks to connect your \
         <bdi>P</bdi> account."
    );
    assert_eq!(filled.plain(), "{product} uses <b>&\"'a b and asks to connect your P account.");
}

#[test]
fn dates_and_numbers_have_the_languages_form() {
    let at: Timestamp = "2026-05-03T09:07:59Z".parse().unwrap();
    for (tag, date, time, number) in [
        ("en", "3_May 2026", "3_May 2026, 09:07_UTC", "1,234,567"),
        ("de", "3._Mai 2026", "3._Mai 2026, 09:07_Uhr_(UTC)", "1.234.567"),
    ] {
        let language = find(tag).unwrap();
        // A line never ends between a number and its word.
        let firm = |text: &str| text.replace('_', "\u{a0}");
        assert_eq!((language.date(at), language.time(at)), (firm(date), firm(time)));
        assert_eq!(language.number(1_234_567), number);
        assert_eq!((language.number(0), language.number(999)), ("0".to_owned(), "999".to_owned()));
    }
    let german = find("de").unwrap();
    assert_eq!(german.count("account.count", 1).plain(), "1\u{a0}Konto");
    assert_eq!(german.count("account.count", 1_200).plain(), "1.200\u{a0}Konten");
}

#[test]
fn a_locale_finds_its_closest_language() {
    for (locale, tag) in
        [(Some("de-CH-1901"), "de"), (Some("pt-BR"), "en"), (Some("en-GB"), "en"), (None, "en")]
    {
        let locale = locale.map(|text| text.parse().unwrap());
        assert_eq!(of_locale(locale.as_ref()).tag, tag, "{locale:?}");
    }
}

#[test]
fn a_mail_has_the_language_in_which_it_was_asked_for() {
    let profile = Profile {
        name: "p".to_owned(),
        product: "Example".to_owned(),
        privacy_url: "https://p.example/privacy".to_owned(),
        contact_email: "a@p.example".to_owned(),
        retention_days: None,
        needs_reauth_days: None,
        platforms: Vec::new(),
    };
    for (tag, greeting) in [(Some("de-AT"), "Guten Tag"), (Some("en"), "Hello"), (None, "Hello")] {
        let locale = tag.map(|tag| tag.parse().unwrap());
        let letter = Letters.deletion_link(locale.as_ref(), &profile, "https://api.example/x");
        assert!(letter.subject.contains("Example"), "{letter:?}");
        assert!(letter.text.starts_with(greeting), "{}", letter.text);
        for part in ["\nhttps://api.example/x\n", "a@p.example", "https://p.example/privacy", " 7 ", " 60 "] {
            assert!(letter.text.contains(part), "{part}: {}", letter.text);
        }
        assert!(!letter.text.contains('{'), "{}", letter.text);
    }
}
