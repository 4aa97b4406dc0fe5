//! Keys of the Vault: wrapped data keys, tokens, the deployment's own secrets.

use mooring_domain::base::ids::{ConnectionId, TenantId};
use mooring_domain::base::table::Table;
use mooring_domain::vault::keys::KeyContext;
use mooring_domain::vault::rows::{key_slot, token_slot};

use crate::client::key::{Key, Span, home};

pub(crate) fn data_key(context: &KeyContext) -> Key {
    let pk = format!("{}#{}", context.tenant_text(), context.connection_text());
    Key::new(Table::Vault, pk, key_slot(context.purpose, context.account.as_ref()))
}

pub(crate) fn token(tenant: &TenantId, connection: &ConnectionId, name: &str, version: u64) -> Key {
    Key::new(Table::Vault, home(tenant, connection), token_slot(name, version))
}

/// Reads the version from a key that [`token`] made.
pub(crate) fn parse_token_version(sk: &str) -> Option<u64> {
    sk.strip_prefix("tok#")?.rsplit_once('#')?.1.parse().ok()
}

/// Selects the Vault rows of a connection whose sort key has a prefix.
pub(crate) fn vault(tenant: &TenantId, connection: &ConnectionId, prefix: &str) -> Span {
    Span::prefix(Table::Vault, home(tenant, connection), prefix)
}

pub(crate) fn app_secret(app: &str, name: &str) -> Key {
    Key::new(Table::Vault, format!("-#app_{app}"), format!("sec#{name}"))
}
