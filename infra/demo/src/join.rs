//! Joins the modules of a page to one script when the server starts, so that a browser asks once for all of them.
//!
//! A browser finds a module by reading the one that imports it, and opens six connections to an origin. Twenty modules in
//! chains are ten round trips. The files stay apart on the disk, where the unit tests import them one by one.

use std::fmt::Write as _;

use anyhow::{Context as _, bail};

/// A module: its file's name, and its text.
pub(crate) type Module = (&'static str, &'static str);

/// Joins a module and everything that it imports: each module becomes a function that returns its exports, behind those
/// that it imports.
pub(crate) fn join(entry: &str, modules: &[Module]) -> anyhow::Result<String> {
    let mut joined = Joined { modules, open: Vec::new(), done: Vec::new(), text: String::new() };
    joined.add(entry)?;
    Ok(joined.text)
}

struct Joined<'a> {
    modules: &'a [Module],
    /// The modules whose imports are being added.
    open: Vec<String>,
    done: Vec<String>,
    text: String,
}

impl Joined<'_> {
    fn add(&mut self, name: &str) -> anyhow::Result<()> {
        if self.done.iter().any(|done| done == name) {
            return Ok(());
        }
        if self.open.iter().any(|open| open == name) {
            bail!("{name} imports itself by way of {}", self.open.join(", "));
        }
        let found = self.modules.iter().find(|(module, _)| *module == name);
        let (_, text) = found.with_context(|| format!("no module {name}"))?;
        self.open.push(name.to_owned());
        let body = self.body(name, text)?;
        self.open.pop();
        writeln!(self.text, "// {name}\nconst {} = (() => {{\n{body}}})();\n", variable(name))?;
        self.done.push(name.to_owned());
        Ok(())
    }

    /// Writes a module's text with its imports as variables, and its exports as what the function returns.
    fn body(&mut self, name: &str, text: &str) -> anyhow::Result<String> {
        let (mut body, mut exports) = (String::new(), Vec::new());
        for line in text.lines() {
            if line.starts_with("import ") {
                let (names, from) = import(line).with_context(|| format!("{name}: {line}"))?;
                self.add(from)?;
                writeln!(body, "const {names} = {};", variable(from))?;
            } else if let Some(rest) = line.strip_prefix("export ") {
                exports.push(exported(rest).with_context(|| format!("{name}: {line}"))?);
                writeln!(body, "{rest}")?;
            } else {
                writeln!(body, "{line}")?;
            }
        }
        writeln!(body, "return {{ {} }};", exports.join(", "))?;
        Ok(body)
    }
}

/// Reads `import { a, b } from "./name.js";`, the one form that the page's modules use.
fn import(line: &str) -> anyhow::Result<(&str, &str)> {
    let parts = line.strip_prefix("import ").and_then(|rest| rest.split_once(" from \"./"));
    let (names, from) = parts.context("an import has another form than `import { a } from \"./b.js\";`")?;
    let from = from.strip_suffix("\";").context("an import ends with `\";`")?;
    if !(names.starts_with('{') && names.ends_with('}')) || names.contains(" as ") {
        bail!("an import lists names as they are");
    }
    Ok((names, from))
}

/// Reads the name behind `export`. A `let` is refused: the variables of the importers would keep its first value.
fn exported(rest: &str) -> anyhow::Result<&str> {
    let after =
        ["const ", "function ", "async function ", "class "].iter().find_map(|word| rest.strip_prefix(word));
    let after = after.context("an export is a const, a function or a class")?;
    Ok(after.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').next().unwrap_or(after))
}

/// Names the variable that holds a module's exports. No name in a module has `$`.
fn variable(name: &str) -> String {
    format!("${}", name.trim_end_matches(".js").replace(|c: char| !c.is_alphanumeric(), "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULES: &[Module] = &[
        ("a.js", "import { b } from \"./b.js\";\nimport { c, d } from \"./c.js\";\n\nb(c);\n"),
        ("b.js", "import { c } from \"./c.js\";\nconst own = c;\nexport function b() {\n}\n"),
        ("c.js", "export const c = 1;\nexport async function d() {\n}\nexport class E {\n}\n"),
        ("circle.js", "import { other } from \"./other.js\";\n"),
        ("other.js", "import { circle } from \"./circle.js\";\n"),
        ("renamed.js", "import { b as other } from \"./b.js\";\n"),
        ("whole.js", "import * as b from \"./b.js\";\n"),
        ("moving.js", "export let moving = 1;\n"),
        ("lost.js", "import { x } from \"./x.js\";\n"),
    ];

    #[test]
    fn each_module_comes_once_and_behind_those_that_it_imports() {
        let text = join("a.js", MODULES).unwrap();
        let at = |word: &str| text.find(word).unwrap();
        assert!(at("// c.js") < at("// b.js") && at("// b.js") < at("// a.js"), "{text}");
        assert_eq!(text.matches("// c.js").count(), 1);
        assert!(text.contains("const { c, d } = $c;") && text.contains("return { c, d, E };"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("import ") || line.starts_with("export ")));
    }

    #[test]
    fn forms_that_would_change_their_meaning_are_refused() {
        for name in ["circle.js", "renamed.js", "whole.js", "moving.js", "lost.js", "none.js"] {
            join(name, MODULES).unwrap_err();
        }
    }
}
