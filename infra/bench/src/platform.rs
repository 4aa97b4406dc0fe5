//! The platform's process: TikTok's report and structure calls over plain HTTP, fast, with levels that add up.
//!
//! Rows are computed from the ad's number and the day, so that every process sees the same rows; `/change` changes all
//! rows. `/stats` returns how many calls and rows there were and how many calls one second held at most.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use jiff::civil::Date;
use serde_json::json;

/// The settings of the platform.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Settings {
    /// Ads of each account; five are an ad group, four ad groups a campaign.
    #[arg(long)]
    pub(crate) ads: u64,
    /// The time that every answer takes, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub(crate) think: u64,
}

const ADS_PER_GROUP: u64 = 5;
const ADS_PER_CAMPAIGN: u64 = 20;
const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Seen {
    calls: AtomicU64,
    rows: AtomicU64,
    salt: AtomicU64,
    second: Mutex<(VecDeque<Instant>, usize)>,
}

/// Prints where it listens, and serves until it is killed.
pub(crate) fn serve(settings: Settings) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    writeln!(stdout(), "{}", listener.local_addr()?)?;
    let seen = Arc::new(Seen::default());
    for stream in listener.incoming().flatten() {
        let seen = Arc::clone(&seen);
        std::thread::spawn(move || talk(stream, settings, &seen));
    }
    Ok(())
}

fn talk(stream: TcpStream, settings: Settings, seen: &Seen) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::with_capacity(1 << 16, stream);
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
        while line.trim_end() != "" {
            line.clear();
            lines.read_line(&mut line)?;
        }
        let body = answer(&target, settings, seen);
        let length = body.len();
        write!(out, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")?;
        out.write_all(body.as_bytes())?;
    }
}

fn answer(target: &str, settings: Settings, seen: &Seen) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    match path {
        "/stats" => return stats(seen),
        "/change" => {
            seen.salt.fetch_add(1, Ordering::Relaxed);
            return "{}".to_owned();
        }
        _ => {}
    }
    seen.note();
    std::thread::sleep(Duration::from_millis(settings.think));
    let question = Question::read(query);
    if path.ends_with("/report/integrated/get/") {
        report(&question, settings.ads, seen)
    } else {
        structure(path, &question, settings.ads)
    }
}

fn stats(seen: &Seen) -> String {
    let second = seen.second.lock().unwrap_or_else(PoisonError::into_inner);
    let (calls, rows) = (seen.calls.load(Ordering::Relaxed), seen.rows.load(Ordering::Relaxed));
    json!({ "calls": calls, "rows": rows, "most_in_a_second": second.1 }).to_string()
}

impl Seen {
    fn note(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        second.0.push_back(now);
        while second.0.front().is_some_and(|first| now.duration_since(*first) >= SECOND) {
            second.0.pop_front();
        }
        second.1 = second.1.max(second.0.len());
    }
}

/// The days, metrics and level that a query asks for.
struct Question {
    account: String,
    page: u64,
    size: u64,
    level: String,
    dimensions: Vec<String>,
    metrics: Vec<String>,
    from: Date,
    to: Date,
}

impl Question {
    fn read(query: &str) -> Self {
        let text = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(decode)
        };
        let number = |name, otherwise| text(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise);
        let day = |name| text(name).and_then(|text| text.parse().ok()).unwrap_or_default();
        Self {
            account: text("advertiser_id").unwrap_or_default(),
            page: number("page", 1).max(1),
            size: number("page_size", 10).clamp(1, 1000),
            level: text("data_level").unwrap_or_default(),
            dimensions: list(&text("dimensions").unwrap_or_default()),
            metrics: list(&text("metrics").unwrap_or_default()),
            from: day("start_date"),
            to: day("end_date"),
        }
    }

    fn page_info(&self, total: u64) -> String {
        let pages = total.div_ceil(self.size);
        json!({ "page": self.page, "page_size": self.size, "total_number": total, "total_page": pages })
            .to_string()
    }

    fn span(&self, total: u64) -> std::ops::Range<u64> {
        let first = (self.page - 1) * self.size;
        first..(first + self.size).min(total)
    }
}

