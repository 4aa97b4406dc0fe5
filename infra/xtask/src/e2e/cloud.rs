//! ministack with our template deployed into it, and the played platform, both on loopback.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use mooring_local::Product;
use mooring_sandbox::SandboxConfig;
use reqwest::Client;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::process::Server;
use super::{Built, until};
use crate::package::{Arch, functions, is_for};
use crate::tools::{E2E, root};

const REGION: &str = "eu-central-1";
/// The stack's name, as tests/e2e/deploy.py has it.
const STACK: &str = "mooring";
/// The product's return URL; nothing has to listen there.
const RETURN_URL: &str = "http://localhost:9/connected";
/// The parameters of the stack that have no default. The functions get another origin, which this machine answers.
const API_ORIGIN: &str = "https://api.harbour.coffee";
/// The redirect URI of that origin; the app has it beside the one that is used.
const REDIRECT: &str = "https://api.harbour.coffee/oauth/callback/tiktok_ads/statasphere";
pub(super) const MAIL_FROM: &str = "privacy@harbour.coffee";
/// The shortest rate of EventBridge Scheduler. The template says five minutes.
const SCHEDULE: &str = "rate(1 minute)";

/// The size of the platform's world.
#[derive(Debug, Clone, Copy)]
pub(crate) struct World {
    /// Ads of the first ad account.
    pub(crate) ads: u32,
    /// Ad accounts of the person.
    pub(crate) advertisers: u32,
}

/// The names and addresses of everything, from the deployment's output.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Places {
    /// How many resources the stack has.
    pub(crate) resources: usize,
    /// How many routes the API has.
    pub(crate) routes: usize,
    /// The functions' names by their packages.
    pub(crate) functions: BTreeMap<String, String>,
    /// The tables' names by their words.
    pub(crate) tables: BTreeMap<String, String>,
    /// The queues' URLs by their resources.
    pub(crate) queues: BTreeMap<String, String>,
    /// The mappings by their queues' resources.
    pub(crate) mappings: BTreeMap<String, String>,
    /// The log group of all functions.
    pub(crate) logs: String,
}

/// The running cloud and the running platform.
pub(crate) struct Cloud {
    /// The server that runs the functions.
    pub(crate) ministack: Server,
    sandbox: Server,
    ports: [u16; 2],
    /// The names and addresses of everything.
    pub(crate) places: Places,
    /// The API, by its own domain.
    pub(crate) api_origin: String,
    /// The played platform.
    pub(crate) platform_origin: String,
    pub(super) endpoint: String,
    pub(super) client: Client,
    log: PathBuf,
}

impl Cloud {
    /// Starts both and deploys the packages.
    pub(crate) async fn start(built: &Built, world: World) -> Result<Self> {
        for name in functions()? {
            let file = built.packages.join(&name).join("bootstrap");
            ensure!(
                is_for(&file, HERE)?,
                "{} is for another processor; run `cargo xtask package --arch {HERE_NAME}`",
                file.display()
            );
        }
        let folder = root().join("target/e2e");
        fs::create_dir_all(folder.join("tmp"))?;
        let ports = [free_port()?, free_port()?];
        let [cloud_port, platform_port] = ports;
        let endpoint = format!("http://localhost:{cloud_port}");
        let log = folder.join("ministack.log");
        let ministack = Server::start("ministack", ministack(cloud_port, &endpoint, &folder)?, &log)?;
        // Cookies ignore ports: two host names keep the API and the platform on different sites.
        let api_origin = format!("http://127.0.0.1:{cloud_port}");
        let redirect = format!("{api_origin}/oauth/callback/tiktok_ads/statasphere");
        let sandbox = Server::start(
            "the sandbox",
            sandbox(built, platform_port, [&redirect, REDIRECT], world)?,
            &folder.join("sandbox.log"),
        )?;
        // The server closes connections that idle, and a call that takes one at that moment fails: take none twice.
        let client = Client::builder().pool_max_idle_per_host(0).build()?;
        let mut cloud = Self {
            ministack,
            sandbox,
            ports,
            places: Places::default(),
            api_origin,
            platform_origin: format!("http://localhost:{platform_port}"),
            endpoint,
            client,
            log,
        };
        cloud.wait_ready().await?;
        cloud.places = cloud.deploy(&built.packages)?;
        Ok(cloud)
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let checks = [
            format!("{}/_ministack/ready", self.endpoint),
            format!("{}/_sandbox/state", self.platform_origin),
        ];
        for check in checks {
            let (client, url) = (self.client.clone(), check.clone());
            until("the servers to answer", Duration::from_secs(90), async || {
                let answered = client.get(&url).send().await;
                Ok(answered.is_ok_and(|answer| answer.status().is_success()).then_some(()))
            })
            .await?;
        }
        self.ministack.check()?;
        self.sandbox.check()
    }

