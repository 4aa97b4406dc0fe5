//! Scorecard 27: whatever address a tenant gives, no connection goes to one that is not public. A listener on
//! this machine counts connections; the test resolves names by a table of its own.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that is wrong has to stop at once, and figures are for the one who reads its output"
)]

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use mooring_domain::base::ids::{EventId, TenantId};
use mooring_domain::base::secret::Plain;
use mooring_domain::webhook::address::is_public;
use mooring_domain::webhook::delivery::{Failure, Posted};
use mooring_domain::webhook::event::{About, Event, EventType};
use mooring_domain::webhook::ports::WebhookPost as _;
use mooring_domain::webhook::target::{Reach, Target};
use mooring_webhooks::{Config, Lookup, Sender};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Addresses that must never be called, one of each block and its edges, v4 first.
const BLOCKED_V4: &[&str] = &[
    "0.0.0.0",
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.0",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.0",
    "127.0.0.1",
    "127.0.0.53",
    "127.1.2.3",
    "127.255.255.255",
    "169.254.0.1",
    "169.254.169.253",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.100.5",
    "169.254.255.255",
    "172.16.0.0",
    "172.16.0.1",
    "172.17.0.1",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.0.192",
    "192.0.2.1",
    "192.0.2.255",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.1.1",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "198.51.100.255",
    "203.0.113.1",
    "203.0.113.255",
    "224.0.0.1",
    "224.0.0.251",
    "239.255.255.255",
    "240.0.0.1",
    "250.1.2.3",
    "255.255.255.254",
    "255.255.255.255",
];
const BLOCKED_V6: &[&str] = &[
    "::",
    "::1",
    "::2",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:192.168.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "::10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::1",
    "64:ff9b:1:ffff::10.0.0.1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1::1",
    "2001:2::1",
    "2001:3::1",
    "2001:10::1",
    "2001:20::1",
    "2001:30::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2001:db8:ffff::1",
    "2002::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2002:c0a8:1::1",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "8000::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fd00:ec2::253",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::a9fe:a9fe",
    "febf::1",
    "fec0::1",
    "ff00::1",
    "ff02::1",
    "ff05::2",
    "ffff::1",
    "1fff::1",
];
/// Addresses of the public Internet. Without them the lists above would prove nothing.
const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.114.0",
    "223.255.255.255",
    "2600::1",
    "2606:4700::1111",
    "2001:4860:4860::8888",
    "2001:200::1",
    "2a00:1450::1",
    "2003::1",
    "3ffe::1",
    "2620:4f:8001::1",
];

/// Texts that are no address for a webhook, whatever they lead to.
const BAD_URLS: &[&str] = &[
    "",
    " ",
    "/",
    "//",
    "https:",
    "https://",
    "https:///",
    "https://:443/",
    "https://?",
    "https://#",
    "example.com",
    "//example.com/",
    "http://example.com/",
    "http://example.com:443/",
    "HTTP://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "dict://example.com/",
    "ldap://example.com/",
    "ws://example.com/",
    "wss://example.com/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "unix:/var/run/docker.sock",
    "jar:https://example.com/!/",
    "blob:https://example.com/x",
    "https://user@example.com/",
    "https://user:pass@example.com/",
    "https://@example.com/",
    "https://:@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1@example.com/",
    "https://example.com:80@evil.example.com/",
    "https:\\\\user@example.com\\",
    "https:/\\@example.com/",
    "https://example.com/#fragment",
    "https://example.com/#",
    "https://example.com:0/",
    "https://example.com:65536/",
    "https://example.com:-1/",
    "https://example.com:x/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://localhost:8443/",
    "https://a.localhost/",
    "https://a.b.localhost/",
    "https://localhost.localdomain/",
    "https://router.lan/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://ip-10-0-0-1.ec2.internal/",
    "https://db.internal./",
    "https://host.docker.internal/",
    "https://intranet/",
    "https://wiki.intranet/",
    "https://metadata/",
    "https://nas.home.arpa/",
    "https://x.onion/",
    "https://a..b/",
    "https://example..com/x",
    "https://.com/",
    "https://exa mple.com/",
    "https://example.com/a b",
    "https://example.com/\t",
    "https://exam\nple.com/",
    "\thttps://example.com/",
    "https://example.com/\u{7f}",
    "https://ex\u{e4}mple.com/",
    "https://%00/",
    "https://%6c%6f%63%61%6c%68%6f%73%74/",
    "https://%31%32%37.0.0.1/",
    "https://\u{2460}\u{2461}\u{2466}.0.0.1/",
    "https://[::1",
    "https://::1/",
    "https://[::g]/",
    "https://[fe80::1%25eth0]/",
    "https://[v1.x]/",
    "https://127.0.0.1:99999/",
    "https://1.2.3.4.5/",
    "https://256.1.1.1/",
    "https://0x100000000/",
    "https://1.1.1.0x100/",
    "https://08.8.8.8/",
];

