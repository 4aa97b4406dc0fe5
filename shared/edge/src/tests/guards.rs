//! Tests rate limits and idempotency keys, with guards in memory that can be broken.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mooring_domain::base::random;
use mooring_domain::base::secret::Digest;
use mooring_domain::guard::idempotency::{Attempt, Progress, Record};
use mooring_domain::guard::idempotency::{Begun, IdempotencyStore};
use mooring_domain::guard::limits::{Bucket, InUse, Limits, Rate};
use mooring_domain::guard::limits::{RateBuckets, TakeOutcome};
use mooring_domain::people::access_log::Access;
use mooring_domain::people::ports::AccessLog;

use super::*;

/// The stored state of the guards of one edge.
#[derive(Default)]
pub(super) struct Guards {
    full_at: Mutex<HashMap<Bucket, i64>>,
    records: Mutex<HashMap<Digest, Record>>,
    accesses: Mutex<Vec<Access>>,
    draws: AtomicUsize,
    broken: AtomicBool,
    /// A read of the buckets sees none of what others took a moment ago.
    peeks_late: AtomicBool,
}

impl Guards {
    fn ask(&self) -> Result<()> {
        let error = || Error::unavailable("store_unavailable", "Broken.");
        if self.broken.load(Ordering::Relaxed) { Err(error()) } else { Ok(()) }
    }

    fn draw(&self, bucket: &Bucket, next: impl FnOnce(Option<i64>) -> Option<i64>) -> Result<TakeOutcome> {
        self.ask()?;
        self.draws.fetch_add(1, Ordering::Relaxed);
        let mut stored = self.full_at.lock().unwrap();
        let found = stored.get(bucket).copied();
        let Some(next) = next(found) else { return Ok(TakeOutcome::Refused(found)) };
        stored.insert(bucket.clone(), next);
        Ok(TakeOutcome::Done(next))
    }
}

#[async_trait]
impl RateBuckets for Directory {
    async fn peek(&self, buckets: &[Bucket; 2]) -> Result<[Option<i64>; 2]> {
        self.guards.ask()?;
        if self.guards.peeks_late.load(Ordering::Relaxed) {
            return Ok([None, None]);
        }
        let stored = self.guards.full_at.lock().unwrap();
        Ok(buckets.each_ref().map(|bucket| stored.get(bucket).copied()))
    }

    async fn start(&self, bucket: &Bucket, in_use: InUse, full_at: i64) -> Result<TakeOutcome> {
        self.guards.draw(bucket, |found| (!found.is_some_and(|found| in_use.holds(found))).then_some(full_at))
    }

    async fn add(&self, bucket: &Bucket, cost: i64, latest: i64) -> Result<TakeOutcome> {
        self.guards.draw(bucket, |found| found.filter(|found| *found <= latest).map(|found| found + cost))
    }

    async fn give_back(&self, bucket: &Bucket, cost: i64, after: i64) -> Result<()> {
        let given = |found: Option<i64>| found.filter(|found| *found > after).map(|found| found - cost);
        self.guards.draw(bucket, given).map(|_| ())
    }
}

#[async_trait]
impl IdempotencyStore for Directory {
    async fn begin(&self, record: &Record, _: Timestamp) -> Result<Begun> {
        self.guards.ask()?;
        let mut records = self.guards.records.lock().unwrap();
        match records.get(&record.name).cloned() {
            Some(Record { progress: Progress::Running(until), .. }) if until <= record.at => {
                records.insert(record.name, record.clone());
                Ok(Begun::Again)
            }
            Some(found) => Ok(Begun::Before(found)),
            None => {
                records.insert(record.name, record.clone());
                Ok(Begun::First)
            }
        }
    }

    async fn complete(&self, record: &Record, _: Timestamp) -> Result<()> {
        self.guards.ask()?;
        self.guards.records.lock().unwrap().insert(record.name, record.clone());
        Ok(())
    }

    async fn release(&self, record: &Record) -> Result<()> {
        self.guards.records.lock().unwrap().remove(&record.name);
        Ok(())
    }
}

#[async_trait]
impl AccessLog for Directory {
    async fn add_access(&self, access: &Access) -> Result<()> {
        self.guards.ask()?;
        self.guards.accesses.lock().unwrap().push(access.clone());
        Ok(())
    }
}

