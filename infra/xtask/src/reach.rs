//! The deployment that a chore works on, and the one form of all chores that work on one: open it, do the chore, say what
//! came of it, and what to do about a failure of the way there.

use anyhow::{Result, bail};
use aws_types::SdkConfig;
use clap::Args;
use mooring_domain::Kind;
use mooring_domain::people::caller::text::Mode;
use mooring_local::running;
use mooring_store::Store;
use mooring_vault::Vault;

use crate::aws::Aws;
use crate::aws::stack::Stack;
use crate::operator::operator;

/// Which deployment: a stack in AWS, or the runner on this machine.
#[derive(Debug, Clone, Args)]
pub(crate) struct Reach {
    /// The stack in AWS, by its name; your AWS credentials and region reach it.
    #[arg(long, global = true, value_name = "NAME", conflicts_with = "local")]
    stack: Option<String>,
    /// The runner on this machine, by the port of its API; 8787 unless you say another.
    // With a space before it, the port could not be distinguished from the word after it.
    #[arg(long, global = true, value_name = "PORT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "8787")]
    pub(crate) local: Option<u16>,
}

/// An opened deployment.
pub(crate) struct Deployment {
    /// Its tables.
    pub(crate) store: Store,
    /// The mode of new credentials there.
    pub(crate) mode: Mode,
}

impl Reach {
    /// Opens the deployment, does a chore on it and prints what the chore returns.
    #[expect(clippy::print_stdout, reason = "what was asked for is shown to whoever asked")]
    pub(crate) async fn work(&self, chore: impl AsyncFnOnce(&Deployment) -> Result<String>) -> Result<()> {
        let said = async { chore(&self.open().await?).await }.await;
        println!("{}", said.map_err(|error| self.explain(error))?);
        Ok(())
    }

    async fn open(&self) -> Result<Deployment> {
        match (&self.stack, self.local) {
            (Some(name), _) => {
                let cloud = InCloud::open(name).await?;
                Ok(Deployment { store: cloud.store()?, mode: Mode::Live })
            }
            (None, Some(port)) => Ok(Deployment { store: running(port), mode: Mode::Test }),
            (None, None) => {
                bail!("say where: --stack NAME for a stack in AWS, --local for the runner on this machine")
            }
        }
    }

    /// Adds to a failure of the tables what to do about it; every other error says so itself.
    fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        match (self.local, unreached(&error)) {
            (_, None) => error,
            (None, Some(advice)) => error.context(advice),
            (Some(port), Some(_)) => error.context(format!(
                "no runner answers whose API has the port {port}: start it with `cargo run`, or name the port that it \
                 printed with --local=PORT"
            )),
        }
    }
}

/// A stack in AWS, and the way there.
pub(crate) struct InCloud {
    /// The operator's configuration.
    pub(crate) config: SdkConfig,
    /// The services that no library of the product calls.
    pub(crate) aws: Aws,
    /// The stack.
    pub(crate) stack: Stack,
}

impl InCloud {
    /// Reads a stack with the operator's credentials.
    pub(crate) async fn open(name: &str) -> Result<Self> {
        let config = operator().await?;
        let aws = Aws::reached_by(&config)?;
        let stack = Stack::read(&aws, name).await?;
        Ok(Self { config, aws, stack })
    }

    /// Opens the stack's tables.
    pub(crate) fn store(&self) -> Result<Store> {
        Ok(Store::reached_by(self.config.clone(), self.stack.tables()?))
    }

    /// Opens the stack's KMS key.
    pub(crate) fn vault(&self) -> Result<Vault> {
        Ok(Vault::reached_by(&self.config, self.stack.resource("Key")?))
    }
}

/// Returns what to do when a deployment was not reached, if that is the error.
pub(crate) fn unreached(error: &anyhow::Error) -> Option<&'static str> {
    let error = error.downcast_ref::<mooring_domain::Error>()?;
    (error.kind == Kind::Unavailable).then_some(
        "the deployment cannot be reached: look at your AWS credentials, their rights, and the region",
    )
}

#[cfg(test)]
mod tests {
    use mooring_domain::Error;

    use super::*;

    #[test]
    fn a_failure_of_the_tables_says_what_to_do() {
        let reach = |local| Reach { stack: None, local };
        let told = |local, error: Error| format!("{:#}", reach(local).explain(error.into()));
        let outage = || Error::unavailable("store_away", "The database did not answer; try again.");
        assert!(told(Some(9000), outage()).contains("the port 9000: start it with `cargo run`"));
        assert!(told(None, outage()).contains("AWS credentials"));
        assert_eq!(told(None, Error::not_found("API key")), "There is no such API key.");
    }

    #[tokio::test]
    async fn a_chore_that_names_no_deployment_is_refused() {
        let reach = Reach { stack: None, local: None };
        let error = reach.work(async |_| Ok(String::new())).await.unwrap_err().to_string();
        assert!(error.contains("--stack NAME") && error.contains("--local"), "{error}");
    }
}