    fn deploy(&self, packages: &Path) -> Result<Places> {
        let settings = json!({
            "endpoint": self.endpoint,
            "region": REGION,
            "template": root().join("template.yaml"),
            "packages": packages,
            "architecture": if HERE == Arch::Arm64 { "arm64" } else { "x86_64" },
            "domain": "127.0.0.1",
            "schedule": SCHEDULE,
            "parameters": { "ApiOrigin": API_ORIGIN, "MailFrom": MAIL_FROM, "AlarmEmail": "alarms@harbour.coffee" },
            "replaced": { "API_ORIGIN": self.api_origin, "PLATFORM_CALLS_PER_SECOND_TIKTOK_ADS": "40" },
            "variables": {
                "PLATFORM_ORIGIN_TIKTOK_ADS": self.platform_origin,
                "PLATFORM_AUTHORIZE_ORIGIN_TIKTOK_ADS": self.platform_origin,
                "RATE_LIMIT_KEY": "60000/12000",
                "RATE_LIMIT_TENANT": "300000/60000",
            },
        });
        let mut command = E2E.command("python")?;
        command.arg("tests/e2e/deploy.py").env("AWS_DEFAULT_REGION", REGION);
        let said = run(command, &settings.to_string()).context("deploying template.yaml")?;
        serde_json::from_str(&said).context("the deployment's outcome")
    }

    /// Seals the platform app's secret and registers a tenant, with the chores that a deployment uses.
    pub(crate) fn seed(&self) -> Result<Product> {
        self.seed_app()?;
        let said = run(self.chore(&["tenant", "add", "Harbour Coffee", "--return-url", RETURN_URL])?, "")?;
        let key =
            said.lines().find_map(|line| line.strip_prefix("api key")).context("no API key was printed")?;
        Product::new(Url::parse(&self.api_origin)?, key.trim(), RETURN_URL)
    }

    /// Seals the platform app's secret.
    pub(crate) fn seed_app(&self) -> Result<()> {
        let SandboxConfig { app_id, secret, .. } = SandboxConfig::default();
        run(self.chore(&["app-secret", "tiktok_ads"])?, &format!("{app_id}\n{secret}\n")).map(|_| ())
    }

    /// Returns the command of a chore of this program on the deployment.
    pub(super) fn chore(&self, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).args(["--stack", STACK]).current_dir(root());
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", REGION);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        Ok(command)
    }

    /// Counts how often a text stands in ministack's lines about the ends of its functions.
    pub(crate) fn said(&self, text: &str) -> Result<usize> {
        Ok(fs::read_to_string(&self.log)?.matches(text).count())
    }

    /// Ends both servers; fails if a port is still taken.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.ministack.stop();
        self.sandbox.stop();
        for port in self.ports {
            TcpListener::bind(("127.0.0.1", port)).with_context(|| format!("port {port} is still taken"))?;
        }
        Ok(())
    }
}

#[cfg(target_arch = "aarch64")]
const HERE: Arch = Arch::Arm64;
#[cfg(not(target_arch = "aarch64"))]
const HERE: Arch = Arch::X86_64;
const HERE_NAME: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86-64" };

fn ministack(port: u16, endpoint: &str, folder: &Path) -> Result<Command> {
    let mut command = E2E.command("ministack")?;
    command
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("IOT_MTLS_ENABLED", "0")
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("MINISTACK_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("TMPDIR", folder.join("tmp"));
    Ok(command)
}

/// Builds the sandbox, unless its binary was given, and returns the command that starts it.
fn sandbox(built: &Built, port: u16, redirects: [&str; 2], world: World) -> Result<Command> {
    let binary = if let Some(binary) = &built.sandbox {
        root().join(binary)
    } else {
        let mut build = Command::new("cargo");
        build.args(["build", "--quiet", "--workspace", "--bin", "mooring-sandbox"]).current_dir(root());
        run(build, "")?;
        root().join("target/debug/mooring-sandbox")
    };
    let mut command = Command::new(binary);
    command.args(["--port", &port.to_string()]);
    command.args(redirects.into_iter().flat_map(|uri| ["--redirect-uri", uri]));
    command.args(["--ads", &world.ads.to_string(), "--advertisers", &world.advertisers.to_string()]);
    Ok(command)
}

/// Runs a program to its end and returns its output.
fn run(mut command: Command, input: &str) -> Result<String> {
    use std::io::Write as _;
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| name.clone())?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("{name} ended with {}:\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Returns a text of a JSON document. Fails when it is not there.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {value}"))
}
