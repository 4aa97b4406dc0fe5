//! Starts that are refused: each names the path or the port and the cause, says what to do, and changes nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::runner::{BINARY, Dir, mooring, on, refusal, refuses};

#[test]
fn a_file_in_place_of_the_folder() {
    let dir = Dir::new("file");
    std::fs::write(dir.path().join("state"), "mine").unwrap();
    let said = refusal(mooring(&["--port", "0", "--data", &dir.at("state")]));
    assert!(said.contains(&dir.at("state")) && said.contains("name a folder with --data"), "{said}");
    assert_eq!(std::fs::read_to_string(dir.path().join("state")).unwrap(), "mine");
}

/// Permissions do not hold root, so root starts the runner as a user without rights.
#[test]
fn a_folder_in_which_this_user_may_not_write() {
    let dir = Dir::new("rights");
    let state = dir.path().join("state");
    std::fs::create_dir(&state).unwrap();
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o555)).unwrap();
    let is_root = std::fs::write(state.join("probe"), "").is_ok();
    let arguments = ["--port", "0", "--data", &dir.at("state")];
    let command = if is_root {
        std::fs::remove_file(state.join("probe")).unwrap();
        // The folder of the build may be closed to that user.
        let binary = dir.path().join("mooring");
        std::fs::copy(BINARY, &binary).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(binary).args(arguments);
        command
    } else {
        mooring(&arguments)
    };
    let said = refusal(command);
    assert!(said.contains(&dir.at("state/lock")) && said.contains("Permission denied"), "{said}");
    assert!(said.contains("Let this user read and write there"), "{said}");
    assert_eq!(std::fs::read_dir(&state).unwrap().count(), 0);
}

#[test]
fn a_folder_that_another_runner_holds_and_a_port_that_is_taken() {
    let dir = Dir::new("held");
    let first = on(&dir.at("state"));
    let said = refusal(mooring(&["--port", "0", "--data", &dir.at("state")]));
    let process =
        format!("{}: another runner uses this folder: process {}", dir.at("state"), first.process());
    assert!(said.contains(&process) && said.contains("End that runner with Ctrl-C"), "{said}");
    let port = first.port();
    let said = refusal(mooring(&["--port", &port.to_string(), "--data", &dir.at("other")]));
    assert!(said.starts_with(&format!("mooring: port {port}: another program listens there\n")), "{said}");
    assert!(said.contains("choose another first port with --port"), "{said}");
    assert!(first.stop().status.success());
}

#[test]
fn keys_tables_and_files_that_are_gone_or_broken() {
    let dir = Dir::new("gone");
    assert!(on(&dir.at("state")).stop().status.success());
    let state = dir.path().join("state");
    let keep = |name: &str| std::fs::read(state.join(name)).unwrap();
    let both = "or start with a new folder: --data DIR.";
    for (name, part, advice) in [
        ("kms.json", "hold data sealed under them", "Put the file with the keys back"),
        ("dynamodb.sqlite", "the tables are gone", "Put the file with the tables back"),
    ] {
        let kept = keep(name);
        std::fs::remove_file(state.join(name)).unwrap();
        refuses(&state, &[&dir.at(&format!("state/{name}: ")), part, advice, both]);
        std::fs::write(state.join(name), kept).unwrap();
    }
    for name in
        ["kms.json", "dynamodb.sqlite", "sqs.json", "seed.json", "sandbox.json", "clock.json", "version.json"]
    {
        let kept = std::fs::read(state.join(name)).ok();
        std::fs::write(state.join(name), "[broken").unwrap();
        refuses(&state, &[&dir.at(&format!("state/{name}: ")), "Put a copy of it back", both]);
        match kept {
            Some(kept) => std::fs::write(state.join(name), kept).unwrap(),
            None => std::fs::remove_file(state.join(name)).unwrap(),
        }
    }
    assert!(on(&dir.at("state")).stop().status.success());
}

#[test]
fn keys_of_another_folder() {
    let dir = Dir::new("keys");
    for name in ["own", "other"] {
        assert!(on(&dir.at(name)).stop().status.success());
    }
    let own = dir.path().join("own");
    std::fs::copy(dir.path().join("other/kms.json"), own.join("kms.json")).unwrap();
    let said = refusal(mooring(&["--port", "0", "--data", &dir.at("own")]));
    assert!(
        said.contains(&dir.at("own/kms.json: ")) && said.contains("Put the file with the keys back"),
        "{said}"
    );
}

#[test]
fn a_wrong_command_line_ends_with_two_before_anything_is_made() {
    let dir = Dir::new("words");
    for (words, part) in [
        (["--port", "70000"], "70000 is not in 0..=65528"),
        (["--return-url", "not a url"], "`not a url` is no URL that a person can be led back to"),
        (["--tenant", " "], "one line of at most 100 characters"),
    ] {
        let mut command = mooring(&["--data", &dir.at("state")]);
        let ended = command.args(words).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(2), "{said}");
        assert!(said.contains(part) && ended.stdout.is_empty(), "{said}");
    }
    assert!(!dir.path().join("state").exists());
}
