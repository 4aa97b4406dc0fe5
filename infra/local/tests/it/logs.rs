//! What a runner writes where: the banner to standard output, logs to standard error, and no error in an ordinary life.

use jiff::{SignedDuration, Timestamp};
use mooring_local::{Person, Product};
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

/// Begins a deletion and returns its address.
async fn disconnect(product: &Product, path: &str) -> String {
    let begun = product.call(Method::DELETE, path, None).await.unwrap();
    format!("/v1/deletions/{}", begun["id"].as_str().unwrap())
}

/// Takes a deletion through all its steps.
async fn end(runner: &Runner, product: &Product, deletion: &str) {
    let (mut seen, mut since) = (String::new(), 0);
    for look in 0.. {
        assert!(look < LOOKS, "the deletion does not end");
        let view = product.get(deletion).await.unwrap();
        if view["step"] == "done" {
            return;
        }
        let Some(next) = view["next_step_at"].as_str() else { continue };
        if next != seen || look > since + PATIENT {
            (seen, since) = (next.to_owned(), look);
            skip_past(runner, next).await;
        }
    }
}

/// One connection goes while its first sync is under way; of another, which has synced, first an account and then the rest.
#[tokio::test]
async fn ordinary_disconnects_log_nothing() {
    let dir = Dir::new("logs");
    let runner = on(&dir.at("state"));
    let product = runner.product();
    let synced = product.connect(&mut Person::new().unwrap(), "logs-ben", None).await.unwrap();
    let path = format!("/v1/connections/{}", synced.id);
    for look in 0.. {
        assert!(look < LOOKS, "nothing syncs");
        let connection = product.get(&path).await.unwrap();
        if connection["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .all(|account| account["last_synced_at"].is_string())
        {
            break;
        }
    }
    let fresh = product.connect(&mut Person::new().unwrap(), "logs-anna", None).await.unwrap();
    let deletions = [
        disconnect(&product, &format!("/v1/connections/{}", fresh.id)).await,
        disconnect(&product, &format!("{path}/accounts/{}", synced.accounts[0])).await,
        disconnect(&product, &path).await,
    ];
    for deletion in &deletions {
        end(&runner, &product, deletion).await;
    }
    let ended = runner.stop();
    assert!(ended.status.success());
    assert_eq!(ended.log.trim(), "Stopping; what is under way is finished and state is saved.");
    let first = ended.out.lines().next().unwrap();
    assert!(first.starts_with("Mooring is up after "), "{}", ended.out);
    assert_eq!(ended.out.matches("Mooring is up").count(), 1);
    assert!(ended.out.trim_end().ends_with("cargo run -- tour"), "{}", ended.out);
}
