//! Repository and deployment chores: the API's description, the vendors' contract, packages for Lambda and the whole way
//! with them, an app's secret, a tenant and its keys.

mod aws;
mod contract;
mod doctor;
mod e2e;
mod keys;
mod long;
pub mod mail;
pub mod new;
mod operator;
mod package;
mod permissions;
mod promises;
mod reach;
pub mod reference;
mod release;
pub mod released;
mod resources;
mod restore;
mod rules;
mod sbom;
mod template;
mod tenants;
mod tools;

use std::fs;
use std::io::{BufRead as _, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Parser, Subcommand};
use mooring_domain::base::data_version::RELEASE;
use mooring_domain::platform::credentials::INDEX_APP;
use mooring_local::{sample, seal_app};

use operator::operator;
use reach::InCloud;

pub use promises::{promises_file, promises_text};
pub use resources::{resources_file, resources_text};
pub use template::{alarms_file, alarms_text, template_file, template_text};

/// Chores of this repository and of a deployment.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
pub struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Writes functions/openapi/openapi.json and docs/api from the types; with --check only compares.
    Openapi {
        /// Fails if the file is not what the types say.
        #[arg(long)]
        check: bool,
        /// Keeps the description as that of a release: later changes are held against it (docs/api/released.json).
        #[arg(long, conflicts_with = "check")]
        release: bool,
    },
    /// Compares the connector's requests and the sandbox's answers with the vendors' interface files.
    Contract {
        /// The folder of interface files, one folder a vendor.
        #[arg(long)]
        specs: PathBuf,
    },
    /// Writes docs/permissions.md from the statements of template.yaml; with --check only compares.
    Permissions {
        /// Fails if the file is not what the template says.
        #[arg(long)]
        check: bool,
    },
    /// Writes the functions, routes and queues of template.yaml from infra/template and the tables of routes and queues, and
    /// the queues of docs/alarms.md; with --check only compares.
    Template {
        /// Fails if template.yaml is not what would be written.
        #[arg(long)]
        check: bool,
    },
    /// Writes the skeleton of a function, an entity, a job or a profile, and its lines of the tables (docs/adding.md).
    New(new::Options),
    /// Writes docs/promises.md from tests/promises.toml, or proves its rows.
    Promises(promises::Options),
    /// Writes docs/resources.md from template.yaml and infra/template; with --check only compares.
    Resources {
        /// Fails if the file is not what they say.
        #[arg(long)]
        check: bool,
    },
    /// Judges a template, as written or as SAM translated it, by every rule and docs/permissions.md.
    Rules {
        /// The template, YAML or JSON.
        #[arg(long)]
        template: PathBuf,
    },
    /// Writes a bill of materials (`CycloneDX`) for each shipped binary to target/sbom and checks that it is complete.
    Sbom {
        /// The target that the binaries are built for.
        #[arg(long, default_value = "aarch64-unknown-linux-gnu")]
        target: String,
    },
    /// Builds every function for Lambda into target/lambda and shows what the packages weigh.
    Package {
        /// The processor.
        #[arg(long, value_enum, default_value_t = package::Arch::Arm64)]
        arch: package::Arch,
        /// Builds small and quick binaries, as a deployment should have them; that takes longer.
        #[arg(long)]
        deploy: bool,
        /// Only this function; may be repeated.
        #[arg(long)]
        only: Vec<String>,
    },
    /// Keeps data of this release in tests/data, on which every later release is started.
    KeepData,
    /// Makes a release: checks, packages, bills of materials, checksums and a tag; without --yes only checks.
    Release(release::Options),
    /// Makes long runs by their names (docs/ci.md); without a name lists them.
    Long(long::Options),
    /// Deploys the packages into an emulated cloud on this machine and plays the whole way.
    E2e(e2e::Options),
    /// Measures the shipped binaries (docs/performance.md); what follows goes to infra/bench.
    #[command(disable_help_flag = true)]
    Bench {
        /// The arguments of `bench run`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Counts what an hour of an account costs, and prints what a month costs; what follows goes to infra/bench.
    #[command(disable_help_flag = true)]
    Cost {
        /// The arguments of `bench cost`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Seals a platform app's id and secret (two lines on standard input) under KMS.
    AppSecret {
        /// The platform, such as `tiktok_ads`.
        platform: String,
        /// The stack in AWS.
        #[arg(long, value_name = "NAME")]
        stack: String,
    },
    /// Checks a deployment, point by point, and says what to do about each that is wrong.
    Doctor(doctor::Options),
    /// Restores a table to a point in time as a copy, and keeps it apart until the Ledger was replayed over it.
    Restore(restore::Options),
    /// Sends one mail, to check that SES sends for the address of `MailFrom`.
    Mail {
        /// The sender: the stack's `MailFrom`.
        #[arg(long)]
        from: String,
        /// The recipient, whose mailbox you can read.
        #[arg(long)]
        to: String,
    },
    /// Registers, lists, shows, changes and removes tenants.
    Tenant(tenants::Options),
    /// Lists, adds, narrows, rotates and revokes a tenant's API keys.
    Key(keys::Options),
}

/// Does one chore.
pub async fn run(arguments: Arguments) -> Result<()> {
    match arguments.chore {
        Chore::Openapi { check, release } => openapi(check, release),
        Chore::Contract { specs } => contract::check(&specs).await,
        Chore::Permissions { check } => permissions::permissions(check),
        Chore::Template { check } => template::run(check),
        Chore::New(options) => new::run(&options),
        Chore::Promises(options) => promises::run(&options),
        Chore::Resources { check } => resources::run(check),
        Chore::Rules { template } => rules::judge(&template),
        Chore::Sbom { target } => sbom::write(&target),
        Chore::Package { arch, deploy, only } => package::package(arch, deploy, &only),
        Chore::KeepData => keep_data().await,
        Chore::Release(options) => release::run(&options),
        Chore::Long(options) => long::run(&options),
        Chore::E2e(options) => e2e::run(options).await,
        Chore::Bench { arguments } => bench("run", &arguments),
        Chore::Cost { arguments } => bench("cost", &arguments),
        Chore::AppSecret { platform, stack } => {
            app_secret(&platform, &stack).await.map_err(|error| match reach::unreached(&error) {
                Some(advice) => error.context(advice),
                None => error,
            })
        }
        Chore::Doctor(options) => doctor::run(&options).await,
        Chore::Restore(options) => restore::run(&options).await,
        Chore::Mail { from, to } => mail::check(&operator().await?, &from, &to).await,
        Chore::Tenant(options) => tenants::run(options).await,
        Chore::Key(options) => keys::run(options).await,
    }
}

/// Returns the path of the committed description.
pub fn openapi_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions/openapi/openapi.json")
}

