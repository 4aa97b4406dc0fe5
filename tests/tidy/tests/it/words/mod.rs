//! The words of comments, documents and names of tests: one word for one thing, and sentences that name their actor.

mod list;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use mooring_tests_tidy::root;

use self::list::{BANNED, FINE, GONE};

/// Files that are not held to these words. History stays as it was written, the promises' words are read in
/// docs/promises.md, and the two files of this rule have to name the words.
const SKIPPED: [&str; 5] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "tests/promises.toml",
    "tests/tidy/tests/it/words/list.rs",
    "tests/tidy/tests/it/words/mod.rs",
];

/// The first decision record that is held to these words.
const FIRST_RECORD: u32 = 34;

/// A line of prose.
struct Line<'a> {
    number: usize,
    text: &'a str,
    is_test_name: bool,
}

/// A word of prose, in lower case; `-` for a later part of a path or of a compound, which matches nothing.
struct Word {
    text: String,
    number: usize,
    /// True when only white space lies between this word and the one before.
    follows: bool,
    /// True when a sentence begins here, outside the name of a test.
    opens: bool,
}

/// Finds what a file should not say, as `path:line: "word": say …`.
fn found(path: &str, text: &str) -> Vec<String> {
    let lines = prose(path, text);
    let words = words(&lines);
    let mut fine = BTreeSet::new();
    for index in 0..words.len() {
        let rest = words.iter().skip(index);
        let covered = FINE.iter().filter(|phrase| matches(rest.clone(), phrase));
        fine.extend(covered.flat_map(|phrase| index..index + phrase.split(' ').count()));
    }
    let mut by_first: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for &(phrase, say) in BANNED {
        let first = phrase.trim_start_matches('^').split(' ').next().unwrap_or_default();
        by_first.entry(first).or_default().push((phrase, say));
    }
    let mut found = gone(&lines);
    if Path::new(path).extension().is_some_and(|kind| kind == "rs") {
        found.extend(gone_in_code(text));
    }
    for (index, word) in words.iter().enumerate().filter(|(index, _)| !fine.contains(index)) {
        for &(phrase, say) in by_first.get(word.text.as_str()).into_iter().flatten() {
            if matches(words.iter().skip(index), phrase) {
                found.push((word.number, phrase, say));
            }
        }
    }
    found.sort_unstable();
    let line = |(number, word, say): (usize, &str, &str)| {
        format!("{path}:{number}: \"{}\": say {say}", word.trim_start_matches('^'))
    };
    found.into_iter().map(line).collect()
}

/// Returns whether words begin with a phrase.
fn matches<'a>(mut words: impl Iterator<Item = &'a Word>, phrase: &str) -> bool {
    let opens = phrase.starts_with('^');
    phrase.trim_start_matches('^').split(' ').enumerate().all(|(index, part)| {
        words.next().is_some_and(|word| {
            word.text == part && if index == 0 { word.opens || !opens } else { word.follows }
        })
    })
}

/// Finds names in backticks that the code no longer has.
fn gone(lines: &[Line<'_>]) -> Vec<(usize, &'static str, &'static str)> {
    let mut found = Vec::new();
    for line in lines {
        for code in line.text.split('`').skip(1).step_by(2) {
            for name in code.split(|c: char| !c.is_alphanumeric() && c != '_') {
                let known = GONE.iter().filter(|(old, _)| *old == name);
                found.extend(known.map(|(old, new)| (line.number, *old, *new)));
            }
        }
    }
    found
}

/// Finds names in code that the code should no longer have.
fn gone_in_code(text: &str) -> Vec<(usize, &'static str, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in numbered(text) {
        let code = line.split("//").next().unwrap_or_default();
        for outside in code.split('"').step_by(2) {
            for name in outside.split(|c: char| !c.is_alphanumeric() && c != '_') {
                let known = GONE.iter().filter(|(old, _)| *old == name);
                found.extend(known.map(|(old, new)| (number, *old, *new)));
            }
        }
    }
    found
}

