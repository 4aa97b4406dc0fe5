//! How long each route waits for the services: its calls, how many of them follow one another, and the time that they
//! take with 5 ms before each call of a table and 10 ms before each of KMS. The table of docs/performance.md holds the
//! figures, and they can only fall.
//!
//! A timeline measures them (`infra/aws-local/src/timeline.rs`), so that they are the same on every machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use http::Method;
use mooring_aws_local::{Delays, TimedCall, Timeline, depth};
use mooring_edge::routes::{ROUTES, Route};
use mooring_local::{Adapters, Wiring};
use mooring_tests_journeys::rig::Functions;
use mooring_tests_journeys::{Answer, Size, World, say};
use mooring_tests_tidy::root;

use crate::bad_input::places::{Body, Good, good};

/// The page with the table, and the lines between which it stands.
const PAGE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- routes: written by tests/journeys/tests/it/latency.rs -->\n";
const END: &str = "<!-- routes: end -->\n";

/// The figures of one request.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Figures {
    calls: u32,
    depth: u32,
    /// Milliseconds.
    waits: u32,
    written: f64,
    read: f64,
}

impl Figures {
    fn of(calls: &[TimedCall]) -> Result<Self> {
        let end = calls.iter().map(|call| call.end).max().unwrap_or_default();
        Ok(Self {
            calls: calls.len().try_into()?,
            depth: depth(calls).try_into()?,
            waits: end.as_millis().try_into()?,
            // A sum of nothing is -0.
            written: calls.iter().map(|call| call.written).sum::<f64>() + 0.0,
            read: calls.iter().map(|call| call.read).sum::<f64>() + 0.0,
        })
    }

    fn line(&self, name: &str) -> String {
        let Self { calls, depth, waits, written, read } = self;
        format!("| {name} | {calls} | {depth} | {waits} ms | {written} | {read} |\n")
    }

    /// Reads a line of the table.
    fn parse(line: &str) -> Option<(String, Self)> {
        let mut cells = line.trim().trim_matches('|').split('|').map(str::trim);
        let name = cells.next()?.to_owned();
        let mut number = || cells.next()?.trim_end_matches(" ms").parse::<f64>().ok();
        let [calls, depth, waits, written, read] = [number()?, number()?, number()?, number()?, number()?];
        let whole = |number: f64| format!("{number}").parse::<u32>().ok();
        Some((name, Self { calls: whole(calls)?, depth: whole(depth)?, waits: whole(waits)?, written, read }))
    }

    /// Returns whether a figure is higher than a known one. Read units depend on the rows' sizes and may move.
    fn exceeds(&self, known: &Self) -> bool {
        self.calls > known.calls
            || self.depth > known.depth
            || self.waits > known.waits
            || self.written > known.written
    }
}

/// Functions whose calls pass a timeline.
struct Bench {
    world: World,
    functions: Functions,
    timeline: Timeline,
}

impl Bench {
    async fn start(size: Size) -> Result<Self> {
        let (world, timeline) = (World::start(size).await?, Timeline::new(Delays::REMOTE));
        let wiring = Wiring { timeline: Some(timeline.clone()), ..world.stack.wiring().clone() };
        let functions = Functions::over(&Adapters::new(&wiring, world.stack.clock())?);
        Ok(Self { world, functions, timeline })
    }

    /// Makes a route's good request; a POST of the API has a key, which costs it two calls.
    async fn request(&self, route: &Route, good: &Good) -> Result<(Answer, Vec<TimedCall>)> {
        let mut headers = good.headers.clone();
        let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
        if !route.is_public() {
            add("authorization", format!("Bearer {}", self.world.stack.seeded().api_key));
            if good.method == Method::POST {
                add("idempotency-key", route.operation_id.to_owned());
            }
        }
        let body = match &good.body {
            None => None,
            Some(Body::Json(value, _)) => {
                add("content-type", "application/json".to_owned());
                Some(value.to_string())
            }
            Some(Body::Form(text)) => {
                add("content-type", "application/x-www-form-urlencoded".to_owned());
                Some(text.clone())
            }
        };
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let target = good.target();
        let sent = self.functions.http(&good.method, &target, &headers, body);
        let (answer, calls) = self.timeline.run(sent).await;
        Ok((answer?, calls))
    }

