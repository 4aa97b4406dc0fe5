//! Puts a language's texts into the page, so that its first sight already speaks the visitor's language.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use serde_json::json;

use crate::language::Language;

/// The platform that the demo connects, and the company that runs it.
pub(crate) const PLATFORM: (&str, &str, &str) = ("tiktok_ads", "TikTok Ads", "TikTok");

/// A name in the page, and what stands in its place: an address, or the version of the files.
pub(crate) type Value<'a> = (&'static str, &'a str);

/// Renders a page for a language: `{{key}}` is a text or a value, and three names stand for what is made here.
pub(crate) fn render(
    html: &str,
    language: &Language,
    all: &[Language],
    values: &[Value<'_>],
) -> anyhow::Result<String> {
    let mut page = String::with_capacity(html.len() * 4);
    let mut parts = html.split("{{");
    page.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (key, rest) = part.split_once("}}").context("a name in the page has no end")?;
        match key {
            "language" => page.push_str(language.code),
            "languages" => options(&mut page, language, all)?,
            "texts" => page.push_str(&data(language)),
            key => escape(&mut page, &value(key, language, values)?),
        }
        page.push_str(rest);
    }
    Ok(page)
}

/// Writes the language for the scripts. A text could end the element that holds it, so no `<` stays one.
fn data(language: &Language) -> String {
    let (word, platform, vendor) = PLATFORM;
    let names = json!({ "word": word, "platform": platform, "vendor": vendor });
    json!({ "language": language.code, "texts": language.texts, "platform": names })
        .to_string()
        .replace('<', "\\u003c")
}

/// Finds a value by its name, or a text by its key.
fn value(key: &str, language: &Language, values: &[Value<'_>]) -> anyhow::Result<String> {
    let (_, platform, vendor) = PLATFORM;
    if let Some((_, value)) = values.iter().find(|(name, _)| *name == key) {
        return Ok((*value).to_owned());
    }
    let text = language.text(key).with_context(|| format!("no text {key} in {}", language.code))?;
    let text = text.replace("{platform}", platform).replace("{vendor}", vendor);
    if text.contains('{') {
        bail!("the text {key} waits for a value that the page does not have");
    }
    Ok(text)
}

/// Writes one option a language, each under its own name.
fn options(page: &mut String, own: &Language, all: &[Language]) -> anyhow::Result<()> {
    for language in all {
        let selected = if language.code == own.code { " selected" } else { "" };
        let name = language.text("page.name").context("a language has its own name")?;
        write!(page, "<option value=\"{0}\" lang=\"{0}\"{selected}>", language.code)?;
        escape(page, name);
        page.push_str("</option>");
    }
    Ok(())
}

fn escape(page: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            c => page.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(texts: serde_json::Value) -> Language {
        Language { code: "en", texts: serde_json::from_value(texts).unwrap() }
    }

    #[test]
    fn texts_are_texts_wherever_they_stand() {
        let own = language(
            json!({ "page.name": "A & B", "a": "</script><b title=\"x\">", "b": "{platform} of {vendor}" }),
        );
        let html = "<p title=\"{{a}}\">{{b}}</p><script>{{texts}}</script><select>{{languages}}</select>?{{version}}";
        let page = render(html, &own, std::slice::from_ref(&own), &[("version", "v1")]).unwrap();
        assert!(
            page.starts_with(
                "<p title=\"&lt;/script&gt;&lt;b title=&quot;x&quot;&gt;\">TikTok Ads of TikTok</p>"
            ),
            "{page}"
        );
        assert_eq!(page.matches("</script>").count(), 1, "{page}");
        assert!(
            page.ends_with("<option value=\"en\" lang=\"en\" selected>A &amp; B</option></select>?v1"),
            "{page}"
        );
    }

    #[test]
    fn a_text_that_is_not_there_stops_the_start() {
        let own = language(json!({ "a": "{name}" }));
        for html in ["{{b}}", "{{a}}", "{{a"] {
            render(html, &own, &[], &[]).unwrap_err();
        }
    }
}
