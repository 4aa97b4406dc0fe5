//! Writes the regions of template.yaml that repeat themselves: functions with their roles, the API's routes, queues with
//! their alarms, and the dashboard that shows them. Also writes the rows of the queues' alarms in docs/alarms.md.
//!
//! A region lies between `# >>> NAME` and `# <<< NAME`. Everything outside is written by hand, and the rules of
//! tests/tidy judge the whole. A further region is a line of [`REGIONS`].

mod api;
mod file;
mod function;
mod queues;
mod statement;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

pub(crate) use file::Functions;
pub(crate) use queues::queue_of;
pub use queues::{alarms_file, alarms_text};

/// The function that writes a region.
type Writer = fn(&Functions) -> Result<Lines>;

/// Every region by its name.
const REGIONS: [(&str, Writer); 4] = [
    ("functions", function::write),
    ("routes", api::write),
    ("queues", queues::write),
    ("operations", queues::dashboard),
];

/// Writes template.yaml and docs/alarms.md; with `check` only compares.
pub(crate) fn run(check: bool) -> Result<()> {
    for (path, text) in [(template_file(), template_text()?), (alarms_file(), alarms_text()?)] {
        if check {
            let same = fs::read_to_string(&path)? == text;
            let name = path.file_name().unwrap_or_default().display();
            ensure!(same, "{name} is not what its generator writes; run `cargo xtask template`");
        } else {
            fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
    }
    Ok(())
}

/// Returns the path of the committed template.
pub fn template_file() -> PathBuf {
    root().join("template.yaml")
}

/// Returns the text of the committed template, with its regions written anew.
pub fn template_text() -> Result<String> {
    let path = template_file();
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let functions = Functions::read(&root().join("infra/template/functions.toml"))?;
    REGIONS
        .iter()
        .try_fold(text, |text, (name, writer)| filled(&text, "template.yaml", name, &writer(&functions)?))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Puts lines between the marks of a region.
fn filled(text: &str, file: &str, name: &str, lines: &Lines) -> Result<String> {
    let after = |text: &str, mark: &str| {
        let found = text.find(mark).and_then(|at| text.get(at..)?.find('\n').map(|end| at + end + 1));
        found.with_context(|| format!("{file} has no line `{mark}`"))
    };
    let start = after(text, &format!("# >>> {name}"))?;
    let rest = text.get(start..).unwrap_or_default();
    let mark = format!("# <<< {name}");
    let end = rest.find(&mark).with_context(|| format!("{file} has no line `{mark}`"))?;
    let end = rest.get(..end).and_then(|rest| rest.rfind('\n')).map_or(0, |end| end + 1);
    let (before, after) = (text.get(..start).unwrap_or_default(), rest.get(end..).unwrap_or_default());
    Ok(format!("{before}{}{after}", lines.0))
}

/// Lines of YAML.
#[derive(Debug, Default)]
pub(crate) struct Lines(String);

impl Lines {
    /// Adds a line, two spaces in for each level.
    fn add(&mut self, level: usize, line: impl AsRef<str>) {
        self.0.push_str(&"  ".repeat(level));
        self.0.push_str(line.as_ref());
        self.0.push('\n');
    }

    /// Adds lines below one another.
    fn all<const N: usize>(&mut self, level: usize, lines: [&str; N]) {
        for line in lines {
            self.add(level, line);
        }
    }

    /// Adds an empty line.
    fn gap(&mut self) {
        self.0.push('\n');
    }
}

/// Turns a name such as `connect-page` into the begin of a logical id: `ConnectPage`.
fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>())
    };
    name.split('-').filter_map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_replaced_and_what_stands_around_it_stays() {
        let mut lines = Lines::default();
        lines.add(1, "new: 1");
        let text = "# by hand\n  # >>> a: says who\n  old: 1\n  old: 2\n  # <<< a\nafter: 3\n";
        let expected = "# by hand\n  # >>> a: says who\n  new: 1\n  # <<< a\nafter: 3\n";
        assert_eq!(filled(text, "template.yaml", "a", &lines).unwrap(), expected);
        assert_eq!(filled(expected, "template.yaml", "a", &lines).unwrap(), expected);
        let error = filled(text, "template.yaml", "b", &lines).unwrap_err().to_string();
        assert_eq!(error, "template.yaml has no line `# >>> b`");
        assert!(filled("# >>> a\n", "template.yaml", "a", &lines).is_err());
    }

    #[test]
    fn a_name_becomes_a_logical_id() {
        assert_eq!(camel("webhook-endpoints-read"), "WebhookEndpointsRead");
    }
}
