//! Compares the connector's facts with the vendor's tables: metrics, scopes, return codes, rates.

use std::collections::BTreeSet;

use anyhow::Result;
use mooring_domain::base::error::Kind;
use mooring_domain::platform::manifest::{Call, Manifest};
use mooring_domain::platform::profile::PlatformProfile;

use super::bench::{Bench, Meaning};
use super::ledger::{Ledger, Rule};
use super::requests::base;
use super::specs::Specs;
use super::tap::Exchange;

/// Checks that every requested metric exists.
pub(crate) fn metrics(specs: &Specs, exchanges: &[Exchange], ledger: &mut Ledger) {
    let asked = exchanges.iter().flat_map(|exchange| &exchange.query).filter(|(name, _)| name == "metrics");
    let names: BTreeSet<String> =
        asked.flat_map(|(_, text)| serde_json::from_str::<Vec<String>>(text).unwrap_or_default()).collect();
    ledger.source("metric", "report_metrics.json");
    for name in names {
        let unknown = (!specs.metrics.contains_key(&name)).then(|| "no such metric".to_owned());
        ledger.check("metric", Rule::Metrics, &name, unknown);
    }
}

/// Checks that each call's scope covers its endpoint, and that no call without one needs one.
pub(crate) fn scopes(specs: &Specs, manifest: &Manifest, ledger: &mut Ledger) {
    ledger.source("scope", "permission_scopes.json");
    for call in manifest.calls {
        let path = call.path.strip_prefix(&base(manifest)).unwrap_or(call.path);
        let wanted: BTreeSet<&str> = specs
            .scopes
            .values()
            .filter(|scope| scope.endpoints.contains(path))
            .map(|scope| scope.id.as_str())
            .collect();
        let agrees = if call.scope.is_empty() { wanted.is_empty() } else { wanted.contains(call.scope) };
        let problem = (!agrees).then(|| format!("the manifest says `{}`, the file {wanted:?}", call.scope));
        ledger.check("scope", Rule::Scopes, call.name, problem);
    }
}

/// Checks that a profile asks for existing scopes alone, each of them for a call.
pub(crate) fn profile(
    specs: &Specs,
    manifest: &Manifest,
    name: &str,
    profile: &PlatformProfile,
    ledger: &mut Ledger,
) {
    for entry in &profile.scopes {
        let serves = |call: &&Call| {
            let path = call.path.strip_prefix(&base(manifest)).unwrap_or(call.path);
            let scope = specs.scopes.get(&entry.scope);
            profile.allows(call.name) && scope.is_some_and(|scope| scope.endpoints.contains(path))
        };
        let serves = manifest.calls.iter().any(|call| serves(&call));
        let idle =
            (!serves).then(|| "the file has no endpoint of this scope that the profile calls".to_owned());
        ledger.check("scope", Rule::Scopes, &format!("{name} {}", entry.scope), idle);
    }
}

/// Checks that a scope that is granted through its parent counts, and that no scope counts without a grant.
pub(crate) async fn nesting(
    specs: &Specs,
    manifest: &Manifest,
    bench: &Bench,
    ledger: &mut Ledger,
) -> Result<()> {
    let used: BTreeSet<&str> =
        manifest.calls.iter().map(|call| call.scope).filter(|scope| !scope.is_empty()).collect();
    let above: BTreeSet<String> = used.iter().flat_map(|scope| specs.above(scope)).collect();
    for parent in above {
        let granted = bench.granted(parent.parse()?).await?;
        let lost = used
            .iter()
            .find(|scope| specs.above(scope).contains(&parent) && !granted.iter().any(|one| one == *scope));
        let lost = lost.map(|scope| format!("the file puts {scope} below it, the connector does not"));
        let extra = granted.iter().find(|scope| **scope != parent && !specs.above(scope).contains(&parent));
        let extra = extra.map(|scope| format!("the connector puts {scope} below it, the file does not"));
        ledger.check("scope", Rule::Scopes, &format!("below {parent}"), lost.or(extra));
    }
    Ok(())
}

/// Checks that the connector knows only codes of the vendor, and treats each of the vendor's codes as its category
/// says.
pub(crate) async fn codes(
    specs: &Specs,
    known: impl Iterator<Item = u32>,
    bench: &Bench,
    ledger: &mut Ledger,
) -> Result<()> {
    ledger.source("code", "return_codes.json");
    for code in known {
        let unlisted = (!specs.codes.contains_key(&code)).then(|| "the file has no such code".to_owned());
        ledger.check("code", Rule::Codes, &format!("{code} known"), unlisted);
    }
    for (code, category) in &specs.codes {
        let problem = meaning_problem(category, &bench.meaning(*code).await?);
        ledger.check("code", Rule::Codes, &format!("{code} meaning"), problem);
    }
    Ok(())
}

