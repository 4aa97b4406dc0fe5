//! Tests the requests to SES and the texts of errors. A small HTTP server on loopback stands for SES.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::{Credentials, Region};

use super::*;

const ADDRESS: &str = "anna.canary@example.com";

/// Starts a server that answers one request and returns its text.
fn server(status: &'static str, body: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4_096];
        while !is_whole(&seen) {
            let read = stream.read(&mut buffer).unwrap();
            assert_ne!(read, 0, "the request ended early");
            seen.extend_from_slice(&buffer[..read]);
        }
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        String::from_utf8(seen).unwrap()
    });
    (origin, thread)
}

fn is_whole(seen: &[u8]) -> bool {
    let text = String::from_utf8_lossy(seen).into_owned();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or(0)
}

fn ses(origin: &str) -> Ses {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(aws_sdk_sesv2::config::BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "tests"))
        .endpoint_url(origin)
        .retry_config(RetryConfig::disabled())
        .build();
    Ses::new(Client::from_conf(config), "privacy@example.com")
}

#[tokio::test]
async fn a_mail_leaves_as_plain_text_to_one_address() {
    let (origin, thread) = server("200 OK", r#"{"MessageId":"m1"}"#);
    ses(&origin).send(&SecretString::from(ADDRESS), "Hello", "A link: ä").await.unwrap();
    let request = thread.join().unwrap();
    assert!(request.starts_with("POST /v2/email/outbound-emails"));
    for part in [ADDRESS, "privacy@example.com", "\"Hello\"", "A link: ä", "UTF-8"] {
        assert!(request.contains(part), "{part}");
    }
    assert!(!request.contains("Html"));
}

/// Sends a mail to an SES that answers with an error of this code, whose message quotes the address.
async fn refusal(status: &'static str, code: &str) -> Error {
    let body = format!(r#"{{"__type":"{code}","message":"not verified: {ADDRESS}"}}"#);
    let (origin, thread) = server(status, body.leak());
    let error = ses(&origin).send(&SecretString::from(ADDRESS), "Hello", "text").await.unwrap_err();
    thread.join().unwrap();
    error
}

#[tokio::test]
async fn a_refusal_that_stands_is_our_fault_and_names_its_code() {
    for (status, code) in [
        ("403 Forbidden", "AccessDeniedException"),
        ("400 Bad Request", "AccountSuspendedException"),
        ("400 Bad Request", "BadRequestException"),
        ("400 Bad Request", "MailFromDomainNotVerifiedException"),
        ("400 Bad Request", "MessageRejected"),
        ("404 Not Found", "NotFoundException"),
        ("400 Bad Request", "SendingPausedException"),
    ] {
        let error = refusal(status, code).await;
        assert_eq!((error.kind, error.code, error.is_retryable()), (Kind::Internal, "mail_refused", false));
        assert!(error.message.contains(code), "{code}: {error}");
    }
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for (status, code) in [
        ("429 Too Many Requests", "TooManyRequestsException"),
        ("400 Bad Request", "LimitExceededException"),
        ("503 Service Unavailable", "ServiceUnavailableException"),
    ] {
        let error = refusal(status, code).await;
        assert_eq!((error.kind, error.code, error.is_retryable()), (Kind::Unavailable, "mail_away", true));
    }
}

#[tokio::test]
async fn an_error_never_holds_the_address() {
    for code in ["MessageRejected", "AccessDeniedException", "ServiceUnavailableException", ADDRESS] {
        let error = refusal("400 Bad Request", code).await;
        assert!(error.source.is_none(), "SES quotes addresses");
        assert!(!format!("{error:?} {error}").contains("anna"), "{code}");
    }
}
