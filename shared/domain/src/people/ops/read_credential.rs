//! Reads a credential for its bearer: its name, its end, and the key that minted it. The secret is stored nowhere.

use std::sync::Arc;

use jiff::Timestamp;

use crate::base::error::{Error, Result};
use crate::base::ids::CredentialId;
use crate::people::caller::{Caller, CredentialKind};
use crate::people::ports::{CallerRead, KeyRead};

rows!(CallerRead, KeyRead);

/// The ports of the operation.
#[derive(Clone)]
pub struct Ports {
    /// The rows that the operation reads.
    pub rows: Arc<dyn Rows>,
}

/// The facts about a credential that its caller does not carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The label of an API key; a frontend token has none.
    pub name: Option<String>,
    /// When the credential stops working. A frontend token ends with its key at the latest.
    pub expires_at: Option<Timestamp>,
    /// The API key that minted a frontend token.
    pub minted_by: Option<CredentialId>,
}

/// Reads the credential of the caller. It needs no scope, because it says nothing about anything else.
pub async fn run(ports: &Ports, caller: &Caller) -> Result<Output> {
    match caller.kind {
        CredentialKind::ApiKey => {
            let key = ports.rows.key(&caller.tenant, &caller.credential).await?.ok_or_else(gone)?;
            Ok(Output { name: Some(key.label), expires_at: key.credential.expires_at, minted_by: None })
        }
        CredentialKind::FrontendToken(_) => token(ports, caller).await,
    }
}

async fn token(ports: &Ports, caller: &Caller) -> Result<Output> {
    let token = ports.rows.frontend_token(&caller.tenant, &caller.credential).await?.ok_or_else(gone)?;
    let minter = token.minted_by.clone().ok_or_else(gone)?;
    let key = ports.rows.key(&caller.tenant, &minter).await?.ok_or_else(gone)?;
    let expires_at = [token.expires_at, key.credential.expires_at].into_iter().flatten().min();
    Ok(Output { name: None, expires_at, minted_by: Some(minter) })
}

/// Makes the error of a credential that ended after the call was let in.
fn gone() -> Error {
    Error::not_found("credential")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::EndUser;
    use crate::base::secret::Digest;
    use crate::people::api_key::ApiKey;
    use crate::people::caller::{Credential, Scope};
    use crate::people::ports::KeyWrite as _;
    use crate::testing::{World, browser, ports, ready, server, tenant};

    const EARLY: &str = "2026-11-22T12:00:00Z";
    const LATE: &str = "2026-11-22T13:00:00Z";

    fn credential(number: u128, kind: CredentialKind, ends: Option<&str>) -> Credential {
        Credential {
            id: CredentialId::from_uuid(uuid::Uuid::from_u128(number)),
            tenant: tenant(),
            kind,
            digest: Digest([7; 32]),
            scopes: vec![Scope::ReportsRead],
            expires_at: ends.map(|ends| ends.parse().unwrap()),
            minted_by: None,
        }
    }

    async fn world(key_ends: Option<&str>) -> Arc<World> {
        let world = World::new();
        let credential = credential(9, CredentialKind::ApiKey, key_ends);
        let created_at = world.now();
        let key = ApiKey { credential, label: "server".to_owned(), created_at, successor: None };
        world.add_key(&key).await.unwrap();
        world
    }

    #[test]
    fn a_key_has_its_label_and_its_own_end() {
        ready(async {
            let world = world(Some(LATE)).await;
            let output = run(&ports!(world, Ports { rows }), &server()).await.unwrap();
            assert_eq!(output.name.as_deref(), Some("server"));
            assert_eq!((output.expires_at, output.minted_by), (Some(LATE.parse().unwrap()), None));
        });
    }

    #[test]
    fn a_token_has_no_label_and_ends_with_its_key_at_the_latest() {
        ready(async {
            for (key_ends, ends) in [(None, LATE), (Some(EARLY), EARLY)] {
                let world = world(key_ends).await;
                let user: EndUser = "u-1".parse().unwrap();
                let mut token = credential(9, CredentialKind::FrontendToken(user), Some(LATE));
                token.minted_by = Some(token.id.clone());
                world.people.tokens.lock().unwrap().push(token.clone());
                let output = run(&ports!(world, Ports { rows }), &browser("u-1")).await.unwrap();
                assert_eq!((output.name, output.minted_by), (None, token.minted_by));
                assert_eq!(output.expires_at, Some(ends.parse().unwrap()));
            }
        });
    }

    #[test]
    fn a_credential_that_was_revoked_meanwhile_is_not_found() {
        ready(async {
            let world = World::new();
            for caller in [server(), browser("u-1")] {
                let error = run(&ports!(world, Ports { rows }), &caller).await.unwrap_err();
                assert_eq!(error.code, "not_found");
            }
        });
    }
}
