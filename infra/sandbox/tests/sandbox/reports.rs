//! Reports: exact sums, restatement, windows, refusals.

use std::collections::BTreeSet;

use crate::support::{World, config, shared, sum};
use proptest::prelude::*;
use serde_json::{Value, json};

const REPORT: &str = "report/integrated/get/";
const LEVELS: [&str; 4] = ["ADVERTISER", "CAMPAIGN", "ADGROUP", "AD"];
const ADDITIVE: [&str; 7] = [
    "spend",
    "impressions",
    "clicks",
    "conversion",
    "complete_payment",
    "total_complete_payment_rate",
    "video_play_actions",
];

#[tokio::test]
async fn levels_add_up_exactly_on_every_day() {
    let world = shared();
    for advertiser in world.sandbox.advertiser_ids() {
        let days = ["2026-11-01", "2026-11-21"];
        let mut levels = Vec::new();
        for level in LEVELS {
            levels.push(world.report(&advertiser, level, days, &ADDITIVE).await);
        }
        assert_eq!(levels[0].len(), 21, "one row per day for the account");
        for day in &levels[0] {
            let at = &day["dimensions"]["stat_time_day"];
            for metric in ADDITIVE {
                let of = |rows: &[Value]| {
                    let rows: Vec<_> =
                        rows.iter().filter(|r| &r["dimensions"]["stat_time_day"] == at).cloned().collect();
                    sum(&rows, metric)
                };
                let sums: BTreeSet<_> = levels.iter().map(|rows| of(rows)).collect();
                assert_eq!(sums.len(), 1, "{metric} on {at}: {sums:?}");
            }
            assert!(sum(std::slice::from_ref(day), "spend") > 0, "{day}");
        }
    }
}

#[tokio::test]
async fn same_seed_same_figures_other_seed_others() {
    let (one, two) = (World::new(config()), World::new(config()));
    let other = World::new(mooring_sandbox::SandboxConfig { seed: 8, ..config() });
    let days = ["2026-10-01", "2026-10-30"];
    let mut answers = Vec::new();
    for world in [&one, &two, &other] {
        answers.push(world.report(&world.advertiser(0), "AD", days, &["spend", "ad_name"]).await);
    }
    assert_eq!(answers[0], answers[1]);
    assert_ne!(answers[0], answers[2]);
}

#[tokio::test]
async fn conversions_grow_for_28_days_and_spend_never_changes() {
    let world = World::new(config());
    let advertiser = world.advertiser(0);
    let days = ["2026-11-20", "2026-11-20"];
    let mut seen: Vec<[u64; 4]> = Vec::new();
    for _ in 0..40 {
        let rows = world.report(&advertiser, "AD", days, &ADDITIVE).await;
        let figure = |metric| sum(&rows, metric);
        seen.push([
            figure("spend") + figure("impressions") + figure("clicks"),
            figure("conversion"),
            figure("complete_payment"),
            figure("total_complete_payment_rate"),
        ]);
        world.pass_days(1);
    }
    for metric in 1..4 {
        assert!(seen.is_sorted_by_key(|day| day[metric]), "never goes back: {seen:?}");
        // The first reading was at age 1, so the reading at age 28 has index 27.
        assert!(seen[0][metric] < seen[14][metric] && seen[14][metric] < seen[27][metric], "{seen:?}");
        assert!(seen[27..].iter().all(|day| day[metric] == seen[27][metric]), "settled: {seen:?}");
    }
    assert!(seen.iter().all(|day| day[0] == seen[0][0]), "{seen:?}");
}

#[tokio::test]
async fn today_fills_up_by_the_hour_and_tomorrow_is_empty() {
    let world = World::new(config());
    let advertiser = world.advertiser(0);
    let mut spends = Vec::new();
    for _ in 0..24 {
        let rows = world.report(&advertiser, "ADVERTISER", ["2026-11-22", "2026-11-23"], &["spend"]).await;
        spends.push(sum(&rows, "spend"));
        world.pass_seconds(3600);
    }
    assert_eq!(spends[0], 0, "2026-11-22 is still to come at 13:30 in Berlin");
    assert!(spends.is_sorted() && spends[23] > spends[14], "{spends:?}");
}