    async fn figures(&self, route: &Route, change: impl FnOnce(&mut Good)) -> Result<Figures> {
        let mut good =
            good(&self.world, route).await.with_context(|| format!("making {}", route.operation_id))?;
        change(&mut good);
        let (answer, calls) = self.request(route, &good).await?;
        ensure!(answer.status == good.status, "{}: {} {}", route.operation_id, answer.status, answer.body);
        for TimedCall { operation, begin, end, .. } in &calls {
            say(&format!("  {:>4} {:>4} {operation}", begin.as_millis(), end.as_millis()));
        }
        Figures::of(&calls)
    }
}

/// Returns the page's text before, in and after the table.
fn parts(page: &str) -> Result<(&str, &str, &str)> {
    let (before, rest) = page.split_once(BEGIN).context("the page has no table of routes")?;
    let (table, after) = rest.split_once(END).context("the table of routes has no end")?;
    Ok((before, table, after))
}

/// Holds figures against the table. Where they differ, writes the page as it should be, with no figure raised.
fn judge(measured: &[(String, Figures)]) -> Result<()> {
    let page = std::fs::read_to_string(root().join(PAGE))?;
    let (before, table, after) = parts(&page)?;
    let known: BTreeMap<String, Figures> = table.lines().filter_map(Figures::parse).collect();
    let rose = |name: &str, now: &Figures| known.get(name).filter(|known| now.exceeds(known)).copied();
    let mut new = "| route | calls | depth | waits | write units | read units |\n|---|---|---|---|---|---|\n"
        .to_owned();
    let mut higher = String::new();
    for (name, now) in measured {
        let known = rose(name, now);
        new.push_str(&known.unwrap_or(*now).line(name));
        if let Some(known) = known {
            write!(higher, "\n  known: {}  now:   {}", known.line(name), now.line(name))?;
        }
    }
    if new != table {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("performance.md");
        std::fs::write(&path, [before, BEGIN, &new, END, after].concat())?;
        ensure!(
            !higher.is_empty(),
            "{} is not {PAGE}: put it there, no figure in it is higher",
            path.display()
        );
    }
    ensure!(
        higher.is_empty(),
        "routes wait longer than {PAGE} says; ask together what does not depend on each other, or write the \
         higher figure there by hand and say why:{higher}"
    );
    Ok(())
}

/// Makes a report's request one about thirty days, an ad a row, which reads more chunks and the names of the ads.
fn month_by_ad(good: &mut Good) {
    for (name, value) in &mut good.query {
        match *name {
            "from" => "2026-10-24".clone_into(value),
            "group_by" => "entity".clone_into(value),
            _ => {}
        }
    }
}

/// Every route's calls, depth, waiting and write units are those of the table.
#[tokio::test]
async fn every_route_waits_no_longer_than_its_table_says() -> Result<()> {
    let bench = Bench::start(Size::PAIR).await?;
    let mut measured = Vec::new();
    for route in ROUTES {
        let name = format!("{} {}", route.method, route.path);
        say(&name);
        measured.push((name.clone(), bench.figures(route, |_| {}).await?));
        if route.operation_id == "queryReport" {
            measured.push((format!("{name}, 30 days by ad"), bench.figures(route, month_by_ad).await?));
        }
    }
    judge(&measured)
}

/// The depth comes from the times alone: calls side by side count once.
#[test]
fn depth_counts_calls_that_follow_one_another() {
    let call = |begin: u64, end: u64| TimedCall {
        operation: String::new(),
        begin: Duration::from_millis(begin),
        end: Duration::from_millis(end),
        written: 0.0,
        read: 0.0,
    };
    assert_eq!(depth(&[]), 0);
    assert_eq!(depth(&[call(0, 5), call(0, 5), call(0, 10)]), 1);
    assert_eq!(depth(&[call(0, 5), call(5, 10), call(0, 15), call(15, 20)]), 3);
    assert_eq!(depth(&[call(0, 5), call(4, 9)]), 1);
}
