//! One scene: the services' process, the platform's process, and events for functions in it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use mooring_aws_local::{Delays, TimedCall};
use mooring_domain::base::window::Window;
use mooring_domain::sync::job::{JobKind, ProbeJob, SyncJob};
use mooring_queue::Job as _;
use serde_json::{Value, json};

use crate::Options;
use crate::counts::Counts;
use crate::process::{Function, Helper};
use crate::proxy::{Proxy, Sent};
use crate::services::Facts;

/// The settings of a scene.
pub(crate) struct Settings {
    pub(crate) accounts: u32,
    pub(crate) ads: u64,
    pub(crate) think: u64,
    pub(crate) calls_per_second: u32,
}

/// A running scene.
pub(crate) struct Scene {
    pub(crate) facts: Facts,
    pub(crate) platform: String,
    pub(crate) today: Date,
    calls_per_second: u32,
    _helpers: [Helper; 2],
}

/// The variable that holds the platform's origin, for a function.
pub(crate) const PLATFORM_ORIGIN: &str = "PLATFORM_ORIGIN_TIKTOK_ADS";
/// A rate that limits no call here.
pub(crate) const UNLIMITED: u32 = 1_000_000;

impl Scene {
    /// Starts both processes and connects the accounts.
    pub(crate) fn start(settings: &Settings) -> Result<Self> {
        Self::start_delayed(settings, Delays::default())
    }

    /// Starts both processes with a delay before each call of the services.
    pub(crate) fn start_delayed(settings: &Settings, delays: Delays) -> Result<Self> {
        let Settings { accounts, ads, think, calls_per_second } = settings;
        let [accounts, tables, keys] =
            [u128::from(*accounts), delays.tables.as_millis(), delays.keys.as_millis()]
                .map(|number| number.to_string());
        let (services, line) =
            helper(&["services", "--accounts", &accounts, "--delay-tables", &tables, "--delay-keys", &keys])?;
        let facts: Facts = serde_json::from_str(&line).context("the services did not start")?;
        let (platform, line) =
            helper(&["platform", "--ads", &ads.to_string(), "--think", &think.to_string()])?;
        Ok(Self {
            facts,
            platform: line.trim().to_owned(),
            // Today's dates in the easternmost and the westernmost zone are two days apart.
            today: Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date().yesterday()?,
            calls_per_second: *calls_per_second,
            _helpers: [services, platform],
        })
    }

    /// Returns the environment of a function in this scene.
    pub(crate) fn env(&self) -> BTreeMap<String, String> {
        let mut env = self.facts.env.clone();
        env.insert(PLATFORM_ORIGIN.to_owned(), format!("http://{}", self.platform));
        let rate = self.calls_per_second.to_string();
        env.insert("PLATFORM_CALLS_PER_SECOND_TIKTOK_ADS".to_owned(), rate);
        env
    }

    /// Returns the environment with a counting proxy in front of each service.
    pub(crate) async fn counted(&self) -> Result<(BTreeMap<String, String>, Counting)> {
        let mut env = self.env();
        let mut proxies = Vec::new();
        for service in ["DYNAMODB", "KMS", "SQS"] {
            let name = format!("AWS_ENDPOINT_URL_{service}");
            let proxy = Proxy::before(env.get(&name).context("no endpoint")?).await?;
            env.insert(name, proxy.url.clone());
            proxies.push(proxy);
        }
        Ok((env, Counting(proxies)))
    }

    /// Returns the job of an account for days whose last one lies a number of days back.
    pub(crate) fn job(
        &self,
        account: usize,
        days: i64,
        ago: i64,
        kind: JobKind,
        slot: i64,
    ) -> Result<SyncJob> {
        let span = |days: i64| jiff::Span::new().days(days);
        let to = self.today.checked_sub(span(ago))?;
        let from = to.checked_sub(span(days - 1))?;
        Ok(SyncJob {
            tenant: self.facts.tenant.parse()?,
            connection: self.facts.connection.parse()?,
            account: self.facts.accounts.get(account).context("no such account")?.parse()?,
            kind,
            window: Window::new(from, to),
            slot: Timestamp::from_second(1_800_000_000 + slot)?,
            deferred: 0,
            not_before: None,
        })
    }

    /// Returns the event of the connection's daily probe.
    pub(crate) fn probe(&self) -> Result<Value> {
        let (tenant, connection) = (self.facts.tenant.parse()?, self.facts.connection.parse()?);
        let probe = ProbeJob { tenant, connection, due_at: Timestamp::UNIX_EPOCH };
        Ok(messages(&self.facts.tenant, &[probe.encode()]))
    }

    /// Starts the worker.
    pub(crate) async fn worker(&self, options: &Options, env: &BTreeMap<String, String>) -> Result<Function> {
        Function::start(&[&options.binary("sync-worker")], env).await
    }