#[tokio::test]
async fn days_belong_to_the_accounts_zone() {
    let world = World::new(config());
    // 2026-11-21 16:30 UTC is already the 22nd in Tokyo and still the 21st in Los Angeles.
    world.pass_seconds(4 * 3600);
    let rows_on = async |index, date| {
        world.report(&world.advertiser(index), "ADVERTISER", [date, date], &["spend"]).await.len()
    };
    assert_eq!(rows_on(2, "2026-11-22").await, 1);
    assert_eq!(rows_on(1, "2026-11-22").await, 0);
    assert_eq!(rows_on(1, "2026-11-21").await, 1);
}

#[tokio::test]
async fn values_are_text_in_the_documented_scales() {
    let world = shared();
    let days = ["2026-11-01", "2026-11-20"];
    let metrics =
        ["spend", "clicks", "cpc", "ctr", "total_complete_payment_rate", "complete_payment", "currency"];
    let rows = world.report(&world.advertiser(0), "AD", days, &metrics).await;
    let scaled = |text: &str| text.split_once('.').is_some_and(|(_, digits)| digits.len() == 2);
    for row in &rows {
        let metric = |name: &str| row["metrics"][name].as_str().expect("a string").to_owned();
        assert!(scaled(&metric("spend")) && scaled(&metric("ctr")), "{row}");
        assert_eq!(metric("cpc") == "-", metric("clicks") == "0", "{row}");
        assert_eq!(metric("total_complete_payment_rate") == "-", metric("complete_payment") == "0", "{row}");
        assert_eq!(metric("currency"), "EUR");
        assert!(row["dimensions"]["stat_time_day"].as_str().expect("a day").ends_with(" 00:00:00"));
    }
    assert!(rows.iter().any(|row| row["metrics"]["cpc"] == "-"), "some ads have no clicks");
    let yen = world.report(&world.advertiser(2), "ADVERTISER", days, &["spend", "currency"]).await;
    assert_eq!(yen[0]["metrics"]["currency"], "JPY");
    assert!(!yen[0]["metrics"]["spend"].as_str().expect("a string").contains('.'), "no minor units");
}

fn query<'a>(advertiser: &'a str, changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut query = vec![
        ("advertiser_id", advertiser),
        ("report_type", "BASIC"),
        ("data_level", "AUCTION_CAMPAIGN"),
        ("dimensions", "[\"campaign_id\",\"stat_time_day\"]"),
        ("metrics", "[\"spend\",\"impressions\"]"),
        ("start_date", "2026-09-01"),
        ("end_date", "2026-09-30"),
    ];
    for change in changes {
        query.retain(|(name, _)| *name != change.0);
        query.push(*change);
    }
    query
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let by_day = "2026-10-01";
    let cases: [(&[(&str, &str)], &str); 17] = [
        (&[("end_date", by_day)], "30 days"),
        (&[("end_date", "2027-09-01"), ("dimensions", "[\"campaign_id\"]")], "365 days"),
        (&[("end_date", "2026-08-31")], "end_date"),
        (&[("start_date", "01.09.2026")], "start_date"),
        (&[("start_date", "")], "start_date"),
        (&[("report_type", "")], "report_type"),
        (&[("report_type", "AUDIENCE")], "report_type"),
        (&[("data_level", "")], "data_level"),
        (&[("data_level", "AUCTION_MOON")], "AUCTION_MOON"),
        (&[("dimensions", "")], "dimensions"),
        (&[("dimensions", "campaign_id")], "dimensions"),
        (&[("dimensions", "[\"stat_time_day\"]")], "campaign_id"),
        (&[("dimensions", "[\"ad_id\",\"stat_time_day\"]")], "ad_id"),
        (&[("metrics", "[\"spend\",\"moonlight\"]")], "moonlight"),
        (&[("metrics", "[\"ad_name\",\"cash_spend\"]")], "cash_spend"),
        (&[("page_size", "1001")], "page_size"),
        (
            &[("filtering", "[{\"field_name\":\"moon\",\"filter_type\":\"IN\",\"filter_value\":\"[]\"}]")],
            "moon",
        ),
    ];
    for (changes, named) in cases {
        let answer = world.get(REPORT, &query(&advertiser, changes)).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (200, 40002), "{changes:?}");
        assert!(answer.json()["message"].as_str().expect("a message").contains(named), "{}", answer.text);
    }
    let answer = world.get(REPORT, &query(&advertiser, &[])).await;
    assert_eq!(answer.code(), 0, "30 days inclusive are allowed: {}", answer.text);
}

