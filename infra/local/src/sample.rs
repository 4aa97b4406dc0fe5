//! Data as a release leaves it: made through the API, kept in the repository, and read again by later releases.

#![expect(clippy::indexing_slicing, reason = "a JSON value answers null for what is not there")]

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use jiff::ToSpan as _;
use jiff::civil::Date;
use mooring_aws_local::{DATABASE, LocalClock};
use serde_json::{Value, json};

use crate::data;
use crate::person::Person;
use crate::product::Product;
use crate::stack::{Stack, StackOptions};

/// The file beside the data that holds what its release answered.
pub const ANSWERS: &str = "answers.json";

/// The first and the last day that is asked for, in days before the connection was made: days that no platform restates.
const FROM: i32 = 60;
const TO: i32 = 51;

/// Makes a folder in which one connection has synced, with what this release answers about it.
pub async fn make(folder: &Path) -> Result<()> {
    let held = data::open(folder)?;
    let clock = LocalClock::open(folder, 1)?;
    let options =
        StackOptions { clock, folder: Some(held), ads: 5, advertisers: 1, ..StackOptions::default() };
    let stack = Stack::start(options).await?;
    stack.serve().await?;
    let product = stack.product()?;
    product.connect(&mut Person::new()?, "sample-anna", Some("anna@example.org")).await?;
    while stack.drain().await? > 0 {}
    let answers = answers(&product).await?;
    stack.stop().await?;
    Ok(fs::write(folder.join(ANSWERS), serde_json::to_vec_pretty(&answers)?)?)
}

/// Asks for each connection and, for each of its accounts, a report over days that no platform restates.
pub async fn answers(product: &Product) -> Result<Value> {
    let list = product.get("/v1/connections").await?;
    let mut answers = Vec::new();
    for connection in list["connections"].as_array().context("no connections")? {
        let made = connection["created_at"].as_str().context("no created_at")?;
        let made: Date = made.get(..10).context("no day")?.parse()?;
        let (from, to) = (made.checked_sub(FROM.days())?, made.checked_sub(TO.days())?);
        for account in connection["accounts"].as_array().context("no accounts")? {
            let of = format!("connection_id={}&account_id={}", text(connection)?, text(account)?);
            let days = format!("from={from}&to={to}&level=campaign&group_by=day,entity");
            let report =
                product.get(&format!("/v1/reports?{of}&{days}&metrics=spend,clicks&limit=1000")).await?;
            anyhow::ensure!(
                report["rows"].as_array().is_some_and(|rows| !rows.is_empty()),
                "no rows: {report}"
            );
            answers.push(json!({
                "connection": connection["id"],
                "end_user": connection["end_user"],
                "state": connection["state"],
                "account": account["id"],
                "name": account["name"],
                "rows": report["rows"],
            }));
        }
    }
    Ok(Value::Array(answers))
}

fn text(value: &Value) -> Result<&str> {
    value["id"].as_str().context("no id")
}

/// Copies a folder that no runner uses to a place in the repository, its tables compressed.
pub fn pack(folder: &Path, to: &Path) -> Result<()> {
    copy(folder, to, &|name, bytes| {
        Ok(match name {
            DATABASE => Some((PACKED.to_owned(), zstd::bulk::compress(&bytes, 19)?)),
            "lock" => None,
            _ => Some((name.to_owned(), bytes)),
        })
    })
}

/// Makes a folder from what [`pack`] wrote.
pub fn unpack(packed: &Path, to: &Path) -> Result<()> {
    copy(packed, to, &|name, bytes| {
        Ok(Some(match name {
            PACKED => (DATABASE.to_owned(), zstd::bulk::decompress(&bytes, LARGEST)?),
            _ => (name.to_owned(), bytes),
        }))
    })
}

const PACKED: &str = "dynamodb.sqlite.zst";
/// More than the tables of a sample ever are, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;

/// A file's name and content; `None` leaves the file out.
type Changed = Result<Option<(String, Vec<u8>)>>;

fn copy(from: &Path, to: &Path, change: &dyn Fn(&str, Vec<u8>) -> Changed) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).context("a name that is no text")?;
        if path.is_dir() {
            copy(&path, &to.join(name), change)?;
        } else if let Some((name, bytes)) = change(name, fs::read(&path)?)? {
            fs::write(to.join(name), bytes)?;
        }
    }
    Ok(())
}
