//! A rule: the answers that it edits, and its changes to them.
//!
//! The admin interface and rule files take its JSON form; Rust code builds the same rule with methods.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Edits the answers of the calls that it matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The calls whose answers are edited.
    #[serde(rename = "match")]
    pub matching: Matching,
    /// The changes to each of these answers.
    pub edit: Edit,
}

/// Chooses calls; a condition that is not given holds for every call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// The method.
    pub method: Option<String>,
    /// The path: `{name}` stands for one segment, `{*name}` at the end for all that follow.
    pub path: Option<String>,
    /// Texts that the decoded values of these query parameters contain.
    pub query: BTreeMap<String, String>,
    /// A text that the request's body contains.
    pub body: Option<String>,
    /// The first call to be edited among those that match, counted from 1.
    pub from: Option<u64>,
    /// How many answers are edited from there on; all of them when it is not given.
    pub times: Option<u64>,
}

/// Changes an answer. The platform has done its part by then: only the caller's view of it changes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Edit {
    /// Another status.
    pub status: Option<u16>,
    /// Headers with other values; `null` removes a header.
    pub headers: BTreeMap<String, Option<String>>,
    /// Another body, sent as it is.
    pub body: Option<String>,
    /// Changes of a JSON body, in this order. The sandbox serialises a changed body anew.
    pub json: Vec<Change>,
    /// Sends only this many first bytes of the body, with framing that fits them.
    pub truncate: Option<usize>,
    /// Holds the answer back for this many real milliseconds.
    pub delay_ms: u64,
    /// Ends the connection in place of the answer or, beside `truncate`, in the middle of it.
    pub drop: bool,
}

/// One change of a JSON body. Its pointers are those of RFC 6901; in a pointer, `*` stands for every item or member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// Puts a value there; `-` as the last token appends to a list.
    Set {
        /// Where.
        at: String,
        /// What.
        value: Value,
    },
    /// Puts a value there if there is one already.
    Replace {
        /// Where.
        at: String,
        /// What.
        value: Value,
    },
    /// Takes a value away.
    Remove {
        /// Where.
        at: String,
    },
    /// Puts a copy of another value there, as `set` does.
    Copy {
        /// Where the value stands.
        from: String,
        /// Where the copy goes.
        at: String,
    },
}

/// A call as rules see it.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) query: &'a [(String, String)],
    pub(super) body: &'a str,
}

impl Matching {
    pub(super) fn holds(&self, asked: &Asked<'_>) -> bool {
        let value_contains = |(name, part): (&String, &String)| {
            asked.query.iter().any(|(known, value)| known == name && value.contains(part.as_str()))
        };
        self.method.as_ref().is_none_or(|method| asked.method.as_str().eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|template| fits(template, asked.path))
            && self.query.iter().all(value_contains)
            && self.body.as_ref().is_none_or(|part| asked.body.contains(part.as_str()))
    }

    /// Returns whether the nth matching call is one of those to be edited.
    pub(super) fn takes(&self, nth: u64) -> bool {
        let first = self.from.unwrap_or(1);
        nth >= first && self.times.is_none_or(|times| nth - first < times)
    }
}

/// Compares a path with a template, segment by segment: a closing slash counts.
fn fits(template: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    for expected in template.split('/') {
        if expected.starts_with("{*") {
            return segments.next().is_some();
        }
        let Some(segment) = segments.next() else { return false };
        let any = expected.starts_with('{') && expected.ends_with('}') && !segment.is_empty();
        if !any && segment != expected {
            return false;
        }
    }
    segments.next().is_none()
}

impl Rule {
    /// Makes a rule for every call of a path or path template; it does nothing until an edit is added.
    pub fn on(path: &str) -> Self {
        let matching = Matching { path: Some(path.to_owned()), ..Matching::default() };
        Self { matching, edit: Edit::default() }
    }

