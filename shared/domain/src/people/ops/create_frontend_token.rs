//! Mints a frontend token: for one browser, one end user and one hour, and never with more rights than the key that
//! asks. A repeated call gets the same token again, because the attempt's randomness and time are the same.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::base::error::{Error, Kind, Result};
use crate::base::host::Clock as _;
use crate::base::ids::{CredentialId, EndUser};
use crate::base::random;
use crate::base::secret::Confidential;
use crate::guard::idempotency::Attempt;
use crate::people::caller::text::{Mode, Presented};
use crate::people::caller::{Caller, Credential, CredentialKind, FRONTEND_TOKEN_MINUTES, Scope, text};
use crate::people::ports::FrontendTokenPut;

rows!(FrontendTokenPut);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads and writes.
    pub rows: Arc<dyn Rows>,
    /// Where the token works.
    pub mode: Mode,
}

/// The token that the caller asks for.
#[derive(Debug, Clone)]
pub struct Input {
    /// The end user whom the token is for.
    pub end_user: EndUser,
    /// The scopes of the token; without them every scope that the key has and a browser may hold.
    pub scopes: Option<Vec<Scope>>,
}

/// The token, which is shown this once.
#[derive(Debug, Clone)]
pub struct Output {
    /// The token's text.
    pub token: Confidential,
    /// When the token stops working.
    pub expires_at: Timestamp,
    /// The scopes of the token.
    pub scopes: Vec<Scope>,
}

/// Mints the token.
pub async fn run(ports: &Ports, attempt: &Attempt, caller: &Caller, input: Input) -> Result<Output> {
    caller.require(Scope::TokensMint)?;
    let scopes = scopes(caller, input.scopes)?;
    let (now, entropy) = (attempt.now(), attempt.entropy());
    let id = CredentialId::from_uuid(random::uuid(entropy, now));
    let key = &caller.credential;
    let named = Presented {
        mode: ports.mode,
        tenant: caller.tenant.clone(),
        id: id.clone(),
        minted_by: Some(key.clone()),
    };
    let token = text::mint(entropy, &named);
    let expires_at = now + SignedDuration::from_mins(FRONTEND_TOKEN_MINUTES);
    let credential = Credential {
        id,
        tenant: caller.tenant.clone(),
        kind: CredentialKind::FrontendToken(input.end_user),
        digest: entropy.digest(token.text().as_bytes()),
        scopes: scopes.clone(),
        expires_at: Some(expires_at),
        minted_by: Some(key.clone()),
    };
    if !attempt.is_done() {
        ports.rows.put_frontend_token(&credential).await?;
    }
    Ok(Output { token, expires_at, scopes })
}

fn scopes(caller: &Caller, asked: Option<Vec<Scope>>) -> Result<Vec<Scope>> {
    let mut scopes = match asked {
        None => caller.scopes.iter().copied().filter(|scope| scope.fits_a_browser()).collect(),
        Some(asked) => asked,
    };
    scopes.sort_unstable();
    scopes.dedup();
    for scope in &scopes {
        check(caller, *scope)?;
    }
    if scopes.is_empty() {
        return Err(Error::invalid("no_scopes", "A frontend token needs at least one scope."));
    }
    Ok(scopes)
}

fn check(caller: &Caller, scope: Scope) -> Result<()> {
    if !scope.fits_a_browser() {
        let message = format!("A browser cannot hold the scope `{}`.", scope.as_str());
        return Err(Error::invalid("scope_not_for_browsers", message));
    }
    if !caller.scopes.contains(&scope) {
        let message = format!("The key that asks does not have the scope `{}` itself.", scope.as_str());
        return Err(Error::new(Kind::Forbidden, "scope_not_held", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::base::ids::TenantId;
    use crate::people::caller::CredentialKind::ApiKey;

    fn caller(scopes: &[Scope]) -> Caller {
        Caller {
            tenant: TenantId::from_uuid(Uuid::nil()),
            credential: CredentialId::from_uuid(Uuid::nil()),
            kind: ApiKey,
            scopes: scopes.to_vec(),
        }
    }

    #[test]
    fn a_token_never_has_more_than_its_key_or_than_a_browser_may_hold() {
        let key = caller(&[Scope::TokensMint, Scope::ReportsRead, Scope::DeletionsWrite]);
        assert_eq!(scopes(&key, None).unwrap(), [Scope::ReportsRead]);
        let twice = Some(vec![Scope::ReportsRead, Scope::ReportsRead]);
        assert_eq!(scopes(&key, twice).unwrap(), [Scope::ReportsRead]);
        for (asked, code) in [
            (vec![Scope::Connect], "scope_not_held"),
            (vec![Scope::DeletionsWrite], "scope_not_for_browsers"),
            (vec![Scope::TokensMint], "scope_not_for_browsers"),
            (vec![], "no_scopes"),
        ] {
            assert_eq!(scopes(&key, Some(asked)).unwrap_err().code, code);
        }
    }
}
