//! The deviations of TikTok from OAuth: renamed parameters, JSON bodies, wrapped answers, no refresh.

use async_trait::async_trait;
use mooring_domain::base::error::{EXPIRED, REVOKED};
use mooring_domain::platform::capabilities::{
    AuthorizeRequest, CallContext, CodeExchange, Grant, Identity, OAuth, RevokeOutcome,
};
use mooring_domain::platform::credentials::AppCredentials;
use mooring_domain::{Error, Kind, Result};
use mooring_kit::oauth::{OAuthDeviations, authorize_url};
use serde::de::IgnoredAny;
use url::Url;

use crate::manifest::{AUTHORIZE_PATH, with_children};
use crate::wire::{AccessToken, Envelope, User};
use crate::{TikTokAds, requests};

/// TikTok's scopes belong to the app and are not asked for (portal, authorisation page).
const DEVIATIONS: OAuthDeviations =
    OAuthDeviations { renamed: &[("client_id", "app_id")], absent: &["response_type", "scope"] };

#[async_trait]
impl OAuth for TikTokAds {
    fn authorize_url(&self, app: &AppCredentials, request: &AuthorizeRequest<'_>) -> Result<Url> {
        authorize_url(self.authorize.join(AUTHORIZE_PATH), app, request, &DEVIATIONS)
    }

    async fn exchange(&self, app: &AppCredentials, exchange: &CodeExchange<'_>) -> Result<Grant> {
        let Envelope { data } = self
            .client
            .redeem::<Envelope<AccessToken>>(exchange.gate, requests::exchange(app, exchange))
            .await?;
        let scopes = data.scope.read;
        let scopes = scopes.into_iter().map(|scope| scope.0).collect();
        // TikTok's token has no expiry and nothing to refresh it with: it lives until somebody revokes it.
        Ok(Grant {
            access: data.access_token,
            refresh: None,
            expires_at: None,
            scopes: with_children(scopes),
        })
    }

    async fn revoke(&self, cx: &CallContext<'_>) -> Result<RevokeOutcome> {
        match self.client.call::<IgnoredAny>(cx, requests::revoke(cx)).await {
            Ok(IgnoredAny) => Ok(RevokeOutcome::Killed),
            Err(error) if [REVOKED, EXPIRED].contains(&error.code) => Ok(RevokeOutcome::Killed),
            Err(error) if is_refusal(&error) => Ok(RevokeOutcome::Refused),
            Err(error) => Err(error),
        }
    }

    async fn identity(&self, cx: &CallContext<'_>) -> Result<Identity> {
        let user: Envelope<User> = self.client.call(cx, requests::user(cx.token)?).await?;
        Ok(Identity { id: user.data.core_user_id.0.into() })
    }
}

/// Returns whether TikTok refuses to end this grant. A set-up fault, an unknown code and a platform in trouble say
/// nothing of the grant: another try may still end it.
fn is_refusal(error: &Error) -> bool {
    !error.is_retryable() && matches!(error.kind, Kind::Invalid | Kind::NotPermitted)
}

#[cfg(test)]
mod tests {
    use mooring_kit::Answer;

    use super::*;
    use crate::errors::judge;

    fn error(status: u16, body: &str) -> Error {
        judge(&Answer::new(http::StatusCode::from_u16(status).unwrap(), body)).unwrap_err()
    }

    #[test]
    fn only_a_word_about_the_grant_is_a_refusal_to_end_it() {
        for code in [40001, 40002, 40106, 40118] {
            assert!(is_refusal(&error(200, &format!(r#"{{"code":{code}}}"#))), "{code}");
        }
        for code in [40100, 40101, 40113, 40115, 40124, 40999, 50000] {
            assert!(!is_refusal(&error(200, &format!(r#"{{"code":{code}}}"#))), "{code}");
        }
        let foreign =
            r#"{"code":40000,"message":"The app_id is inconsistent with the token's app information."}"#;
        assert!(!is_refusal(&error(200, foreign)));
        for status in [302, 404, 405] {
            assert!(!is_refusal(&error(status, "<html>")), "{status}");
        }
    }
}