    /// Limits the rule to calls with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.matching.method = Some(method.to_owned());
        self
    }

    /// Limits the rule to calls whose query parameter contains a text.
    #[must_use]
    pub fn query(mut self, name: &str, part: &str) -> Self {
        self.matching.query.insert(name.to_owned(), part.to_owned());
        self
    }

    /// Limits the rule to calls whose body contains a text.
    #[must_use]
    pub fn asking(mut self, part: &str) -> Self {
        self.matching.body = Some(part.to_owned());
        self
    }

    /// Starts the rule at the nth of these calls, counted from 1.
    #[must_use]
    pub fn from(mut self, nth: u64) -> Self {
        self.matching.from = Some(nth);
        self
    }

    /// Limits the rule to a number of answers.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.matching.times = Some(times);
        self
    }

    /// Answers with another status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.edit.status = Some(status);
        self
    }

    /// Answers with a header set, or taken away.
    #[must_use]
    pub fn header(mut self, name: &str, value: Option<&str>) -> Self {
        self.edit.headers.insert(name.to_owned(), value.map(str::to_owned));
        self
    }

    /// Answers with another body.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.edit.body = Some(body.into());
        self
    }

    /// Puts a value into the JSON body.
    #[must_use]
    pub fn set(self, at: &str, value: impl Into<Value>) -> Self {
        self.change(Change::Set { at: at.to_owned(), value: value.into() })
    }

    /// Puts a value in place of another in the JSON body.
    #[must_use]
    pub fn replace(self, at: &str, value: impl Into<Value>) -> Self {
        self.change(Change::Replace { at: at.to_owned(), value: value.into() })
    }

    /// Takes a value out of the JSON body.
    #[must_use]
    pub fn remove(self, at: &str) -> Self {
        self.change(Change::Remove { at: at.to_owned() })
    }

    /// Copies a value within the JSON body.
    #[must_use]
    pub fn copy(self, from: &str, at: &str) -> Self {
        self.change(Change::Copy { from: from.to_owned(), at: at.to_owned() })
    }

    /// Sends only the first bytes of the body.
    #[must_use]
    pub fn truncate(mut self, bytes: usize) -> Self {
        self.edit.truncate = Some(bytes);
        self
    }

    /// Holds the answer back.
    #[must_use]
    pub fn delay_ms(mut self, milliseconds: u64) -> Self {
        self.edit.delay_ms = milliseconds;
        self
    }

    /// Ends the connection in place of the answer.
    #[must_use]
    pub fn dropped(mut self) -> Self {
        self.edit.drop = true;
        self
    }

    fn change(mut self, change: Change) -> Self {
        self.edit.json.push(change);
        self
    }

    /// Refuses a rule that could not do its work.
    pub(super) fn check(&self) -> Result<()> {
        let Self { matching, edit } = self;
        let path = matching.path.as_deref().unwrap_or("/");
        ensure!(path.starts_with('/'), "match.path begins with a slash: {path}");
        ensure!(matching.from != Some(0), "match.from counts from 1");
        ensure!(matching.times != Some(0), "match.times is at least 1; leave it out for every answer");
        ensure!(*edit != Edit::default(), "edit changes nothing: give it a status, headers, json, a body, …");
        if let Some(status) = edit.status {
            let known = StatusCode::from_u16(status).is_ok_and(|status| !status.is_informational());
            ensure!(known, "edit.status is no final HTTP status: {status}");
        }
        for (name, value) in &edit.headers {
            let value = value.as_deref().unwrap_or_default();
            let sound = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
            ensure!(sound, "edit.headers: {name} cannot be sent");
        }
        edit.json.iter().flat_map(Change::pointers).try_for_each(|pointer| {
            let sound = pointer.is_empty() || pointer.starts_with('/');
            ensure!(sound, "edit.json: a pointer is empty or begins with a slash: {pointer}");
            Ok(())
        })
    }
}

impl Change {
    fn pointers(&self) -> impl Iterator<Item = &str> {
        let (at, from) = match self {
            Self::Set { at, .. } | Self::Replace { at, .. } | Self::Remove { at } => (at, None),
            Self::Copy { from, at } => (at, Some(from)),
        };
        std::iter::once(at).chain(from).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_whole_paths_segment_by_segment() {
        let cases = [
            ("/a/b/", "/a/b/", true),
            ("/a/b", "/a/b/", false),
            ("/a/b/", "/a/b", false),
            ("/a/{id}/c", "/a/1/c", true),
            ("/a/{id}/c", "/a//c", false),
            ("/a/{id}/c", "/a/1/2/c", false),
            ("/a/{*rest}", "/a/1/2/c", true),
            ("/a/{*rest}", "/a", false),
            ("/{*rest}", "/anything", true),
        ];
        for (template, path, expected) in cases {
            assert_eq!(fits(template, path), expected, "{template} {path}");
        }
    }

    #[test]
    fn calls_are_counted_from_one() {
        let taken = |matching: Matching| (1..=5).filter(|nth| matching.takes(*nth)).collect::<Vec<_>>();
        assert_eq!(taken(Matching::default()), [1, 2, 3, 4, 5]);
        assert_eq!(taken(Matching { times: Some(1), ..Matching::default() }), [1]);
        assert_eq!(taken(Matching { from: Some(3), ..Matching::default() }), [3, 4, 5]);
        assert_eq!(taken(Matching { from: Some(2), times: Some(2), ..Matching::default() }), [2, 3]);
    }

    #[test]
    fn rules_that_cannot_work_are_refused_with_their_reason() {
        let good = Rule::on("/a/").status(500);
        good.check().expect("sound");
        for (rule, reason) in [
            (Rule::on("/a/"), "changes nothing"),
            (Rule::on("a/").status(500), "begins with a slash"),
            (good.clone().from(0), "counts from 1"),
            (good.times(0), "at least 1"),
            (Rule::on("/a/").status(99), "no final HTTP status"),
            (Rule::on("/a/").status(101), "no final HTTP status"),
            (Rule::on("/a/").header("a b", None), "cannot be sent"),
            (Rule::on("/a/").header("a", Some("\n")), "cannot be sent"),
            (Rule::on("/a/").set("data", 1), "begins with a slash"),
            (Rule::on("/a/").copy("data", "/a"), "begins with a slash"),
        ] {
            let refused = rule.check().expect_err(reason).to_string();
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
