//! Campaigns, ad groups and ads as the platform writes them.
//!
//! Field names and value shapes follow recorded answers; unset fields are null or empty lists, as in those answers.

use serde_json::{Value, json};

use super::world::{Advertiser, Level, World};
use crate::clock::{Day, date_of};

/// Writes one object of a level.
pub(crate) fn describe(
    world: &World,
    advertiser: &Advertiser,
    level: Level,
    index: usize,
    today: Day,
) -> Value {
    let mut object = match level {
        Level::Advertiser | Level::Campaign => campaign(index),
        Level::AdGroup => adgroup(index),
        Level::Ad => ad(world, index),
    };
    let status = advertiser.status(level, index, today);
    let life = advertiser.life_of(level, index);
    let common = json!({
        "advertiser_id": advertiser.id,
        "operation_status": status.operation,
        "secondary_status": status.secondary(),
        "is_new_structure": true,
        "create_time": time(life.created),
        "modify_time": time(life.modified(today)),
    });
    add(&mut object, common);
    add(&mut object, ancestry(advertiser, level, index));
    object
}

/// Writes ids and names from the campaign down to the object's parent, and the object's own id.
fn ancestry(advertiser: &Advertiser, level: Level, index: usize) -> Value {
    let campaign = advertiser.ancestor(level, index, Level::Campaign);
    let mut object = json!({
        "campaign_id": advertiser.id_of(Level::Campaign, campaign),
        "campaign_name": Advertiser::campaign_name(campaign),
    });
    if level >= Level::AdGroup {
        let group = advertiser.ancestor(level, index, Level::AdGroup);
        let (id, name) = (advertiser.id_of(Level::AdGroup, group), Advertiser::adgroup_name(group));
        add(&mut object, json!({"adgroup_id": id, "adgroup_name": name}));
    }
    if level == Level::Ad {
        add(&mut object, json!({"ad_id": advertiser.id_of(Level::Ad, index)}));
    }
    object
}

fn campaign(index: usize) -> Value {
    json!({
        "campaign_type": "REGULAR_CAMPAIGN",
        "campaign_system_origin": "TT_ADS_PLATFORM",
        "objective": "LANDING_PAGE",
        "objective_type": if index.is_multiple_of(3) { "TRAFFIC" } else { "WEB_CONVERSIONS" },
        "app_promotion_type": "UNSET",
        "budget": 0.0,
        "budget_mode": "BUDGET_MODE_INFINITE",
        "budget_optimize_on": false,
        "bid_type": Value::Null,
        "deep_bid_type": Value::Null,
        "roas_bid": 0.0,
        "optimization_goal": Value::Null,
        "is_smart_performance_campaign": false,
        "is_search_campaign": false,
        "is_advanced_dedicated_campaign": false,
        "disable_skan_campaign": Value::Null,
        "special_industries": [],
        "rf_campaign_type": "STANDARD",
        "rta_id": Value::Null,
        "rta_bid_enabled": Value::Null,
        "rta_product_selection_enabled": Value::Null,
        "app_id": Value::Null,
    })
}

fn adgroup(index: usize) -> Value {
    json!({
        "promotion_type": "WEBSITE",
        "placement_type": "PLACEMENT_TYPE_AUTOMATIC",
        "placements": Value::Null,
        "optimization_goal": "CONVERT",
        "optimization_event": "SHOPPING",
        "billing_event": "OCPM",
        "bid_type": "BID_TYPE_NO_BID",
        "bid_price": 0.0,
        "conversion_bid_price": 0.0,
        "budget": if index.is_multiple_of(2) { 50.0 } else { 80.0 },
        "budget_mode": "BUDGET_MODE_DAY",
        "schedule_type": "SCHEDULE_FROM_NOW",
        "schedule_start_time": "2025-01-01 00:00:00",
        "schedule_end_time": "2035-01-01 00:00:00",
        "dayparting": "1".repeat(336),
        "pacing": "PACING_MODE_SMOOTH",
        "gender": "GENDER_UNLIMITED",
        "age_groups": Value::Null,
        "languages": [],
        "location_ids": ["2921044"],
        "operating_systems": [],
        "audience_ids": [],
        "excluded_audience_ids": [],
        "pixel_id": Value::Null,
        "click_attribution_window": "TWENTY_EIGHT_DAYS",
        "view_attribution_window": "ONE_DAY",
        "comment_disabled": false,
        "skip_learning_phase": 0,
    })
}

fn ad(world: &World, index: usize) -> Value {
    json!({
        "ad_name": world.ad_name(index),
        "ad_format": "SINGLE_VIDEO",
        "ad_text": "Made for the trail.",
        "ad_texts": Value::Null,
        "call_to_action": "SHOP_NOW",
        "call_to_action_id": Value::Null,
        "card_id": Value::Null,
        "creative_type": Value::Null,
        "video_id": format!("v10033g50000sandbox{index:06}"),
        "image_ids": [],
        "landing_page_url": "https://shop.example/",
        "deeplink": "",
        "deeplink_type": "NORMAL",
        "display_name": "Sandbox shop",
        "identity_id": "7000000000000000042",
        "identity_type": "CUSTOMIZED_USER",
        "is_aco": false,
        "impression_tracking_url": Value::Null,
        "click_tracking_url": Value::Null,
        "optimization_event": Value::Null,
        "tracking_pixel_id": 0,
        "utm_params": [],
    })
}

/// Writes an object's time: a UTC wall time without a zone.
fn time(day: Day) -> String {
    format!("{} 09:30:00", date_of(day))
}

fn add(object: &mut Value, more: Value) {
    if let (Value::Object(object), Value::Object(more)) = (object, more) {
        object.extend(more);
    }
}
