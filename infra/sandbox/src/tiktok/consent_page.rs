//! The consent page's HTML: one document, its own style, nothing loaded from anywhere.

use std::fmt::Write as _;

use super::portal::Ask;

/// The content of the page.
pub(crate) struct Page<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) person: String,
    pub(crate) returns_to: String,
    pub(crate) accounts: Vec<Choice>,
    pub(crate) scopes: Vec<Choice>,
    pub(crate) complaint: Option<&'a str>,
}

/// A box to tick.
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) detail: String,
}

const STYLE: &str = "
:root{color-scheme:light dark;--ink:#161823;--soft:#5c5f6a;--paper:#fff;--back:#f1f1f2;--line:#d6d7db;--go:#c8102e;--note:#fff4d6;--note-ink:#5b4300}
@media (prefers-color-scheme:dark){:root{--ink:#f3f3f4;--soft:#a9abb3;--paper:#1d1e26;--back:#121218;--line:#3a3b45;--go:#d81f3d;--note:#3a2f10;--note-ink:#ffe2a0}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
.note{margin:0;padding:.6rem 1rem;background:var(--note);color:var(--note-ink);text-align:center;font-size:.9rem}
main{max-width:35rem;margin:2rem auto;padding:2rem;background:var(--paper);border:1px solid var(--line);border-radius:12px}
h1{margin:0 0 .25rem;font-size:1.5rem;line-height:1.25}
p.soft,small{color:var(--soft)}
fieldset{margin:1.5rem 0 0;padding:0;border:0}
legend{padding:0;font-weight:600}
label{display:flex;gap:.75rem;align-items:flex-start;padding:.6rem .75rem;margin-top:.5rem;border:1px solid var(--line);border-radius:8px;cursor:pointer}
label:hover{border-color:var(--soft)}
input[type=checkbox]{width:1.15rem;height:1.15rem;margin:.2rem 0 0;accent-color:var(--go);flex:none}
label small{display:block;overflow-wrap:anywhere}
.actions{display:flex;gap:.75rem;margin-top:1.75rem;flex-wrap:wrap}
button{font:inherit;font-weight:600;padding:.65rem 1.5rem;border-radius:8px;border:1px solid var(--line);background:transparent;color:var(--ink);cursor:pointer}
button.go{background:var(--go);border-color:var(--go);color:#fff}
:focus-visible{outline:3px solid #2f6fed;outline-offset:2px}
[role=alert]{margin:1rem 0 0;padding:.6rem .75rem;border-left:4px solid var(--go);background:var(--back)}
";

/// Renders the page that asks for consent.
pub(crate) fn render(page: &Page<'_>) -> String {
    let hidden =
        [("app_id", &page.ask.app_id), ("state", &page.ask.state), ("redirect_uri", &page.ask.redirect_uri)]
            .map(|(name, value)| {
                format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value))
            })
            .concat();
    let complaint = page.complaint.map(|text| format!("<p role=\"alert\">{}</p>", escape(text)));
    document(
        "Authorise access",
        &format!(
            "<h1>An app asks for access to your ads</h1>\
             <p class=\"soft\">Signed in as {person}. App {app}. You will return to {returns_to}.</p>{complaint}\
             <form method=\"post\" action=\"/portal/auth\">{hidden}{accounts}{scopes}\
             <div class=\"actions\"><button class=\"go\" name=\"decision\" value=\"allow\">Allow</button>\
             <button name=\"decision\" value=\"cancel\">Cancel</button></div></form>",
            person = escape(&page.person),
            app = escape(&page.ask.app_id),
            returns_to = escape(&page.returns_to),
            complaint = complaint.unwrap_or_default(),
            accounts = boxes("Ad accounts to share", "advertiser", &page.accounts),
            scopes = boxes("What the app may do", "scope", &page.scopes),
        ),
    )
}

/// Renders the page for a request that names no known app or address.
pub(crate) fn refusal(reason: &str) -> String {
    document(
        "Cannot authorise",
        &format!("<h1>This request cannot be authorised</h1><p>{}</p>", escape(reason)),
    )
}

/// Wraps content into a whole document.
pub(crate) fn document(title: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title} · sandbox</title><style>{STYLE}</style></head><body>\
         <p class=\"note\"><strong>Sandbox.</strong> This page plays TikTok for local use. \
         It is not TikTok, and no real account is involved.</p><main>{content}</main></body></html>"
    )
}

fn boxes(legend: &str, name: &str, choices: &[Choice]) -> String {
    let mut html = format!("<fieldset><legend>{legend}</legend>");
    for Choice { value, label, detail } in choices {
        let (value, label, detail) = (escape(value), escape(label), escape(detail));
        let written = write!(
            html,
            "<label><input type=\"checkbox\" name=\"{name}\" value=\"{value}\" checked>\
             <span>{label}<small>{detail}</small></span></label>"
        );
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }
    html + "</fieldset>"
}

/// Escapes text for HTML, in content and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
