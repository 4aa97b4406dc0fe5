//! The order of the families: who imports whom, how many modules and arrows there are, and where keys are made.

use anyhow::Result;
use mooring_tests_tidy::families::{EXCEPTIONS, broken};
use mooring_tests_tidy::keys::HOLDS_SAMPLES;
use mooring_tests_tidy::shape::Shape;
use mooring_tests_tidy::{Source, keys, root, sources};

/// The circles among families with their operations, each with its reason.
const CIRCLES: [(&str, &str, &str); 3] = [
    (
        "shared/domain",
        "deletion -> connect",
        "a deletion reads the connection that it ends, and a connection that is lost begins a deletion",
    ),
    (
        "shared/domain",
        "sync -> connect",
        "a sync uses the grant of a connection, whose activation plans the first syncs",
    ),
    (
        "shared/store",
        "deletion -> connect",
        "one transaction ends the rows of a connection, another takes back the deletion of a pending one",
    ),
];

/// Modules, arrows and upward arrows of domain and store together. Whoever adds one says why in the commit.
const SHAPE: [usize; 3] = [25, 82, 5];

fn read() -> Result<Vec<Source>> {
    sources(&["shared/domain/src", "shared/store/src", "shared/connectors", "functions"])
}

/// Returns the real sources with another file among them, and what the rules say of that.
fn with(path: &str, text: &str) -> Result<Vec<String>> {
    let mut all = read()?;
    all.push(Source { path: path.to_owned(), text: text.to_owned() });
    Ok(broken(&all, EXCEPTIONS))
}

#[test]
fn families_import_what_lies_below_them() {
    let found = broken(&read().unwrap(), EXCEPTIONS);
    assert!(found.is_empty(), "{}", found.join("\n"));
    for (place, _, reason) in EXCEPTIONS {
        assert!(reason.len() > 20, "{place}: say why");
    }
}

#[test]
fn every_arrow_that_must_not_be_is_seen() {
    for (path, text, names) in [
        ("shared/domain/src/sync/novel.rs", "use crate::sync::ports::DueRead;", "types never know ports"),
        ("shared/domain/src/sync/novel.rs", "use super::ports::DueRead;", "types never know ports"),
        (
            "shared/domain/src/guard/novel.rs",
            "use crate::{base::ids, people::caller::Caller};",
            "families below",
        ),
        (
            "shared/domain/src/people/ports.rs",
            "fn x(_: crate::connect::connection::State) {}",
            "families below",
        ),
        ("shared/domain/src/people/novel.rs", "use crate::people::ops::manage_keys;", "know no operation"),
        (
            "shared/domain/src/people/ports.rs",
            "use crate::platform::steps::app_secrets;",
            "know no operation",
        ),
        (
            "shared/domain/src/connect/ops/novel.rs",
            "use crate::deletion::ops::disconnect::run;",
            "knows no other operation",
        ),
        (
            "shared/domain/src/connect/ops/novel/mod.rs",
            "use crate::connect::ops::confirm_accounts;",
            "knows no other operation",
        ),
        (
            "shared/domain/src/connect/steps/novel.rs",
            "use crate::sync::ops::run_sync;",
            "knows no other operation",
        ),
        ("shared/store/src/people/novel.rs", "use mooring_domain::connect::fence::Fence;", "families below"),
        ("shared/store/src/vault/keys.rs", "use crate::{client::Store, connect};", "families below"),
        ("shared/store/src/client/novel.rs", "use mooring_domain::people::tenant::Tenant;", "families below"),
        (
            "shared/connectors/kit/src/novel.rs",
            "use mooring_domain::guard::limits::Bucket;",
            "see `platform`",
        ),
        (
            "functions/reports-query/src/novel.rs",
            "use mooring_domain::sync::ops::plan_sync;",
            "operations of one family",
        ),
    ] {
        let found = with(path, text).unwrap();
        assert!(found.len() == 1 && found[0].contains(names), "{path}: {text}: {found:?}");
    }
}