fn meaning_problem(category: &str, meaning: &Meaning) -> Option<String> {
    let Meaning { kind, is_tried_again } = meaning;
    let (kinds, again): (&[Kind], bool) = match category {
        "Return codes for successful calls" => (&[], false),
        "Rate limit or quota related" => (&[Kind::RateLimited], true),
        "Authentication related" => (&[Kind::Reauthorise, Kind::NotPermitted, Kind::Setup], false),
        "Advertisers" => (&[Kind::NotPermitted], false),
        "Async task error"
        | "Runtime error"
        | "Internal service error"
        | "System related"
        | "Maintenance" => (&[Kind::Upstream], true),
        // Faults of the request: they end no connection and come again with the same request.
        "Advertising policy related" | "File management related" => {
            (&[Kind::Invalid, Kind::NotPermitted, Kind::TooLarge, Kind::Upstream], false)
        }
        // Also faults of the request's address, and of its sender.
        "General" | "Blocked access" => {
            (&[Kind::Invalid, Kind::NotPermitted, Kind::TooLarge, Kind::Upstream, Kind::Setup], false)
        }
        _ => return Some(format!("the category `{category}` is new")),
    };
    let fits = kind.map_or(kinds.is_empty(), |kind| kinds.contains(&kind)) && *is_tried_again == again;
    (!fits).then(|| {
        let seen = kind.map_or_else(|| "a success".to_owned(), |kind| format!("{kind:?}"));
        let tried = if *is_tried_again { "tried again" } else { "not tried again" };
        format!("listed under `{category}`; to us it is {seen}, {tried}")
    })
}

/// Checks that an app of the default level may make as many calls as the connector does.
pub(crate) fn rates(specs: &Specs, manifest: &Manifest, calls_per_second: u32, ledger: &mut Ledger) {
    ledger.source("rate", "rate_limits.json");
    let Some(tier) = specs.rates.tiers.iter().find(|tier| tier.default) else {
        return ledger.check(
            "rates",
            Rule::Rates,
            "default",
            Some("the file has no default level".to_owned()),
        );
    };
    let differs = (tier.qps != calls_per_second).then(|| {
        format!("{} allows {} calls a second, the connector makes {calls_per_second}", tier.name, tier.qps)
    });
    ledger.check("rate", Rule::Rates, "second", differs);
    let above = (tier.qpm < calls_per_second.saturating_mul(60))
        .then(|| format!("{} allows {} calls a minute", tier.name, tier.qpm));
    ledger.check("rate", Rule::Rates, "minute", above);
    for call in manifest.calls {
        let own = specs.rates.endpoint_limits.iter().find(|limit| call.path.ends_with(&limit.endpoint));
        let below = own.filter(|limit| limit.basic.qps < calls_per_second);
        let below = below.map(|limit| format!("this endpoint allows {} calls a second", limit.basic.qps));
        ledger.check("rate", Rule::Rates, call.name, below);
    }
}

#[cfg(test)]
mod tests {
    use mooring_tiktok_ads::MANIFEST;
    use serde_json::json;

    use super::super::bench::Size;
    use super::super::specs::{Rates, Scope};
    use super::*;

    fn specs() -> Specs {
        let scope = |id: &str, parent: Option<&str>, endpoints: &[&str]| {
            let endpoints = endpoints.iter().map(|path| (*path).to_owned()).collect();
            (id.to_owned(), Scope { id: id.to_owned(), parent: parent.map(str::to_owned), endpoints })
        };
        let scopes = [
            scope("4", None, &[]),
            scope("44", Some("4"), &["/report/integrated/get/"]),
            scope("100", None, &["/advertiser/info/", "/oauth2/advertiser/get/"]),
            scope("200", None, &["/campaign/get/"]),
            scope("210", None, &["/adgroup/get/"]),
            scope("220", None, &["/ad/get/"]),
        ];
        let rates = json!({
            "tiers": [{"name": "Basic", "default": true, "qps": 10, "qpm": 600}],
            "endpoint_limits": [{"endpoint": "/ad/get/", "basic": {"qps": 10}}],
        });
        let rates: Rates = serde_json::from_value(rates).unwrap();
        Specs { scopes: scopes.into(), rates, ..Specs::default() }
    }

