//! Keys of the Vault: wrapped data keys, tokens, the deployment's own secrets.

use mooring_domain::base::ids::{AccountId, ConnectionId, TenantId};
use mooring_domain::base::place::{Place, Subject};
use mooring_domain::base::table::Table;
use mooring_domain::vault::keys::KeyContext;
use mooring_domain::vault::rows::{key_slot, token_slot};

use crate::client::key::{Key, Span, home};
use crate::client::place::{Scope, narrowed, place};

/// The beginning of the sort keys of data keys.
pub(crate) const DATA_KEYS: &str = "key#data#";

/// The beginnings of the sort keys of the token key and of tokens.
const TOKENS: [&str; 2] = ["key#token#", "tok#"];

/// Names the Vault's places. A connection has three, because its data keys go before the platform is asked and its
/// tokens after.
pub(crate) fn places(scope: &Scope<'_>) -> Vec<Place> {
    let rows = |id, prefix: &str| place(Table::Vault, home(scope.tenant, id), prefix);
    match scope.subject {
        Subject::Connection(id) => {
            let [token_key, tokens] = TOKENS;
            vec![rows(id, DATA_KEYS), rows(id, token_key), rows(id, tokens)]
        }
        Subject::Account(id, account) => vec![rows(id, &data_key_of(account))],
        // The connections of a tenant have deletions of their own.
        Subject::Tenant => Vec::new(),
    }
}

/// Returns the beginning of the sort keys of an account's data keys.
pub(crate) fn data_key_of(account: &AccountId) -> String {
    format!("{DATA_KEYS}{account}")
}

/// Reads the account from a key that [`data_key`] made; returns `None` for the connection's own data key.
pub(crate) fn parse_data_key(sk: &str) -> Option<AccountId> {
    sk.strip_prefix(DATA_KEYS)?.parse().ok()
}

/// Lists the parts of a place that hold data keys.
pub(crate) fn data_keys(place: &Place) -> Vec<Place> {
    narrowed(place, DATA_KEYS).into_iter().collect()
}

/// Lists the parts of a place that hold a token key or tokens.
pub(crate) fn tokens(place: &Place) -> Vec<Place> {
    TOKENS.into_iter().filter_map(|prefix| narrowed(place, prefix)).collect()
}

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

/// Makes one key with each constructor.
#[cfg(test)]
pub(crate) fn samples(of: &crate::client::samples::Ids) -> Vec<crate::client::samples::Sample> {
    use mooring_domain::vault::keys::Use;

    use crate::client::samples::Emptied;
    let (ten, con, acc) = (&of.account.tenant, &of.account.connection, &of.account.account);
    vec![
        (data_key(&KeyContext::account(ten, con, acc)), Emptied::WithAccount),
        (data_key(&KeyContext::connection(ten, con, Use::Data)), Emptied::WithConnection),
        (data_key(&KeyContext::connection(ten, con, Use::Token)), Emptied::WithConnection),
        (token(ten, con, "access", 1), Emptied::WithConnection),
        (app_secret("tiktok_ads", "secret"), Emptied::Never("the secret is the deployment's own")),
    ]
}
