//! The same with real file systems: 4 MB, a full one while it runs, a read-only one. Mounting wants root, so `cargo test`
//! leaves these out and says so; `.ci/run` runs them, and there they fail where mounting is not permitted.

use std::path::Path;
use std::process::Command;

use reqwest::Method;
use serde_json::json;

use crate::runner::{Dir, mooring, on, refusal};

/// A mounted file system in memory, which goes away with the test.
struct Mounted(Dir);

impl Mounted {
    fn new(name: &str, size: &str) -> Self {
        let dir = Dir::new(name);
        let options = format!("size={size}");
        mount(&["-t", "tmpfs", "-o", &options, "mooring"], dir.path());
        Self(dir)
    }
}

fn mount(options: &[&str], at: &Path) {
    let mounted = Command::new("mount").args(options).arg(at).output().unwrap();
    let said = String::from_utf8_lossy(&mounted.stderr).into_owned();
    assert!(mounted.status.success(), "this trial mounts a file system, which is not permitted here: {said}");
}

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").arg(self.0.path()).status().ok();
    }
}

#[test]
#[ignore = "mounts a file system: wants root; .ci/run runs it"]
fn four_megabytes() {
    let small = Mounted::new("small", "4m");
    let said = refusal(mooring(&["--port", "0", "--data", &small.0.at("state")]));
    assert!(said.contains("No space left on device") && said.contains("so free 1"), "{said}");
    assert!(said.contains("Nothing was lost. Free the space and start again"), "{said}");
}

#[test]
#[ignore = "mounts a file system: wants root; .ci/run runs it"]
fn a_file_system_that_takes_no_writes() {
    let fixed = Mounted::new("fixed", "64m");
    assert!(on(&fixed.0.at("state")).stop().status.success());
    mount(&["-o", "remount,ro"], fixed.0.path());
    for name in ["state", "other"] {
        let said = refusal(mooring(&["--port", "0", "--data", &fixed.0.at(name)]));
        assert!(said.contains(&fixed.0.at(name)) && said.contains("Read-only file system"), "{said}");
        assert!(said.contains("or keep nothing with --ephemeral"), "{said}");
    }
}

#[tokio::test]
#[ignore = "mounts a file system: wants root; .ci/run runs it"]
async fn a_file_system_that_fills_while_it_runs() {
    let disk = Mounted::new("disk", "24m");
    let runner = on(&disk.0.at("state"));
    let product = runner.product();
    let user = |number: u32| {
        let body = json!({ "end_user": format!("user-{number}") });
        let product = product.clone();
        async move {
            let answer = product.send(Method::POST, "/v1/frontend-tokens", Some(&body)).await.unwrap();
            answer.status().as_u16()
        }
    };
    assert_eq!(user(0).await, 201);
    std::fs::write(disk.0.path().join("filler"), vec![1; 32 * 1024 * 1024]).unwrap_err();
    let mut number = 1;
    // The database's log has some room left in its last page.
    while user(number).await == 201 {
        number += 1;
    }
    assert_eq!(user(number).await, 503);
    std::fs::remove_file(disk.0.path().join("filler")).unwrap();
    assert_eq!(user(number).await, 201);
    let ended = runner.stop();
    assert!(ended.status.success(), "{}", ended.log);
    assert!(ended.log.contains("no space is left"), "{}", ended.log);
    assert!(ended.log.contains("the data folder takes writes again"), "{}", ended.log);
    assert!(on(&disk.0.at("state")).stop().status.success());
}