#[test]
fn what_may_be_is_not_refused() {
    for (path, text) in [
        ("shared/domain/src/sync/ops/novel.rs", "use crate::connect::ports::FenceRead;"),
        ("shared/domain/src/sync/ops/novel/mod.rs", "use crate::sync::ops::novel::work::Work;"),
        (
            "shared/domain/src/sync/novel.rs",
            "//! See [`crate::sync::ports`].\nuse crate::platform::figures::Level;",
        ),
        ("shared/domain/src/connect/ports.rs", "use crate::sync::job::SyncJob;"),
        ("shared/store/src/connect/novel.rs", "use crate::{client::Store, deletion, sync::keys};"),
    ] {
        assert_eq!(with(path, text).unwrap(), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn an_exception_that_nothing_needs_goes() {
    let stale = [("shared/domain/src/base/", "sync", "nothing needs this one any more")];
    let found = broken(&[], &stale);
    assert!(found.len() == 1 && found[0].contains("no longer needs"), "{found:?}");
}

/// Run it with `--nocapture` to see the figures and every arrow that runs upward.
#[test]
fn domain_and_store_keep_their_shape() {
    let (mut figures, mut circles) = ([0; 3], Vec::new());
    for folder in ["shared/domain", "shared/store"] {
        let shape = Shape::read(folder).unwrap();
        assert_eq!(shape.strangers(), Vec::<&str>::new(), "{folder}: give the module its place in the order");
        let upward = shape.upward();
        let own = [shape.modules.len(), shape.arrows.len(), upward.len()];
        println!("{folder}: {} modules, {} arrows, {} upward: {upward:?}", own[0], own[1], own[2]);
        circles.extend(shape.circles().into_iter().map(|(from, to)| format!("{folder}: {from} -> {to}")));
        for (sum, own) in figures.iter_mut().zip(own) {
            *sum += own;
        }
    }
    println!("together: {} modules, {} arrows, {} upward", figures[0], figures[1], figures[2]);
    assert_eq!(figures, SHAPE, "modules, arrows and upward arrows: found on the left, written on the right");
    let known = CIRCLES.map(|(folder, arrow, _)| format!("{folder}: {arrow}"));
    assert_eq!(circles, known, "found circles on the left, those with a reason on the right");
}

#[test]
fn types_and_ports_have_no_circle() {
    let all = sources(&["shared/domain/src"]).unwrap();
    assert_eq!(Shape::of_types_and_ports(&all).circles(), Vec::<(&str, &str)>::new());
}

fn holds() -> Result<Source> {
    let text = std::fs::read_to_string(root().join(HOLDS_SAMPLES))?;
    Ok(Source { path: HOLDS_SAMPLES.to_owned(), text })
}

#[test]
fn every_key_is_held_against_the_places_of_deletions() {
    let found = keys::broken(&read().unwrap(), &holds().unwrap());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_key_that_no_deletion_reaches_is_seen() {
    let keys_of = |family: &str| {
        let path = format!("shared/store/src/{family}/keys.rs");
        read().unwrap().into_iter().find(|source| source.path == path).unwrap()
    };
    let novel = "pub(crate) fn novel(\n    tenant: &TenantId,\n) -> Key {\n    of(tenant)\n}\n\n";
    let sync = keys_of("sync");
    let added =
        Source { text: sync.text.replacen("fn in_partition", &format!("{novel}fn in_partition"), 1), ..sync };
    let guard = keys_of("guard");
    let unsaid = Source { text: guard.text.replace("(repeat(&tenant", "(bare(&tenant"), ..guard };
    let family = Source {
        path: "shared/store/src/action/keys.rs".to_owned(),
        text: format!("{novel}#[cfg(test)]\nfn samples() {{\n    novel(1)\n}}\n"),
    };
    let elsewhere = Source {
        path: "shared/store/src/sync/novel.rs".to_owned(),
        text: "fn row() {\n    let key = Key::new(Table::Vault, \"a\", \"b\");\n}\n".to_owned(),
    };
    let client = Source {
        path: "shared/store/src/client/key.rs".to_owned(),
        text: "pub(crate) fn novel(tenant: &TenantId) -> Key {\n    Key::new(T, tenant, \"x\")\n}\n"
            .to_owned(),
    };
    let alias = Source {
        path: "shared/store/src/sync/novel.rs".to_owned(),
        text: "use crate::client::key::Key as K;\n".to_owned(),
    };
    for (copy, names) in [
        (client, "`novel` makes a key"),
        (alias, "keys are made in `keys.rs`"),
        (added, "`novel` has no sample"),
        (unsaid, "`repeat` has no sample"),
        (family, "ask `action::keys::samples`"),
        (elsewhere, "keys are made in `keys.rs`"),
    ] {
        let found = keys::broken(std::slice::from_ref(&copy), &holds().unwrap());
        assert!(found.len() == 1 && found[0].contains(names), "{}: {found:?}", copy.path);
    }
}

/// A rule that reads product lines ends at the first test of a file, so that nothing of the product may follow it.
#[test]
fn no_product_follows_the_tests_of_a_file() {
    let found = |source: &Source| {
        let lines = source.product_below_tests().into_iter();
        lines.map(|line| format!("{}:{line}", source.path)).collect::<Vec<_>>()
    };
    let all = sources(&["shared", "functions", "infra"]).unwrap();
    assert_eq!(all.iter().flat_map(found).collect::<Vec<_>>(), [""; 0], "move these above the tests");
    for (text, lines) in [
        ("fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n\nfn c() {}\n", vec!["a.rs:7"]),
        ("#[cfg(test)]\nuse a::{\n    b,\n};\n\npub(crate) fn c(\n    d: E,\n) {\n}\n", vec!["a.rs:6"]),
        (
            "fn a() {}\n#[cfg(test)]\nmod tests {\n}\n\n/// B.\n#[cfg(test)]\nfn b(\n    c: D,\n) -> E {\n}\n",
            vec![],
        ),
    ] {
        assert_eq!(found(&Source { path: "a.rs".to_owned(), text: text.to_owned() }), lines, "{text}");
    }
}
