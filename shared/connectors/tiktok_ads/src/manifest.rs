//! The facts of TikTok Ads: calls, scopes, limits.

use std::time::Duration;

use mooring_domain::platform::manifest::Tier;
use mooring_domain::platform::manifest::{Call, Manifest};

/// Redeems an authorisation code.
pub(crate) const EXCHANGE: Call = post("token.exchange", "/open_api/v1.3/oauth2/access_token/");
/// Ends a token.
pub(crate) const REVOKE: Call = post("token.revoke", "/open_api/v1.3/oauth2/revoke_token/");
/// Reads the person who granted.
pub(crate) const USER: Call = get("user.read", "/open_api/v1.3/user/info/", "");
/// Lists the advertisers of a grant.
pub(crate) const ADVERTISERS: Call = get("account.list", "/open_api/v1.3/oauth2/advertiser/get/", "100");
/// Describes advertisers.
pub(crate) const ADVERTISER: Call = get("account.read", "/open_api/v1.3/advertiser/info/", "100");
/// Lists campaigns.
pub(crate) const CAMPAIGNS: Call = get("campaign.list", "/open_api/v1.3/campaign/get/", "200");
/// Lists ad groups.
pub(crate) const AD_GROUPS: Call = get("ad_group.list", "/open_api/v1.3/adgroup/get/", "210");
/// Lists ads.
pub(crate) const ADS: Call = get("ad.list", "/open_api/v1.3/ad/get/", "220");
/// Reads a report.
pub(crate) const REPORT: Call = get("report.read", "/open_api/v1.3/report/integrated/get/", "44");

/// The path of the page that asks the person, below the authorise origin.
pub(crate) const AUTHORIZE_PATH: &str = "/portal/auth";

/// The number of advertisers that one call describes.
pub(crate) const ADVERTISER_BATCH: usize = 100;

/// The calls per second that every app may make (portal, rate limits page: level Basic).
pub const CALLS_PER_SECOND: u32 = 10;

/// The pause that the portal advises after a limit per minute: no call of the API for five minutes.
pub(crate) const PAUSE: Duration = Duration::from_mins(5);

/// The facts of TikTok Ads.
pub const MANIFEST: Manifest = Manifest {
    platform: "tiktok_ads",
    title: "TikTok Ads",
    version: "v1.3",
    api_origin: "https://business-api.tiktok.com",
    authorize_origin: "https://business-api.tiktok.com",
    tier: Tier::B,
    settings_url: "https://ads.tiktok.com/",
    // The longest click attribution that an ad group can have.
    restatement_days: 28,
    window_days: 30,
    page_size: 1000,
    calls: &[EXCHANGE, REVOKE, USER, ADVERTISERS, ADVERTISER, CAMPAIGNS, AD_GROUPS, ADS, REPORT],
};

/// Scopes with the scopes that they include (portal, permission scopes page), as far as the connector's calls need
/// them.
const CHILDREN: &[(&str, &[&str])] = &[
    ("1", &["10"]),
    ("10", &["100"]),
    ("2", &["20", "21", "22"]),
    ("20", &["200", "201"]),
    ("21", &["210", "211"]),
    ("22", &["220", "221"]),
    ("4", &["40", "41", "42", "43", "44"]),
];

/// Adds every scope that the granted scopes include.
pub(crate) fn with_children(mut scopes: Vec<String>) -> Vec<String> {
    let mut index = 0;
    while let Some(parent) = scopes.get(index) {
        let children = CHILDREN.iter().find(|(scope, _)| scope == parent).map_or(&[][..], |(_, below)| below);
        for child in children {
            if !scopes.iter().any(|scope| scope == child) {
                scopes.push((*child).to_owned());
            }
        }
        index += 1;
    }
    scopes
}

const fn get(name: &'static str, path: &'static str, scope: &'static str) -> Call {
    Call { name, method: "GET", path, scope }
}

const fn post(name: &'static str, path: &'static str) -> Call {
    Call { name, method: "POST", path, scope: "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_scope_grants_its_children_of_every_depth() {
        let expanded = with_children(vec!["4".to_owned(), "2".to_owned(), "7050363942434013185".to_owned()]);
        for scope in ["4", "44", "2", "20", "200", "210", "220", "7050363942434013185"] {
            assert!(expanded.contains(&scope.to_owned()), "{scope}");
        }
        assert!(!expanded.contains(&"100".to_owned()));
        assert_eq!(with_children(vec!["44".to_owned()]), ["44"], "a child grants no parent");
    }

    #[test]
    fn every_path_ends_with_the_slash_that_the_edge_insists_on() {
        assert!(MANIFEST.calls.iter().all(|call| call.path.ends_with('/')));
    }
}
