//! Builds requests from typed input. Pure; arrays and objects in a query are JSON text, as TikTok wants them.

use mooring_domain::Result;
use mooring_domain::platform::capabilities::{CallContext, CodeExchange, ReportQuestion};
use mooring_domain::platform::credentials::AppCredentials;
use mooring_domain::platform::figures::{Level, Metric, MetricSet};
use mooring_kit::Request;
use mooring_kit::paging::PageNumber;
use secrecy::SecretString;
use serde_json::json;

use crate::manifest::{
    AD_GROUPS, ADS, ADVERTISER, ADVERTISERS, CAMPAIGNS, EXCHANGE, MANIFEST, REPORT, REVOKE, USER,
};

/// The domain's metrics with TikTok's names; the last is the total value of purchases, in spite of its name.
pub(crate) const METRICS: [(Metric, &str); 5] = [
    (Metric::Spend, "spend"),
    (Metric::Impressions, "impressions"),
    (Metric::Clicks, "clicks"),
    (Metric::Conversions, "conversion"),
    (Metric::ConversionValue, "total_complete_payment_rate"),
];

/// Redeems a code. The answer's list of advertisers is left out: a person may reach thousands, and the connector asks
/// for them later.
pub(crate) fn exchange(app: &AppCredentials, exchange: &CodeExchange<'_>) -> Request {
    Request::new(&EXCHANGE)
        .field("app_id", app.id.as_str())
        .secret_field("secret", &app.secret)
        .secret_field("auth_code", exchange.code)
        .field("return_advertiser_ids", false)
}

/// Ends a token.
pub(crate) fn revoke(cx: &CallContext<'_>) -> Request {
    Request::new(&REVOKE)
        .field("app_id", cx.app.id.as_str())
        .secret_field("secret", &cx.app.secret)
        .secret_field("access_token", cx.token)
}

/// Asks for the person who granted.
pub(crate) fn user(token: &SecretString) -> Result<Request> {
    authenticated(Request::new(&USER), token)
}

/// Lists the advertisers of a grant.
pub(crate) fn advertisers(cx: &CallContext<'_>) -> Result<Request> {
    let request = Request::new(&ADVERTISERS).query("app_id", cx.app.id.as_str());
    authenticated(request.secret_query("secret", &cx.app.secret), cx.token)
}

/// Describes advertisers; asks only for the fields that are stored.
pub(crate) fn advertiser_info(token: &SecretString, ids: &[String]) -> Result<Request> {
    let fields = json!(["advertiser_id", "name", "currency", "timezone", "display_timezone"]);
    let request = Request::new(&ADVERTISER)
        .query("advertiser_ids", json!(ids).to_string())
        .query("fields", fields.to_string());
    authenticated(request, token)
}

/// Lists one level of an account's structure, deleted objects too, because reports of past days name them.
pub(crate) fn structure(
    token: &SecretString,
    account: &str,
    level: Listed,
    page: PageNumber,
) -> Result<Request> {
    let (call, prefix, own): (_, _, &[&str]) = match level {
        Listed::Campaign => (&CAMPAIGNS, "CAMPAIGN", &["campaign_id", "campaign_name"]),
        Listed::AdGroup => (&AD_GROUPS, "ADGROUP", &["adgroup_id", "adgroup_name", "campaign_id"]),
        Listed::Ad => (&ADS, "AD", &["ad_id", "ad_name", "adgroup_id"]),
    };
    let fields: Vec<_> = own.iter().chain(&["operation_status", "secondary_status"]).collect();
    let request = Request::new(call)
        .query("advertiser_id", account)
        .query("fields", json!(fields).to_string())
        .query("filtering", json!({"secondary_status": format!("{prefix}_STATUS_ALL")}).to_string());
    authenticated(paged(request, page), token)
}

/// The levels that have a list.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listed {
    Campaign,
    AdGroup,
    Ad,
}

