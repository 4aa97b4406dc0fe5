//! Tenants from the operator's side: in a deployment, or in the runner on this machine.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use mooring_domain::base::host::Entropy;
use mooring_domain::base::ids::TenantId;
use mooring_domain::people::ops::register_tenant::Change;
use mooring_domain::people::ports::{CallerRead as _, DirectoryWrite as _};
use mooring_domain::people::tenant::Tenant;
use mooring_local::register_tenant;
use mooring_store::Store;
use mooring_system::SystemEntropy;

use crate::keys::Reach;

/// A chore with tenants.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Registers a tenant and prints its API key, once.
    Add {
        /// The organisation's name, shown on the connect page.
        name: String,
        /// A browser origin that may call the API; may be repeated.
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
        /// A URL that the connect flow may return to; may be repeated.
        #[arg(long = "return-url", value_name = "URL", required = true)]
        return_urls: Vec<String>,
    },
    /// Shows a tenant's name, return URLs and origins.
    Show {
        /// The tenant.
        tenant: TenantId,
    },
    /// Changes a tenant, and shows it afterwards. Whatever is not named stays.
    Change {
        /// The tenant.
        tenant: TenantId,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        /// A browser origin to add; may be repeated.
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<String>,
        /// A return URL to add; may be repeated.
        #[arg(long = "return-url", value_name = "URL")]
        return_urls: Vec<String>,
        /// A browser origin to take away; may be repeated.
        #[arg(long = "remove-origin", value_name = "ORIGIN")]
        gone_origins: Vec<String>,
        /// A return URL to take away; may be repeated.
        #[arg(long = "remove-return-url", value_name = "URL")]
        gone_return_urls: Vec<String>,
    },
}

/// Does one chore with tenants.
#[expect(clippy::print_stdout, reason = "what was asked for is shown to whoever asked")]
pub(crate) async fn run(Options { reach, chore }: Options) -> Result<()> {
    let said = done(reach, chore).await.map_err(|error| reach.explain(error))?;
    println!("{said}");
    Ok(())
}

async fn done(reach: Reach, chore: Chore) -> Result<String> {
    let (store, mode) = reach.store().await?;
    match chore {
        Chore::Add { name, origins, return_urls } => {
            let host: (Arc<dyn Entropy>, _) = (Arc::new(SystemEntropy), Timestamp::now());
            let made = register_tenant(&store, mode, host, &name, &origins, &return_urls).await?;
            Ok(format!("tenant   {}\napi key  {}", made.tenant, made.api_key))
        }
        Chore::Show { tenant } => Ok(shown(&read(&store, &tenant).await?)),
        Chore::Change { tenant, name, origins, return_urls, gone_origins, gone_return_urls } => {
            let change = Change {
                name,
                add_origins: origins,
                remove_origins: gone_origins,
                add_return_urls: return_urls,
                remove_return_urls: gone_return_urls,
            };
            let changed = change.of(&read(&store, &tenant).await?)?;
            store.put_tenant(&changed).await?;
            Ok(shown(&changed))
        }
    }
}

async fn read(store: &Store, tenant: &TenantId) -> Result<Tenant> {
    store.tenant(tenant).await?.with_context(|| format!("there is no tenant {tenant}"))
}

/// Writes a tenant: a line for its name, for each return URL and for each origin.
fn shown(tenant: &Tenant) -> String {
    let state = if tenant.active { "" } else { "   is being deleted" };
    let mut lines = vec![format!("tenant      {}{state}", tenant.id), format!("name        {}", tenant.name)];
    lines.extend(tenant.return_urls.iter().map(|url| format!("return url  {url}")));
    lines.extend(tenant.origins.iter().map(|origin| format!("origin      {origin}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_shown_line_by_line() {
        let tenant = Tenant {
            id: "ten_01M8MF1BFSEZ6BGZ5Q9QYHNDN2".parse().unwrap(),
            name: "Acme".to_owned(),
            active: false,
            return_urls: vec!["https://a.example/".to_owned(), "https://b.example/".to_owned()],
            origins: Vec::new(),
            pseudonyms: None,
        };
        let text = shown(&tenant);
        assert_eq!(text.lines().count(), 4);
        assert!(
            text.starts_with("tenant      ten_01M8MF1BFSEZ6BGZ5Q9QYHNDN2   is being deleted\n"),
            "{text}"
        );
        assert!(text.ends_with("return url  https://b.example/"), "{text}");
    }
}
