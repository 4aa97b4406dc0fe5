//! The documents for integrators, as pages and as Markdown: the files of this repository's `docs`, and no second copy.

mod render;

use std::fmt::Write as _;

use askama::Template;
use mooring_domain::Result;
use mooring_edge::{default_language, page};

/// A document.
pub(crate) struct Document {
    /// The path below `/docs/`, without an ending, which is also the file's path below `docs`.
    name: &'static str,
    /// The Markdown.
    text: &'static str,
}

/// A group of documents with its title.
type Group = (&'static str, &'static [Document]);

/// Names a document by its file, so that name and text cannot differ.
macro_rules! documents {
    ($($name:literal),+ $(,)?) => {
        &[$(Document { name: $name, text: include_str!(concat!("../../../../docs/", $name, ".md")) }),+]
    };
}

/// All documents, in the order of the list that people see.
const GROUPS: [Group; 3] = [
    ("Begin", documents!["quickstart", "return-url", "api/README"]),
    ("Look up", documents!["api/errors", "states", "metrics", "scopes", "keys", "webhooks", "limits"]),
    (
        "Every operation",
        documents![
            "api/connect-sessions",
            "api/connections",
            "api/reports",
            "api/deletion-requests",
            "api/deletions",
            "api/webhook-endpoints",
            "api/frontend-tokens",
            "api/credential",
            "api/access-log",
            "api/usage",
            "api/pages",
            "api/description",
        ],
    ),
];

impl Document {
    /// Finds a document by its path below `/docs/`, without an ending.
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        all().find(|document| document.name == name)
    }

    /// Returns the Markdown.
    pub(crate) const fn markdown(&self) -> &'static str {
        self.text
    }

    /// Returns the document as a page.
    pub(crate) fn page(&self) -> Result<String> {
        page(
            default_language(),
            self.title(),
            &DocumentPage { name: self.name, text: &render::html(self.name, self.body()) },
        )
    }

    /// Returns the title: the first line, without its mark.
    fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// Returns everything after the title.
    fn body(&self) -> &'static str {
        self.text.split_once('\n').map_or("", |(_, body)| body)
    }

    /// Returns the first sentence that is neither of the generator nor part of a table.
    fn summary(&self) -> String {
        let lines = self.body().lines().map(str::trim);
        let said = lines.skip_while(|line| line.is_empty() || line.starts_with("Written by"));
        let paragraph = said.take_while(|line| !line.is_empty() && !line.starts_with(['#', '|', '`', '<']));
        let text = paragraph.collect::<Vec<_>>().join(" ");
        let text = render::plain(&text);
        text.split_once(". ").map_or_else(|| text.clone(), |(first, _)| format!("{first}."))
    }
}

fn all() -> impl Iterator<Item = &'static Document> {
    GROUPS.iter().flat_map(|(_, documents)| documents.iter())
}

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage<'a> {
    name: &'a str,
    /// HTML made of this repository's own Markdown; it is not escaped again.
    text: &'a str,
}

#[derive(Template)]
#[template(path = "documents.html")]
struct List {
    groups: [Group; 3],
}

/// Returns the list of all documents as a page.
pub(crate) fn list() -> Result<String> {
    page(default_language(), "Documents", &List { groups: GROUPS })
}

/// Returns the list for programs that read text, in the form of `llms.txt` (llmstxt.org).
pub(crate) fn llms() -> String {
    let mut text =
        "# Mooring\n\n> The API of a product that works with its customers' ad and social accounts: connect \
                    accounts by OAuth, read reports, hear of changes by webhooks, delete with a receipt.\n\n\
                    Every page is Markdown. The description for programs (OpenAPI 3.1) is at /openapi.json.\n"
            .to_owned();
    for (title, documents) in GROUPS {
        _ = writeln!(text, "\n## {title}\n");
        for document in documents {
            let (title, name, summary) = (document.title(), document.name, document.summary());
            let colon = if summary.is_empty() { "" } else { ": " };
            _ = writeln!(text, "- [{title}](/docs/{name}.md){colon}{summary}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_the_reference_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let Some(name) = name.strip_suffix(".md").map(|name| format!("api/{name}")) else { continue };
            assert!(Document::find(&name).is_some(), "docs/{name}.md has no place in GROUPS");
        }
    }

    #[test]
    fn no_link_of_a_page_leads_nowhere() {
        let pages: Vec<_> = all().map(|document| (document.name, document.page().unwrap())).collect();
        for (name, html) in &pages {
            for link in html.split("href=\"/docs").skip(1).filter_map(|rest| rest.split('"').next()) {
                let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
                let Some(path) = path.strip_prefix('/') else { continue };
                let path = path.trim_end_matches(".md");
                let found = pages.iter().find(|(known, _)| *known == path);
                let (_, target) = found.unwrap_or_else(|| panic!("{name} leads to /docs/{path}"));
                let there = anchor.is_empty() || target.contains(&format!("id=\"{anchor}\""));
                assert!(there, "{name} leads to /docs/{path}#{anchor}");
            }
        }
    }

    #[test]
    fn the_list_for_programs_names_each_document_and_says_what_it_is_about() {
        let text = llms();
        for document in all() {
            let line = text.lines().find(|line| line.contains(&format!("(/docs/{}.md)", document.name)));
            let line = line.unwrap_or_else(|| panic!("{} is missing", document.name));
            assert!(!line.contains("]: ") && !line.ends_with(": "), "{line}");
        }
    }

    #[test]
    fn a_word_of_a_table_can_be_linked_to() {
        let html = Document::find("api/errors").unwrap().page().unwrap();
        assert!(html.contains("<code id=\"quota_exceeded\">quota_exceeded</code>"));
    }
}
