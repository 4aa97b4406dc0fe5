//! Skeletons, written into a copy of the standing files that they edit.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use mooring_tests_tidy::root;
use mooring_xtask::new::Kind;

/// A command line of `cargo xtask new`.
#[derive(Debug, Parser)]
struct Line {
    #[command(subcommand)]
    kind: Kind,
}

/// The standing files that skeletons read or edit.
const STANDING: [&str; 17] = [
    "Cargo.toml",
    "infra/local/Cargo.toml",
    "infra/local/src/mount/apps.rs",
    "infra/template/functions.toml",
    "infra/template/planned.toml",
    "shared/domain/src/report/mod.rs",
    "shared/domain/src/report/ops/mod.rs",
    "shared/domain/src/webhook/mod.rs",
    "shared/domain/src/webhook/ports.rs",
    "shared/edge/src/routes.rs",
    "shared/profiles/src/lib.rs",
    "shared/profiles/statasphere.toml",
    "shared/queue/src/lib.rs",
    "shared/queue/src/queues.rs",
    "shared/store/src/people/keys.rs",
    "shared/store/src/webhook/keys.rs",
    "shared/store/src/webhook/mod.rs",
];

/// A copy of the standing files, in a folder that goes with it.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("mooring-new-{name}-{}", std::process::id()));
        for file in STANDING {
            let copy = folder.join(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(root().join(file), copy).unwrap();
        }
        Self(folder)
    }

    /// Plans what a command line says, writes it, and lists the files made and edited.
    fn write(&self, line: &str) -> (Vec<String>, Vec<String>) {
        let plan = kind(line).plan(&self.0).unwrap();
        let of = |what: &str| {
            let files = plan.list().into_iter().filter(|(does, _)| *does == what);
            files.map(|(_, path)| path.display().to_string()).collect()
        };
        let listed = (of("make"), of("edit"));
        assert_eq!(self.files(), STANDING.map(PathBuf::from).into(), "a plan writes nothing");
        plan.write().unwrap();
        listed
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    fn files(&self) -> BTreeSet<PathBuf> {
        fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { collect(&path, found) } else { found.push(path) }
            }
        }
        let mut found = Vec::new();
        collect(&self.0, &mut found);
        found.iter().map(|path| path.strip_prefix(&self.0).unwrap().to_owned()).collect()
    }

    /// Checks that nothing was left unfilled and that the first test of a file names the new thing.
    fn first_test(&self, made: &[String], file: &str, test: &str) {
        for path in made {
            assert!(!self.read(path).contains("{{"), "{path} has an unfilled place");
        }
        assert!(made.contains(&file.to_owned()), "{file} is not among {made:?}");
        let text = self.read(file);
        assert!(text.contains(&format!("fn {test}() {{\n        panic!(")), "{text}");
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn kind(line: &str) -> Kind {
    let words = line.split('|').map(str::trim);
    Line::try_parse_from(["new"].into_iter().chain(words)).unwrap().kind
}

fn refused(tree: &Tree, line: &str) -> String {
    format!("{:#}", kind(line).plan(&tree.0).unwrap_err())
}

const FUNCTION: &str = "function | sample-read | --family | report | --route | GET /v1/samples/{id} | --scope \
                        | reports.read | --does | Reads a sample";

#[test]
fn a_function_gets_its_package_its_operation_and_its_lines() {
    let tree = Tree::new("function");
    let (made, edited) = tree.write(FUNCTION);
    assert_eq!(
        made,
        [
            "functions/sample-read/Cargo.toml",
            "functions/sample-read/src/lib.rs",
            "functions/sample-read/src/main.rs",
            "shared/domain/src/report/ops/read_sample.rs",
        ]
    );
    assert_eq!(
        edited,
        [
            "infra/local/Cargo.toml",
            "infra/local/src/mount/apps.rs",
            "infra/template/functions.toml",
            "shared/domain/src/report/ops/mod.rs",
            "shared/edge/src/routes.rs",
        ]
    );
    let row = "api(\"sample-read\", \"GET\", \"/v1/samples/{id}\", Scope::ReportsRead, \"readSample\"),\n";
    assert!(tree.read("shared/edge/src/routes.rs").contains(row));
    let mount = tree.read("infra/local/src/mount/apps.rs");
    assert!(mount.contains("    \"sample-read\" => mooring_sample_read { rows };\n    \"openapi\" =>"));
    let block = "[function.sample-read]\ndoes = \"Reads a sample\"\n";
    assert!(tree.read("infra/template/functions.toml").contains(block));
    let text = tree.read("functions/sample-read/src/lib.rs");
    assert!(text.contains("    let id: String = path(request, \"id\")?;\n"), "{text}");
    assert!(text.contains("run(&app.ports, caller, &id)"), "{text}");
    let file = "shared/domain/src/report/ops/read_sample.rs";
    tree.first_test(&made, file, "read_sample_is_more_than_a_skeleton");
}

#[test]
fn a_function_with_a_post_is_remembered_by_its_key() {
    let tree = Tree::new("post");
    let line = FUNCTION.replace("GET", "POST").replace("/{id}", "");
    tree.write(&line);
    let text = tree.read("functions/sample-read/src/lib.rs");
    assert!(text.contains("app.edge.once(&request, Scope::ReportsRead, async |caller, attempt|"), "{text}");
    assert!(text.contains("run(&app.ports, attempt, caller)") && !text.contains("path("), "{text}");
    assert!(tree.read("shared/domain/src/report/ops/read_sample.rs").contains("attempt.is_done()"));
}

#[test]
fn a_function_that_was_planned_leaves_the_plan() {
    let tree = Tree::new("planned");
    let plan = "infra/template/planned.toml";
    let text = tree.read(plan);
    let planned = text.lines().find_map(|line| line.strip_prefix("[function.")?.strip_suffix(']')).unwrap();
    let (_, edited) = tree.write(&FUNCTION.replace("sample-read", planned));
    assert!(edited.contains(&plan.to_owned()), "{edited:?}");
    assert!(!tree.read(plan).contains(&format!("[function.{planned}]")));
}

#[test]
fn a_job_gets_its_queue_its_body_and_its_worker() {
    let tree = Tree::new("job");
    let (made, edited) = tree.write("job | sample-send | --family | report | --does | Sends samples");
    assert_eq!(
        made,
        [
            "functions/sample-send-worker/Cargo.toml",
            "functions/sample-send-worker/src/lib.rs",
            "functions/sample-send-worker/src/main.rs",
            "shared/domain/src/report/ops/run_sample_send.rs",
            "shared/domain/src/report/sample_send_job.rs",
            "shared/queue/src/sample_send.rs",
        ]
    );
    assert_eq!(
        edited,
        [
            "infra/local/Cargo.toml",
            "infra/local/src/mount/apps.rs",
            "infra/template/functions.toml",
            "shared/domain/src/report/mod.rs",
            "shared/domain/src/report/ops/mod.rs",
            "shared/queue/src/lib.rs",
            "shared/queue/src/queues.rs",
        ]
    );
    let queues = tree.read("shared/queue/src/queues.rs");
    assert!(queues.contains("pub const SAMPLE_SEND: Queue = Queue {\n    name: \"sample-send\",\n"));
    assert!(queues.contains(", &SAMPLE_SEND];\n"));
    let mount = tree.read("infra/local/src/mount/apps.rs");
    assert!(
        mount.contains(
            "    (\"sample-send-worker\", |a| worker!(a, mooring_sample_send_worker { rows })),\n];"
        )
    );
    let file = "shared/domain/src/report/ops/run_sample_send.rs";
    tree.first_test(&made, file, "run_sample_send_is_more_than_a_skeleton");
}

#[test]
fn an_entity_gets_its_type_its_ports_its_key_and_its_rows() {
    let tree = Tree::new("entity");
    let (made, edited) = tree.write("entity | sample_policy | --family | webhook");
    assert_eq!(
        made,
        ["shared/domain/src/webhook/sample_policy.rs", "shared/store/src/webhook/sample_policy.rs"]
    );
    assert_eq!(
        edited,
        [
            "shared/domain/src/webhook/mod.rs",
            "shared/domain/src/webhook/ports.rs",
            "shared/store/src/webhook/keys.rs",
            "shared/store/src/webhook/mod.rs",
        ]
    );
    assert!(tree.read("shared/domain/src/webhook/mod.rs").contains("pub mod sample_policy;\n"));
    let key = "pub(crate) fn sample_policy(tenant: &TenantId) -> Key {\n";
    assert!(tree.read("shared/store/src/webhook/keys.rs").contains(key));
    let file = "shared/domain/src/webhook/sample_policy.rs";
    tree.first_test(&made, file, "sample_policy_is_more_than_a_skeleton");
}

#[test]
fn a_profile_gets_its_file_and_its_line() {
    let tree = Tree::new("profile");
    let (made, edited) = tree.write("profile | harbour");
    assert_eq!(made, ["shared/profiles/harbour.toml"]);
    assert_eq!(edited, ["shared/profiles/src/lib.rs"]);
    let list = tree.read("shared/profiles/src/lib.rs");
    assert!(list.contains("(\"harbour\", include_str!(\"../harbour.toml\"))];"), "{list}");
    assert!(!tree.read("shared/profiles/harbour.toml").contains("{{"));
}

#[test]
fn a_name_that_cannot_be_is_refused_and_nothing_is_written() {
    let tree = Tree::new("refused");
    fs::create_dir_all(tree.0.join("functions/sample-read")).unwrap();
    let of = |from: &str, to: &str| FUNCTION.replace(from, to);
    for (line, says) in [
        (FUNCTION.to_owned(), "functions/sample-read is there already"),
        (of("sample-read", "sample"), "say the noun and the verb"),
        (of("sample-read", "Sample-Read"), "small letters and digits"),
        (of("sample-read", "sample-worker"), "`cargo xtask new job` makes it"),
        (of("sample-read", "sample-show").replace("reports.read", "all"), "no scope is `all`"),
        (of("sample-read", "sample-show").replace("/v1", ""), "is not below /v1"),
        (of("sample-read", "sample-show").replace("GET", "FETCH"), "is no method"),
        (of("sample-read", "sample-show").replace("| report |", "| base |"), "`base` is no family"),
        (of("sample-read", "report-query").replace("Reads a sample", "reads."), "as a sentence"),
        (of("sample-read", "report-query"), "an operation `queryReport` is there already"),
        (
            of("sample-read", "sample-show").replace("samples", "connections"),
            "the route `GET /v1/connections/{id}` is there",
        ),
        (of("sample-read", "sample-show").replace("{id}", "{id"), "is no path"),
        (of("sample-read", "sample-show").replace("/{id}", "//{id}"), "is no path"),
        ("job | sync | --family | report | --does | Syncs".to_owned(), "a queue `sync` is there already"),
        ("job | x-worker | --family | report | --does | Syncs".to_owned(), "without `-worker`"),
        ("entity | Policy | --family | webhook".to_owned(), "joined by `_`"),
        ("entity | count | --family | webhook".to_owned(), "people/keys.rs has a row called `count`"),
        ("entity | places | --family | webhook".to_owned(), "has a function `places` already"),
        ("entity | type | --family | webhook".to_owned(), "`type` is reserved"),
        ("entity | policy | --family | report".to_owned(), "`report` is no family with ports and keys"),
        ("profile | statasphere".to_owned(), "statasphere.toml is there already"),
    ] {
        let error = refused(&tree, &line);
        assert!(error.contains(says), "{line}: {error}");
    }
    assert_eq!(tree.files(), STANDING.map(PathBuf::from).into());
}
