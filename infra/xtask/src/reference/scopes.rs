//! docs/scopes.md: every scope with what it allows, who can hold it, and the operations that ask for it.

use std::fmt::Write as _;

use anyhow::Result;
use mooring_domain::people::caller::Scope;
use mooring_edge::routes::ROUTES;

const HEAD: &str = "# Scopes

<!-- Written by `cargo xtask openapi`; change `infra/xtask/src/reference/scopes.rs`. -->

A credential has scopes, and each operation below `/v1` but `GET /v1/credential` asks for one.

An API key has the scopes that it was registered with (`cargo xtask key add --scope`, [keys.md](keys.md)); give each server the few that
it needs. A frontend token has those that it was made with, at each call no more than its key has then, and never one that
is not for browsers. With a frontend token an operation reads and changes only what belongs to the token's end user. A list of
deletions, and the deletion of the whole tenant, are not for browsers (403 [`not_for_browsers`](api/errors.md#not_for_browsers)):
a frontend token reads a deletion by its id.
Without the scope an operation answers 403 [`missing_scope`](api/errors.md#missing_scope).

| scope | allows | browser | operations |
|---|---|---|---|
";

/// Writes the page.
pub(super) fn page() -> Result<String> {
    let mut text = HEAD.to_owned();
    for scope in Scope::ALL {
        let asks = ROUTES.iter().filter(|route| route.scope() == Some(scope));
        let operations: Vec<_> = asks.map(|route| format!("`{} {}`", route.method, route.path)).collect();
        let browser = if scope.fits_a_browser() { "yes" } else { "no" };
        writeln!(
            text,
            "| `{}` | {} | {browser} | {} |",
            scope.as_str(),
            allows(scope),
            operations.join(", ")
        )?;
    }
    Ok(text)
}

const fn allows(scope: Scope) -> &'static str {
    match scope {
        Scope::Connect => "send people to connect accounts, and take up the connections",
        Scope::ConnectionsRead => "read connections and their accounts, with names",
        Scope::Sync => "ask for a sync of an account now",
        Scope::Disconnect => "let connections and single accounts go",
        Scope::ReportsRead => "read figures",
        Scope::DeletionsWrite => "have connections, accounts or the whole tenant deleted",
        Scope::DeletionsRead => "watch deletions and read receipts",
        Scope::TokensMint => "make frontend tokens",
        Scope::WebhooksRead => "read webhook endpoints and what was delivered",
        Scope::WebhooksWrite => "make, change and delete webhook endpoints, test them and replay deliveries",
        Scope::AccessLogRead => "read who called what of the tenant, and when",
        Scope::UsageRead => "count the tenant's calls and syncs",
    }
}
