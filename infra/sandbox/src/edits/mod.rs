//! Edits single answers on their way from the played platforms to their caller, by rules; everything else passes
//! untouched.
//!
//! The editor stands at the sandbox's own door and knows no platform. `README.md` of this crate has the rules' JSON
//! form.

mod broken;
mod json;
mod rule;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Router, http};
use serde::Serialize;
use url::form_urlencoded;

use self::broken::Broken;
use self::rule::Asked;
pub use self::rule::{Change, Edit, Matching, Rule};

/// A rule with the counts of its work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Applied {
    /// The rule's number.
    pub id: u64,
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many calls it matched.
    pub matched: u64,
    /// How many answers it changed.
    pub edited: u64,
    /// How many answers it was to change and could not: a pointer names nothing there, or the body is not JSON.
    pub missed: u64,
}

/// The calls that the rules saw and the answers that they changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Edited {
    /// How many calls the platforms answered.
    pub seen: u64,
    /// How many of these answers the rules changed.
    pub edited: u64,
    /// The rules in the order in which they are applied.
    pub rules: Vec<Applied>,
}

#[derive(Default)]
struct Book {
    last_id: u64,
    state: Edited,
}

/// The rules of a sandbox.
#[derive(Clone, Default)]
pub(crate) struct Edits(Arc<Mutex<Book>>);

impl Edits {
    /// Adds a rule behind the existing ones; returns its number.
    pub(crate) fn add(&self, rule: Rule) -> Result<u64> {
        rule.check()?;
        let mut book = self.book();
        book.last_id += 1;
        let id = book.last_id;
        book.state.rules.push(Applied { id, rule, matched: 0, edited: 0, missed: 0 });
        Ok(id)
    }

    /// Removes a rule; returns whether there was one.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut book = self.book();
        let before = book.state.rules.len();
        book.state.rules.retain(|rule| rule.id != id);
        book.state.rules.len() < before
    }

    /// Removes every rule and all counts.
    pub(crate) fn clear(&self) {
        self.book().state = Edited::default();
    }

    pub(crate) fn state(&self) -> Edited {
        self.book().state.clone()
    }

    /// Puts the rules between these routes and their callers.
    pub(crate) fn around(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.clone(), pass))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and returns the edits for its answer, each with its rule's number.
    fn due(&self, asked: &Asked<'_>) -> Vec<(u64, Edit)> {
        let mut book = self.book();
        book.state.seen += 1;
        let mut due = Vec::new();
        for applied in &mut book.state.rules {
            if applied.rule.matching.holds(asked) {
                applied.matched += 1;
                if applied.rule.matching.takes(applied.matched) {
                    due.push((applied.id, applied.rule.edit.clone()));
                }
            }
        }
        due
    }

    fn note(&self, outcomes: &[(u64, bool)]) {
        let mut book = self.book();
        book.state.edited += u64::from(outcomes.iter().any(|(_, edited)| *edited));
        for applied in &mut book.state.rules {
            for (_, edited) in outcomes.iter().filter(|(id, _)| *id == applied.id) {
                applied.edited += u64::from(*edited);
                applied.missed += u64::from(!*edited);
            }
        }
    }
}

/// Lets a call through and edits its answer.
async fn pass(State(edits): State<Edits>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return plain(StatusCode::BAD_REQUEST);
    };
    let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let query: Vec<_> = query.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    let text = String::from_utf8_lossy(&body);
    let due = edits.due(&Asked { method: &parts.method, path: parts.uri.path(), query: &query, body: &text });
    let answer = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    if due.is_empty() {
        return answer;
    }
    let (head, body) = answer.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return plain(StatusCode::BAD_GATEWAY);
    };
    let mut answer = Answer { head, body: body.to_vec(), delay: Duration::ZERO, dropped: false };
    let outcomes: Vec<_> = due.iter().map(|(id, edit)| (*id, answer.apply(edit))).collect();
    edits.note(&outcomes);
    answer.send().await
}

fn plain(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

/// An answer while the rules edit it.
struct Answer {
    head: http::response::Parts,
    body: Vec<u8>,
    delay: Duration,
    dropped: bool,
}

impl Answer {
    /// Applies one rule's edit; returns whether all of it could be done.
    fn apply(&mut self, edit: &Edit) -> bool {
        if let Some(status) = edit.status.and_then(|status| StatusCode::from_u16(status).ok()) {
            self.head.status = status;
        }
        if let Some(body) = &edit.body {
            self.body = body.clone().into_bytes();
        }
        let done = edit.json.is_empty() || self.change(&edit.json);
        if let Some(bytes) = edit.truncate {
            self.body.truncate(bytes);
        }
        self.head.headers.remove(header::CONTENT_LENGTH);
        for (name, value) in &edit.headers {
            let Ok(name) = HeaderName::try_from(name) else { continue };
            match value.as_deref().map(HeaderValue::try_from) {
                Some(Ok(value)) => drop(self.head.headers.insert(name, value)),
                Some(Err(_)) => {}
                None => drop(self.head.headers.remove(name)),
            }
        }
        self.delay += Duration::from_millis(edit.delay_ms);
        // Without a length to cut at, the sandbox sends nothing of the answer.
        if edit.drop && edit.truncate.is_none() {
            self.body.clear();
        }
        self.dropped |= edit.drop;
        done
    }

    /// Makes the JSON changes; returns whether each found its place.
    fn change(&mut self, changes: &[Change]) -> bool {
        let Ok(mut value) = serde_json::from_slice(&self.body) else { return false };
        let found = changes.iter().filter(|change| json::change(&mut value, change) > 0).count();
        self.body = value.to_string().into_bytes();
        found == changes.len()
    }

    async fn send(self) -> Response {
        tokio::time::sleep(self.delay).await;
        let body = if self.dropped { Body::new(Broken::after(self.body)) } else { Body::from(self.body) };
        Response::from_parts(self.head, body)
    }
}