/// Splits prose into words, without code in backticks.
fn words(lines: &[Line<'_>]) -> Vec<Word> {
    let mut words = Vec::new();
    let mut before = None;
    let mut gap = String::new();
    for line in lines {
        let trimmed = line.text.trim_start();
        let continues = !line.is_test_name
            && before.is_some_and(|number| number + 1 == line.number)
            && !trimmed.is_empty()
            && !trimmed.starts_with(['#', '|', '-']);
        gap.push_str(if continues { " " } else { "." });
        for (index, piece) in line.text.split('`').enumerate() {
            if index % 2 == 0 {
                split(piece, line, &mut gap, &mut words);
            } else {
                gap.push('`');
            }
        }
        before = (!line.is_test_name).then_some(line.number);
    }
    words
}

/// Adds the words of a piece of a line. `gap` holds what lies between the last word and the next.
fn split(piece: &str, line: &Line<'_>, gap: &mut String, words: &mut Vec<Word>) {
    let mut word = String::new();
    for character in piece.chars().chain([' ']) {
        if character.is_alphanumeric() || character == '\'' {
            word.extend(character.to_lowercase());
        } else {
            if !word.is_empty() {
                let text = std::mem::take(&mut word);
                words.push(Word {
                    text: if gap.ends_with(['-', '/', '_']) { "-".to_owned() } else { text },
                    number: line.number,
                    follows: gap.trim().is_empty(),
                    opens: gap.contains(['.', '!', '?', '|']) && !line.is_test_name,
                });
                gap.clear();
            }
            let is_space = character.is_whitespace() || (line.is_test_name && character == '_');
            gap.push(if is_space { ' ' } else { character });
        }
    }
}

/// Reads the prose of a file, by the ending of its name. Returns nothing for a file without prose.
fn prose<'a>(path: &str, text: &'a str) -> Vec<Line<'a>> {
    match path.rsplit('.').next().unwrap_or_default() {
        "rs" | "js" | "mjs" | "css" => slashes(text),
        "toml" | "yaml" | "yml" | "sh" => hashes(text, false),
        "py" => hashes(text, true),
        "md" => markdown(text),
        _ if path == ".ci/run" => hashes(text, false),
        _ => Vec::new(),
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()))
}

/// Reads comments that begin with slashes, and the names of tests.
fn slashes(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let (mut in_block, mut is_test) = (false, false);
    for (number, line) in numbered(text) {
        let comment = if in_block || line.starts_with("/*") {
            in_block = !line.contains("*/");
            Some(line.trim_matches(['/', '*']))
        } else if line.starts_with("//") {
            Some(line.trim_start_matches(['/', '!']))
        } else {
            behind(line, " //")
        };
        lines.extend(comment.map(|text| Line { number, text, is_test_name: false }));
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some((_, name)) = line.split_once("fn ").filter(|_| is_test) {
            let text = name.split('(').next().unwrap_or_default();
            lines.push(Line { number, text, is_test_name: true });
            is_test = false;
        }
    }
    lines
}

/// Reads comments that begin with `#`, and the documentation of Python.
fn hashes(text: &str, python: bool) -> Vec<Line<'_>> {
    const QUOTES: &str = "\"\"\"";
    let mut lines = Vec::new();
    let mut in_block = false;
    for (number, line) in numbered(text) {
        let comment = if in_block || (python && line.starts_with(QUOTES)) {
            in_block ^= line.matches(QUOTES).count() % 2 == 1;
            Some(line.trim_start_matches(QUOTES).trim_end_matches(QUOTES))
        } else if line.starts_with('#') {
            Some(line.trim_start_matches(['#', '!']))
        } else {
            behind(line, " # ")
        };
        lines.extend(comment.map(|text| Line { number, text, is_test_name: false }));
    }
    lines
}

/// Reads a document without its blocks of code.
fn markdown(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut in_code = false;
    for (number, text) in numbered(text) {
        if text.starts_with("```") {
            in_code = !in_code;
        } else if !in_code {
            lines.push(Line { number, text, is_test_name: false });
        }
    }
    lines
}

/// Finds the comment behind code. A mark after an odd number of quotes lies in a text.
fn behind<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    let mut code = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(mark) {
        code.push_str(before);
        if code.matches('"').count().is_multiple_of(2) {
            return Some(after);
        }
        rest = after;
    }
    None
}

/// True for a file that is not held to these words.
fn is_skipped(path: &str) -> bool {
    let record = path.strip_prefix("docs/adr/").and_then(|name| name.split('-').next());
    let is_history = record.and_then(|number| number.parse::<u32>().ok()).is_some_and(|it| it < FIRST_RECORD);
    is_history || SKIPPED.contains(&path)
}

