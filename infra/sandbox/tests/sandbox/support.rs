//! Calls the sandbox's router in process.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use mooring_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::form_urlencoded;

pub(crate) const REDIRECT: &str = "http://127.0.0.1:9000/oauth/callback/tiktok_ads/main";
pub(crate) const APP: &str = "7300000000000000001";
pub(crate) const SECRET: &str = "sandbox-app-secret";

/// 2026-11-21 12:30 UTC.
pub(crate) const START: i64 = 1_795_264_200;
const DAY: i64 = 86_400;

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) token: String,
    seconds: Arc<AtomicI64>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub(crate) fn code(&self) -> i64 {
        self.json()["code"].as_i64().expect("a code")
    }
}

pub(crate) fn config() -> SandboxConfig {
    let redirect_uris = vec![REDIRECT.to_owned()];
    SandboxConfig { redirect_uris, app_qps: 0, advertiser_qps: 0, ..SandboxConfig::default() }
}

/// One world for all tests that only read.
pub(crate) fn shared() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(|| World::new(config()));
    &WORLD
}

impl World {
    pub(crate) fn new(config: SandboxConfig) -> Self {
        let seconds = Arc::new(AtomicI64::new(START));
        let clock = Arc::clone(&seconds);
        let now = move || Timestamp::from_second(clock.load(Ordering::SeqCst)).expect("in range");
        let sandbox = Sandbox::new(config, Arc::new(now));
        let token = sandbox.grant_all();
        Self { sandbox, token, seconds }
    }

    pub(crate) fn pass_days(&self, days: i64) {
        self.pass_seconds(days * DAY);
    }

    pub(crate) fn pass_seconds(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.sandbox.router().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.expect("a body");
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.get_as(&self.token, path, query).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str, query: &[(&str, &str)]) -> Answer {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let request = Request::get(format!("/open_api/v1.3/{path}?{query}"));
        let request = if token.is_empty() { request } else { request.header("Access-Token", token) };
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request =
            Request::post(format!("/open_api/v1.3/{path}")).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub(crate) async fn admin(&self, path: &str, body: &Value) -> Answer {
        let request = Request::post(format!("/_sandbox/{path}")).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub(crate) async fn exchange(&self, code: &str) -> Answer {
        self.post("oauth2/access_token/", &json!({"app_id": APP, "secret": SECRET, "auth_code": code})).await
    }

    /// Returns the data of a successful call.
    pub(crate) async fn data(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let answer = self.get(path, query).await;
        assert_eq!(answer.code(), 0, "{}", answer.text);
        answer.json()["data"].clone()
    }

    pub(crate) fn advertiser(&self, index: usize) -> String {
        self.sandbox.advertiser_ids()[index].clone()
    }

    /// Reads every page of a list.
    pub(crate) async fn all(&self, path: &str, query: &[(&str, &str)], size: usize) -> Vec<Value> {
        let mut items = Vec::new();
        for page in 1.. {
            let (page, size) = (page.to_string(), size.to_string());
            let mut query = query.to_vec();
            query.extend([("page", page.as_str()), ("page_size", size.as_str())]);
            let data = self.data(path, &query).await;
            items.extend(data["list"].as_array().expect("a list").clone());
            if page.parse::<u64>().expect("a page")
                >= data["page_info"]["total_page"].as_u64().expect("pages")
            {
                assert_eq!(data["page_info"]["total_number"], items.len());
                return items;
            }
        }
        items
    }

    /// Reads a daily report of a level in full, deleted objects included.
    pub(crate) async fn report(
        &self,
        advertiser: &str,
        level: &str,
        days: [&str; 2],
        metrics: &[&str],
    ) -> Vec<Value> {
        let id = format!("{}_id", level.to_lowercase());
        let level_name = format!("AUCTION_{level}");
        let dimensions = json!([id, "stat_time_day"]).to_string();
        let metrics = json!(metrics).to_string();
        let everything =
            json!([{"field_name": format!("{}_status", level.to_lowercase()), "filter_type": "IN",
            "filter_value": "[\"STATUS_ALL\"]"}])
            .to_string();
        let mut query = vec![
            ("advertiser_id", advertiser),
            ("report_type", "BASIC"),
            ("data_level", &level_name),
            ("dimensions", &dimensions),
            ("metrics", &metrics),
            ("start_date", days[0]),
            ("end_date", days[1]),
        ];
        if level != "ADVERTISER" {
            query.push(("filtering", &everything));
        }
        self.all("report/integrated/get/", &query, 1000).await
    }
}

/// Adds up one metric in units of 1/100 (or whole units); "-" counts as nothing.
pub(crate) fn sum(rows: &[Value], metric: &str) -> u64 {
    let number = |row: &Value| {
        let text = row["metrics"][metric].as_str().expect("metrics are strings");
        if text == "-" { 0 } else { text.replace('.', "").parse().expect("a number") }
    };
    rows.iter().map(number).sum()
}
