//! Writes Markdown of this repository as HTML: links between documents lead to their pages, headings and the first
//! word of a table's row can be linked to.

use std::collections::BTreeSet;

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::Document;

/// The pictures of documents. They stand in the page, because a page loads nothing.
const PICTURES: [(&str, &str); 1] =
    [("images/connection-states.svg", include_str!("../../../../docs/images/connection-states.svg"))];

/// Writes a document's Markdown as HTML. `name` is the document's own path, from which its links start.
pub(super) fn html(name: &str, markdown: &str) -> String {
    let events: Vec<_> = Parser::new_ext(markdown, Options::ENABLE_TABLES).collect();
    let mut out = String::new();
    html::push_html(&mut out, Writer::new(name, events).run().into_iter());
    out
}

/// Returns Markdown as plain text, without links and marks.
pub(super) fn plain(markdown: &str) -> String {
    let text = |event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.into_string()),
        Event::SoftBreak | Event::HardBreak => Some(" ".to_owned()),
        _ => None,
    };
    Parser::new(markdown).filter_map(text).collect()
}

struct Writer<'a> {
    /// The folder of the document below `docs`, with a slash at its end or empty.
    folder: &'a str,
    events: Vec<Event<'a>>,
    ids: BTreeSet<String>,
    /// Whether the next word of a table is the first of its row.
    first: bool,
    /// How many links without a page are open: their texts stay, and they lead nowhere.
    dropped: Vec<bool>,
}

impl<'a> Writer<'a> {
    fn new(name: &'a str, events: Vec<Event<'a>>) -> Self {
        let folder = name.rfind('/').map_or("", |end| name.get(..=end).unwrap_or_default());
        Self { folder, events, ids: BTreeSet::new(), first: false, dropped: Vec::new() }
    }

    fn run(mut self) -> Vec<Event<'a>> {
        let events = std::mem::take(&mut self.events);
        let mut out = Vec::with_capacity(events.len());
        for (at, event) in events.iter().enumerate() {
            let rest = events.get(at + 1..).unwrap_or_default();
            self.event(event.clone(), rest, &mut out);
        }
        out
    }

    fn event(&mut self, event: Event<'a>, rest: &[Event<'a>], out: &mut Vec<Event<'a>>) {
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = self.unused(&slug(&text_of(rest))).map(CowStr::from);
                out.push(Event::Start(Tag::Heading { level, id, classes, attrs }));
            }
            Event::Start(Tag::Table(of)) => {
                out.push(Event::Html(
                    "<div class=\"scroll\" role=\"region\" aria-label=\"Table\" tabindex=\"0\">".into(),
                ));
                out.push(Event::Start(Tag::Table(of)));
            }
            Event::End(TagEnd::Table) => {
                out.extend([Event::End(TagEnd::Table), Event::Html("</div>".into())]);
            }
            Event::Start(Tag::TableRow) => {
                self.first = true;
                out.push(Event::Start(Tag::TableRow));
            }
            Event::End(TagEnd::TableCell) => {
                self.first = false;
                out.push(Event::End(TagEnd::TableCell));
            }
            Event::Code(word) if self.first => out.push(self.named(word)),
            Event::Start(Tag::Link { dest_url, .. }) => self.link(&dest_url, out),
            Event::End(TagEnd::Link) => {
                if self.dropped.pop() == Some(false) {
                    out.push(Event::End(TagEnd::Link));
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) => out.extend(picture(&self.path(&dest_url))),
            Event::End(TagEnd::Image) => {}
            other => out.push(other),
        }
    }

    /// Gives a word of code an id, so that others can link to it.
    fn named(&mut self, word: CowStr<'a>) -> Event<'a> {
        let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
        match self.unused(&word).filter(|_| is_word) {
            Some(id) => Event::InlineHtml(format!("<code id=\"{id}\">{id}</code>").into()),
            None => Event::Code(word),
        }
    }

    fn unused(&mut self, id: &str) -> Option<String> {
        self.ids.insert(id.to_owned()).then(|| id.to_owned())
    }

    /// Opens a link to a page, or to another site. A file that no page shows is named and not linked.
    fn link(&mut self, to: &str, out: &mut Vec<Event<'a>>) {
        let target = self.target(to);
        self.dropped.push(target.is_none());
        if let Some(target) = target {
            out.push(Event::Start(Tag::Link {
                link_type: pulldown_cmark::LinkType::Inline,
                dest_url: target.into(),
                title: "".into(),
                id: "".into(),
            }));
        }
    }

    fn target(&self, to: &str) -> Option<String> {
        if to.starts_with("https://") || to.starts_with('#') {
            return Some(to.to_owned());
        }
        let (path, anchor) =
            to.split_once('#').map_or((to, String::new()), |(path, at)| (path, format!("#{at}")));
        let name = self.path(path);
        let document = Document::find(name.strip_suffix(".md")?)?;
        Some(format!("/docs/{}{anchor}", document.name))
    }

    /// Returns the path below `docs` that a relative path of this document names.
    fn path(&self, relative: &str) -> String {
        match relative.strip_prefix("../") {
            Some(above) => above.to_owned(),
            None => format!("{}{relative}", self.folder),
        }
    }
}

/// Puts a picture into the page itself. The text of the picture follows and becomes its caption.
fn picture<'a>(path: &str) -> Option<Event<'a>> {
    let (_, svg) = PICTURES.iter().find(|(known, _)| *known == path)?;
    Some(Event::InlineHtml(CowStr::Borrowed(svg)))
}

/// Returns the text of a heading.
fn text_of(events: &[Event<'_>]) -> String {
    let inside = events.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text = |event: &Event<'_>| match event {
        Event::Text(text) | Event::Code(text) => text.to_string(),
        _ => String::new(),
    };
    inside.map(text).collect()
}

/// Returns the anchor of a heading: lower case, with dashes in the place of spaces and nothing else but letters, as the
/// site that shows this repository makes it.
fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}
