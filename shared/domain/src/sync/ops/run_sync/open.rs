//! Opens the secrets of a job: the account's data key, the token, the app's credentials, the platform's account number.

use secrecy::SecretString;

use super::Ports;
use crate::base::error::{Error, Kind, Result};
use crate::base::ids::AccountRef;
use crate::connect::account::{Account, profile_slot};
use crate::connect::connection::Connection;
use crate::connect::steps::grant;
use crate::platform::account::decode_accounts;
use crate::platform::capabilities::Connector;
use crate::platform::credentials::AppCredentials;
use crate::platform::steps::app_secrets;
use crate::vault::keys::DataKey;

/// The opened secrets. They are dropped, and wiped, with the job.
pub(super) struct Opened<'a> {
    pub(super) connection: Connection,
    pub(super) account: Account,
    pub(super) connector: &'a dyn Connector,
    /// The platform's own number of the account.
    pub(super) external: String,
    pub(super) key: Box<dyn DataKey>,
    pub(super) token: SecretString,
    pub(super) app: AppCredentials,
}

/// Opens the secrets; `None` when rows are gone, as after a deletion.
pub(super) async fn open<'a>(
    ports: &'a Ports,
    at: &AccountRef,
    connection: Connection,
) -> Result<Option<Opened<'a>>> {
    let accounts = ports.rows.accounts(&at.tenant, &at.connection).await?;
    let Some(account) = accounts.into_iter().find(|account| account.id == at.account) else {
        return Ok(None);
    };
    let connector = ports.connectors.find(&connection.platform).ok_or_else(no_connector)?;
    let Some(key) = ports.grant().data_key(at).await? else { return Ok(None) };
    let token =
        grant::access_token(ports.rows.as_ref(), ports.keys.as_ref(), &at.tenant, &at.connection).await?;
    let Some(token) = token else { return Ok(None) };
    let app =
        app_secrets::credentials(ports.rows.as_ref(), ports.keys.as_ref(), connector.manifest().platform)
            .await?;
    let profile = key.open(&profile_slot(&account.id), &account.profile)?;
    let described = decode_accounts(profile.bytes()).and_then(|all| all.into_iter().next());
    let external = described.ok_or_else(broken)?.external_id;
    Ok(Some(Opened { connection, account, connector, external, key, token, app }))
}

fn no_connector() -> Error {
    Error::new(
        Kind::Refused,
        "platform_off",
        "The deployment has no connector for the connection's platform.",
    )
}

fn broken() -> Error {
    Error::new(Kind::Sealed, "broken_value", "A sealed value opens to something else than it should be.")
}