    fn subjects(ledger: &Ledger) -> Vec<String> {
        ledger.findings().into_iter().map(|finding| finding.subject).collect()
    }

    #[test]
    fn metrics_must_exist() {
        let specs =
            Specs { metrics: [("spend".to_owned(), "decimal".to_owned())].into(), ..Specs::default() };
        let query = vec![("metrics".to_owned(), r#"["spend","likes"]"#.to_owned())];
        let mut ledger = Ledger::default();
        metrics(&specs, &[Exchange { query, ..Exchange::default() }], &mut ledger);
        assert_eq!(subjects(&ledger), ["metric likes"]);
    }

    #[test]
    fn scopes_must_cover_their_calls() {
        let mut ledger = Ledger::default();
        scopes(&specs(), &MANIFEST, &mut ledger);
        assert!(subjects(&ledger).is_empty(), "{:?}", ledger.findings());
        let mut other = specs();
        other.scopes.get_mut("44").unwrap().endpoints.clear();
        other.scopes.get_mut("200").unwrap().endpoints.insert("/user/info/".to_owned());
        scopes(&other, &MANIFEST, &mut ledger);
        assert_eq!(subjects(&ledger), ["scope report.read", "scope user.read"]);
    }

    #[test]
    fn a_profile_asks_for_nothing_idle() {
        let loaded = mooring_profiles::load("statasphere").unwrap();
        let mut entry = loaded.platform("tiktok_ads").unwrap().clone();
        let mut ledger = Ledger::default();
        profile(&specs(), &MANIFEST, "x", &entry, &mut ledger);
        assert!(subjects(&ledger).is_empty(), "{:?}", ledger.findings());
        entry.calls.retain(|call| call != "ad.list");
        profile(&specs(), &MANIFEST, "x", &entry, &mut ledger);
        assert_eq!(subjects(&ledger), ["scope x 220"]);
    }

    #[tokio::test]
    async fn scopes_nest_as_the_file_says() {
        let bench = Bench::start(Size { advertisers: 1, ads: 5 }).await.unwrap();
        let mut ledger = Ledger::default();
        let mut specs = specs();
        for (scope, parent) in [("40", "4"), ("41", "4"), ("42", "4"), ("43", "4")] {
            let parent = Some(parent.to_owned());
            specs
                .scopes
                .insert(scope.to_owned(), Scope { id: scope.to_owned(), parent, endpoints: BTreeSet::new() });
        }
        nesting(&specs, &MANIFEST, &bench, &mut ledger).await.unwrap();
        assert!(subjects(&ledger).is_empty(), "{:?}", ledger.findings());
        specs.scopes.remove("43");
        nesting(&specs, &MANIFEST, &bench, &mut ledger).await.unwrap();
        assert_eq!(subjects(&ledger), ["scope below 4"]);
    }

    #[tokio::test]
    async fn codes_must_exist_and_mean_what_their_category_says() {
        let bench = Bench::start(Size { advertisers: 1, ads: 5 }).await.unwrap();
        let codes_of = |list: &[(u32, &str)]| Specs {
            codes: list.iter().map(|(code, category)| (*code, (*category).to_owned())).collect(),
            ..Specs::default()
        };
        let good = codes_of(&[
            (20001, "Return codes for successful calls"),
            (40100, "Rate limit or quota related"),
            (40105, "Authentication related"),
            (50000, "System related"),
        ]);
        let mut ledger = Ledger::default();
        codes(&good, [40100, 40105].into_iter(), &bench, &mut ledger).await.unwrap();
        assert!(subjects(&ledger).is_empty(), "{:?}", ledger.findings());
        let bad = codes_of(&[(40100, "Authentication related"), (40105, "System related"), (1, "Poetry")]);
        codes(&bad, [40067].into_iter(), &bench, &mut ledger).await.unwrap();
        let wanted = ["code 1 meaning", "code 40067 known", "code 40100 meaning", "code 40105 meaning"];
        assert_eq!(subjects(&ledger), wanted);
    }

    #[test]
    fn rates_must_be_allowed() {
        let mut ledger = Ledger::default();
        rates(&specs(), &MANIFEST, 10, &mut ledger);
        assert!(subjects(&ledger).is_empty(), "{:?}", ledger.findings());
        rates(&specs(), &MANIFEST, 11, &mut ledger);
        assert_eq!(subjects(&ledger), ["rate ad.list", "rate minute", "rate second"]);
    }
}
