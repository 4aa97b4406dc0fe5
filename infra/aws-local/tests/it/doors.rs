//! Who may call the services: programs of this machine, and no page of a site; and who may read the stored files.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::support::{Dir, memory, on_disk};

const LIST: &str = "{}";

async fn status(url: &str, headers: &[(&str, &str)]) -> u16 {
    let mut call = reqwest::Client::new().post(url).body(LIST);
    for (name, value) in headers {
        call = call.header(*name, *value);
    }
    call.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn no_page_of_a_site_reads_or_writes_the_services() {
    let aws = memory(1).await;
    let endpoints = aws.endpoints();
    let signed = (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=0",
    );
    let (json, dated) = (("content-type", "application/x-amz-json-1.0"), ("x-amz-date", "20261129T000000Z"));
    for (url, target) in [
        (&endpoints.dynamodb, "DynamoDB_20120810.ListTables"),
        (&endpoints.kms, "TrentService.ListKeys"),
        (&endpoints.sqs, "AmazonSQS.ListQueues"),
    ] {
        let own = [json, signed, dated, ("x-amz-target", target)];
        assert_eq!(status(url, &own).await, 200, "{target}");
        let page = ("origin", "http://localhost:8789");
        assert_eq!(status(url, &[own.as_slice(), &[page]].concat()).await, 403, "{target}");
        let rebound = ("host", "evil.example");
        assert_eq!(status(url, &[own.as_slice(), &[rebound]].concat()).await, 421, "{target}");
        let plain = [("content-type", "text/plain"), signed, dated, ("x-amz-target", target)];
        assert_eq!(status(url, &plain).await, 415, "{target}");
    }
    let mail = format!("{}/v2/email/outbound-emails", endpoints.ses);
    assert_eq!(status(&mail, &[("content-type", "text/plain")]).await, 415);
    assert_eq!(status(&mail, &[("content-type", "application/json"), ("origin", "null")]).await, 403);
    let mailbox = format!("{}/mailbox.json", endpoints.ses);
    let read = reqwest::Client::new().get(&mailbox).header("host", "evil.example").send().await.unwrap();
    assert_eq!(read.status().as_u16(), 421);
    assert_eq!(reqwest::get(&mailbox).await.unwrap().status().as_u16(), 200);
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Collects what other users may do with a file or directory, and with everything below it.
fn open_to_others(path: &Path, found: &mut Vec<String>) {
    let mode = mode(path);
    if mode & 0o077 != 0 {
        found.push(format!("{} {mode:o}", path.display()));
    }
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            open_to_others(&entry.unwrap().path(), found);
        }
    }
}

/// Lists what other users may do with anything in a directory.
fn open_inside(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        open_to_others(&entry.unwrap().path(), &mut found);
    }
    found
}

/// Stores one of each kind in a directory. Returns what other users may read of it while the services run and after
/// their end.
async fn kept(dir: &Path) -> Vec<String> {
    let aws = on_disk(dir).await;
    let mail = serde_json::json!({
        "FromEmailAddress": "a@example.org",
        "Destination": { "ToAddresses": ["b@example.org"] },
        "Content": { "Simple": { "Subject": { "Data": "s" }, "Body": { "Text": { "Data": "t" } } } },
    });
    let url = format!("{}/v2/email/outbound-emails", aws.endpoints().ses);
    let call = reqwest::Client::new().post(url).header("content-type", "application/json");
    assert_eq!(call.body(mail.to_string()).send().await.unwrap().status().as_u16(), 200);
    let mut found = open_inside(dir);
    aws.shutdown().await.unwrap();
    found.extend(open_inside(dir));
    found
}

#[tokio::test]
async fn what_is_kept_is_for_this_user_alone() {
    let dir = Dir::new();
    let made = dir.path().join("state/below");
    drop(mooring_aws_local::Folder::open(&made).unwrap());
    assert!(kept(&made).await.is_empty());
    for dir in [&made, made.parent().unwrap()] {
        assert_eq!(mode(dir), 0o700, "{}", dir.display());
    }
}

#[tokio::test]
async fn a_directory_of_the_person_keeps_its_mode_and_what_is_put_into_it_is_private() {
    let dir = Dir::new();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let own = dir.path().join("own");
    std::fs::write(&own, "theirs").unwrap();
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = format!("{} 644", own.display());
    assert_eq!(kept(dir.path()).await, [open.as_str(), &open]);
    assert_eq!(mode(dir.path()), 0o755);
}
