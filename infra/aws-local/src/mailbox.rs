//! The mailbox page: the mails sent so far, newest first, with links that can be followed. No script, nothing external.

use std::fmt::Write as _;

use crate::Mail;

/// The policy of the page: nothing is loaded, not even by framed HTML.
pub(crate) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mailbox</title>
<style>
:root { color-scheme: light dark; --line: #8885; --soft: color-mix(in srgb, CanvasText 70%, Canvas); }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0; }
header p, dl { color: var(--soft); margin: .25rem 0 0; }
article { border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem 1.5rem; margin-top: 1.5rem; }
h2 { font-size: 1.15rem; margin: 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .75rem; font-size: .9rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 1rem 0 0; }
iframe { width: 100%; height: 24rem; border: 1px solid var(--line); border-radius: .5rem; background: #fff; }
summary { cursor: pointer; margin-top: 1rem; }
a:focus-visible, summary:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
</style>
</head>
<body>
<header>
<h1>Mailbox</h1>
<p>Mails of the local system. None of them left this machine.</p>
</header>
<main>
"#;

/// Renders the page.
pub(crate) fn page(mails: &[Mail]) -> String {
    let mut page = HEAD.to_owned();
    if mails.is_empty() {
        page.push_str("<p>No mail yet.</p>\n");
    }
    for mail in mails.iter().rev() {
        page.push_str(&article(mail));
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn article(mail: &Mail) -> String {
    let mut html = format!("<article aria-labelledby=\"m-{0}\">\n<h2 id=\"m-{0}\">", escape(&mail.id));
    html.push_str(&escape(&mail.subject));
    html.push_str("</h2>\n<dl>");
    let (to, reply_to) = (mail.to.join(", "), mail.reply_to.join(", "));
    for (name, value) in [("From", &mail.from), ("To", &to), ("Reply to", &reply_to), ("Sent", &mail.sent_at)]
    {
        if !value.is_empty() {
            html.push_str(&format_row(name, value));
        }
    }
    html.push_str("</dl>\n");
    if !mail.text.is_empty() {
        writeln!(html, "<div class=\"text\">{}</div>", linked(&mail.text)).ok();
    }
    if !mail.html.is_empty() {
        html.push_str(&frame(mail));
    }
    html.push_str("</article>\n");
    html
}

fn format_row(name: &str, value: &str) -> String {
    format!("<dt>{name}</dt><dd>{}</dd>", escape(value))
}

/// Puts the mail's own HTML into a frame without scripts; its links open in a new tab.
fn frame(mail: &Mail) -> String {
    let open = if mail.text.is_empty() { " open" } else { "" };
    let inner = escape(&format!("<base target=\"_blank\">{}", mail.html));
    format!(
        "<details{open}><summary>As HTML</summary><iframe title=\"The mail as HTML\" \
         sandbox=\"allow-popups allow-popups-to-escape-sandbox\" srcdoc=\"{inner}\"></iframe></details>\n"
    )
}

fn linked(text: &str) -> String {
    let mut html = String::new();
    for word in text.split_inclusive(char::is_whitespace) {
        let shown = word.trim_end();
        let link = shown
            .trim_start_matches(['<', '(', '"'])
            .trim_end_matches(['>', ')', '"', '.', ',', ';', '!', '?']);
        match word.split_once(link) {
            Some((before, after)) if link.starts_with("http://") || link.starts_with("https://") => {
                let (before, link, after) = (escape(before), escape(link), escape(after));
                write!(html, "{before}<a href=\"{link}\" rel=\"noreferrer\">{link}</a>{after}").ok();
            }
            _ => html.push_str(&escape(word)),
        }
    }
    html
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
