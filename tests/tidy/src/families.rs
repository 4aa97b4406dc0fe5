//! The order of the families, and who may import whom (ARCHITECTURE.md has it in words).

use std::collections::BTreeMap;

use crate::Source;
use crate::imports::{Import, imports};

/// The families, from below. Types and ports of a family know the families before it, and no other.
pub const FAMILIES: [&str; 11] = [
    "base", "vault", "platform", "guard", "people", "sync", "deletion", "webhook", "connect", "report",
    "notice",
];

/// An arrow that the rules refuse and that exists on purpose: (file, what it imports, reason).
pub type Exception = (&'static str, &'static str, &'static str);

/// The arrows that exist on purpose. One that nothing needs any more fails, so that the list stays true.
pub const EXCEPTIONS: &[Exception] = &[
    (
        "shared/store/src/deletion/begin_deletion.rs",
        "connect",
        "the cutoff is one transaction over the rows of a connection, and those rows are connect's",
    ),
    (
        "shared/store/src/deletion/begin_deletion.rs",
        "webhook",
        "the event of a cutoff is written in the transaction that makes it true",
    ),
    (
        "shared/store/src/deletion/ledger.rs",
        "webhook",
        "the event of a deletion's end is written in the transaction that makes it true",
    ),
    (
        "shared/store/src/deletion/places.rs",
        "connect",
        "the deletion sums up the places of every family that has rows",
    ),
    (
        "shared/store/src/deletion/places.rs",
        "webhook",
        "the deletion sums up the places of every family that has rows",
    ),
    (
        "shared/store/src/sync/progress.rs",
        "connect",
        "a job that stores its progress reads the fence right before, and the fence is connect's",
    ),
    (
        "functions/sync-worker/",
        "connect::ops",
        "a probe is a job of the sync queue: a second worker would double the roles that open tokens",
    ),
];

/// A place in a family of the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind<'a> {
    Types,
    Ports,
    Operation(&'a str),
    Step,
}

impl<'a> Kind<'a> {
    /// Tells the kind by the segments below the family.
    fn of(segments: &[&'a str]) -> Self {
        match segments {
            ["ports" | "ports.rs", ..] => Self::Ports,
            ["steps", ..] => Self::Step,
            ["ops", operation, ..] => Self::Operation(operation.trim_end_matches(".rs")),
            ["ops"] => Self::Operation(""),
            _ => Self::Types,
        }
    }
}

/// Returns the position of a family in the order.
pub fn rank(family: &str) -> Option<usize> {
    FAMILIES.iter().position(|known| *known == family)
}

/// Returns whether a file of a family is of its types or its ports.
pub fn is_type_or_port(path: &str) -> bool {
    let below = path.split_once("/src/").map_or(path, |(_, below)| below);
    let segments: Vec<&str> = below.split('/').collect();
    let kind = segments.split_first().map(|(_, rest)| Kind::of(rest));
    matches!(kind, Some(Kind::Types | Kind::Ports)) && !below.starts_with("testing/")
}

/// Lists the arrows between families, kit and functions that must not be.
pub fn broken(sources: &[Source], exceptions: &[Exception]) -> Vec<String> {
    let mut used = vec![false; exceptions.len()];
    let mut found = Vec::new();
    let functions = functions(sources);
    for source in sources {
        for (line, target, reason) in refused(source, &functions) {
            let stated = exceptions
                .iter()
                .position(|(file, to, _)| source.path.starts_with(file) && target.starts_with(to));
            match stated.and_then(|at| used.get_mut(at)) {
                Some(used) => *used = true,
                None => found.push(format!("{}:{line}: {target}: {reason}", source.path)),
            }
        }
    }
    let unused = exceptions.iter().zip(used).filter(|(_, used)| !used);
    found.extend(unused.map(|((file, to, _), _)| format!("{file}: no longer needs its exception for {to}")));
    found
}

type Refused = (usize, String, &'static str);

/// The reason against a family that is imported as such.
const ALIAS: &str = "an import of a whole family hides which of its parts a line uses: import the part";

/// Lists the imports of one file that the rules refuse: line, path, reason.
fn refused(source: &Source, functions: &BTreeMap<&str, String>) -> Vec<Refused> {
    let path = source.path.as_str();
    if let Some(below) = path.strip_prefix("shared/domain/src/") {
        return of_domain(below, &imports(source, "crate"));
    }
    let domain = imports(source, "mooring_domain");
    if let Some(below) = path.strip_prefix("shared/store/src/") {
        return of_store(below, domain, imports(source, "crate"));
    }
    if path.starts_with("shared/connectors/") {
        let bad = |family: &str| !matches!(family, "base" | "platform") && rank(family).is_some();
        return told(&domain, |path| {
            bad(path.first()?).then_some("kit and connectors see `platform` and `base`")
        });
    }
    let own = folder(path).and_then(|folder| functions.get(folder));
    told(&domain, |path| {
        if path.len() == 1 && rank(path.first()?).is_some() {
            return Some(ALIAS);
        }
        let is_operation = path.get(1) == Some(&"ops") && own.is_some();
        let is_foreign = path.first() != own.map(String::as_str).as_ref();
        (is_operation && is_foreign).then_some("a function sees the operations of one family")
    })
}

/// Returns the folder of a function below `functions/`.
fn folder(path: &str) -> Option<&str> {
    path.strip_prefix("functions/")?.split('/').next()
}

/// Finds the family of each function: the one whose operations it names most.
fn functions(sources: &[Source]) -> BTreeMap<&str, String> {
    let mut named: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    for source in sources {
        let Some(folder) = folder(&source.path) else { continue };
        for import in imports(source, "mooring_domain") {
            if let [family, kind, ..] = import.path.as_slice()
                && kind == "ops"
            {
                *named.entry(folder).or_default().entry(family.clone()).or_default() += 1;
            }
        }
    }
    let most = |families: BTreeMap<String, usize>| families.into_iter().max_by_key(|(_, count)| *count);
    named.into_iter().filter_map(|(folder, families)| Some((folder, most(families)?.0))).collect()
}

fn told(imports: &[Import], judge: impl Fn(&[&str]) -> Option<&'static str>) -> Vec<Refused> {
    let all = imports.iter().filter_map(|import| {
        let path: Vec<&str> = import.path.iter().map(String::as_str).collect();
        judge(&path).map(|reason| (import.line, path.join("::"), reason))
    });
    all.collect()
}

fn of_domain(below: &str, all: &[Import]) -> Vec<Refused> {
    let segments: Vec<&str> = below.split('/').collect();
    let Some((family, rest)) = segments.split_first() else { return Vec::new() };
    let Some(own) = rank(family) else { return Vec::new() };
    let kind = Kind::of(rest);
    told(all, |path| {
        let (to, rest) = path.split_first()?;
        let target = Kind::of(rest);
        if rest.is_empty() && rank(to).is_some() {
            return Some(ALIAS);
        }
        let is_same = *to == *family;
        let upward = rank(to)? > own;
        match (kind, target) {
            (Kind::Types, Kind::Ports) => Some("types never know ports"),
            (Kind::Types | Kind::Ports, Kind::Operation(_) | Kind::Step) => {
                Some("types and ports know no operation")
            }
            (Kind::Types | Kind::Ports, _) if upward => Some("types and ports know the families below"),
            (Kind::Operation(one), Kind::Operation(other)) if is_same && one == other => None,
            (Kind::Operation(_) | Kind::Step, Kind::Operation(_)) => {
                Some("an operation knows no other operation: what they share stands in `steps/`")
            }
            _ => None,
        }
    })
}

fn of_store(below: &str, domain: Vec<Import>, own_crate: Vec<Import>) -> Vec<Refused> {
    let family = below.split('/').next().unwrap_or_default();
    // The client knows no row: only ids, tables and sealed boxes.
    let own = if family == "client" { rank("vault") } else { rank(family) };
    let Some(own) = own else { return Vec::new() };
    told(&[domain, own_crate].concat(), |path| {
        let is_upward = rank(path.first()?)? > own;
        is_upward.then_some("a family of the store knows its own rows, and the families below")
    })
}
