//! The names of new things: which are refused, and the forms in which a name stands in code.

use anyhow::{Result, bail, ensure};

use super::plan::Plan;

/// Words that a module cannot have as its name: the language's, and those of files that each folder has.
const RESERVED: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct",
    "super", "trait", "true", "try", "type", "unsafe", "use", "where", "while", "yield", "items", "keys",
    "ops", "ports",
];

/// A name in the forms that code and documents need.
#[derive(Debug, Clone)]
pub(super) struct Name {
    words: Vec<String>,
}

impl Name {
    /// Reads a name of small words, joined by hyphens or by underscores.
    pub(super) fn read(text: &str, joint: char, example: &str) -> Result<Self> {
        let good = |word: &str| {
            word.starts_with(|first: char| first.is_ascii_lowercase())
                && word.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
        };
        ensure!(
            !text.is_empty() && text.split(joint).all(good),
            "`{text}` is no name here: small letters and digits in words joined by `{joint}`, such as `{example}`"
        );
        let name = Self { words: text.split(joint).map(str::to_owned).collect() };
        if RESERVED.contains(&name.snake().as_str()) || ["lib", "main", "tests"].contains(&text) {
            bail!("`{text}` is reserved: no module can have this name");
        }
        Ok(name)
    }

    /// Returns how many words the name has.
    pub(super) fn len(&self) -> usize {
        self.words.len()
    }

    /// Moves the last word to the front: the function `report-read` has the operation `read_report`.
    pub(super) fn verb_first(&self) -> Self {
        let mut words = self.words.clone();
        words.rotate_right(1);
        Self { words }
    }

    /// Puts a word in front.
    pub(super) fn after(&self, word: &str) -> Self {
        Self { words: [word.to_owned()].into_iter().chain(self.words.clone()).collect() }
    }

    /// `token-refresh`
    pub(super) fn kebab(&self) -> String {
        self.words.join("-")
    }

    /// `token_refresh`
    pub(super) fn snake(&self) -> String {
        self.words.join("_")
    }

    /// `TOKEN_REFRESH`
    pub(super) fn shout(&self) -> String {
        self.snake().to_ascii_uppercase()
    }

    /// `token refresh`
    pub(super) fn spoken(&self) -> String {
        self.words.join(" ")
    }

    /// `TokenRefresh`
    pub(super) fn camel(&self) -> String {
        self.words.iter().map(|word| capital(word)).collect()
    }

    /// `tokenRefresh`
    pub(super) fn lower_camel(&self) -> String {
        let mut words = self.words.iter();
        let first = words.next().cloned().unwrap_or_default();
        first + &words.map(|word| capital(word)).collect::<String>()
    }
}

/// Makes the first letter a capital.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Checks that a package's name is free.
pub(super) fn free_package(plan: &Plan, name: &str) -> Result<()> {
    ensure!(!plan.has(&format!("functions/{name}")), "functions/{name} is there already");
    let manifest = plan.read("Cargo.toml")?;
    ensure!(
        !manifest.contains(&format!("\nmooring-{name} = ")),
        "a package `mooring-{name}` is there already"
    );
    Ok(())
}

/// Checks that the domain has a family; with `store` that the store has it too.
pub(super) fn family(plan: &Plan, family: &str, store: bool) -> Result<()> {
    let ops = plan.has(&format!("shared/domain/src/{family}/ops/mod.rs"));
    let there = if store {
        plan.has(&format!("shared/domain/src/{family}/ports.rs"))
            && plan.has(&format!("shared/store/src/{family}/keys.rs"))
    } else {
        ops
    };
    ensure!(
        there && !family.contains(['/', '.']),
        "`{family}` is no family {}: ARCHITECTURE.md lists them",
        if store { "with ports and keys" } else { "with operations" }
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_forms() {
        let name = Name::read("audience-batch-read", '-', "a-b").unwrap();
        assert_eq!(name.kebab(), "audience-batch-read");
        assert_eq!(name.camel(), "AudienceBatchRead");
        assert_eq!(name.shout(), "AUDIENCE_BATCH_READ");
        assert_eq!(name.spoken(), "audience batch read");
        let verb_first = name.verb_first();
        assert_eq!(verb_first.snake(), "read_audience_batch");
        assert_eq!(verb_first.lower_camel(), "readAudienceBatch");
        assert_eq!(name.after("run").snake(), "run_audience_batch_read");
        assert_eq!(name.len(), 3);
    }

    #[test]
    fn a_bad_name_is_refused_with_its_reason() {
        for bad in ["", "Report", "report_read", "report--read", "-read", "1report", "répert", "a/b"] {
            let error = Name::read(bad, '-', "report-read").unwrap_err().to_string();
            assert!(error.contains("such as `report-read`"), "{bad}: {error}");
        }
        for reserved in ["type", "keys", "lib", "async"] {
            let error = Name::read(reserved, '_', "api_key").unwrap_err().to_string();
            assert!(error.contains("is reserved"), "{reserved}: {error}");
        }
    }
}