/// Returns the bad texts, and every blocked address in every form that a parser may accept.
fn bad_urls() -> Vec<String> {
    let mut all: Vec<String> = BAD_URLS.iter().map(|text| (*text).to_owned()).collect();
    // The same addresses in every form that a parser may accept.
    for text in BLOCKED_V4 {
        let [a, b, c, d] = text.parse::<Ipv4Addr>().unwrap().octets().map(u32::from);
        let number = u32::from(text.parse::<Ipv4Addr>().unwrap());
        all.extend([
            format!("https://{text}/"),
            format!("https://{text}:8443/path?x=1"),
            format!("https://{text}./"),
            format!("https://{number}/"),
            format!("https://{number:#x}/"),
            format!("https://0{number:o}/"),
            format!("https://{a:#x}.{b:#x}.{c:#x}.{d:#x}/"),
            format!("https://0{a:o}.0{b:o}.0{c:o}.0{d:o}/"),
            format!("https://{a}.{}/", (b << 16) | (c << 8) | d),
            format!("https://{a}.{b}.{}/", (c << 8) | d),
            format!("https://[::ffff:{text}]/"),
            format!("https://[::{text}]/"),
            format!("https://[64:ff9b::{text}]/"),
            format!("https://[2002:{:x}:{:x}::1]/", (a << 8) | b, (c << 8) | d),
        ]);
    }
    all.extend(BLOCKED_V6.iter().map(|text| format!("https://[{text}]/")));
    all.push(format!("https://example.com/{}", "x".repeat(2_048)));
    all
}

/// The names of the test's own DNS. Each lookup gets the next answer, and the last answer stays.
#[derive(Default)]
struct Dns {
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

impl Dns {
    fn put(&self, name: &str, answers: &[&[&str]]) {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        self.names.lock().unwrap().insert(name.to_owned(), answers.iter().map(parse).collect());
    }
}

#[async_trait]
impl Lookup for Dns {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut names = self.names.lock().unwrap();
        let answers = names.get_mut(name).ok_or_else(|| io::Error::other("no such name"))?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

/// A server on this machine that counts connections and gives every request the same answer.
struct Listener {
    at: SocketAddr,
    came: Arc<AtomicUsize>,
    last: Arc<Mutex<String>>,
}

impl Listener {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (came, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
        let (counter, heard) = (Arc::clone(&came), Arc::clone(&last));
        tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                counter.fetch_add(1, Ordering::SeqCst);
                let mut buffer = vec![0; 16 * 1024];
                let mut text = String::new();
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    text.push_str(&String::from_utf8_lossy(&buffer[..read]));
                    if text.contains("\r\n\r\n") && text.ends_with('}') {
                        break;
                    }
                }
                *heard.lock().unwrap() = text;
                drop(stream.write_all(answer.as_bytes()).await);
            }
        });
        Self { at, came, last }
    }

    fn came(&self) -> usize {
        self.came.load(Ordering::SeqCst)
    }
}

fn sender(reach: Reach, dns: &Arc<Dns>) -> Sender {
    let config = Config { api_origin: "https://api.example.com".to_owned() };
    let lookup: Arc<dyn Lookup> = dns.clone();
    Sender::reaching(config, reach, lookup).unwrap()
}

async fn post(sender: &Sender, url: &str) -> Posted {
    let event = Event {
        id: EventId::from_uuid("00000000-0000-7000-8000-000000000001".parse().unwrap()),
        tenant: TenantId::from_uuid("00000000-0000-7000-8000-000000000002".parse().unwrap()),
        kind: EventType::Test,
        at: Timestamp::UNIX_EPOCH,
        about: About::default(),
        written_at: Timestamp::UNIX_EPOCH,
        is_waiting: false,
    };
    let secrets = [Plain::new(vec![7; 32])];
    sender.post(&Plain::new(url.as_bytes().to_vec()), &event, &secrets, Timestamp::now()).await
}

#[test]
fn the_lists_of_addresses_are_told_apart() {
    for text in BLOCKED_V4.iter().chain(BLOCKED_V6) {
        assert!(!is_public(text.parse().unwrap()), "{text} is called public");
    }
    for text in PUBLIC {
        assert!(is_public(text.parse().unwrap()), "{text} is refused");
    }
}

