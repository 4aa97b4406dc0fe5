//! The tables: the version of the data, TTL, recovery windows, and protection against deletion.

use anyhow::Result;
use mooring_domain::base::data_version::DataVersion;
use mooring_domain::base::table::Table;
use mooring_store::table_specs;
use serde_json::{Value, json};

use super::Point;
use crate::aws::DYNAMODB;
use crate::aws::stack::resource_of;
use crate::reach::InCloud;

const VERSION: &str = "data version";

/// Checks the version of the data and the settings of each table.
pub(super) async fn check(cloud: &InCloud) -> Vec<Point> {
    let found = async { anyhow::Ok(cloud.store()?.data_version().await?) }.await;
    let mut points =
        vec![found.map_or_else(|error| Point::unasked(VERSION, &error), |found| version(found.as_ref()))];
    for table in Table::ALL {
        let name = format!("table {}", table.as_str());
        let settings = settings(cloud, table).await;
        points.push(
            settings.map_or_else(|error| Point::unasked(&name, &error), |found| judge(&name, table, &found)),
        );
    }
    points
}

fn version(found: Option<&DataVersion>) -> Point {
    match found.map(|found| (found, found.refusal())) {
        Some((_, Some(refusal))) => {
            Point::wrong(VERSION, refusal, "docs/upgrade.md says how to get from one to the other")
        }
        Some((found, None)) => {
            Point::ok(VERSION, format!("{}, begun by Mooring {}", found.number, found.written_by))
        }
        None => Point::ok(VERSION, "none yet: the first `cargo xtask tenant add` writes it"),
    }
}

/// The settings of a table, as DynamoDB describes them.
#[derive(Debug, Default)]
struct Settings {
    ttl: Value,
    recovery: Value,
    protected: bool,
}

async fn settings(cloud: &InCloud, table: Table) -> Result<Settings> {
    let body = json!({ "TableName": cloud.stack.resource(&resource_of(table))? });
    let ask = |operation: &'static str| {
        let (aws, body) = (&cloud.aws, &body);
        async move { aws.json(DYNAMODB, &format!("DynamoDB_20120810.{operation}"), body).await }
    };
    let mut ttl = ask("DescribeTimeToLive").await?;
    let mut backups = ask("DescribeContinuousBackups").await?;
    let described = ask("DescribeTable").await?;
    let protected = described.pointer("/Table/DeletionProtectionEnabled").and_then(Value::as_bool);
    let recovery = backups.pointer_mut("/ContinuousBackupsDescription/PointInTimeRecoveryDescription");
    Ok(Settings {
        ttl: ttl.pointer_mut("/TimeToLiveDescription").map(Value::take).unwrap_or_default(),
        recovery: recovery.map(Value::take).unwrap_or_default(),
        protected: protected.unwrap_or_default(),
    })
}

fn judge(name: &str, table: Table, settings: &Settings) -> Point {
    let faults: Vec<String> = [ttl(settings), recovery(table, settings), protection(table, settings)]
        .into_iter()
        .flatten()
        .collect();
    if !faults.is_empty() {
        let todo = "somebody changed it by hand: set it as template.yaml has it, or deploy again after a change of it there";
        return Point::wrong(name, faults.join("; "), todo);
    }
    let days = table
        .recovery_days()
        .map_or_else(|| "no recovery".to_owned(), |days| format!("recovery {days} days"));
    let untold = table.recovery_days().is_some() && window(settings).is_none();
    let note = if untold { ", as template.yaml says: this cloud does not tell the window" } else { "" };
    Point::ok(name, format!("TTL on, {days}{note}"))
}

fn ttl(settings: &Settings) -> Option<String> {
    let is = |name: &str, value: &str| settings.ttl.get(name).and_then(Value::as_str) == Some(value);
    let on = is("TimeToLiveStatus", "ENABLED") && is("AttributeName", "expires_at");
    (!on).then(|| {
        "TTL on `expires_at` is off: expired rows stay, and the dead man's switch is gone".to_owned()
    })
}

fn window(settings: &Settings) -> Option<u64> {
    settings.recovery.get("RecoveryPeriodInDays").and_then(Value::as_u64)
}

fn recovery(table: Table, settings: &Settings) -> Option<String> {
    let status = settings.recovery.get("PointInTimeRecoveryStatus").and_then(Value::as_str);
    match (table.recovery_days(), status == Some("ENABLED")) {
        (None, true) => {
            Some("point-in-time recovery is on, and keeps what was meant to be used once".to_owned())
        }
        (Some(_), false) => Some("point-in-time recovery is off: a lost row stays lost".to_owned()),
        (Some(days), true) => {
            let found = window(settings).filter(|found| *found != u64::from(days))?;
            Some(format!("deleted rows can be restored for {found} days, and receipts promise {days}"))
        }
        (None, false) => None,
    }
}

fn protection(table: Table, settings: &Settings) -> Option<String> {
    let wanted = table_specs().iter().any(|spec| spec.table == table && spec.protected);
    (wanted && !settings.protected).then(|| "it is not protected against deletion".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(days: u64) -> Settings {
        Settings {
            ttl: json!({ "TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at" }),
            recovery: json!({ "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days }),
            protected: true,
        }
    }

    #[test]
    fn a_table_is_in_order_as_the_template_has_it() {
        assert_eq!(judge("table vault", Table::Vault, &good(1)).todo, None);
        let untold = Settings { recovery: json!({ "PointInTimeRecoveryStatus": "ENABLED" }), ..good(4) };
        assert!(judge("table reports", Table::Reports, &untold).line().contains("does not tell the window"));
        let none = Settings { recovery: json!({ "PointInTimeRecoveryStatus": "DISABLED" }), ..good(0) };
        assert_eq!(judge("table transient", Table::Transient, &none).todo, None);
    }

    #[test]
    fn each_setting_that_somebody_changed_is_named() {
        let off = json!({ "PointInTimeRecoveryStatus": "DISABLED" });
        for (table, settings, says) in [
            (Table::Vault, Settings { ttl: json!({ "TimeToLiveStatus": "DISABLED" }), ..good(1) }, "TTL"),
            (Table::Vault, Settings { recovery: off, ..good(1) }, "is off: a lost row"),
            (Table::Vault, good(35), "for 35 days, and receipts promise 1"),
            (Table::Vault, Settings { protected: false, ..good(1) }, "not protected"),
            (Table::Transient, good(1), "used once"),
        ] {
            let line = judge("table", table, &settings).line();
            assert!(line.starts_with("WRONG") && line.contains(says), "{says}: {line}");
        }
    }

    #[test]
    fn data_of_another_version_is_a_fault() {
        let other = DataVersion { number: 0, written_by: "0.0.1".to_owned() };
        assert!(version(Some(&other)).line().contains("docs/upgrade.md"));
        assert_eq!(version(Some(&DataVersion::current())).todo, None);
        assert_eq!(version(None).todo, None);
    }
}