    /// Calls a path of the platform's process that is not part of the platform's API.
    pub(crate) fn ask(&self, path: &str) -> Result<Value> {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(&self.platform)?;
        write!(stream, "GET {path} HTTP/1.1\r\n\r\n")?;
        stream.shutdown(std::net::Shutdown::Write)?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap_or_default())?)
    }

    /// Returns the event of a GET below /v1, as API Gateway sends it.
    pub(crate) fn get(&self, route: &str, path: &str, query: &str, parameters: &Value) -> Value {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query_parameters: BTreeMap<_, _> = pairs.collect();
        let own = json!({
            "rawQueryString": query,
            "queryStringParameters": query_parameters,
            "pathParameters": parameters,
            "headers": self.headers(),
        });
        event("GET", route, path, own)
    }

    /// Returns the event of a POST below /v1 with an idempotency key.
    pub(crate) fn post(&self, route: &str, path: &str, key: &str, body: &Value) -> Value {
        let mut headers = self.headers();
        headers.insert("content-type", "application/json".to_owned());
        headers.insert("idempotency-key", key.to_owned());
        let own = json!({ "rawQueryString": "", "headers": headers, "body": body.to_string() });
        event("POST", route, path, own)
    }

    fn headers(&self) -> BTreeMap<&'static str, String> {
        let bearer = format!("Bearer {}", self.facts.api_key);
        [("authorization", bearer), ("host", "x".to_owned()), ("accept", "application/json".to_owned())]
            .into()
    }
}

/// Adds to the parts of an event what each event has.
fn event(method: &str, route: &str, path: &str, own: Value) -> Value {
    let common = json!({
        "version": "2.0", "routeKey": route, "rawPath": path,
        "requestContext": {
            "accountId": "000000000000", "apiId": "x", "domainName": "x", "domainPrefix": "x",
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench" },
            "requestId": "bench", "routeKey": route, "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64
        },
        "isBase64Encoded": false
    });
    match (common, own) {
        (Value::Object(mut fields), Value::Object(own)) => {
            fields.extend(own);
            Value::Object(fields)
        }
        (common, _) => common,
    }
}

/// The proxies in front of all services.
pub(crate) struct Counting(Vec<Proxy>);

impl Counting {
    /// Takes what was counted and asked since the last take.
    pub(crate) fn take(&self) -> (Counts, Vec<Sent>) {
        let (mut counts, mut sent) = (Counts::default(), Vec::new());
        for proxy in &self.0 {
            let (more, asked) = proxy.take();
            counts += more;
            sent.extend(asked);
        }
        (counts, sent)
    }

    /// Takes the times of the calls since the last take.
    pub(crate) fn times(&self) -> Vec<TimedCall> {
        let sent = self.take().1.into_iter();
        sent.map(|Sent { target, begin, end, .. }| TimedCall {
            operation: target,
            begin,
            end,
            written: 0.0,
            read: 0.0,
        })
        .collect()
    }
}

/// Returns the event of some jobs, as the queue's mapping sends it.
pub(crate) fn batch(jobs: &[SyncJob]) -> Value {
    let tenant = jobs.first().map(|job| job.tenant.as_str()).unwrap_or_default();
    messages(tenant, &jobs.iter().map(SyncJob::encode).collect::<Vec<_>>())
}

fn messages(tenant: &str, bodies: &[String]) -> Value {
    let record = |(number, body): (usize, &String)| {
        json!({
            "messageId": format!("m{number}"), "receiptHandle": "r", "body": body,
            "attributes": { "MessageGroupId": tenant }, "messageAttributes": {},
            "md5OfBody": "", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:sync", "awsRegion": "eu-central-1"
        })
    };
    json!({ "Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>() })
}

/// Sends jobs to a worker in batches. Fails if a job comes back.
pub(crate) async fn work(worker: &mut Function, jobs: &[SyncJob], batch: usize) -> Result<()> {
    for batch in jobs.chunks(batch) {
        deliver(worker, &self::batch(batch)).await?;
    }
    Ok(())
}

/// Hands one batch to a worker. Fails if a message of it comes back.
pub(crate) async fn deliver(worker: &mut Function, event: &Value) -> Result<()> {
    let answer = worker.invoke(event).await?;
    let failed = answer.get("batchItemFailures").and_then(Value::as_array).map_or(0, Vec::len);
    anyhow::ensure!(failed == 0, "{failed} messages of the batch failed");
    Ok(())
}

fn helper(arguments: &[&str]) -> Result<(Helper, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = Helper(command.spawn()?);
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().context("no output")?).read_line(&mut line)?;
    Ok((child, line))
}
