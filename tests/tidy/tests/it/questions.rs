//! The index of questions in ARCHITECTURE.md: each file and each name that it gives is there.

use anyhow::{Context, Result};
use mooring_tests_tidy::root;

/// The heading above the index.
const INDEX: &str = "## Where is …";

/// A row of the index: the files that answer a question, and the names to look for in them.
struct Row<'a> {
    question: &'a str,
    files: Vec<&'a str>,
    names: Vec<&'a str>,
}

/// Reads the rows of the index: tables of a question, its files and its names.
fn rows(page: &str) -> Result<Vec<Row<'_>>> {
    let (_, index) = page.split_once(INDEX).with_context(|| format!("no heading `{INDEX}`"))?;
    let cells = index.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split(" | ");
        Some((cells.next()?.trim(), cells.next()?, cells.next()?))
    });
    let rows = cells.map(|(question, files, names)| Row { question, files: code(files), names: code(names) });
    Ok(rows.filter(|row| !row.files.is_empty()).collect())
}

/// Reads the texts in backticks.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Returns whether a file defines a name, or has it as it stands where the file holds no Rust.
fn defines(path: &str, text: &str, name: &str) -> bool {
    if path.rsplit('.').next() != Some("rs") {
        return text.contains(name);
    }
    let name = name.rsplit("::").next().unwrap_or(name);
    let code = text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    code.into_iter().any(|line| is_definition(line, name) || line.contains(&format!("\"{name}\"")))
}

/// Returns whether a line defines a name, or implements it.
fn is_definition(line: &str, name: &str) -> bool {
    const KEYWORDS: [&str; 7] = ["fn", "struct", "enum", "trait", "const", "static", "mod"];
    let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let follows =
        |pair: &[&str]| matches!(pair, [keyword, word] if KEYWORDS.contains(keyword) && *word == name);
    words.windows(2).any(follows) || (line.starts_with("impl") && words.contains(&name))
}

/// Finds what the index gives and nobody finds.
fn stale(page: &str, read: impl Fn(&str) -> Option<String>) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for Row { question, files, names } in rows(page)? {
        let texts: Vec<_> = files.iter().map(|file| (*file, read(file))).collect();
        let missing = texts.iter().filter(|(_, text)| text.is_none());
        stale.extend(missing.map(|(file, _)| format!("{question}: there is no file {file}")));
        let there = |name: &str| {
            texts.iter().any(|(file, text)| text.as_ref().is_some_and(|text| defines(file, text, name)))
        };
        let lost = names.iter().filter(|name| !there(name));
        stale.extend(lost.map(|name| format!("{question}: none of {files:?} has `{name}`")));
    }
    Ok(stale)
}

#[test]
fn every_answer_of_the_index_is_where_it_says() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let count = rows(&page).unwrap().len();
    assert!(count > 60, "the index lost something: {count} rows");
    let stale = stale(&page, |path| std::fs::read_to_string(root().join(path)).ok()).unwrap();
    assert!(stale.is_empty(), "ARCHITECTURE.md leads astray\n{}", stale.join("\n"));
}

#[test]
fn an_answer_that_moved_is_found() {
    let page = |file: &str, name: &str| {
        format!(
            "# A\n\n{INDEX}\n\n| where | file | name there |\n|---|---|---|\n| is it | `{file}` | `{name}` |\n"
        )
    };
    let read = |path: &str| {
        let text = "// fn gone()\nimpl Edge {\n    pub async fn once<T>(&self) {}\n}\n";
        (path == "a.rs").then(|| text.to_owned())
    };
    for name in ["once", "Edge::once", "Edge"] {
        assert_eq!(stale(&page("a.rs", name), read).unwrap(), [""; 0], "{name}");
    }
    assert_eq!(stale(&page("b.rs", "once"), read).unwrap().len(), 2, "no file, and so no name");
    for name in ["gone", "self", "onc"] {
        let found = stale(&page("a.rs", name), read).unwrap();
        assert_eq!(found, [format!("is it: none of [\"a.rs\"] has `{name}`")]);
    }
    assert!(stale("# A\n", read).is_err());
}
