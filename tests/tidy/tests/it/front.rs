//! The front's rules and the limits of the API: the front refuses floods, and no caller who keeps to the API's limits.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, and a value answers null for what is not there"
)]

use mooring_domain::guard::limits::Limits;
use mooring_tests_tidy::root;
use mooring_tests_tidy::template::{API, Template, at};
use serde_json::{Value, json};

fn front() -> Template {
    Template::of_file(&root().join("infra/deploy/front.yaml")).unwrap()
}

/// Returns the rate-based statement of a rule, and how many requests of one source it admits in a minute.
fn rule(front: &Template, name: &str) -> (Value, u64) {
    let rules = at(front.resource("WebAcl"), "Properties/Rules").as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["Name"].as_str() == Some(name)).unwrap();
    let statement = rule["Statement"]["RateBasedStatement"].clone();
    let parameter = statement["Limit"]["Ref"].as_str().unwrap();
    let limit = at(&front.0, &format!("Parameters/{parameter}/Default")).as_u64().unwrap();
    let seconds = statement["EvaluationWindowSec"].as_u64().unwrap();
    (statement, limit * 60 / seconds)
}

#[test]
fn a_tenant_that_keeps_to_its_rate_passes_from_one_address() {
    let front = front();
    let (all, most) = rule(&front, "AllPerSource");
    assert_eq!(all["ScopeDownStatement"], Value::Null, "this rule counts everything");
    assert!(most >= u64::from(Limits::default().tenant.calls()), "{most} a minute");
}

#[test]
fn one_address_cannot_take_the_rate_of_a_whole_route() {
    let template = Template::read().unwrap();
    let (_, api) = template.of_type(API).next().unwrap();
    let route = at(api, "Properties/DefaultRouteSettings/ThrottlingRateLimit").as_u64().unwrap();
    for name in ["PublicPerSource", "AnonymousPerSource", "AllPerSource"] {
        let (_, most) = rule(&front(), name);
        assert!(most < route * 60, "{name}: {most} a minute");
    }
}

#[test]
fn lower_rules_count_only_what_has_no_bucket_of_its_own() {
    let front = front();
    let (anonymous, _) = rule(&front, "AnonymousPerSource");
    let without = &anonymous["ScopeDownStatement"]["NotStatement"]["Statement"]["SizeConstraintStatement"];
    assert_eq!(without["FieldToMatch"], json!({ "SingleHeader": { "Name": "authorization" } }));
    assert_eq!((without["ComparisonOperator"].as_str(), without["Size"].as_u64()), (Some("GT"), Some(0)));
    let (public, _) = rule(&front, "PublicPerSource");
    let outside = &public["ScopeDownStatement"]["NotStatement"]["Statement"]["ByteMatchStatement"];
    assert_eq!(outside["SearchString"].as_str(), Some("/v1/"));
}

/// The front and the functions name the headers separately: a header that the front sends and the functions do not read
/// shuts everybody out.
#[test]
fn the_front_sends_the_headers_that_the_functions_read() {
    let front = front();
    let read = std::fs::read_to_string(root().join("shared/edge/src/http/front.rs")).unwrap();
    let distribution = front.resource("Distribution");
    let origin = at(distribution, "Properties/DistributionConfig/Origins/0/OriginCustomHeaders/0/HeaderName");
    let viewer = front.0["Resources"]
        .as_object()
        .unwrap()
        .values()
        .find_map(|resource| {
            at(resource, "Properties/OriginRequestPolicyConfig/HeadersConfig/Headers/0").as_str()
        })
        .unwrap();
    for name in [origin.as_str().unwrap(), viewer] {
        let constant = format!("HeaderName::from_static(\"{}\")", name.to_ascii_lowercase());
        assert!(read.contains(&constant), "nothing reads {name}");
    }
}
