//! The constructors of keys in the store, and whether each is named among the samples of its family.
//!
//! The store's own test asks the families for their places and holds every sample against them. Here is what that test
//! cannot see: a constructor without a sample, a family whose samples nobody asks for, and a key that is made elsewhere.

use crate::Source;

/// The file of the test that holds every sample against the places.
pub const HOLDS_SAMPLES: &str = "shared/store/src/tests.rs";

/// Lists the constructors that no test holds against the places of deletions.
pub fn broken(sources: &[Source], holds: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("shared/store/src/")) {
        let below = source.path.trim_start_matches("shared/store/src/");
        match below.split_once('/') {
            Some(("client", _)) => found.extend(made_by_client(source)),
            Some((family, "keys.rs")) => {
                found.extend(without_sample(source));
                let asked = format!("{family}::keys::samples");
                if !constructors(source).is_empty() && !holds.text.contains(&asked) {
                    found.push(format!("{HOLDS_SAMPLES}: ask `{asked}` for its keys"));
                }
            }
            _ => found.extend(made_elsewhere(source)),
        }
    }
    found
}

/// The functions of the client that return keys: the beginning of every key in a connection's own partition, and
/// those that read the keys of stored rows.
const CLIENTS: [&str; 6] = ["of_home", "keys", "key_page", "due_keys", "key_of", "key"];

/// Lists the constructors of the client beside its own one; families could call them without a sample.
fn made_by_client(source: &Source) -> Vec<String> {
    let others = constructors(source).into_iter().filter(|(_, name)| !CLIENTS.contains(name));
    others
        .map(|(number, name)| {
            format!("{}:{number}: `{name}` makes a key: keys are made in `keys.rs` of a family", source.path)
        })
        .collect()
}

/// Lists the functions of a file that return a key: line and name.
fn constructors(source: &Source) -> Vec<(usize, &str)> {
    let lines: Vec<(usize, &str)> = source.product_lines().collect();
    let mut found = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let Some((_, after)) = line.split_once("fn ") else { continue };
        let is_code = !line.trim_start().starts_with("//");
        let name = after.split(['(', '<']).next().unwrap_or_default();
        let mut signature = String::new();
        for (_, line) in lines.iter().skip(at) {
            signature.push_str(line);
            if line.contains('{') || line.trim_end().ends_with(';') {
                break;
            }
        }
        let returns = signature.split_once("->").map(|(_, returned)| returned);
        if is_code && returns.is_some_and(names_key) {
            found.push((*number, name));
        }
    }
    found
}

/// Returns whether the type that a function returns has a key in it.
fn names_key(returned: &str) -> bool {
    returned.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "Key")
}

/// Lists the constructors that the samples below them do not call. A private one is called by the others.
fn without_sample(source: &Source) -> Vec<String> {
    let samples = source.text.split_once("fn samples(").map_or("", |(_, samples)| samples);
    let has = |name: &str| {
        samples.match_indices(&format!("{name}(")).any(|(at, _)| {
            !samples.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric() || c == '_')
        })
    };
    let lines: Vec<&str> = source.text.lines().collect();
    let is_private =
        |number: usize| lines.get(number - 1).is_some_and(|line| line.trim_start().starts_with("fn "));
    let lone = constructors(source).into_iter().filter(|(number, name)| !is_private(*number) && !has(name));
    lone.map(|(number, name)| {
        format!(
            "{}:{number}: `{name}` has no sample: say in `samples` which deletion empties its place, or why none does",
            source.path
        )
    })
    .collect()
}

/// Lists the lines outside of the files of keys that make a key.
fn made_elsewhere(source: &Source) -> Vec<String> {
    let makes = ["Key::new(", "Key {", "Key as ", "of_home(", "sk.push", "pk.push"];
    let code = source.product_lines().filter(|(_, line)| !line.trim_start().starts_with("//"));
    let making = code.filter(|(_, line)| makes.iter().any(|word| starts_word(line, word)));
    making
        .map(|(number, _)| format!("{}:{number}: keys are made in `keys.rs` of a family", source.path))
        .collect()
}

/// Returns whether a line has a word that no longer name ends with, and that names no type which is returned.
fn starts_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default();
        !before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !before.trim_end().ends_with("->")
    })
}
