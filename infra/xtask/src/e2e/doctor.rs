//! `cargo xtask doctor` on the deployed stack: all in order, and then broken in one place after the other.

use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use mooring_sandbox::SandboxConfig;
use reqwest::Method;
use serde_json::{Value, json};

use super::Built;
use super::cloud::{Cloud, MAIL_FROM, World};
use super::steps::Steps;

const DYNAMODB: &str = "DynamoDB_20120810";

/// Deploys, seeds, and plays the doctor alone.
pub(super) async fn run(built: &Built) -> Result<()> {
    let mut steps = Steps::begin("The doctor of a deployment");
    let cloud = Cloud::start(built, World { ads: 1, advertisers: 1 }).await?;
    cloud.seed()?;
    play(&cloud, &mut steps).await?;
    cloud.stop()?;
    steps.end();
    Ok(())
}

/// A fault: its name, the point that has to name it, and the calls that make and mend it.
struct Fault {
    name: &'static str,
    point: &'static str,
    breaks: Change,
    mends: Change,
}

/// One call that changes the deployment.
enum Change {
    Json { service: &'static str, operation: String, body: Value },
    Rest { method: Method, service: &'static str, path: &'static str, body: Value },
    Nothing,
}

impl Change {
    async fn make(&self, cloud: &Cloud) -> Result<()> {
        match self {
            Self::Json { service, operation, body } => cloud.call(service, operation, body).await.map(|_| ()),
            Self::Rest { method, service, path, body } => {
                cloud.rest(method.clone(), service, path, body).await.map(|_| ())
            }
            Self::Nothing => Ok(()),
        }
    }
}

/// Checks that the doctor finds nothing, and then each fault, and no other.
pub(super) async fn play(cloud: &Cloud, steps: &mut Steps) -> Result<()> {
    cloud.rest(Method::POST, "ses", "/v2/email/identities", &json!({ "EmailIdentity": MAIL_FROM })).await?;
    let (healthy, said) = ask(cloud)?;
    ensure!(healthy, "the doctor finds a fault where none is:\n{said}");
    steps.done("the doctor finds all in order", format!("{} points", said.lines().count()));
    for fault in faults(cloud)? {
        fault.breaks.make(cloud).await?;
        let (healthy, said) = ask(cloud)?;
        let wrong: Vec<&str> = said.lines().filter(|line| line.starts_with("WRONG")).collect();
        let named = !wrong.is_empty() && wrong.iter().all(|line| line.contains(fault.point));
        ensure!(!healthy && named, "{}: the doctor had to name `{}` alone:\n{said}", fault.name, fault.point);
        fault.mends.make(cloud).await?;
        steps.done("the doctor names a fault", fault.name);
    }
    Ok(())
}

fn faults(cloud: &Cloud) -> Result<Vec<Fault>> {
    let table =
        |word: &str| cloud.places.tables.get(word).cloned().with_context(|| format!("no table {word}"));
    let dynamodb = |operation: &str, body| Change::Json {
        service: "dynamodb",
        operation: format!("{DYNAMODB}.{operation}"),
        body,
    };
    let (vault, reports) = (table("vault")?, table("reports")?);
    let ttl = |on: bool| {
        let specification = json!({ "AttributeName": "expires_at", "Enabled": on });
        dynamodb("UpdateTimeToLive", json!({ "TableName": vault, "TimeToLiveSpecification": specification }))
    };
    let recovery = |on: bool| {
        let specification = json!({ "PointInTimeRecoveryEnabled": on });
        let body = json!({ "TableName": reports, "PointInTimeRecoverySpecification": specification });
        dynamodb("UpdateContinuousBackups", body)
    };
    let production = |on: bool| Change::Rest {
        method: Method::POST,
        service: "ses",
        path: "/v2/email/account/details",
        body: json!({
            "ProductionAccessEnabled": on,
            "MailType": "TRANSACTIONAL",
            "WebsiteURL": "https://harbour.coffee",
            "UseCaseDescription": "Deletion links that people ask for.",
        }),
    };
    let secret = json!({ "pk": { "S": "-#app_tiktok_ads" }, "sk": { "S": "sec#credentials" } });
    let gone = dynamodb("DeleteItem", json!({ "TableName": vault, "Key": secret }));
    Ok(vec![
        Fault { name: "TTL of the vault is off", point: "table vault", breaks: ttl(false), mends: ttl(true) },
        Fault {
            name: "recovery of reports is off",
            point: "table reports",
            breaks: recovery(false),
            mends: recovery(true),
        },
        Fault {
            name: "SES is in its sandbox",
            point: "mail sandbox",
            breaks: production(false),
            mends: production(true),
        },
        // Without the app's id the platform's page cannot be asked either: two points of this platform name it.
        Fault { name: "the app has no secret", point: "tiktok_ads", breaks: gone, mends: Change::Nothing },
    ])
}

/// Runs the doctor as an operator does. Returns whether all is in order, and what it said; fails if a secret is in it.
fn ask(cloud: &Cloud) -> Result<(bool, String)> {
    let Output { status, stdout, stderr } =
        cloud.chore(&["doctor", "--at", &cloud.api_origin])?.output().context("the doctor")?;
    let said = String::from_utf8(stdout)? + &String::from_utf8(stderr)?;
    ensure!(!said.contains(&SandboxConfig::default().secret), "the doctor prints the app's secret");
    Ok((status.success(), said))
}
