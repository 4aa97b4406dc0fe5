//! Who calls: the credential in the `Authorization` header, checked on every request, never cached.

use lambda_http::Request;
use lambda_http::http::header::AUTHORIZATION;
use mooring_domain::caller::text::{self, Presented};
use mooring_domain::caller::{Caller, Credential, Tenant};
use mooring_domain::secret::Digest;
use mooring_domain::{Error, Kind, Result};

use crate::Edge;
use crate::extract::header;
use crate::limits::Seen;

/// A caller who is who it says, and what was read beside.
pub(crate) struct Authenticated {
    pub(crate) caller: Caller,
    pub(crate) tenant: Tenant,
    pub(crate) seen: Seen,
}

impl Edge {
    /// Finds the caller. Whatever is wrong with a credential, the answer is the same, after the same reads.
    pub(crate) async fn authenticate(&self, request: &Request) -> Result<Authenticated> {
        let credential = presented(request).ok_or_else(refused)?;
        let presented = text::parse(credential).ok_or_else(refused)?;
        let (stored, tenant, seen) = tokio::join!(
            self.stored(&presented),
            self.callers.tenant(&presented.tenant),
            self.look(&presented)
        );
        let stored =
            self.verified(stored?, self.entropy.digest(credential.as_bytes())).ok_or_else(refused)?;
        let tenant = tenant?.filter(|tenant| tenant.active).ok_or_else(refused)?;
        let Credential { id, kind, scopes, .. } = stored;
        let caller = Caller { tenant: presented.tenant, credential: id, kind, scopes };
        Ok(Authenticated { caller, tenant, seen })
    }

    async fn stored(&self, presented: &Presented) -> Result<Option<Credential>> {
        if presented.frontend {
            return self.callers.frontend_token(&presented.tenant, &presented.id).await;
        }
        self.callers.api_key(&presented.tenant, &presented.id).await
    }

    /// Compares digests in constant time, also when there is nothing to compare with, so that time tells nothing.
    fn verified(&self, stored: Option<Credential>, presented: Digest) -> Option<Credential> {
        let expected = stored.as_ref().map_or(Digest([0; 32]), |credential| credential.digest);
        let same = self.entropy.same(&expected.0, &presented.0);
        let now = self.clock.now();
        stored.filter(|credential| same && credential.expires_at.is_none_or(|end| now < end))
    }
}

/// The text of the credential that a request presents.
pub(crate) fn presented(request: &Request) -> Option<&str> {
    bearer(header(request, &AUTHORIZATION))
}

/// Takes the token of `Bearer <token>`; the scheme's case does not matter.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn refused() -> Error {
    let message = "Send a valid API key or frontend token as `Authorization: Bearer …`.";
    Error::new(Kind::Unauthenticated, "unauthenticated", message)
}
