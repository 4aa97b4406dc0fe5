//! Token exchange, reachable advertisers and revocation.

use serde_json::{Value, json};

use super::call::Call;
use super::envelope::{ApiError, ApiResult};

/// Answers POST `oauth2/access_token/`: a single-use code for a token without expiry.
pub(crate) fn exchange(call: &Call<'_>) -> ApiResult {
    let (app_id, secret) = (call.body_text("app_id")?, call.body_text("secret")?);
    let code = call.body_text("auth_code")?;
    check_app(call, app_id, secret)?;
    let grant = call.platform.grants().exchange(code, call.platform.now())?;
    if call.body.get("return_advertiser_ids") == Some(&Value::Bool(false)) {
        return Ok(json!({"access_token": grant.token, "scope": grant.scopes}));
    }
    Ok(json!({"access_token": grant.token, "scope": grant.scopes, "advertiser_ids": grant.advertisers}))
}

/// Answers POST `oauth2/revoke_token/`: kills one token for good.
pub(crate) fn revoke(call: &Call<'_>) -> ApiResult {
    let (app_id, secret) = (call.body_text("app_id")?, call.body_text("secret")?);
    let token = call.body_text("access_token")?;
    check_app(call, app_id, secret)?;
    let advertisers = call.platform.grants().revoke(token).ok_or_else(ApiError::token_revoked)?;
    Ok(json!({"app_id": app_id, "advertiser_ids": advertisers}))
}

/// Answers GET `oauth2/advertiser/get/`: the advertisers that a token reaches, unpaged.
pub(crate) fn advertisers(call: &Call<'_>) -> ApiResult {
    check_app(call, call.required("app_id")?, call.required("secret")?)?;
    let world = &call.platform.world;
    let list: Vec<_> = call.grant()?.advertisers.iter().filter_map(|id| world.advertiser(id)).collect();
    let list: Vec<_> =
        list.iter().map(|a| json!({"advertiser_id": a.id, "advertiser_name": a.name})).collect();
    Ok(json!({"list": list}))
}

fn check_app(call: &Call<'_>, app_id: &str, secret: &str) -> Result<(), ApiError> {
    let config = &call.platform.config;
    if app_id != config.app_id {
        return Err(ApiError::new(40101, "The app does not exist: app_id is incorrect."));
    }
    if secret != config.secret {
        return Err(ApiError::new(40113, "The secret does not match the app."));
    }
    Ok(())
}