/// Reads daily rows of one level, without the metrics that the platform refused.
pub(crate) fn report(
    token: &SecretString,
    question: &ReportQuestion<'_>,
    page: PageNumber,
    refused: MetricSet,
) -> Result<Request> {
    let wanted = METRICS.iter().filter(|(metric, _)| !refused.contains(*metric)).map(|(_, name)| *name);
    let wanted: Vec<_> = wanted.collect();
    let (data_level, id, status) = match question.level {
        Level::Account => ("AUCTION_ADVERTISER", "advertiser_id", None),
        Level::Campaign => ("AUCTION_CAMPAIGN", "campaign_id", Some("campaign_status")),
        Level::AdGroup => ("AUCTION_ADGROUP", "adgroup_id", Some("adgroup_status")),
        Level::Ad => ("AUCTION_AD", "ad_id", Some("ad_status")),
    };
    let mut request = Request::new(&REPORT)
        .query("advertiser_id", question.account)
        .query("report_type", "BASIC")
        .query("service_type", "AUCTION")
        .query("data_level", data_level)
        .query("dimensions", json!([id, "stat_time_day"]).to_string())
        .query("metrics", json!(wanted).to_string())
        .query("start_date", question.window.from.to_string())
        .query("end_date", question.window.to.to_string());
    // Without this filter the spend of deleted objects is missing, and the levels do not add up.
    if let Some(field) = status {
        let all = json!([{"field_name": field, "filter_type": "IN", "filter_value": r#"["STATUS_ALL"]"#}]);
        request = request.query("filtering", all.to_string());
    }
    authenticated(paged(request, page), token)
}

fn paged(request: Request, page: PageNumber) -> Request {
    request.query("page", page.get().to_string()).query("page_size", MANIFEST.page_size.to_string())
}

fn authenticated(request: Request, token: &SecretString) -> Result<Request> {
    request.token_header("access-token", token)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;
    use mooring_domain::base::window::Window;
    use mooring_kit::Origin;

    use super::*;

    fn sent(request: &Request) -> http::Request<Vec<u8>> {
        request.to_http(&Origin::parse("https://api.example").unwrap()).unwrap()
    }

    fn query(request: &http::Request<Vec<u8>>) -> BTreeMap<String, String> {
        let url = url::Url::parse(&request.uri().to_string()).unwrap();
        url.query_pairs().into_owned().collect()
    }

    fn expected(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn app() -> AppCredentials {
        AppCredentials { id: "73".to_owned(), secret: "s3cr3t".into() }
    }

    #[test]
    fn a_report_asks_for_deleted_objects_too_but_an_account_has_no_such_filter() {
        let question = |level| ReportQuestion {
            account: "7300000000000000009",
            level,
            window: Window { from: date(2026, 3, 1), to: date(2026, 3, 30) },
        };
        let first = PageNumber::read(None).unwrap();
        let ads = sent(&report(&"t0k3n".into(), &question(Level::Ad), first, MetricSet::default()).unwrap());
        assert_eq!(ads.uri().path(), "/open_api/v1.3/report/integrated/get/");
        let pairs = [
            ("advertiser_id", "7300000000000000009"),
            ("report_type", "BASIC"),
            ("service_type", "AUCTION"),
            ("data_level", "AUCTION_AD"),
            ("dimensions", r#"["ad_id","stat_time_day"]"#),
            ("metrics", r#"["spend","impressions","clicks","conversion","total_complete_payment_rate"]"#),
            ("start_date", "2026-03-01"),
            ("end_date", "2026-03-30"),
            (
                "filtering",
                r#"[{"field_name":"ad_status","filter_type":"IN","filter_value":"[\"STATUS_ALL\"]"}]"#,
            ),
            ("page", "1"),
            ("page_size", "1000"),
        ];
        assert_eq!(query(&ads), expected(&pairs));
        let refused = [Metric::Clicks, Metric::ConversionValue].into_iter().collect();
        let account = report(&"t".into(), &question(Level::Account), first, refused).unwrap();
        let pairs = query(&sent(&account));
        assert!(!pairs.contains_key("filtering"));
        assert_eq!(pairs["metrics"], r#"["spend","impressions","conversion"]"#);
    }

    /// S4, S5: every level is asked for as itself, with every metric.
    #[test]
    fn s4_s5_every_level_is_asked_for_with_every_metric() {
        let levels = [
            (Level::Account, "AUCTION_ADVERTISER", "advertiser_id"),
            (Level::Campaign, "AUCTION_CAMPAIGN", "campaign_id"),
            (Level::AdGroup, "AUCTION_ADGROUP", "adgroup_id"),
            (Level::Ad, "AUCTION_AD", "ad_id"),
        ];
        assert!(levels.iter().map(|(level, ..)| *level).eq(Level::ALL));
        let day = date(2026, 3, 1);
        for (level, data_level, id) in levels {
            let question = ReportQuestion { account: "7", level, window: Window { from: day, to: day } };
            let first = PageNumber::read(None).unwrap();
            let pairs = query(&sent(&report(&"t".into(), &question, first, MetricSet::default()).unwrap()));
            assert_eq!((pairs["advertiser_id"].as_str(), pairs["data_level"].as_str()), ("7", data_level));
            assert_eq!(pairs["dimensions"], format!(r#"["{id}","stat_time_day"]"#));
            for metric in ["spend", "impressions", "clicks", "conversion", "total_complete_payment_rate"] {
                assert!(pairs["metrics"].contains(&format!("\"{metric}\"")), "{metric} at {level:?}");
            }
        }
    }

    #[test]
    fn the_token_travels_as_a_sensitive_header_alone() {
        let request = sent(&user(&"t0k3n".into()).unwrap());
        assert_eq!(request.headers()["access-token"], "t0k3n");
        assert!(request.headers()["access-token"].is_sensitive());
        assert_eq!(request.uri(), "https://api.example/open_api/v1.3/user/info/");
    }

    #[test]
    fn a_code_is_redeemed_in_a_json_body() {
        let request = sent(&exchange(
            &app(),
            &CodeExchange {
                code: &"c0de".into(),
                redirect_uri: "https://x.example",
                verifier: &"v".into(),
                gate: &mooring_domain::platform::capabilities::Unguarded,
            },
        ));
        assert_eq!((request.method().as_str(), request.uri().query()), ("POST", None));
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let wanted =
            json!({"app_id": "73", "secret": "s3cr3t", "auth_code": "c0de", "return_advertiser_ids": false});
        assert_eq!(body, wanted);
        assert!(!request.headers().contains_key("access-token"));
    }

    #[test]
    fn structure_asks_for_every_status_and_few_fields() {
        let second =
            PageNumber::read(Some(&mooring_domain::platform::capabilities::PageCursor("p2".to_owned())))
                .unwrap();
        let request = sent(&structure(&"t".into(), "7", Listed::AdGroup, second).unwrap());
        assert_eq!(request.uri().path(), "/open_api/v1.3/adgroup/get/");
        let fields = r#"["adgroup_id","adgroup_name","campaign_id","operation_status","secondary_status"]"#;
        let pairs = [
            ("advertiser_id", "7"),
            ("fields", fields),
            ("filtering", r#"{"secondary_status":"ADGROUP_STATUS_ALL"}"#),
            ("page", "2"),
            ("page_size", "1000"),
        ];
        assert_eq!(query(&request), expected(&pairs));
    }

    #[test]
    fn accounts_are_described_without_personal_fields() {
        let request = sent(&advertiser_info(&"t".into(), &["1".to_owned(), "2".to_owned()]).unwrap());
        let pairs = [
            ("advertiser_ids", r#"["1","2"]"#),
            ("fields", r#"["advertiser_id","name","currency","timezone","display_timezone"]"#),
        ];
        assert_eq!(query(&request), expected(&pairs));
    }
}
