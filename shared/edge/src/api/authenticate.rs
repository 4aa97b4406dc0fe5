//! Finds the caller by the credential in the `Authorization` header. It is checked on every request and never
//! cached.

use lambda_http::Request;
use lambda_http::http::header::AUTHORIZATION;
use mooring_domain::base::secret::Digest;
use mooring_domain::people::caller::text::{self, Presented};
use mooring_domain::people::caller::{Caller, Credential, CredentialKind};
use mooring_domain::people::tenant::Tenant;
use mooring_domain::{Error, Kind, Result};

use super::edge::Edge;
use super::limits::Peeked;
use crate::http::header::header;

/// An authenticated caller, with the tenant and the rate limits that were read beside the credential.
pub(super) struct Authenticated {
    pub(super) caller: Caller,
    pub(super) tenant: Tenant,
    pub(super) peeked: Peeked,
}

impl Edge {
    /// Finds the caller. Every wrong credential gets the same answer after the same reads.
    pub(super) async fn authenticate(&self, request: &Request) -> Result<Authenticated> {
        let credential = presented(request).ok_or_else(refused)?;
        let presented = text::parse(credential).ok_or_else(refused)?;
        let (stored, key, tenant, peeked) = tokio::join!(
            self.stored(&presented),
            self.minter(&presented),
            self.callers.tenant(&presented.tenant),
            self.peek(&presented)
        );
        let (stored, key) = (stored?, key?);
        let stored = self.verified(stored, self.entropy.digest(credential.as_bytes()));
        let stored = stored.and_then(|stored| self.entitled(stored, key.as_ref())).ok_or_else(refused)?;
        let tenant = tenant?.filter(|tenant| tenant.active).ok_or_else(refused)?;
        let Credential { id, kind, scopes, .. } = stored;
        let caller = Caller { tenant: presented.tenant, credential: id, kind, scopes };
        Ok(Authenticated { caller, tenant, peeked })
    }

    async fn stored(&self, presented: &Presented) -> Result<Option<Credential>> {
        if presented.minted_by.is_some() {
            return self.callers.frontend_token(&presented.tenant, &presented.id).await;
        }
        self.callers.api_key(&presented.tenant, &presented.id).await
    }

    /// Reads the key that minted a frontend token. The token's text names the key, so both are read at the
    /// same time, and the key's current rights cost no further round trip.
    async fn minter(&self, presented: &Presented) -> Result<Option<Credential>> {
        match &presented.minted_by {
            Some(key) => self.callers.api_key(&presented.tenant, key).await,
            None => Ok(None),
        }
    }

    /// Limits a frontend token to the rights of its key. Without its key the token is not valid.
    fn entitled(&self, stored: Credential, key: Option<&Credential>) -> Option<Credential> {
        match stored.kind {
            CredentialKind::ApiKey => Some(stored),
            CredentialKind::FrontendToken(_) => stored.within(key, self.clock.now()),
        }
    }

    /// Compares digests in constant time. It compares also when no digest is stored, so that the time reveals
    /// nothing.
    fn verified(&self, stored: Option<Credential>, presented: Digest) -> Option<Credential> {
        let expected = stored.as_ref().map_or(Digest([0; 32]), |credential| credential.digest);
        let same = self.entropy.same(&expected.0, &presented.0);
        let now = self.clock.now();
        stored.filter(|credential| same && credential.is_live(now))
    }
}

/// Returns the text of the credential that a request presents.
pub(super) fn presented(request: &Request) -> Option<&str> {
    bearer(header(request, &AUTHORIZATION))
}

/// Takes the token from `Bearer <token>`. The scheme's case and the number of spaces do not matter (RFC 9110,
/// 11.4).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once([' ', '\t'])?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim_start())
}

fn refused() -> Error {
    let message = "Send a valid API key or frontend token as `Authorization: Bearer …`.";
    Error::new(Kind::Unauthenticated, "unauthenticated", message)
}
