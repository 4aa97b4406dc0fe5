//! The shell of every page: plain, readable, light and dark. It loads nothing from anywhere.

use askama::Template;
use mooring_domain::{Error, Kind, Result};
use mooring_texts::Language;

/// The style sheet, as it stands in the page. The contrast is at least 4.5 : 1 for text and 3 : 1 for borders
/// of controls, in both colour schemes (WCAG 2.2 AA).
const STYLE: &str = include_str!("../../templates/page.css");

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a, B: Template> {
    language: &'static Language,
    title: &'a str,
    /// A template: its output is HTML already and is not escaped again.
    body: &'a B,
}

/// Renders the body of a page inside the common shell. The title is text and is escaped.
pub fn page(language: &'static Language, title: &str, body: &impl Template) -> Result<String> {
    let page = Layout { language, title, body }.render();
    page.map_err(|error| Error::new(Kind::Internal, "page", "The page could not be written.").because(error))
}
