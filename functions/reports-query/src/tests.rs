//! Tests that the two forms of an answer say the same, and that questions are read strictly.

use jiff::civil::date;
use lambda_http::http;
use mooring_domain::base::ids::{AccountId, ConnectionId};
use mooring_domain::base::money::Micros;
use mooring_domain::platform::figures::{Entity, METRICS, Metric, MetricSet, Values};
use mooring_domain::report::ops::query_report::{DayInfo, ReportRow};
use mooring_domain::sync::completeness::{DayStatus, Marks, Reason};
use proptest::prelude::*;
use serde_json::Value;

use super::*;

const CON: &str = "con_7ZZZZZZZZZZZZZZZZZZZZZZZZZ";
const ACC: &str = "acc_7ZZZZZZZZZZZZZZZZZZZZZZZZZ";

fn request(query: &str) -> Request {
    let uri = format!("http://localhost/v1/reports?{query}");
    http::Request::builder().uri(uri).body(lambda_http::Body::Empty).unwrap()
}

fn base(more: &str) -> String {
    format!("connection_id={CON}&account_id={ACC}&level=ad&from=2026-11-01&to=2026-11-02{more}")
}

fn report(rows: Vec<ReportRow>) -> Report {
    let day = |day, status| DayInfo {
        day: date(2026, 11, day),
        status,
        marks: Marks::default(),
        observed_at: None,
    };
    let totals = rows.iter().fold(Values::default(), |sum, row| sum.plus(&row.values).unwrap());
    Report {
        connection: CON.parse::<ConnectionId>().unwrap(),
        account: ACC.parse::<AccountId>().unwrap(),
        currency: "EUR".parse().unwrap(),
        zone: "Europe/Berlin".to_owned(),
        rows,
        totals,
        days: vec![
            day(1, Some(DayStatus::Provisional)),
            day(2, Some(DayStatus::Failed(Reason::RateLimited))),
        ],
        next: None,
    }
}

/// A row: day, id, name with status, values.
type RawRow = (i8, String, Option<(String, String)>, Vec<Option<i64>>);

fn rows() -> impl Strategy<Value = Vec<ReportRow>> {
    let values = proptest::collection::vec(proptest::option::of(-1_000_000_000_i64..1_000_000_000), METRICS);
    let text = prop_oneof![".{0,12}", "[=+@-].{0,8}", "[ \\n\\t\u{ff1d}]{1,2}=.{0,3}", "[\",\n'; ]{1,5}"];
    let row = (1_i8..=2, "[0-9]{1,5}", proptest::option::of((text.clone(), text)), values);
    proptest::collection::vec(row, 0..12).prop_map(|rows| {
        let row = |(day, id, names, values): RawRow| ReportRow {
            day: Some(date(2026, 11, day)),
            entity: Some(id.clone()),
            described: names.map(|(name, status)| Entity { id, parent: String::new(), name, status }),
            values: Values(values.try_into().unwrap()),
        };
        rows.into_iter().map(row).collect()
    })
}

/// Returns the CSV text of a value, from its JSON.
fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Object(money) => Micros(money["amount_micros"].as_i64().unwrap()).to_string(),
        Value::Number(number) if number.is_f64() => {
            let text = format!("{:.6}", number.as_f64().unwrap());
            text.parse::<Micros>().unwrap().to_string()
        }
        other => other.to_string(),
    }
}

proptest! {
    #[test]
    fn csv_says_what_json_says(rows in rows()) {
        let query = question::read(&request(&base("&group_by=day,entity"))).unwrap();
        let report = report(rows);
        let json = serde_json::to_value(ReportResponse::of(&query, &report)).unwrap();
        let bytes = table::write(&query, &report).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let lines: Vec<_> = reader.records().map(|line| line.unwrap()).collect();
        prop_assert_eq!(lines.len(), json["rows"].as_array().unwrap().len());
        for (line, row) in lines.iter().zip(json["rows"].as_array().unwrap()) {
            for (name, field) in names.iter().zip(line) {
                let want = match name.as_str() {
                    "day" => row["day"].as_str().unwrap().to_owned(),
                    "currency" => "EUR".to_owned(),
                    "status" => {
                        let days = json["completeness"].as_array().unwrap();
                        let day = days.iter().find(|day| day["day"] == row["day"]).unwrap();
                        day["status"].as_str().unwrap().to_owned()
                    }
                    "reason" => {
                        let days = json["completeness"].as_array().unwrap();
                        let day = days.iter().find(|day| day["day"] == row["day"]).unwrap();
                        day["reason"].as_str().unwrap_or_default().to_owned()
                    }
                    "entity_id" => row["entity"]["id"].as_str().unwrap().to_owned(),
                    "entity_name" => row["entity"]["name"].as_str().unwrap_or_default().to_owned(),
                    "entity_status" => row["entity"]["status"].as_str().unwrap_or_default().to_owned(),
                    "parent_id" => row["entity"]["parent_id"].as_str().unwrap_or_default().to_owned(),
                    metric => as_text(&row["metrics"][metric]),
                };
                let is_text = name.starts_with("entity") || name == "parent_id";
                let mut cells = field.split([';', '\t']);
                prop_assert!(!is_text || !cells.any(|cell| cell.trim_start().starts_with(['=', '+', '-', '@'])));
                // Apart from the marks that keep a cell from being a formula, it is the text.
                let text = |of: &str| of.chars().filter(|c| *c != '\'').collect::<String>();
                prop_assert_eq!(text(field), text(&want));
                prop_assert!(is_text || field == want);
            }
        }
    }
}

