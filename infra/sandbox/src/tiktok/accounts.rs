//! The consenting person and the advertisers' master data.

use serde_json::{Value, json};

use super::call::Call;
use super::envelope::{ApiError, ApiResult};
use super::structure::chosen;
use super::world::Advertiser;

const MAX_ADVERTISERS: usize = 100;

/// Answers GET `user/info/`.
pub(crate) fn user(call: &Call<'_>) -> ApiResult {
    call.grant()?;
    let world = &call.platform.world;
    Ok(json!({
        "core_user_id": world.user_id(),
        "display_name": world.user_name(),
        "email": world.email(),
        "create_time": 1_718_000_000,
        "avatar_url": "",
    }))
}

/// Answers GET `advertiser/info/`: up to 100 advertisers at once.
pub(crate) fn advertisers(call: &Call<'_>) -> ApiResult {
    let ids: Vec<String> = call.required_json("advertiser_ids")?;
    if ids.len() > MAX_ADVERTISERS {
        return Err(ApiError::new(40011, "advertiser_ids: Too many ids, at most 100 are allowed."));
    }
    let fields: Option<Vec<String>> = call.json("fields")?;
    let found = ids.iter().map(|id| call.reachable(id)).collect::<Result<Vec<_>, _>>()?;
    let list = found.into_iter().map(|advertiser| chosen(describe(advertiser), fields.as_deref()));
    Ok(json!({"list": list.collect::<Result<Vec<_>, _>>()?}))
}

/// Describes an advertiser as TikTok does: personal fields are masked, `timezone` is a fixed offset, `display_timezone`
/// is the city's zone.
fn describe(advertiser: &Advertiser) -> Value {
    let market = advertiser.market;
    json!({
        "advertiser_id": advertiser.id,
        "name": advertiser.name,
        "company": advertiser.name,
        "status": "STATUS_ENABLE",
        "role": "ROLE_ADVERTISER",
        "currency": market.currency,
        "timezone": market.fixed_zone,
        "display_timezone": market.zone,
        "country": market.country,
        "language": market.language,
        "industry": "290501",
        "address": "****",
        "contacter": "C****",
        "email": "c****@a*******e",
        "cellphone_number": "+49****01",
        "telephone_number": "",
        "license_no": "",
        "license_url": Value::Null,
        "rejection_reason": "",
        "description": "",
        "brand": Value::Null,
        "promotion_area": "0",
        "balance": 1250.75,
        "create_time": 1_718_000_000,
        "advertiser_account_type": "AUCTION",
        "owner_bc_id": Value::Null,
    })
}