#[tokio::test]
async fn no_bad_address_is_taken_or_called() {
    let dns = Arc::new(Dns::default());
    let listener = Listener::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    let sender = sender(Reach::Public, &dns);
    let mut all = bad_urls();
    let port = listener.at.port();
    all.extend(
        ["127.0.0.1", "[::1]", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"]
            .iter()
            .flat_map(|host| ["http", "https"].map(|scheme| format!("{scheme}://{host}:{port}/"))),
    );
    for url in &all {
        assert!(Target::parse(url, Reach::Public).is_err(), "{url:?} is taken");
        assert_eq!(post(&sender, url).await.failure, Some(Failure::Forbidden), "{url:?}");
    }
    assert!(all.len() >= 300, "{}", all.len());
    assert_eq!((listener.came(), dns.asked.load(Ordering::SeqCst)), (0, 0));
    println!("addresses refused: {}", all.len());
}

#[tokio::test]
async fn a_name_that_leads_to_a_blocked_address_is_not_called() {
    let dns = Arc::new(Dns::default());
    let listener = Listener::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    let sender = sender(Reach::Public, &dns);
    let url = format!("https://hooks.example.com:{}/", listener.at.port());
    let mut cases = 0;
    for blocked in BLOCKED_V4.iter().chain(BLOCKED_V6) {
        // The blocked address stands alone, behind a public one, and before one.
        for answer in [&[*blocked][..], &["1.1.1.1", blocked][..], &[blocked, "2606:4700::1111"][..]] {
            dns.put("hooks.example.com", &[answer]);
            assert_eq!(post(&sender, &url).await.failure, Some(Failure::Forbidden), "{answer:?}");
            cases += 1;
        }
    }
    assert_eq!(listener.came(), 0);
    println!("names refused: {cases}");
}

/// A name may give another answer the next time (rebinding): a call resolves the name once and goes to
/// exactly that answer.
#[tokio::test]
async fn rebinding_gains_nothing() {
    let dns = Arc::new(Dns::default());
    let listener = Listener::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    dns.put("localhost", &[&["127.0.0.1"], &["10.0.0.1"]]);
    let local = sender(Reach::WithLoopback, &dns);
    let url = format!("http://localhost:{}/", listener.at.port());
    assert_eq!(post(&local, &url).await.failure, None);
    assert_eq!(
        (listener.came(), dns.asked.load(Ordering::SeqCst)),
        (1, 1),
        "one lookup, and the call went there"
    );
    assert_eq!(
        post(&local, &url).await.failure,
        Some(Failure::Forbidden),
        "no answer is kept for the next call"
    );
    assert_eq!((listener.came(), dns.asked.load(Ordering::SeqCst)), (1, 2));
}

#[tokio::test]
async fn redirects_are_not_followed_and_a_long_answer_is_not_read() {
    let dns = Arc::new(Dns::default());
    let goal = Listener::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    let sender = sender(Reach::WithLoopback, &dns);
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"] {
        let head = format!(
            "HTTP/1.1 {status}\r\nlocation: http://{}/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            goal.at
        );
        let listener = Listener::start(head.leak()).await;
        let posted = post(&sender, &format!("http://{}/", listener.at)).await;
        assert_eq!(posted.failure, Some(Failure::Redirect), "{status}");
        assert_eq!(listener.came(), 1);
    }
    assert_eq!(goal.came(), 0);
    let endless = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}",
        "400\r\n".to_owned() + &"x".repeat(1_024) + "\r\n"
    );
    let listener = Listener::start(endless.leak()).await;
    assert_eq!(post(&sender, &format!("http://{}/", listener.at)).await.failure, None, "the status decides");
}

#[tokio::test]
async fn a_call_has_the_headers_of_the_specification_and_is_verified_by_its_rule() {
    let dns = Arc::new(Dns::default());
    let listener = Listener::start("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
    let posted = post(&sender(Reach::WithLoopback, &dns), &format!("http://{}/a?token=b", listener.at)).await;
    assert_eq!((posted.status, posted.failure), (Some(204), None));
    let heard = listener.last.lock().unwrap().clone();
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /a?token=b HTTP/1.1"), "{head}");
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: "))).unwrap();
        line.split_once(": ").unwrap().1.to_owned()
    };
    let (id, at) = (header("webhook-id"), header("webhook-timestamp").parse().unwrap());
    let wanted = mooring_webhooks::signature([[7_u8; 32].as_slice()], &id, at, body);
    assert_eq!(header("webhook-signature"), wanted);
    assert_eq!(header("content-type"), "application/json");
    assert!(
        body.starts_with(r#"{"type":"webhook.test","timestamp":"1970-01-01T00:00:00.000Z","data":{"#),
        "{body}"
    );
}
