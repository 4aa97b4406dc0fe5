//! What a runner writes where: the banner to standard output, logs to standard error, and no error in an ordinary life.

use jiff::{SignedDuration, Timestamp};
use mooring_local::Person;
use reqwest::{Client, Method};
use serde_json::json;

use crate::runner::{Dir, Runner, on};

/// How much later than planned a step may begin: the sweeper's period, and a little.
const LATE: SignedDuration = SignedDuration::from_mins(6);
/// After this many looks that saw no progress, the clock is moved past one more tick of the sweeper.
const PATIENT: u32 = 500;
/// More looks at a deletion than its steps take on the slowest machine.
const LOOKS: u32 = 100_000;

/// Moves the runner's clock past an instant, or past now if that is later, as the button of the demo does.
async fn skip_past(runner: &Runner, instant: &str) {
    let (demo, client) = (runner.word("demo"), Client::new());
    let clock = client.get(format!("{demo}/clock")).send().await.unwrap().text().await.unwrap();
    let clock: serde_json::Value = serde_json::from_str(&clock).unwrap();
    let [at, now]: [Timestamp; 2] =
        [instant, clock["now"].as_str().unwrap()].map(|text| text.parse().unwrap());
    let until = at.max(now).saturating_add(LATE).unwrap().to_string();
    let asked = client.post(format!("{demo}/clock")).header("origin", &demo);
    let asked = asked.header("content-type", "application/json").body(json!({ "until": until }).to_string());
    let answer = asked.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
}

/// The deletion begins while the first sync is under way, and goes on to its receipt.
#[tokio::test]
async fn an_ordinary_disconnect_logs_nothing() {
    let dir = Dir::new("logs");
    let runner = on(&dir.at("state"));
    let product = runner.product();
    let connected = product.connect(&mut Person::new().unwrap(), "logs-anna", None).await.unwrap();
    let path = format!("/v1/connections/{}", connected.id);
    let begun = product.call(Method::DELETE, &path, None).await.unwrap();
    let deletion = format!("/v1/deletions/{}", begun["id"].as_str().unwrap());
    let (mut seen, mut since) = (String::new(), 0);
    for look in 0.. {
        assert!(look < LOOKS, "the deletion does not end");
        let view = product.get(&deletion).await.unwrap();
        if view["step"] == "done" {
            break;
        }
        let Some(next) = view["next_step_at"].as_str() else { continue };
        if next != seen || look > since + PATIENT {
            (seen, since) = (next.to_owned(), look);
            skip_past(&runner, next).await;
        }
    }
    let ended = runner.stop();
    assert!(ended.status.success());
    assert_eq!(ended.log.trim(), "Stopping; what is under way is finished and state is saved.");
    let first = ended.out.lines().next().unwrap();
    assert!(first.starts_with("Mooring is up after "), "{}", ended.out);
    assert_eq!(ended.out.matches("Mooring is up").count(), 1);
    assert!(ended.out.trim_end().ends_with("cargo run -- tour"), "{}", ended.out);
}