fn decode(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut hex = || bytes.next().and_then(|digit| char::from(digit).to_digit(16)).unwrap_or(0);
        out.push(match byte {
            b'%' => u8::try_from(hex() * 16 + hex()).unwrap_or(b'?'),
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Reads a list in JSON, or as the platform's own SDK writes it.
fn list(text: &str) -> Vec<String> {
    let inner = text.trim_matches(['[', ']']);
    let word = |part: &str| part.trim_matches([' ', '"', '\'']).to_owned();
    inner.split(',').map(word).filter(|word| !word.is_empty()).collect()
}

fn report(question: &Question, ads: u64, seen: &Seen) -> String {
    let width = match question.level.as_str() {
        "AUCTION_ADVERTISER" => ads,
        "AUCTION_CAMPAIGN" => ADS_PER_CAMPAIGN,
        "AUCTION_ADGROUP" => ADS_PER_GROUP,
        _ => 1,
    };
    let entities = ads.div_ceil(width.max(1));
    let days: Vec<Date> =
        question.from.series(jiff::Span::new().days(1)).take_while(|day| *day <= question.to).collect();
    let total = entities * u64::try_from(days.len()).unwrap_or(0);
    let salt = seen.salt.load(Ordering::Relaxed);
    let span = question.span(total);
    let mut out = String::with_capacity(300_000);
    out.push_str(r#"{"code":0,"message":"OK","request_id":"2026010100000001020304050607","data":{"list":["#);
    for number in span.clone() {
        let (entity, day) = (number % entities, usize::try_from(number / entities).unwrap_or(0));
        let Some(day) = days.get(day) else { continue };
        out.push_str(if number == span.start { "{\"dimensions\":{" } else { ",{\"dimensions\":{" });
        for (place, name) in question.dimensions.iter().enumerate() {
            out.push_str(if place == 0 { "" } else { "," });
            let wrote = if name == "stat_time_day" {
                write!(out, "\"{name}\":\"{day} 00:00:00\"")
            } else if name == "advertiser_id" {
                write!(out, "\"{name}\":\"{}\"", question.account)
            } else {
                write!(out, "\"{name}\":\"{}\"", id(entity * width))
            };
            debug_assert!(wrote.is_ok());
        }
        out.push_str("},\"metrics\":{");
        let members = entity * width..((entity + 1) * width).min(ads);
        metrics(&mut out, &question.metrics, members, ordinal(*day) + (salt << 32));
        out.push_str("}}");
    }
    seen.rows.fetch_add(span.end.saturating_sub(span.start), Ordering::Relaxed);
    out + "],\"page_info\":" + &question.page_info(total) + "}}"
}

fn ordinal(day: Date) -> u64 {
    u64::from(day.year().cast_unsigned()) * 512 + u64::from(day.day_of_year().cast_unsigned())
}

fn id(ad: u64) -> u64 {
    1_700_000_000_000_000_000 + ad * 977
}

fn metrics(out: &mut String, names: &[String], ads: std::ops::Range<u64>, day: u64) {
    for (place, name) in names.iter().enumerate() {
        let seed = u64::try_from(place).unwrap_or(0) + 7;
        let sum: u64 = ads.clone().map(|ad| figure(ad * 131 + day, seed)).sum();
        out.push_str(if place == 0 { "" } else { "," });
        let decimal = name == "spend" || name.contains("rate");
        let wrote = if decimal {
            write!(out, "\"{name}\":\"{}.{:02}\"", sum / 100, sum % 100)
        } else {
            write!(out, "\"{name}\":\"{sum}\"")
        };
        debug_assert!(wrote.is_ok());
    }
}

/// Computes a figure: nothing in one of four cases, else up to twenty thousand.
fn figure(left: u64, right: u64) -> u64 {
    let mut mixed = left.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ right.wrapping_mul(0xd1b5_4a32_d192_ed03);
    mixed ^= mixed >> 29;
    mixed = mixed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 32;
    if mixed.is_multiple_of(4) { 0 } else { (mixed >> 8) % 20_000 }
}

fn structure(path: &str, question: &Question, ads: u64) -> String {
    let (what, width) = match path {
        _ if path.contains("/campaign/") => ("campaign", ADS_PER_CAMPAIGN),
        _ if path.contains("/adgroup/") => ("adgroup", ADS_PER_GROUP),
        _ => ("ad", 1),
    };
    let total = ads.div_ceil(width);
    let object = |number: u64| {
        let first = number * width;
        json!({
            format!("{what}_id"): id(first).to_string(),
            format!("{what}_name"): format!("{what} number {number}"),
            "campaign_id": id(first / ADS_PER_CAMPAIGN * ADS_PER_CAMPAIGN).to_string(),
            "adgroup_id": id(first / ADS_PER_GROUP * ADS_PER_GROUP).to_string(),
            "operation_status": "ENABLE",
            "secondary_status": "STATUS_OK",
        })
    };
    let list: Vec<_> = question.span(total).map(object).collect();
    let list = serde_json::Value::from(list);
    format!(
        r#"{{"code":0,"message":"OK","data":{{"list":{list},"page_info":{}}}}}"#,
        question.page_info(total)
    )
}
