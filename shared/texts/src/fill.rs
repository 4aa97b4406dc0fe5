//! Fills values into a text. As HTML everything is escaped, and texts from outside stand apart from the sentence.

use std::borrow::Borrow;
use std::fmt::{Display, Formatter, Result as Written};

use jiff::Timestamp;

use crate::Language;

/// A text whose places are being filled in. It displays as HTML; [`Fill::plain`] is for titles and mails.
#[derive(Debug)]
pub struct Fill {
    language: &'static Language,
    text: String,
    parts: Vec<Part>,
}

/// A value for one place.
#[derive(Debug)]
struct Part {
    name: &'static str,
    plain: String,
    html: String,
}

impl Fill {
    pub(crate) fn new(language: &'static Language, text: &str) -> Self {
        Self { language, text: text.to_owned(), parts: Vec::new() }
    }

    /// Fills in a word or a number of Mooring.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl AsRef<str>) -> Self {
        let value = value.as_ref();
        self.part(name, value.to_owned(), escaped(value))
    }

    /// Fills in a text from outside: a name that a platform, a product or a tenant gave. Its direction of writing ends with
    /// it, and what controls the screen is taken out.
    #[must_use]
    pub fn name(self, name: &'static str, value: &str) -> Self {
        let value = harmless(value);
        let html = format!("<bdi>{}</bdi>", escaped(&value));
        self.part(name, value, html)
    }

    /// Fills in a text from outside as [`Fill::name`] does, in bold.
    #[must_use]
    pub fn strong(self, name: &'static str, value: &str) -> Self {
        let value = harmless(value);
        let html = format!("<strong><bdi>{}</bdi></strong>", escaped(&value));
        self.part(name, value, html)
    }

    /// Fills in a link. Its plain text is the address.
    #[must_use]
    pub fn link(self, name: &'static str, address: &str, text: &str) -> Self {
        let html =
            format!("<a href=\"{}\" rel=\"noopener\">{}</a>", escaped(address), escaped(&harmless(text)));
        self.part(name, address.to_owned(), html)
    }

    /// Fills in an instant, to the minute.
    #[must_use]
    pub fn time(self, name: &'static str, at: impl Borrow<Timestamp>) -> Self {
        let at = *at.borrow();
        let plain = self.language.time(at);
        let html = format!("<time datetime=\"{at}\">{}</time>", escaped(&plain));
        self.part(name, plain, html)
    }

    /// Fills in the day of an instant.
    #[must_use]
    pub fn date(self, name: &'static str, at: impl Borrow<Timestamp>) -> Self {
        let at = *at.borrow();
        let plain = self.language.date(at);
        let html = format!("<time datetime=\"{at}\">{}</time>", escaped(&plain));
        self.part(name, plain, html)
    }

    /// Fills in a text that was filled itself.
    #[must_use]
    pub fn text(self, name: &'static str, inner: &Self) -> Self {
        let (plain, html) = (inner.plain(), inner.to_string());
        self.part(name, plain, html)
    }

    /// Returns the text without markup.
    pub fn plain(&self) -> String {
        self.filled(str::to_owned, |part| &part.plain)
    }

    fn part(mut self, name: &'static str, plain: String, html: String) -> Self {
        self.parts.push(Part { name, plain, html });
        self
    }

    /// Writes the text with its values. A value is never read for places: somebody may have named a thing `{count}`.
    fn filled<'a>(&'a self, own: impl Fn(&str) -> String, value: impl Fn(&'a Part) -> &'a str) -> String {
        let mut pieces = self.text.split('{');
        let mut written = own(pieces.next().unwrap_or_default());
        for piece in pieces {
            let (name, rest) = piece.split_once('}').unwrap_or((piece, ""));
            match self.parts.iter().find(|part| part.name == name) {
                Some(part) => written.push_str(value(part)),
                None => written.push_str(&own(&format!("{{{name}}}"))),
            }
            written.push_str(&own(rest));
        }
        written
    }
}

impl Display for Fill {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        f.write_str(&self.filled(escaped, |part| &part.html))
    }
}

impl askama::filters::HtmlSafe for Fill {}

/// Takes out of a text what no name needs: control characters, and the marks that turn the direction of writing beyond
/// the name. White space of any kind becomes one space.
pub fn harmless(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200E}' | '\u{200F}' | '\u{061C}');
    let hidden = |c: char| matches!(c, '\u{200B}' | '\u{2060}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}');
    let kept = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = kept.filter(|c| !c.is_control() && !turns(*c) && !hidden(*c)).collect();
    kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Writes a text as HTML, also for the value of an attribute in quotes.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&#38;"),
            '<' => html.push_str("&#60;"),
            '>' => html.push_str("&#62;"),
            '"' => html.push_str("&#34;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}
