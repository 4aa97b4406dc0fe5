//! Processes and their use of CPU and memory, as the kernel counts it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::runtime::Runtime;

/// A function's process, driven through its own Runtime API.
pub(crate) struct Function {
    child: Child,
    runtime: Runtime,
    /// The time from the start of the process to its first poll for an event.
    pub(crate) init: Duration,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _killed = self.child.kill().is_ok() && self.child.wait().is_ok();
    }
}

impl Function {
    /// Starts a command with nothing but the given environment, as Lambda does, and waits until it asks for an event.
    pub(crate) async fn start(command: &[&Path], env: &BTreeMap<String, String>) -> Result<Self> {
        let (program, arguments) = command.split_first().context("no command")?;
        let runtime = Runtime::start().await?;
        let mut spawn = Command::new(program);
        spawn.args(arguments).env_clear().envs(env).envs(lambda(&runtime.address));
        spawn.stdin(Stdio::null()).stdout(Stdio::null());
        let started = Instant::now();
        let child = spawn.spawn().with_context(|| format!("{} cannot be started", program.display()))?;
        let asked = runtime.first_poll().await?;
        Ok(Self { child, runtime, init: asked.duration_since(started) })
    }

    /// Sends an event and waits for the answer.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<Value> {
        self.runtime.invoke(event).await
    }

    /// Returns the CPU seconds of all its threads so far.
    pub(crate) fn cpu(&self) -> Result<f64> {
        let mut nanos = 0_u64;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += text.split(' ').next().context("schedstat")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos).as_secs_f64())
    }

    /// Returns its highest resident memory so far, in KiB.
    pub(crate) fn peak_kib(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

fn lambda(runtime: &str) -> [(&'static str, String); 7] {
    [
        ("AWS_LAMBDA_RUNTIME_API", runtime.to_owned()),
        ("AWS_LAMBDA_FUNCTION_NAME", "f".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "g".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "s".to_owned()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
    ]
}

/// Returns the CPU seconds of a command from start to end. Fails if the command fails.
pub(crate) fn cpu_of(command: &mut Command) -> Result<f64> {
    let before = waited_for()?;
    let status = command.stdout(Stdio::null()).status().with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(waited_for()? - before)
}

/// Returns the CPU seconds of all children that were waited for; the kernel counts them in hundredths.
fn waited_for() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(") ").context("stat")?;
    let ticks = |place: usize| -> Result<f64> { Ok(fields.split(' ').nth(place).context("stat")?.parse()?) };
    Ok((ticks(13)? + ticks(14)?) / 100.0)
}

/// A helper process of this same binary; it ends when the guard is dropped.
pub(crate) struct Helper(pub(crate) Child);

impl Drop for Helper {
    fn drop(&mut self) {
        let _killed = self.0.kill().is_ok() && self.0.wait().is_ok();
    }
}
