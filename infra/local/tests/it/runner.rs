//! Starts the real binary, reads its two streams, and ends it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use mooring_local::Product;
use url::Url;

/// The binary of this build.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_mooring");

/// A folder of its own that goes away with the test.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("mooring-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&dir).ok();
        std::fs::create_dir_all(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Returns a path below, as text.
    pub(crate) fn at(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Returns every file below a folder with its content; without the lock, which names the process.
pub(crate) fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name() != Some(OsStr::new("lock")) {
            let content = std::fs::read(&path).unwrap();
            found.insert(path, content);
        }
    }
    found
}

/// What a runner said until it ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) log: String,
}

/// A runner that is up.
pub(crate) struct Runner {
    child: Child,
    lines: Receiver<String>,
    log: JoinHandle<String>,
    /// What it has written to standard output so far.
    pub(crate) banner: String,
}

/// Makes the command of a runner on free ports.
pub(crate) fn mooring(arguments: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(arguments);
    command
}

/// Starts a runner on a folder and on free ports.
pub(crate) fn on(folder: &str) -> Runner {
    started(mooring(&["--port", "0", "--data", folder])).unwrap_or_else(|ended| panic!("{}", ended.log))
}

/// Starts a command, until it has printed its banner or has ended.
pub(crate) fn started(mut command: Command) -> Result<Runner, Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("LOG_LEVEL");
    let mut child = command.spawn().unwrap();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            sender.send(line).ok();
        }
    });
    let log = thread::spawn(move || whole(err));
    let mut banner = String::new();
    // The last line of the banner names the tour.
    while let Ok(line) = lines.recv() {
        banner.push_str(&line);
        banner.push('\n');
        if line.ends_with("-- tour") {
            return Ok(Runner { child, lines, log, banner });
        }
    }
    Err(Ended { status: child.wait().unwrap(), out: banner, log: log.join().unwrap() })
}

fn whole(mut stream: impl Read) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

impl Runner {
    /// Returns the number of its process.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Returns the word after a name of the banner.
    pub(crate) fn word(&self, name: &str) -> String {
        let line = self.banner.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.trim_start().trim_start_matches(name).split_whitespace().next().unwrap().to_owned()
    }

    /// Returns the first port.
    pub(crate) fn port(&self) -> u16 {
        Url::parse(&self.word("api ")).unwrap().port().unwrap()
    }

    /// Returns the demo's product with the printed key.
    pub(crate) fn product(&self) -> Product {
        let back = format!("{}/connected", self.word("demo"));
        Product::new(Url::parse(&self.word("api ")).unwrap(), self.word("api key"), back).unwrap()
    }

    /// Presses Ctrl-C and waits for the end.
    pub(crate) fn stop(mut self) -> Ended {
        interrupt(self.process());
        let status = self.child.wait().unwrap();
        let mut out = self.banner;
        while let Ok(line) = self.lines.recv() {
            out.push_str(&line);
            out.push('\n');
        }
        Ended { status, out, log: self.log.join().unwrap() }
    }
}

fn interrupt(process: u32) {
    let sent = Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Starts a command that has to refuse: one message of two lines on standard error, nothing on standard output, and the
/// exit code of a failed start. Returns the message.
pub(crate) fn refusal(command: Command) -> String {
    match started(command) {
        Ok(runner) => panic!("it started: {}", runner.stop().out),
        Err(ended) => {
            assert_eq!((ended.status.code(), ended.out.as_str()), (Some(1), ""), "{}", ended.log);
            let lines: Vec<&str> = ended.log.lines().collect();
            assert!(lines.len() == 2 && lines[0].starts_with("mooring: "), "{}", ended.log);
            ended.log
        }
    }
}

/// Starts a runner that has to refuse its folder and leave every file as it was. The message has all of these parts.
pub(crate) fn refuses(folder: &Path, parts: &[&str]) {
    let before = files(folder);
    let said = refusal(mooring(&["--port", "0", "--data", &folder.display().to_string()]));
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in: {said}");
    }
    assert_eq!(files(folder), before, "{said}");
}
