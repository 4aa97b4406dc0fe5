//! A disk without space, played by the limit of a process on the size of its files: it holds everywhere and for everybody.
//! `mounted.rs` plays it with a real file system, for which one has to be root.

use std::process::Command;

use reqwest::Method;
use serde_json::json;

use crate::runner::{BINARY, Dir, Runner, on, refusal, started};

/// Makes the command of a runner whose files may have a number of bytes. A write beyond the limit fails, in place of ending
/// the process.
fn limited(bytes: &str, folder: &str) -> Command {
    let mut command = Command::new("prlimit");
    let ignoring = "trap '' XFSZ; exec \"$0\" \"$@\"";
    command.arg(format!("--fsize={bytes}:unlimited")).args(["sh", "-c", ignoring, BINARY]);
    command.args(["--port", "0", "--data", folder]);
    command
}

/// Sets the limit of a process that runs.
fn limit(runner: &Runner, bytes: &str) {
    let process = runner.process().to_string();
    let set =
        Command::new("prlimit").args(["--pid", &process, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(set.unwrap().success());
}

#[test]
fn a_start_without_space_is_refused_and_says_how_much_to_free() {
    let dir = Dir::new("space");
    let said = refusal(limited("4194304", &dir.at("state")));
    assert!(said.contains(&dir.at("state: ")), "{said}");
    assert!(said.contains("a start needs 16 MB and finds 4 MB, so free 12 MB there\n"), "{said}");
    assert!(said.contains("Nothing was lost. Free the space and start again"), "{said}");
    assert!(on(&dir.at("state")).stop().status.success());
}

#[tokio::test]
async fn a_disk_that_fills_while_it_runs_answers_503_and_goes_on_when_there_is_space() {
    let dir = Dir::new("fills");
    let runner =
        started(limited("unlimited", &dir.at("state"))).unwrap_or_else(|ended| panic!("{}", ended.log));
    let product = runner.product();
    let endpoint = |name: &str| json!({ "url": "https://hooks.example.org/in", "description": name });
    let create = |body| {
        let product = product.clone();
        async move { product.send(Method::POST, "/v1/webhook-endpoints", Some(&body)).await.unwrap() }
    };
    assert_eq!(create(endpoint("before")).await.status().as_u16(), 201);
    limit(&runner, "4096");
    let refused = create(endpoint("meanwhile")).await;
    assert_eq!(refused.status().as_u16(), 503);
    let problem: serde_json::Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(problem["retryable"], true, "{problem}");
    limit(&runner, "unlimited");
    assert_eq!(create(endpoint("after")).await.status().as_u16(), 201);
    let ended = runner.stop();
    assert!(ended.status.success(), "{}", ended.log);
    assert_eq!(ended.log.matches("data.not_kept").count(), 1, "{}", ended.log);
    assert!(ended.log.contains(&dir.at("state/")), "{}", ended.log);
    assert!(ended.log.contains("the data folder takes writes again"), "{}", ended.log);

    let again = on(&dir.at("state"));
    let list = again.product().get("/v1/webhook-endpoints").await.unwrap();
    let names = list["webhook_endpoints"].as_array().unwrap().iter().map(|one| one["description"].clone());
    let mut names: Vec<_> = names.collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["after", "before"]);
    assert!(again.stop().status.success());
}
