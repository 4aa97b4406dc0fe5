//! The choice of accounts and the activation: a connection whose call broke either works at the second try or ends by
//! itself, with the grant; it is never half activated.

use anyhow::{Result, ensure};
use http::Method;
use jiff::SignedDuration;
use mooring_domain::base::table::Table;
use mooring_tests_journeys::rig::{At, Queue};
use mooring_tests_journeys::{quick, say, tables};

use super::callback::is_alive;
use super::{SINGLES, STORMS, Scene, every_call, storms};

/// How many of the activated connections live on until the end.
const KEPT: usize = 3;

/// Plays POST /connect/confirm, and the person who presses the button again.
pub(crate) async fn choice() -> Result<()> {
    let scene = Scene::open(1).await?;
    let one = async |at: At| {
        let door = quick::depart(&scene.world, &scene.calm(), "crash").await?;
        let ticket = quick::land(&scene.calm(), &door).await?;
        let run = async |functions: &_| {
            let answer = quick::confirm(&scene.world, functions, &ticket).await?;
            Ok(answer.status.as_u16())
        };
        let trial = scene.rig.broken(at, run).await?;
        let again = quick::confirm(&scene.world, &scene.calm(), &ticket).await?;
        ensure!(again.status == 303 || again.status.is_client_error(), "{}: {}", trial.name(), again.status);
        Ok(trial)
    };
    every_call("choice", &SINGLES, one).await?;
    storms("choice", &STORMS, one).await?;
    end(&scene, "choice", 0).await
}

/// Plays POST /v1/connections/{id}/activate, and the product that tries again.
pub(crate) async fn activation() -> Result<()> {
    let scene = Scene::open(1).await?;
    let mut active = 0;
    let mut one = async |at: At| {
        let code = quick::until_code(&scene.world, &scene.calm(), "crash").await?;
        let run =
            async |functions: &_| Ok(quick::activate(&scene.world, functions, &code).await?.status.as_u16());
        let trial = scene.rig.broken(at, run).await?;
        let again = quick::activate(&scene.world, &scene.calm(), &code).await?;
        ensure!(again.status == 200 || again.status.is_client_error(), "{}: {}", trial.name(), again.status);
        let view = scene.world.product.get(&format!("/v1/connections/{}", code.connection)).await?;
        let told = trial.answered == Some(200) || again.status == 200;
        ensure!(!told || view["state"] == "active", "{}: activated, and {view}", trial.name());
        active += usize::from(view["state"] == "active");
        if active > KEPT {
            // Each connection that holds the account costs the next activation a read.
            let path = format!("/v1/connections/{}", code.connection);
            scene.world.product.call(Method::DELETE, &path, None).await?;
            active -= 1;
        }
        Ok(trial)
    };
    every_call("activation", &SINGLES, &mut one).await?;
    storms("activation", &STORMS, &mut one).await?;
    end(&scene, "activation", active).await
}

/// Passes time: every connection that is not active is gone, with its grant, and every active one was synced.
async fn end(scene: &Scene, what: &str, active: usize) -> Result<()> {
    for minutes in [16, 8, 8, 8, 24 * 60, 10, 10] {
        scene.pass(SignedDuration::from_mins(minutes)).await?;
        scene.drain(Queue::Sync).await?;
    }
    let live = scene.world.list("/v1/connections", "connections").await?;
    ensure!(live.len() == active, "{what}: {} are live, {active} were activated", live.len());
    for connection in &live {
        ensure!(connection["state"] == "active", "{connection}");
        ensure!(connection["accounts"][0]["last_synced_at"].is_string(), "never synced: {connection}");
    }
    let held = tables::sort_keys(&scene.world.stack, Table::Vault, "con_").await?;
    let tokens = held.iter().filter(|key| key.starts_with("tok#")).count();
    ensure!(tokens == active, "{what}: {tokens} tokens for {active} connections");
    let mut living = 0;
    for token in scene.world.stack.sandbox().issued_tokens() {
        living += usize::from(is_alive(scene, &token).await?);
    }
    ensure!(living == active, "{what}: {living} grants for {active} connections");
    say(&format!("{what}: {active} active and synced, everything else gone with its grant"));
    Ok(())
}
