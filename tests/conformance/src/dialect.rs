//! The suite's knowledge of each platform: the places of values in its answers, and the nesting of its grants.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing JSON makes what is missing, and a trial may end in a panic"
)]

use serde_json::{Value, json};

/// One platform's answers, as far as trials change them.
pub(crate) struct Dialect {
    pub(crate) platform: &'static str,
    /// Part of the path of the report call.
    pub(crate) report: &'static str,
    /// Part of the path of the call that lists campaigns.
    pub(crate) campaigns: &'static str,
    /// Part of the path of the call that lists ads.
    pub(crate) ads: &'static str,
    /// Part of the path of the call that redeems a code.
    pub(crate) exchange: &'static str,
    /// Part of the path of the call that lists the accounts of a grant.
    pub(crate) accounts: &'static str,
    /// Part of the path of the call that describes accounts.
    pub(crate) account: &'static str,
    /// Adds [`STRAY`] to the listed accounts, which nobody can describe.
    pub(crate) stray_account: fn(&mut Value),
    /// Removes the first account's currency and the second's zone, and writes the third's name as something other than
    /// a text.
    pub(crate) odd_accounts: fn(&mut Value),
    /// Statuses and bodies that all say that the grant was revoked, each odd in another way.
    pub(crate) revoked_oddly: &'static [(u16, &'static str)],
    /// Statuses and bodies that all say that there were too many calls, each odd in another way.
    pub(crate) throttled_oddly: &'static [(u16, &'static str)],
    /// An answer with a code that nobody knows.
    pub(crate) unknown_code: &'static str,
    /// The parameter of the authorise URL that carries the app's id.
    pub(crate) app_parameter: &'static str,
    /// A scope and one that it includes.
    pub(crate) nested_scopes: Option<(u64, &'static str)>,
    /// Empties a page and leaves its page count.
    pub(crate) empty: fn(&mut Value),
    /// Makes the answer to any page say that it is the first.
    pub(crate) first_page: fn(&mut Value),
    /// Puts in words and fields that nobody knows.
    pub(crate) unknown_words: fn(&mut Value),
    /// Makes the first row's spend finer than a millionth and the second row's metrics nothing at all.
    pub(crate) odd_rows: fn(&mut Value),
    /// Writes the first row's spend, [`LITERAL_SPEND`], as a JSON number.
    pub(crate) literal: fn(&mut Value),
    /// Removes the count of pages.
    pub(crate) no_count: fn(&mut Value),
    /// A refusal because the platform does not offer conversions, or the level.
    pub(crate) metric_not_offered: &'static str,
    pub(crate) level_not_offered: &'static str,
    /// The name of the conversions metric in a request.
    pub(crate) conversions: &'static str,
    /// Leaves the first row's spend and clicks unreported.
    pub(crate) unreported: fn(&mut Value),
    /// Writes figures that floats cannot hold into the first row.
    pub(crate) exact: fn(&mut Value),
    /// Makes the first entity's id larger than a float can hold.
    pub(crate) large_id: fn(&mut Value),
    /// Puts [`PLANTED`] where the rows belong.
    pub(crate) wrong_type: fn(&mut Value),
    /// The path that the error then names.
    pub(crate) wrong_path: &'static str,
    /// The text of a row's spend.
    pub(crate) spend: fn(&Value) -> Option<&str>,
    /// The rows of a page.
    pub(crate) rows: fn(&Value) -> &[Value],
    /// The query parameter of the page size.
    pub(crate) page_size: &'static str,
}

/// Stands for a body's content in errors: it must not show.
pub(crate) const PLANTED: &str = "planted-body-7c1e";
/// One more than the largest integer that a 64-bit float can distinguish from its neighbour.
pub(crate) const LARGE_ID: &str = "9007199254740993";
/// An exact amount that a float cannot hold.
pub(crate) const EXACT_SPEND: &str = "90071992547.40993";

/// An account that is listed and does not exist.
pub(crate) const STRAY: &str = "7000000000000000999";

