//! Runs the sandbox alone on loopback.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Parser as _;
use mooring_loopback::own_hosts;
use mooring_sandbox::{Sandbox, SandboxConfig, clock};

#[derive(clap::Parser)]
struct Args {
    #[arg(long, default_value_t = 8788)]
    port: u16,
    #[arg(long, default_value_t = 120)]
    ads: u32,
    #[arg(long, default_value_t = 3)]
    advertisers: u32,
    #[arg(long, default_value_t = 7)]
    seed: u64,
    #[arg(long = "redirect-uri")]
    redirect_uris: Vec<String>,
    /// A JSON list of rules that edit answers from the start; infra/sandbox/README.md has their form.
    #[arg(long, value_name = "FILE")]
    edits: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "the address is what a person starts this for")]
async fn main() -> anyhow::Result<()> {
    let Args { port, ads, advertisers, seed, redirect_uris, edits } = Args::parse();
    let config = SandboxConfig { ads, advertisers, seed, redirect_uris, ..SandboxConfig::default() };
    let sandbox = Sandbox::new(config, clock::system());
    if let Some(file) = edits {
        sandbox.edit_from(&file).with_context(|| file.display().to_string())?;
    }
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("sandbox: http://localhost:{}/_sandbox/", listener.local_addr()?.port());
    let port = listener.local_addr()?.port();
    Ok(axum::serve(listener, own_hosts(sandbox.router(), port)).await?)
}
