//! OAuth 2.0 with the `oauth2` crate, and the deviations of platforms from it.
//!
//! This module holds only what the present platforms use: the authorise URL. Standard code, refresh and revocation
//! requests come with the first platform that makes them.

use std::borrow::Cow;

use mooring_domain::platform::capabilities::AuthorizeRequest;
use mooring_domain::platform::credentials::AppCredentials;
use mooring_domain::{Error, Result};
use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, RedirectUrl, Scope};
use url::Url;

/// The deviations of a platform's authorise URL from RFC 6749.
#[derive(Debug, Clone, Copy, Default)]
pub struct OAuthDeviations {
    /// Parameters with another name at the platform: the standard's name, the platform's name.
    pub renamed: &'static [(&'static str, &'static str)],
    /// Parameters that the platform does not accept.
    pub absent: &'static [&'static str],
}

/// Builds the URL of the authorisation page with state, scopes and the exact redirect URI.
pub fn authorize_url(
    page: Url,
    app: &AppCredentials,
    request: &AuthorizeRequest<'_>,
    deviations: &OAuthDeviations,
) -> Result<Url> {
    let redirect = RedirectUrl::new(request.redirect_uri.to_owned())
        .map_err(|_| Error::invalid("bad_redirect_uri", "The redirect URI is not a URL."))?;
    let client = BasicClient::new(ClientId::new(app.id.clone())).set_auth_uri(AuthUrl::from_url(page));
    let (standard, _) = client
        .authorize_url(|| CsrfToken::new(request.state.to_owned()))
        .set_redirect_uri(Cow::Owned(redirect))
        .add_scopes(request.scopes.iter().cloned().map(Scope::new))
        .url();
    Ok(deviations.apply(&standard))
}

impl OAuthDeviations {
    fn apply(&self, standard: &Url) -> Url {
        let mut url = standard.clone();
        let kept = standard.query_pairs().filter(|(name, _)| !self.absent.contains(&name.as_ref()));
        url.query_pairs_mut().clear().extend_pairs(kept.map(|(name, value)| (self.rename(name), value)));
        url
    }

    fn rename<'a>(&self, name: Cow<'a, str>) -> Cow<'a, str> {
        let found = self.renamed.iter().find(|(standard, _)| *standard == name);
        found.map_or(name, |(_, own)| Cow::Borrowed(*own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(deviations: &OAuthDeviations) -> String {
        let app = AppCredentials { id: "app 1".to_owned(), secret: "s3cr3t".into() };
        let request = AuthorizeRequest {
            state: "st&te",
            redirect_uri: "https://api.example/oauth/callback/x/c1",
            scopes: &["a".to_owned(), "b".to_owned()],
            verifier: &"v".into(),
        };
        let page = Url::parse("https://login.example/auth").unwrap();
        authorize_url(page, &app, &request, deviations).unwrap().into()
    }

    const STATE: &str = "state=st%26te&redirect_uri=https%3A%2F%2Fapi.example%2Foauth%2Fcallback%2Fx%2Fc1";

    #[test]
    fn the_standard_form() {
        let expected =
            format!("https://login.example/auth?response_type=code&client_id=app+1&{STATE}&scope=a+b");
        assert_eq!(url(&OAuthDeviations::default()), expected);
    }

    #[test]
    fn departures_rename_and_leave_out() {
        let deviations =
            OAuthDeviations { renamed: &[("client_id", "app_id")], absent: &["response_type", "scope"] };
        assert_eq!(url(&deviations), format!("https://login.example/auth?app_id=app+1&{STATE}"));
    }
}