/// Returns the text of the description that the types give, ready to be written.
pub fn openapi_text() -> Result<String> {
    Ok(serde_json::to_string_pretty(&description()?)? + "\n")
}

/// Returns the description that the types give.
pub fn description() -> Result<serde_json::Value> {
    mooring_local::mount::describe().map_err(anyhow::Error::msg)
}

fn openapi(check: bool, release: bool) -> Result<()> {
    let (file, text) = (openapi_file(), openapi_text()?);
    if !check {
        fs::write(&file, text).with_context(|| file.display().to_string())?;
    } else if fs::read_to_string(&file)? != text {
        bail!("openapi.json is not what the types say; run `cargo xtask openapi`");
    }
    let description = description()?;
    if release {
        released::write(&description)?;
    }
    released::check(&description)?;
    reference::write(&description, check)
}

/// Builds and runs the bench, which is a binary of its own so that its helpers are processes of their own.
fn bench(what: &str, arguments: &[String]) -> Result<()> {
    let cargo = std::env::var_os("CARGO").context("run it as `cargo xtask`")?;
    let mut command = std::process::Command::new(cargo);
    command.args(["run", "--quiet", "--bin", "bench", "--", what]).args(arguments);
    ensure!(command.status()?.success(), "see above");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the folder is what there is to commit")]
async fn keep_data() -> Result<()> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(RELEASE);
    ensure!(!kept.exists(), "tests/data/{RELEASE} exists: the data of a release is kept once");
    let folder = std::env::temp_dir().join(format!("mooring-keep-data-{}", std::process::id()));
    sample::make(&folder).await?;
    sample::pack(&folder, &kept)?;
    fs::remove_dir_all(&folder)?;
    println!("tests/data/{RELEASE} has the data of this release; commit it");
    Ok(())
}

async fn app_secret(platform: &str, stack: &str) -> Result<()> {
    let known = mooring_registry::PLATFORMS.into_iter().find(|known| *known == platform);
    let platform = known.with_context(|| {
        format!("there is no connector for `{platform}`; known: {}", mooring_registry::PLATFORMS.join(", "))
    })?;
    let cloud = InCloud::open(stack).await?;
    let mut lines = stdin().lock().lines();
    let mut line = |what: &str| -> Result<String> {
        let text =
            lines.next().with_context(|| format!("standard input has no line with the app's {what}"))??;
        ensure!(!text.trim().is_empty(), "the app's {what} is empty");
        Ok(text.trim().to_owned())
    };
    let (id, secret) = (line("id")?, line("secret")?);
    let (vault, store) = (cloud.vault()?, cloud.store()?);
    seal_app(&store, &vault, INDEX_APP, "", "").await?;
    seal_app(&store, &vault, platform, &id, &secret).await
}
