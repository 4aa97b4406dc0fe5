//! Edits of standing texts: a line into a sorted list, a text before a mark, a block into functions.toml.

use anyhow::{Context as _, Result};

/// Fills the places `{{name}}` of a skeleton.
pub(super) fn fill(skeleton: &str, places: &[(&str, &str)]) -> String {
    places
        .iter()
        .fold(skeleton.to_owned(), |text, (name, value)| text.replace(&["{{", name, "}}"].concat(), value))
}

/// Puts a line among the lines with a prefix, which are sorted; without one at the end.
pub(super) fn sorted(text: &str, prefix: &str, line: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let same = |other: &str| other.starts_with(prefix);
    let later = lines.iter().position(|other| same(other) && *other > line);
    let last = lines.iter().rposition(|other| same(other)).map_or(lines.len(), |last| last + 1);
    lines.insert(later.unwrap_or(last), line);
    lines.join("\n") + "\n"
}

/// Puts a text before the first mark.
pub(super) fn before(text: &str, mark: &str, new: &str) -> Result<String> {
    let at = text.find(mark).with_context(|| format!("it has no `{}`", mark.trim()))?;
    let (head, tail) = text.split_at(at);
    Ok(format!("{head}{new}{tail}"))
}

/// Puts a text before the first `end` that follows a mark.
pub(super) fn before_end(text: &str, mark: &str, end: &str, new: &str) -> Result<String> {
    let start = text.find(mark).with_context(|| format!("it has no `{}`", mark.trim()))?;
    let (head, rest) = text.split_at(start);
    Ok(head.to_owned() + &before(rest, end, new)?)
}

/// Adds an import of one name, unless the file has it. The formatter sorts and wraps it.
pub(super) fn import(text: &str, module: &str, name: &str) -> String {
    let start = format!("use {module}::");
    let uses = text.match_indices(&start).filter(|(at, _)| *at == 0 || text.get(at - 1..*at) == Some("\n"));
    let mut ends = uses.filter_map(|(at, _)| {
        let names = at + start.len();
        Some((names, names + text.get(names..)?.find(';')?))
    });
    // Whatever follows a further `::` outside of braces belongs to another module.
    let own = ends.find(|(from, to)| {
        text.get(*from..*to).is_some_and(|names| names.starts_with('{') || !names.contains("::"))
    });
    if let Some((from, to)) = own {
        let (head, tail) = (text.get(..from).unwrap_or_default(), text.get(to..).unwrap_or_default());
        let names = text.get(from..to).unwrap_or_default();
        let had = names.strip_prefix('{').and_then(|names| names.strip_suffix('}')).unwrap_or(names);
        let had = had.trim().trim_end_matches(',');
        return if listed(had).contains(&name) {
            text.to_owned()
        } else {
            format!("{head}{{{had}, {name}}}{tail}")
        };
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let all = format!("use {}::", module.split("::").next().unwrap_or_default());
    let first = lines.iter().position(|line| line.starts_with(&all));
    let at = first.or_else(|| lines.iter().position(|line| line.starts_with("use ")));
    lines.insert(at.unwrap_or(lines.len()), format!("{start}{name};"));
    lines.join("\n") + "\n"
}

/// Splits a list of imports at the commas outside of braces.
fn listed(names: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let outside = |letter: char| {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    };
    names.split(outside).map(str::trim).collect()
}

/// Puts the block of a function into functions.toml, in the order of names. Comments above a block stay with it.
pub(super) fn block(text: &str, name: &str, new: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let later = lines.iter().position(|line| block_of(line).is_some_and(|other| other > name));
    let Some(mut at) = later else { return format!("{}\n\n{new}", text.trim_end()) };
    while at > 0 && lines.get(at - 1).is_some_and(|line| line.starts_with('#')) {
        at -= 1;
    }
    let (head, tail) = lines.split_at(at);
    format!("{}\n{new}\n{}\n", head.join("\n"), tail.join("\n"))
}

fn block_of(line: &str) -> Option<&str> {
    line.strip_prefix("[function.")?.strip_suffix(']')
}

/// Takes the block of a function out of planned.toml, if it is there.
pub(super) fn without_block(text: &str, name: &str) -> String {
    let head = format!("[function.{name}]");
    let mut out = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        inside = match line {
            _ if line == head => true,
            _ if line.starts_with(['[', '#']) => false,
            _ => inside,
        };
        if !inside {
            out.push(line);
        }
    }
    out.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_to_its_place() {
        let text = "//! A.\n\npub mod a;\npub mod c;\n\nfn x() {}\n";
        assert_eq!(
            sorted(text, "pub mod ", "pub mod b;"),
            "//! A.\n\npub mod a;\npub mod b;\npub mod c;\n\nfn x() {}\n"
        );
        assert!(sorted(text, "pub mod ", "pub mod d;").contains("pub mod c;\npub mod d;\n"));
        assert_eq!(sorted("//! A.\n", "pub mod ", "pub mod b;"), "//! A.\npub mod b;\n");
        let end = before_end("a = [\n];\nb = [\n];\n", "b = [", "];", "    1,\n").unwrap();
        assert_eq!(end, "a = [\n];\nb = [\n    1,\n];\n");
        assert_eq!(before("a", "b", "").unwrap_err().to_string(), "it has no `b`");
    }

    #[test]
    fn an_import_is_added_once() {
        let text = "use crate::base::error::Result;\nuse crate::base::ids::{A, B};\n";
        assert_eq!(import(text, "crate::base::error", "Result"), text);
        assert_eq!(import(text, "crate::base::ids", "B"), text);
        assert!(import(text, "crate::base::ids", "C").contains("use crate::base::ids::{A, B, C};\n"));
        assert!(import(text, "crate::base::error", "Error").contains("error::{Result, Error};\n"));
        assert!(import(text, "crate::base", "Key").starts_with("use crate::base::Key;\n"));
        let wrapped = "use crate::base::ids::{\n    A,\n    nested::{B, C},\n};\nuse x::Y;\n";
        assert_eq!(import(wrapped, "crate::base::ids", "A"), wrapped);
        let more = "use crate::base::ids::{A,\n    nested::{B, C}, B};\nuse x::Y;\n";
        assert_eq!(import(wrapped, "crate::base::ids", "B"), more);
    }

    #[test]
    fn a_block_goes_to_its_place_and_comments_stay_with_theirs() {
        let text = "[function.a]\ndoes = 1\n\n# Says more.\n[function.c]\ndoes = 2\n";
        let new = "[function.b]\ndoes = 3\n";
        let all = block(text, "b", new);
        assert_eq!(
            all,
            "[function.a]\ndoes = 1\n\n[function.b]\ndoes = 3\n\n# Says more.\n[function.c]\ndoes = 2\n"
        );
        assert!(block(text, "d", "[function.d]\n").ends_with("does = 2\n\n[function.d]\n"));
        assert_eq!(without_block(&all, "b"), text);
        assert_eq!(without_block(text, "x"), text);
    }
}