/// Lists the files that git tracks.
fn tracked() -> Result<Vec<String>> {
    let output = Command::new("git").arg("ls-files").current_dir(root()).output().context("git ls-files")?;
    ensure!(output.status.success(), "git ls-files: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
}

#[test]
fn prose_keeps_to_the_words() {
    let files: Vec<String> = tracked().unwrap().into_iter().filter(|path| !is_skipped(path)).collect();
    assert!(files.len() > 500, "{} files are tracked", files.len());
    let texts =
        files.iter().filter_map(|path| Some((path, std::fs::read_to_string(root().join(path)).ok()?)));
    let all: Vec<String> = texts.flat_map(|(path, text)| found(path, &text)).collect();
    assert!(
        all.is_empty(),
        "{}\n{} found; the list is in tests/tidy/tests/it/words/list.rs",
        all.join("\n"),
        all.len()
    );
}

#[test]
fn a_word_is_found_in_comments_documents_and_names_of_tests() {
    for (path, text) in [
        ("a.rs", "/// Writes a sheet.\nfn f() {}"),
        ("a.rs", "let a = 1; // one Sheet"),
        ("a.rs", "#[test]\nfn a_sheet_is_read() {}"),
        ("a.rs", "#[tokio::test]\nasync fn a_sheet_is_read() {}"),
        ("a.css", "/* The first,\n   a sheet. */"),
        ("a.md", "# Days\n\nA day is a sheet."),
        ("a.md", "| sheets | 3 |"),
        ("a.toml", "a = 1 # a sheet"),
        ("a.yaml", "a: 1\n# a sheet"),
        ("a.py", "def f():\n    \"\"\"Reads a sheet.\"\"\""),
    ] {
        assert_eq!(found(path, text).len(), 1, "{path}: {text}");
    }
    assert_eq!(found("a.rs", "fn f() {}\n// a sheet"), ["a.rs:2: \"sheet\": say chunk"]);
}

#[test]
fn a_phrase_is_found_across_lines_and_where_a_sentence_begins() {
    assert_eq!(found("a.rs", "/// A metric of\n/// ours.").len(), 1);
    assert_eq!(found("a.rs", "/// A metric of\n\n// ours").len(), 0, "two comments");
    assert_eq!(found("a.rs", "/// It is. Away from").len(), 0, "two sentences");
    assert_eq!(found("a.rs", "/// What is known of a day.").len(), 1);
    assert_eq!(found("a.md", "| `subject` | What is deleted. |").len(), 1);
    assert_eq!(found("a.rs", "/// Says what is known of a day.").len(), 0);
    assert_eq!(found("a.rs", "#[test]\nfn what_is_open_is_closed() {}").len(), 0);
}

#[test]
fn a_name_that_is_gone_is_found_in_backticks() {
    assert_eq!(found("a.rs", "/// See [`KeyMint::mint`]."), ["a.rs:1: \"KeyMint\": say KeyGenerate"]);
    assert_eq!(found("a.md", "Repeats the call. The Landing of a plane.").len(), 0);
}

#[test]
fn a_name_that_is_gone_is_found_in_code() {
    assert_eq!(found("a.rs", "let a = NoGate;"), ["a.rs:1: \"NoGate\": say Unguarded"]);
    for text in ["let a = \"NoGate\";", "let a = 1; // the gate", "let a = NoGates;"] {
        assert_eq!(found("a.rs", text), [""; 0], "{text}");
    }
}

#[test]
fn code_texts_and_ordinary_uses_are_fine() {
    for (path, text) in [
        ("a.rs", "let sheet = fingerprint(\"sheet\");"),
        ("a.rs", "let at = \"https://a.example // a sheet\";"),
        ("a.rs", "fn a_sheet() {}"),
        ("a.rs", "/// The style sheet of a page, and a spreadsheet."),
        ("a.rs", "/// Rows below `hook#`."),
        ("a.rs", "/// Looks up a name, cuts a text, claims a try."),
        ("a.md", "```\nmake sheet\n```"),
        ("a.md", "[the record](docs/adr/0004-sheets.md) has `sheets`."),
        ("a.toml", "label = \"sheet # a sheet\""),
        ("a.json", "# a sheet"),
    ] {
        assert_eq!(found(path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn history_is_not_rewritten() {
    for (path, skipped) in [
        ("docs/adr/0004-sheets.md", true),
        ("docs/adr/0034-one-function-answers-all-preflights.md", false),
        ("CHANGELOG.md", true),
        ("docs/ci.md", false),
    ] {
        assert_eq!(is_skipped(path), skipped, "{path}");
    }
}
