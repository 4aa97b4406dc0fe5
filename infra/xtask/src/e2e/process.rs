//! Processes: servers that end with this program, the processes that they start, and the kill of one.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// A server in a process of its own. It ends when this value is dropped, with everything that it started.
pub(crate) struct Server {
    name: &'static str,
    child: Child,
}

impl Server {
    /// Starts a server; its output goes into a file.
    pub(crate) fn start(name: &'static str, mut command: Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| log.display().to_string())?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        Ok(Self { name, child: command.spawn().with_context(|| format!("starting {name}"))? })
    }

    /// Returns the id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails once the server has ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?;
        ensure!(ended.is_none(), "{} ended by itself: {ended:?}", self.name);
        Ok(())
    }

    /// Asks the server to end, then kills it and whatever it left behind.
    pub(crate) fn stop(&mut self) {
        let started = processes_below(self.pid()).unwrap_or_default();
        signal("-TERM", self.pid());
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(10) && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            signal("-KILL", self.pid());
        }
        let _status = self.child.wait();
        for process in started {
            if process.is_still_there() {
                signal("-KILL", process.pid);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// A process that another process started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) pid: u32,
    /// When it started, in the kernel's ticks: a number that the kernel uses again is another process.
    started: u64,
}

impl Process {
    /// Returns whether the number still belongs to this process.
    pub(crate) fn is_still_there(&self) -> bool {
        matches!(stat(self.pid), Ok(Some((_, started))) if started == self.started)
    }

    /// Returns the function that the process runs, from the environment of Lambda's runtime.
    pub(crate) fn function(&self) -> Option<String> {
        let environment = fs::read(format!("/proc/{}/environ", self.pid)).ok()?;
        let mut variables = environment.split(|byte| *byte == 0);
        let value = variables.find_map(|one| one.strip_prefix(b"AWS_LAMBDA_FUNCTION_NAME="))?;
        String::from_utf8(value.to_vec()).ok()
    }

    /// Returns how long the process has run on a processor, in nanoseconds.
    pub(crate) fn ran(&self) -> Option<u64> {
        let text = fs::read_to_string(format!("/proc/{}/schedstat", self.pid)).ok()?;
        text.split_whitespace().next()?.parse().ok()
    }

    /// Ends the process at once, as a crash does. Returns false when it was gone already.
    pub(crate) fn kill(&self) -> bool {
        self.is_still_there() && signal("-KILL", self.pid)
    }
}

/// Lists the processes that a process started itself.
pub(crate) fn processes_below(parent: u32) -> Result<Vec<Process>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some((ppid, started)) = stat(pid)?
            && ppid == parent
        {
            found.push(Process { pid, started });
        }
    }
    Ok(found)
}

/// Reads parent and start of a process; `None` when no process has the number.
fn stat(pid: u32) -> Result<Option<(u32, u64)>> {
    let text = match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(text) => text,
        // A process that ends while it is read answers ESRCH.
        Err(error) if error.kind() == ErrorKind::NotFound || error.raw_os_error() == Some(3) => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    // The second field is the program's name in brackets, which may hold anything.
    let rest = text.rsplit_once(')').context("a process without a name")?.1;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let field = |index: usize| fields.get(index).context("a short /proc/<pid>/stat");
    Ok(Some((field(1)?.parse()?, field(19)?.parse()?)))
}

fn signal(signal: &str, pid: u32) -> bool {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).stderr(Stdio::null()).status();
    sent.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_found_and_killed_once() {
        let mut sleeper =
            Command::new("sleep").arg("60").env("AWS_LAMBDA_FUNCTION_NAME", "napper").spawn().unwrap();
        let found = processes_below(std::process::id()).unwrap();
        let process = found.iter().find(|process| process.pid == sleeper.id()).unwrap();
        while process.function().as_deref() != Some("napper") {
            std::thread::yield_now();
        }
        assert!(process.kill());
        assert!(!sleeper.wait().unwrap().success());
        assert!(!process.kill());
    }
}
