//! Tenants from the operator's side: in a stack, or in the runner on this machine.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use mooring_domain::base::host::Entropy;
use mooring_domain::base::ids::TenantId;
use mooring_domain::base::retention::DELETE_DAYS;
use mooring_domain::deletion::ledger::{Deletion, Step};
use mooring_domain::deletion::ops::request_deletion::by_operator::{self, Held};
use mooring_domain::people::ops::register_tenant::Change;
use mooring_domain::people::ports::{CallerRead as _, DirectoryWrite as _, TenantList as _};
use mooring_domain::people::tenant::Tenant;
use mooring_local::register_tenant;
use mooring_store::Store;
use mooring_system::{SystemClock, SystemEntropy};

use crate::reach::{Deployment, Reach};

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
    /// Lists the tenants: id and name, also of those whose deletion runs.
    List,
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
    /// Deletes a tenant, as a deletion request of its own server does: the cutoff now, everything else within days.
    Remove {
        /// The tenant.
        tenant: TenantId,
        /// Begins the deletion; without it the command only says what it would end.
        #[arg(long)]
        yes: bool,
    },
}

/// Does one chore with tenants.
pub(crate) async fn run(Options { reach, chore }: Options) -> Result<()> {
    reach.work(async |deployment| done(deployment, chore).await).await
}

async fn done(Deployment { store, mode }: &Deployment, chore: Chore) -> Result<String> {
    match chore {
        Chore::Add { name, origins, return_urls } => {
            let host: (Arc<dyn Entropy>, _) = (Arc::new(SystemEntropy), Timestamp::now());
            let made = register_tenant(store, *mode, host, &name, &origins, &return_urls).await?;
            Ok(format!("tenant   {}\napi key  {}", made.tenant, made.api_key))
        }
        Chore::List => Ok(listed(&store.tenants().await?)),
        Chore::Show { tenant } => Ok(shown(&read(store, &tenant).await?)),
        Chore::Change { tenant, name, origins, return_urls, gone_origins, gone_return_urls } => {
            let change = Change {
                name,
                add_origins: origins,
                remove_origins: gone_origins,
                add_return_urls: return_urls,
                remove_return_urls: gone_return_urls,
            };
            let known = read(store, &tenant).await?;
            ensure!(known.active, "The tenant {tenant} is being deleted; nothing of it can be changed.");
            let changed = change.of(&known)?;
            store.put_tenant(&changed, Some(&known)).await?;
            Ok(shown(&changed))
        }
        Chore::Remove { tenant, yes } => remove(store, &tenant, yes).await,
    }
}

/// Begins the deletion of a tenant, or without `yes` says what it would end.
async fn remove(store: &Store, tenant: &TenantId, yes: bool) -> Result<String> {
    let ports = by_operator::Ports {
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        rows: Arc::new(store.clone()),
    };
    let held = by_operator::look(&ports, tenant).await?;
    ensure!(yes || !held.tenant.active, "{}", warning(&held));
    Ok(begun(&by_operator::run(&ports, tenant).await?))
}

/// Says what the deletion ends, and how to begin it.
fn warning(held: &Held) -> String {
    let (Tenant { id, name, .. }, connections) = (&held.tenant, held.connections);
    let live =
        if connections == 1 { "1 connection".to_owned() } else { format!("{connections} connections") };
    format!(
        "nothing was done. It would delete {id} \"{name}\": at once its API keys and frontend tokens end, and {live}; \
         Mooring asks the platforms to end their grants, destroys the keys of everything it holds, and proves by a \
         receipt that all is gone within {DELETE_DAYS} days. Nothing of it can be brought back. To begin, say it again \
         with --yes"
    )
}

/// Says which deletion runs, and where to follow it.
fn begun(deletion: &Deletion) -> String {
    let state = if deletion.step == Step::Done {
        "has ended"
    } else {
        "runs; the sweeper takes it up within 5 minutes"
    };
    format!(
        "deletion   {}   {state}\nsince      {}\ngone by    {}\nfollow it  /deletions/{} of the API",
        deletion.id, deletion.t0, deletion.delete_by, deletion.code
    )
}

async fn read(store: &Store, tenant: &TenantId) -> Result<Tenant> {
    store.tenant(tenant).await?.with_context(|| format!("there is no tenant {tenant}"))
}

/// Writes a line for each tenant.
fn listed(tenants: &[Tenant]) -> String {
    let line = |tenant: &Tenant| format!("{}  {:?}{}", tenant.id, tenant.name, state(tenant));
    if tenants.is_empty() {
        "no tenants".to_owned()
    } else {
        tenants.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn state(tenant: &Tenant) -> &'static str {
    if tenant.active { "" } else { "   is being deleted" }
}

/// Writes a tenant: a line for its name, for each return URL and for each origin.
fn shown(tenant: &Tenant) -> String {
    let state = state(tenant);
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

    #[test]
    fn a_removal_says_what_it_ends_before_it_is_begun() {
        let tenant = Tenant {
            id: "ten_01M8MF1BFSEZ6BGZ5Q9QYHNDN2".parse().unwrap(),
            name: "Acme".to_owned(),
            active: true,
            return_urls: Vec::new(),
            origins: Vec::new(),
            pseudonyms: None,
        };
        let text = warning(&Held { tenant: tenant.clone(), connections: 1 });
        for part in ["nothing was done", "\"Acme\"", "and 1 connection;", "within 7 days", "--yes"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(listed(&[tenant]), "ten_01M8MF1BFSEZ6BGZ5Q9QYHNDN2  \"Acme\"");
        assert_eq!(listed(&[]), "no tenants");
    }
}