/// An amount that a platform may write as a JSON number.
pub(crate) const LITERAL_SPEND: &str = "1234.5678";

/// Finds a platform's table.
pub(crate) fn of(platform: &str) -> Option<&'static Dialect> {
    [&TIKTOK_ADS].into_iter().find(|dialect| dialect.platform == platform)
}

static TIKTOK_ADS: Dialect = Dialect {
    platform: "tiktok_ads",
    report: "/report/integrated/get/",
    campaigns: "/campaign/get/",
    ads: "/ad/get/",
    exchange: "/oauth2/access_token/",
    accounts: "/oauth2/advertiser/get/",
    account: "/advertiser/info/",
    stray_account: |answer| {
        if let Some(list) = answer["data"]["list"].as_array_mut() {
            list.insert(1, json!({"advertiser_id": STRAY, "advertiser_name": null}));
            list.push(json!("no entry at all"));
        }
    },
    odd_accounts: |answer| {
        answer["data"]["list"][0]["currency"] = Value::Null;
        answer["data"]["list"][1]["display_timezone"] = json!("");
        answer["data"]["list"][1]["timezone"] = Value::Null;
        answer["data"]["list"][2]["name"] = json!({"en": "Shop"});
        answer["data"]["list"][2]["currency"] = json!("usd");
    },
    revoked_oddly: &[
        (200, r#"{"code":40105,"message":"x","request_id":null}"#),
        (200, r#"{"code":"40105","message":null}"#),
        (200, r#"{"code":40105,"message":"x","data":{"list":[{"#),
        (401, r#"{"code":40105,"message":"x","request_id":null,"data":{}}"#),
        (500, r#"{"data":{},"request_id":[1],"code":40105}"#),
    ],
    unknown_code: r#"{"code":40999,"message":"x","data":{}}"#,
    throttled_oddly: &[
        (200, r#"{"code":40100,"message":"x","request_id":null}"#),
        (400, r#"{"code":"40100","data":null}"#),
    ],
    app_parameter: "app_id",
    nested_scopes: Some((4, "44")),
    empty: |answer| answer["data"]["list"] = json!([]),
    first_page: |answer| answer["data"]["page_info"]["page"] = json!(1),
    unknown_words: |answer| {
        answer["data"]["list"][0]["secondary_status"] = json!("AD_STATUS_ON_THE_MOON");
        answer["data"]["list"][0]["novelty"] = json!({"deep": [1.5, null]});
        answer["novelty"] = json!(true);
    },
    odd_rows: |answer| {
        answer["data"]["list"][0]["metrics"]["spend"] = json!("0.1234567");
        answer["data"]["list"][1]["metrics"] = Value::Null;
    },
    literal: |answer| answer["data"]["list"][0]["metrics"]["spend"] = json!(1234.5678),
    no_count: |answer| answer["data"]["page_info"] = json!({"page": answer["data"]["page_info"]["page"]}),
    metric_not_offered: r#"{"code":40002,"message":"Invalid metric fields: ['conversion']","data":{}}"#,
    level_not_offered: r#"{"code":40002,"message":"data_level: AUCTION_AD is not supported","data":{}}"#,
    conversions: "conversion",
    unreported: |answer| {
        answer["data"]["list"][0]["metrics"]["spend"] = json!("-");
        answer["data"]["list"][0]["metrics"]["clicks"] = Value::Null;
        answer["data"]["list"][0]["metrics"]["impressions"] = json!("0");
    },
    exact: |answer| answer["data"]["list"][0]["metrics"]["spend"] = json!(EXACT_SPEND),
    large_id: |answer| answer["data"]["list"][0]["campaign_id"] = json!(LARGE_ID),
    wrong_type: |answer| answer["data"]["list"] = json!(PLANTED),
    wrong_path: "data.list",
    spend: |row| row["metrics"]["spend"].as_str(),
    rows: |answer| answer["data"]["list"].as_array().map_or(&[], Vec::as_slice),
    page_size: "page_size",
};