#[test]
fn a_day_says_what_is_not_offered_and_what_belongs_to_no_campaign() {
    let query = question::read(&request(&base(""))).unwrap();
    let mut report = report(Vec::new());
    let not_offered = MetricSet::from_iter([Metric::Conversions]);
    report.days[0].marks = Marks { not_offered, unattributed: true };
    let json = serde_json::to_value(ReportResponse::of(&query, &report)).unwrap();
    let [marked, plain] = [&json["completeness"][0], &json["completeness"][1]];
    assert_eq!(marked["not_offered"], serde_json::json!(["conversions"]));
    assert_eq!(marked["unattributed"], true);
    assert_eq!(
        (&plain["not_offered"], &plain["unattributed"]),
        (&serde_json::json!([]), &Value::Bool(false))
    );
}

#[test]
fn money_counts_numbers_and_nothing_have_their_own_forms() {
    let query =
        question::read(&request(&base("&metrics=spend,clicks,conversions,ctr,cpc&group_by=none"))).unwrap();
    let values = Values([Some(1_500_000), Some(8), Some(3), Some(2_500_000), None]);
    let row = ReportRow { day: None, entity: None, described: None, values };
    let report = report(vec![row]);
    let json = serde_json::to_value(ReportResponse::of(&query, &report)).unwrap();
    let metrics = &json["rows"][0]["metrics"];
    assert_eq!(metrics["spend"], serde_json::json!({ "amount_micros": 1_500_000, "currency": "EUR" }));
    assert_eq!(
        (metrics["clicks"].to_string(), metrics["conversions"].to_string()),
        ("3".into(), "2.5".into())
    );
    assert_eq!(
        (metrics["ctr"].to_string(), metrics["cpc"]["amount_micros"].to_string()),
        ("0.375".into(), "500000".into())
    );
    assert_eq!(json["totals"], *metrics);
    assert_eq!(json["provisional_days"], serde_json::json!(["2026-11-01"]));
    let [known, failed] = [&json["completeness"][0], &json["completeness"][1]];
    assert_eq!((&failed["status"], &failed["reason"]), (&"failed".into(), &"rate_limited".into()));
    assert_eq!((&known["status"], &known["reason"]), (&"provisional".into(), &Value::Null));
    let text = String::from_utf8(table::write(&query, &report).unwrap()).unwrap();
    assert_eq!(
        text,
        "spend,clicks,conversions,ctr,cpc,currency,status,reason\n1.5,3,2.5,0.375,0.5,EUR,incomplete,\n"
    );
}

#[test]
fn questions_are_read_strictly_and_errors_name_what_is_allowed() {
    let plain = question::read(&request(&base(""))).unwrap();
    assert_eq!((plain.group_by.as_str(), plain.limit, plain.columns.len()), ("day", 100, 10));
    let code = |query: String| question::read(&request(&query)).unwrap_err();
    assert_eq!(code(base("&color=red")).code, "unknown_parameter");
    assert_eq!(code(base("&limit=1001")).code, "invalid_parameter");
    assert_eq!(code(base("&limit=10&limit=20")).code, "repeated_parameter");
    let words = |text: &str| question::read(&request(&base(text))).unwrap().columns;
    assert_eq!(words("&metrics=spend&metrics=ctr"), words("&metrics=spend,ctr"));
    assert_eq!(code(base("&metrics=spend&metrics=spend")).code, "repeated_metric");
    assert!(code(base("&metrics=reach")).message.contains("spend"));
    assert!(code(base("").replace("level=ad", "level=pixel")).message.contains("ad_group"));
    assert_eq!(code(base("").replace("from=2026-11-01", "from=2026-12-01")).code, "bad_days");
    assert_eq!(code(base("").replace("account_id", "account")).code, "missing_parameter");
    assert_eq!(code(base("").replace(ACC, CON)).code, "invalid_parameter");
    assert_eq!(code(base("&as_of=yesterday")).code, "invalid_parameter");
    assert!(question::read(&request(&base("&cursor=AAAA"))).is_err());
    assert!(question::read(&request(&base("&as_of=2026-11-03T10:00:00Z&sort=-roas"))).is_ok());
}

#[test]
fn one_word_for_all_days_is_the_worst_of_them() {
    let day = |status| DayInfo { day: date(2026, 11, 1), status, marks: Marks::default(), observed_at: None };
    let (complete, provisional) = (day(Some(DayStatus::Complete)), day(Some(DayStatus::Provisional)));
    assert_eq!(words::overall(&[complete]), "complete");
    assert_eq!(words::overall(&[complete, provisional]), "provisional");
    assert_eq!(words::overall(&[complete, day(None), provisional]), "incomplete");
}
