//! Reads which paths of a crate a source names, in `use` trees and in expressions alike.

use crate::Source;

/// A path that a source names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The line on which the path begins.
    pub line: usize,
    /// The segments behind the crate's name.
    pub path: Vec<String>,
}

/// Lists the paths that the product lines of a source name below a crate, `crate` for its own. In its own crate a path
/// that begins with `super` counts as well.
pub fn imports(source: &Source, krate: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut text = String::new();
    for (_, line) in source.product_lines() {
        text.push_str(line.split("//").next().unwrap_or_default());
        text.push('\n');
    }
    let words = words(&text);
    let own = module_of(&source.path);
    for (at, (line, word)) in words.iter().enumerate() {
        let follows = at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(|(_, w)| w == "::");
        let starts = match word.as_str() {
            _ if follows => continue,
            word if word == krate => Some((Vec::new(), at + 1)),
            "super" if krate == "crate" => above(&words, at, own.clone()),
            _ => None,
        };
        if let Some((base, next)) = starts.filter(|(_, next)| is(&words, *next, "::")) {
            let mut paths = Vec::new();
            tree(&words, next + 1, &base, &mut paths);
            found.extend(paths.into_iter().map(|path| Import { line: *line, path }));
        }
    }
    found
}

type Words = [(usize, String)];

fn is(words: &Words, at: usize, word: &str) -> bool {
    words.get(at).is_some_and(|(_, found)| found == word)
}

/// Splits a text into names, `::` and single marks, each with its line.
fn words(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let end = match first {
                _ if is_name(first) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
                _ if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            let (word, next) = rest.split_at(end);
            found.push((index + 1, word.to_owned()));
            rest = next.trim_start();
        }
    }
    found
}

/// Returns the module that a file is, as segments below `src`.
fn module_of(path: &str) -> Vec<String> {
    let below = path.split_once("/src/").map_or(path, |(_, below)| below);
    let below = below.trim_end_matches(".rs").trim_end_matches("/mod");
    below.split('/').filter(|segment| !matches!(*segment, "lib" | "main")).map(str::to_owned).collect()
}

/// Resolves `super::super` from a module on; `None` where it leaves the crate.
fn above(words: &Words, mut at: usize, mut module: Vec<String>) -> Option<(Vec<String>, usize)> {
    loop {
        module.pop()?;
        if is(words, at + 1, "::") && is(words, at + 2, "super") {
            at += 2;
        } else {
            return Some((module, at + 1));
        }
    }
}

/// Reads one tree of a `use`, or one path, and returns the position behind it.
fn tree(words: &Words, mut at: usize, base: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = base.to_vec();
    loop {
        match words.get(at).map(|(_, word)| word.as_str()) {
            Some("{") => {
                at += 1;
                while at < words.len() && !is(words, at, "}") {
                    at = tree(words, at, &path, found).max(at + 1);
                    if is(words, at, ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            Some("self") => {}
            Some(word) if word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                path.push(word.to_owned());
            }
            _ => {
                found.push(path);
                return at + 1;
            }
        }
        at += 1;
        if is(words, at, "as") {
            at += 2;
        }
        if !is(words, at, "::") {
            found.push(path);
            return at;
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(path: &str, text: &str) -> Vec<String> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        imports(&source, "crate").into_iter().map(|import| import.path.join("::")).collect()
    }

    #[test]
    fn every_form_of_a_path_is_read() {
        let text = "//! [`crate::said`]\nuse crate::{a, b::{self, C as D, e::*},\n    f::G};\nuse other::crate_name;\n\
                    fn x() -> crate::h::I<J> { super::k::l() } // crate::m\nuse super::super::n::O;\n\
                    #[cfg(test)]\nmod tests {\n    use crate::p;\n}\n";
        assert_eq!(
            paths("shared/x/src/fam/ops/mod.rs", text),
            ["a", "b", "b::C", "b::e", "f::G", "h::I", "fam::k::l", "n::O"]
        );
    }

    #[test]
    fn a_path_out_of_the_crate_is_none_of_its_own() {
        assert!(paths("shared/x/src/lib.rs", "use super::a;\nuse std::crate_b::c;").is_empty());
    }
}