#[tokio::test]
async fn deleted_objects_are_hidden_unless_asked_for() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let days = ["2025-09-10", "2025-09-10"];
    let changes = [
        ("start_date", days[0]),
        ("end_date", days[1]),
        ("data_level", "AUCTION_AD"),
        ("dimensions", "[\"ad_id\",\"stat_time_day\"]"),
    ];
    let hidden = world.all(REPORT, &query(&advertiser, &changes), 1000).await;
    let all = world.report(&advertiser, "AD", days, &["spend"]).await;
    assert!(hidden.len() < all.len(), "{} of {}", hidden.len(), all.len());
}

#[tokio::test]
async fn totals_orders_and_lifetime() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let changes = [("enable_total_metrics", "true"), ("order_field", "spend"), ("page_size", "1000")];
    let data = world.data(REPORT, &query(&advertiser, &changes)).await;
    let list = data["list"].as_array().expect("a list");
    let total = json!({"metrics": data["total_metrics"]});
    assert_eq!(sum(list, "spend"), sum(&[total], "spend"));
    assert!(list.is_sorted_by_key(|row| std::cmp::Reverse(sum(std::slice::from_ref(row), "spend"))));
    let lifetime = [
        ("query_lifetime", "true"),
        ("data_level", "AUCTION_ADVERTISER"),
        ("dimensions", "[\"advertiser_id\"]"),
    ];
    let lifetime = world.data(REPORT, &query(&advertiser, &lifetime)).await;
    assert_eq!(lifetime["list"].as_array().expect("a list").len(), 1);
    assert_eq!(lifetime["list"][0]["dimensions"]["advertiser_id"], advertiser);
    assert!(sum(lifetime["list"].as_array().expect("a list"), "spend") > sum(list, "spend"));
}

/// The answer's fields as `report_integrated_get.yml` of the vendor's SDK maps them.
#[tokio::test]
async fn answers_with_the_fields_of_the_interface_file() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let data = world.data(REPORT, &query(&advertiser, &[("enable_total_metrics", "true")])).await;
    let fields: Vec<_> = data.as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["list", "page_info", "total_metrics"]);
    let page: Vec<_> = data["page_info"].as_object().expect("an object").keys().collect();
    assert_eq!(page, ["page", "page_size", "total_number", "total_page"]);
    assert_eq!(data["page_info"]["page_size"], 10, "the default of the file");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_page_size_covers_every_row_once(size in 7usize..400, first in 1u32..15, length in 0u32..10) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = shared();
            let (start, end) = (format!("2026-11-{first:02}"), format!("2026-11-{:02}", first + length));
            let advertiser = world.advertiser(1);
            let changes = [("start_date", start.as_str()), ("end_date", end.as_str())];
            let whole = world.all(REPORT, &query(&advertiser, &changes), 1000).await;
            let paged = world.all(REPORT, &query(&advertiser, &changes), size).await;
            let distinct: BTreeSet<_> = paged.iter().map(|row| row["dimensions"].to_string()).collect();
            assert_eq!(distinct.len(), paged.len());
            assert_eq!(whole, paged);
        });
    }
}