/// An edge whose guards a test can read and change.
struct Bench {
    edge: Edge,
    key: String,
    directory: Arc<Directory>,
    effects: AtomicUsize,
}

impl Bench {
    fn new() -> Self {
        let (directory, key) = directory();
        let directory = Arc::new(directory);
        let config = crate::Config::new("https://api.example").unwrap();
        let mut edge = Edge::new(directory.clone(), Arc::new(Fixed), Arc::new(SystemEntropy), config);
        edge.limits = Limits { key: Rate::per_minute(60, 2), tenant: Rate::per_minute(6_000, 100) };
        Self { edge, key, directory, effects: AtomicUsize::new(0) }
    }

    fn guards(&self) -> &Guards {
        &self.directory.guards
    }

    async fn get(&self, headers: &[(&str, &str)]) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        call(&self.edge, &request(Method::GET, "/v1/connections", &headers, "")).await
    }

    /// Sends a POST with a counted effect and a secret in its answer; `fails` is an error after the effect.
    async fn post(&self, key: &str, body: &str, fails: Option<Kind>) -> Reply {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
        let request = request(Method::POST, "/v1/connect-sessions", &headers, body);
        let run = async |_: Caller, attempt: Attempt| {
            if !attempt.is_done() {
                self.effects.fetch_add(1, Ordering::Relaxed);
                if let Some(kind) = fails {
                    return Err(Error::new(kind, "fails", "It fails."));
                }
            }
            Ok(crate::created(&random::secret_text(attempt.entropy()), None)?.about("del_1"))
        };
        assert_send(self.edge.once(&request, Scope::ConnectionsRead, run)).await
    }

    fn effects(&self) -> usize {
        self.effects.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn every_answer_says_what_is_left_and_too_many_calls_are_refused() {
    let bench = Bench::new();
    for (left, status) in [(1, 200), (0, 200), (0, 429)] {
        let reply = bench.get(&[("origin", ORIGIN)]).await;
        assert_eq!(reply.status(), status);
        assert_eq!(header(&reply, "ratelimit-policy"), Some("\"key\";q=60;w=60, \"tenant\";q=6000;w=60"));
        let limit = header(&reply, "ratelimit").unwrap();
        assert!(limit.starts_with(&format!("\"key\";r={left};t=1, \"tenant\";r=9")), "{limit}");
        assert_eq!(header(&reply, "retry-after"), (status == 429).then_some("1"));
        assert_eq!(header(&reply, "access-control-allow-origin"), Some(ORIGIN));
    }
    let document = problem(&bench.get(&[]).await);
    assert_eq!(
        (document["code"].as_str(), document["retryable"].as_bool()),
        (Some("quota_exceeded"), Some(true))
    );
    assert_eq!(document["violated-policies"], serde_json::json!(["key"]));
    assert!(document["type"].as_str().unwrap().ends_with("#quota-exceeded"));
    assert_eq!(bench.guards().draws.load(Ordering::Relaxed), 4, "a refusal draws from nothing");
}

#[tokio::test]
async fn nobody_can_use_up_the_calls_of_another() {
    let mut bench = Bench::new();
    bench.key = text::mint(&SystemEntropy, &super::named(1, 2, None)).text().to_owned();
    let reply = bench.get(&[]).await;
    assert_eq!(reply.status(), 401);
    assert!(header(&reply, "ratelimit").is_none() && header(&reply, "ratelimit-policy").is_none());
    assert_eq!(bench.guards().draws.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn limits_that_cannot_be_counted_let_through() {
    let bench = Bench::new();
    bench.guards().broken.store(true, Ordering::Relaxed);
    for _ in 0..5 {
        let reply = bench.get(&[]).await;
        assert_eq!(reply.status(), 200);
        assert!(header(&reply, "ratelimit-policy").is_some() && header(&reply, "ratelimit").is_none());
    }
}

fn generous(bench: &mut Bench) {
    bench.edge.limits = Limits::default();
}

#[tokio::test]
async fn a_repetition_has_no_effect_and_gets_the_same_answer() {
    let mut bench = Bench::new();
    generous(&mut bench);
    let first = bench.post("k-1", "{}", None).await;
    assert_eq!((first.status().as_u16(), header(&first, "idempotent-replayed")), (201, None));
    let again = bench.post("k-1", "{}", None).await;
    assert_eq!((again.status().as_u16(), header(&again, "idempotent-replayed")), (201, Some("true")));
    assert_eq!((first.body().as_ref(), bench.effects()), (again.body().as_ref(), 1));
    let reused = bench.post("k-1", "{ }", None).await;
    assert_eq!(
        (reused.status().as_u16(), problem(&reused)["code"].as_str()),
        (422, Some("idempotency_key_reused"))
    );
    let other = bench.post("k-2", "{}", None).await;
    assert!(other.status() == 201 && other.body().as_ref() != first.body().as_ref());
    let record = bench.guards().records.lock().unwrap().values().next().cloned().unwrap();
    assert_eq!(record.progress, Progress::Done(Some("del_1".to_owned())));
}

/// An ignored parameter would look as if it had an effect.
#[tokio::test]
async fn a_call_that_changes_something_takes_no_parameter() {
    let mut bench = Bench::new();
    generous(&mut bench);
    let bearer = format!("Bearer {}", bench.key);
    let request =
        request(Method::POST, "/v1/connect-sessions?dry_run=true", &[("authorization", bearer.as_str())], "");
    let reply = bench.edge.once(&request, Scope::ConnectionsRead, async |_, _| ok(&1)).await;
    assert_eq!((reply.status().as_u16(), problem(&reply)["code"].as_str()), (400, Some("unknown_parameter")));
}

#[tokio::test]
async fn while_a_call_runs_its_repetition_waits() {
    let mut bench = Bench::new();
    generous(&mut bench);
    let bearer = format!("Bearer {}", bench.key);
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", "k")];
    let request = request(Method::POST, "/v1/connect-sessions", &headers, "");
    let outer = async |_: Caller, _: Attempt| {
        let inner = bench.edge.once(&request, Scope::ConnectionsRead, async |_, _| ok(&1)).await;
        assert_eq!((inner.status().as_u16(), header(&inner, "retry-after")), (409, Some("1")));
        assert_eq!(problem(&inner)["code"], "idempotency_in_progress");
        ok(&2)
    };
    assert_eq!(bench.edge.once(&request, Scope::ConnectionsRead, outer).await.status(), 200);
}

#[tokio::test]
async fn a_refused_call_is_forgotten_and_one_that_broke_is_tried_again() {
    let mut bench = Bench::new();
    generous(&mut bench);
    for (kind, status) in [(Kind::Invalid, 400), (Kind::Unavailable, 503)] {
        assert_eq!(bench.post("k", "{}", Some(kind)).await.status(), status);
    }
    assert_eq!(bench.post("k", "{}", None).await.status(), 201);
    assert_eq!(bench.effects(), 3);
}

#[tokio::test]
async fn without_memory_nothing_is_done() {
    let mut bench = Bench::new();
    generous(&mut bench);
    bench.guards().broken.store(true, Ordering::Relaxed);
    let reply = bench.post("k", "{}", None).await;
    assert_eq!((reply.status().as_u16(), bench.effects()), (503, 0));
    assert_eq!(problem(&reply)["retryable"], true);
}

#[tokio::test]
async fn a_key_in_quotes_is_the_same_key() {
    let mut bench = Bench::new();
    generous(&mut bench);
    let first = bench.post("k-1", "{}", None).await;
    for same in ["\"k-1\"", " \"k-1\" ", "\"k-1\";now=?1"] {
        let again = bench.post(same, "{}", None).await;
        assert_eq!(
            (header(&again, "idempotent-replayed"), again.body()),
            (Some("true"), first.body()),
            "{same}"
        );
    }
    for broken in ["\"k-1", "k-1\"", "\"k\\-1\"", "\"k-1\" \"k-2\"", "\"\"", "\"k 1\""] {
        let reply = bench.post(broken, "{}", None).await;
        assert_eq!((reply.status().as_u16(), bench.effects()), (400, 1), "{broken}");
    }
}

#[tokio::test]
async fn keys_are_visible_ascii_of_a_sane_length() {
    let mut bench = Bench::new();
    generous(&mut bench);
    let long = "k".repeat(255);
    for key in ["k", "\"8e03978e-40d5-43e8-bc93-6894a57f9324\"", "~!", long.as_str()] {
        assert_eq!(bench.post(key, "", None).await.status(), 201, "{key}");
    }
    let longer = "k".repeat(256);
    for key in ["", " ", "a b", "a\tb", "k\u{e9}", longer.as_str()] {
        let reply = bench.post(key, "", None).await;
        assert_eq!(reply.status(), 400, "{key}");
        assert_eq!(problem(&reply)["code"], "invalid_idempotency_key");
    }
    assert_eq!(bench.effects(), 4);
}

#[tokio::test]
async fn a_call_is_logged_once_and_not_at_all_beyond_the_limit() {
    let bench = Bench::new();
    let bearer = format!("Bearer {}", bench.key);
    // An id under a name that names a thing, an address, and a product's word in the form of an id.
    let path = "/v1/connections?connection_id=con_00000000000000000000000007&y=anna%40example.com\
                &end_user=user_01M8QEKX8KFXABFXHQAM7HW3QX";
    for _ in 0..4 {
        call(&bench.edge, &request(Method::GET, path, &[("authorization", &bearer)], "")).await;
    }
    let accesses = bench.guards().accesses.lock().unwrap();
    assert_eq!(accesses.len(), 2, "the burst is two");
    let entry = &accesses[0];
    assert_eq!((entry.action, entry.outcome), ("listConnections", "2xx"));
    assert_eq!(entry.targets, ["con_00000000000000000000000007"]);
    assert_eq!(entry.person, None, "an API key speaks for nobody");
}

#[tokio::test]
async fn a_log_that_does_not_answer_fails_no_call() {
    let bench = Bench::new();
    bench.guards().broken.store(true, Ordering::Relaxed);
    assert_eq!(bench.get(&[]).await.status(), 200);
    assert!(bench.guards().accesses.lock().unwrap().is_empty());
}

/// The policy lets the style sheet of the pages apply, by its digest, and no other.
#[test]
fn the_policy_knows_the_style_sheet() {
    let page = crate::page(&mooring_texts::languages()[0], "t", &super::http::Words("")).unwrap();
    let sheet = page.split("<style>").nth(1).and_then(|rest| rest.split("</style>").next()).unwrap();
    let digest = data_encoding::BASE64.encode(&SystemEntropy.digest(sheet.as_bytes()).0);
    let reply = crate::form_targets(crate::html(page.clone()).unwrap(), &[]).unwrap();
    let policy = header(&reply, "content-security-policy").unwrap();
    assert!(policy.contains(&format!("style-src 'sha256-{digest}';")), "page.css has the digest {digest}");
}

/// A limit that was not seen spent refuses while the operation runs, or while its attempt begins: nothing is answered,
/// nothing is done, and the key is free again.
#[tokio::test]
async fn a_call_that_is_refused_late_learns_and_leaves_nothing() {
    let bench = Bench::new();
    bench.guards().peeks_late.store(true, Ordering::Relaxed);
    assert_eq!([bench.get(&[]).await.status(), bench.get(&[]).await.status()], [200, 200]);
    let read = bench.get(&[]).await;
    assert_eq!((read.status().as_u16(), problem(&read)["code"].as_str()), (429, Some("quota_exceeded")));
    let post = bench.post("k", "{}", None).await;
    assert_eq!((post.status().as_u16(), bench.effects()), (429, 0));
    assert!(bench.guards().records.lock().unwrap().is_empty(), "the attempt is withdrawn");
    assert_eq!(bench.guards().accesses.lock().unwrap().len(), 2, "a refused call has no entry");
    let tenant = bench
        .guards()
        .full_at
        .lock()
        .unwrap()
        .iter()
        .find(|(of, _)| of.credential.is_none())
        .map(|(_, at)| *at);
    let cost = bench.edge.limits.tenant.cost();
    assert_eq!(
        tenant,
        Some(Fixed.now().as_microsecond() + 2 * cost),
        "refused calls cost the tenant nothing"
    );
}
