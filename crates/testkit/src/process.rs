//! Child processes that never outlive the test.

use std::{
    fs, io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{LazyLock, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use crate::{StartError, wait_until};

type Request = (Command, mpsc::Sender<io::Result<Child>>);

/// The thread that starts every server.
///
/// The kernel sends a parent-death signal when the *thread* that started the child ends, and a
/// test's own thread may end long before its process.
static SPAWNER: LazyLock<Mutex<mpsc::Sender<Request>>> = LazyLock::new(|| {
    let (sender, requests) = mpsc::channel::<Request>();
    thread::spawn(move || {
        for (mut command, answer) in requests {
            // A caller that is gone does not want its child any more.
            if let Err(mpsc::SendError(Ok(mut orphan))) = answer.send(command.spawn()) {
                let _ = orphan.kill();
            }
        }
    });
    Mutex::new(sender)
});

/// A server process: asked to end, and waited for, on drop.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// The signal that ends it quickly and in order.
    stop: &'static str,
}

impl Server {
    /// Starts `command` (built with [`owned`] so that it dies with this process).
    pub fn spawn(mut command: Command, stop: &'static str, log: &Path) -> io::Result<Self> {
        let log = fs::File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // So that the helpers a server starts can be ended together with it.
            .process_group(0);
        let (answer, child) = mpsc::channel();
        SPAWNER
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .send((command, answer))
            .map_err(io::Error::other)?;
        Ok(Self {
            child: child.recv().map_err(io::Error::other)??,
            stop,
        })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is still there.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        signal(&id, self.stop);
        if wait_until(|| !self.alive(), Duration::from_secs(10)).is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        // A helper with an open connection may outlive its server for as long as that lasts.
        signal(&format!("-{id}"), "KILL");
    }
}

/// Sends `signal` (a name such as `INT`) to a process that this one started, or with a minus sign
/// before the number to its whole group.
pub(crate) fn signal(target: &str, signal: &str) {
    let _ = Command::new("kill")
        .args(["-s", signal, "--", target])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// `program`, to be run as `user` when we are root and to get `death_signal` when we die.
pub(crate) fn owned(program: &Path, user: Option<&str>, death_signal: Option<&str>) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = user.filter(|_| is_root()) {
        command.args(["--reuid", user, "--regid", user, "--init-groups"]);
    }
    if let Some(signal) = death_signal {
        command.args(["--pdeathsig", signal]);
    }
    command.arg("--").arg(program);
    command
}

/// Runs a command to its end; its output is in the error when it fails.
pub(crate) fn run(program: &'static str, command: &mut Command) -> Result<Output, StartError> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output);
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(StartError::Failed {
        program,
        output: text,
    })
}

/// Whether this process is root, to whom some servers say no.
pub(crate) fn is_root() -> bool {
    user_id() == 0
}

/// The user this process runs as: the owner of its entry in `/proc`.
pub(crate) fn user_id() -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").map_or(u32::MAX, |entry| entry.uid())
}

/// The last lines of a log, for an error text.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&text[text.len().saturating_sub(2_000)..]).into_owned()
}
