//! Accounts and the campaign tree: ids, statuses, filters, paging.

use std::collections::BTreeSet;

use crate::support::{World, config, shared};
use mooring_sandbox::SandboxConfig;
use serde_json::{Value, json};

const LISTS: [(&str, &str); 3] =
    [("campaign/get/", "campaign_id"), ("adgroup/get/", "adgroup_id"), ("ad/get/", "ad_id")];
const ALL: (&str, &str) = ("filtering", "{\"primary_status\":\"STATUS_ALL\"}");

#[tokio::test]
async fn ids_are_text_beyond_the_reach_of_doubles() {
    let world = shared();
    for advertiser in world.sandbox.advertiser_ids() {
        assert_eq!(advertiser.len(), 19);
        for (path, id) in LISTS {
            let items = world.all(path, &[("advertiser_id", &advertiser), ALL], 1000).await;
            let ids: BTreeSet<_> =
                items.iter().map(|item| item[id].as_str().expect("text").to_owned()).collect();
            assert_eq!(ids.len(), items.len(), "ids are unique");
            assert!(ids.iter().all(|id| id.len() == 17 && id.parse::<u64>().expect("a number") > 1 << 53));
        }
    }
}

#[tokio::test]
async fn as_many_ads_as_asked_for_each_with_the_canary() {
    let world = World::new(SandboxConfig { ads: 2345, advertisers: 8, ..config() });
    let advertiser = world.advertiser(0);
    let ads = world.all("ad/get/", &[("advertiser_id", &advertiser), ALL], 1000).await;
    assert_eq!(ads.len(), 2345);
    let canary = world.sandbox.canary();
    assert!(ads.iter().all(|ad| ad["ad_name"].as_str().expect("a name").contains(&canary)));
    assert!(ads.iter().any(|ad| !ad["ad_name"].as_str().expect("a name").is_ascii()));
    let ids: BTreeSet<_> = world.sandbox.advertiser_ids().into_iter().collect();
    assert_eq!(ids.len(), 8);
}

#[tokio::test]
async fn deleted_objects_are_hidden_by_default_and_statuses_are_consistent() {
    let world = shared();
    let advertiser = world.advertiser(0);
    for (path, _) in LISTS {
        let shown = world.all(path, &[("advertiser_id", &advertiser)], 1000).await;
        let all = world.all(path, &[("advertiser_id", &advertiser), ALL], 1000).await;
        let deleted = |item: &&Value| item["secondary_status"].as_str().expect("text").ends_with("_DELETE");
        assert_eq!(shown.iter().filter(deleted).count(), 0);
        assert_eq!(all.len() - shown.len(), all.iter().filter(deleted).count());
        assert!(shown.len() < all.len() && !shown.is_empty(), "{path}");
        assert!(shown.iter().any(|item| item["operation_status"] == "DISABLE"), "{path}");
    }
}

#[tokio::test]
async fn secondary_status_filters_by_value_and_by_all() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let list = async |filter: &str| {
        world.all("ad/get/", &[("advertiser_id", &advertiser), ("filtering", filter)], 1000).await
    };
    let all = list("{\"secondary_status\":\"AD_STATUS_ALL\"}").await;
    assert_eq!(all.len(), 120);
    let fine = list("{\"secondary_status\":\"AD_STATUS_DELIVERY_OK\"}").await;
    assert!(fine.iter().all(|ad| ad["secondary_status"] == "AD_STATUS_DELIVERY_OK"));
    assert!(!fine.is_empty() && fine.len() < all.len());
    let changed =
        list("{\"primary_status\":\"STATUS_ALL\",\"modified_after\":\"2025-10-01 00:00:00\"}").await;
    assert!(!changed.is_empty() && changed.len() < all.len());
}

#[tokio::test]
async fn children_name_their_parents_and_can_be_filtered_by_them() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let campaigns = world.all("campaign/get/", &[("advertiser_id", &advertiser), ALL], 3).await;
    let mut ads = 0;
    for campaign in &campaigns {
        let filter =
            json!({"campaign_ids": [campaign["campaign_id"]], "primary_status": "STATUS_ALL"}).to_string();
        let query = [("advertiser_id", advertiser.as_str()), ("filtering", &filter)];
        let children = world.all("ad/get/", &query, 1000).await;
        assert!(children.iter().all(|ad| ad["campaign_name"] == campaign["campaign_name"]));
        ads += children.len();
    }
    assert_eq!(ads, 120);
}

#[tokio::test]
async fn fields_can_be_chosen_and_must_exist() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let query = [("advertiser_id", advertiser.as_str()), ("fields", "[\"ad_id\",\"ad_name\"]")];
    let ad = world.data("ad/get/", &query).await["list"][0].clone();
    assert_eq!(ad.as_object().expect("an object").keys().collect::<Vec<_>>(), ["ad_id", "ad_name"]);
    let answer = world.get("ad/get/", &[query[0], ("fields", "[\"moon\"]")]).await;
    assert_eq!(answer.code(), 40002);
}

#[tokio::test]
async fn wrong_parameters_are_refused_by_name() {
    let world = shared();
    let advertiser = world.advertiser(0);
    let many = json!({"ad_ids": (0..101).map(|n| n.to_string()).collect::<Vec<_>>()}).to_string();
    let cases = [
        ("page_size", "1001", "page_size"),
        ("page_size", "0", "page_size"),
        ("page", "0", "page"),
        ("page", "one", "page"),
        ("filtering", "{\"moon\":1}", "moon"),
        ("filtering", &many, "100"),
        ("filtering", "{\"primary_status\":\"STATUS_MOON\"}", "primary_status"),
    ];
    for (name, value, named) in cases {
        let answer = world.get("ad/get/", &[("advertiser_id", &advertiser), (name, value)]).await;
        assert_eq!(answer.code(), 40002, "{name}={value}");
        assert!(answer.json()["message"].as_str().expect("a message").contains(named), "{}", answer.text);
    }
    let lower = ("filtering", "{\"ad_ids\":[\"1\"]}");
    assert_eq!(world.get("campaign/get/", &[("advertiser_id", &advertiser), lower]).await.code(), 40002);
    let answer = world.get("ad/get/", &[]).await;
    assert_eq!(answer.code(), 40002);
    assert!(answer.text.contains("advertiser_id"));
}

#[tokio::test]
async fn advertisers_differ_in_zone_and_currency_and_are_masked() {
    let world = shared();
    let ids = json!(world.sandbox.advertiser_ids()).to_string();
    let data = world.data("advertiser/info/", &[("advertiser_ids", &ids)]).await;
    let list = data["list"].as_array().expect("the field of advertiser_info.yml");
    let of = |field: &str| {
        list.iter().map(|a| a[field].as_str().expect("text").to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(of("display_timezone").len(), 3);
    assert!(of("currency").contains("JPY"));
    assert!(of("timezone").iter().all(|zone| zone.starts_with("Etc/GMT")));
    assert!(of("email").iter().all(|email| email.contains('*')));
    assert!(list[0]["create_time"].is_i64(), "epoch seconds, unlike all other times");
    let many = json!(vec![world.advertiser(0); 101]).to_string();
    assert_eq!(world.get("advertiser/info/", &[("advertiser_ids", &many)]).await.code(), 40011);
}
