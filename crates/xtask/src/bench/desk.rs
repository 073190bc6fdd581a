//! The desk that is measured: its process, its folder, and who may ask it.

use super::client::Http;
use super::load::load;
use crate::commands;
use anyhow::{Context, Result, ensure};
use bedside_testkit::{ports, wait_until};
use serde_json::Value;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

/// How long what was left to do in the background may take after a million tickets.
const REST: Duration = Duration::from_mins(30);

/// What a desk works with besides its folder.
#[derive(Clone, Default)]
pub struct Setup {
    /// Address of its PostgreSQL database; the embedded one when absent.
    pub database: Option<String>,
    /// Port on this machine of the server that its mail goes to; it only receives when absent.
    pub smtp: Option<u16>,
}

/// A folder with a loaded desk, and who may ask it.
pub struct Store {
    folder: PathBuf,
    setup: Setup,
    /// Who may ask.
    pub keys: Keys,
}

impl Store {
    /// The desk in `folder`, which is loaded with `tickets` of `messages` each unless it was before. What it was loaded
    /// with stands in the file `bench.loaded`.
    pub fn open(
        program: &Path,
        folder: &Path,
        setup: Setup,
        tickets: u32,
        messages: u32,
    ) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let store = Self::made(folder, setup)?;
        let (file, wanted) = (folder.join("bench.loaded"), format!("{tickets} {messages}"));
        if let Ok(loaded) = std::fs::read_to_string(&file) {
            // Folders of earlier builds don't say.
            ensure!(
                loaded.is_empty() || loaded == wanted,
                "{} was loaded with {loaded} (tickets, messages of each), not with {wanted}",
                folder.display()
            );
            return Ok(store);
        }
        let desk = store.start(program)?;
        load(&desk, &store.keys, tickets, messages)?;
        desk.settle()?;
        desk.stop()?;
        std::fs::write(&file, wanted)?;
        Ok(store)
    }

    /// A new desk in `folder` with nothing in it.
    pub fn empty(folder: &Path) -> Result<Self> {
        Self::made(folder, Setup::default())
    }

    fn made(folder: &Path, setup: Setup) -> Result<Self> {
        Ok(Self {
            keys: keys(&make_desk(folder, &setup)?)?,
            folder: folder.to_owned(),
            setup,
        })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its desk at work.
    pub fn start(&self, program: &Path) -> Result<Desk> {
        Desk::start(program, &self.folder, &self.setup)
    }

    /// Another node on the same database, with the same key and a folder of its own.
    pub fn start_beside(&self, program: &Path, folder: &Path) -> Result<Desk> {
        let key = "keys/root.key";
        std::fs::create_dir_all(folder.join("keys"))?;
        std::fs::copy(self.folder.join(key), folder.join(key))?;
        Desk::start(program, folder, &self.setup)
    }
}

/// Who asks.
pub struct Keys {
    /// Header line of a program.
    pub bearer: String,
    /// Header line of a signed-in browser.
    pub cookie: String,
    /// The address that mail is brought to.
    pub mailbox: String,
}

fn make_desk(data: &Path, setup: &Setup) -> Result<String> {
    let example = crate::test::program("debug")?
        .with_file_name("examples")
        .join("empty_desk");
    let smtp = setup.smtp.map(|port| port.to_string());
    let output = Command::new(example)
        .arg(data)
        .arg(smtp.unwrap_or_default())
        .args(&setup.database)
        .env_remove("BEDSIDE_CACHE")
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

fn keys(text: &str) -> Result<Keys> {
    let keys: Value = serde_json::from_str(text)?;
    let get = |name: &str| {
        keys[name]
            .as_str()
            .map(str::to_owned)
            .context("a key is missing")
    };
    Ok(Keys {
        bearer: format!("authorization: Bearer {}\r\n", get("token")?),
        cookie: format!("cookie: bedside={}\r\n", get("session")?),
        mailbox: get("mailbox")?,
    })
}

/// A desk that runs.
pub struct Desk {
    child: Child,
    /// Where it listens.
    pub http: SocketAddr,
    /// Where it takes mail.
    pub lmtp: SocketAddr,
    /// How long it took to be ready.
    pub ready_after: Duration,
}

impl Desk {
    fn start(program: &Path, data: &Path, setup: &Setup) -> Result<Self> {
        let free = || anyhow::Ok(SocketAddr::from(([127, 0, 0, 1], ports::free()?)));
        let (http, lmtp) = (free()?, free()?);
        let log = File::create(data.join("bench.log"))?;
        let begun = Instant::now();
        let database = setup.database.as_ref();
        let child = Command::new(program)
            .args(["serve", "--listen", &http.to_string(), "--data"])
            .arg(data)
            .current_dir(data)
            .env_remove("BEDSIDE_CACHE")
            .env("BEDSIDE_LMTP_LISTEN", lmtp.to_string())
            .env("BEDSIDE_LOCAL_MAIL_SERVERS", "true")
            .envs(database.map(|url| ("BEDSIDE_DATABASE", url)))
            // Its few clients ask more than anybody at work does.
            .env("BEDSIDE_READS_AN_HOUR", "0")
            .env("BEDSIDE_SEARCHES_AN_HOUR", "0")
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("the desk can't be started")?;
        let mut desk = Self {
            child,
            http,
            lmtp,
            ready_after: Duration::ZERO,
        };
        let ready = || {
            Http::connect(http, "")
                .is_ok_and(|mut http| http.expect("GET", "/readyz", "", 200).is_ok())
        };
        wait_until(ready, Duration::from_mins(2)).context("the desk did not become ready")?;
        desk.ready_after = begun.elapsed();
        Ok(desk)
    }

    /// Resident memory in MiB: `VmRSS` as it is, `VmHWM` the most there ever was (`proc_pid_status(5)`).
    pub fn memory(&self, which: &str) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(which)?.strip_prefix(':'));
        let kib: f64 = line
            .context("no such figure of memory")?
            .trim()
            .trim_end_matches("kB")
            .trim()
            .parse()?;
        Ok(kib / 1024.0)
    }

    /// Processor time that the desk has used so far, user and system.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name in brackets may hold spaces; utime and stime are the 14th and 15th fields (proc_pid_stat(5)).
        let fields = stat.rsplit_once(')').context("no name")?.1;
        let ticks: u64 = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse::<u64>)
            .sum::<Result<_, _>>()?;
        // USER_HZ is 100 on Linux.
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Waits until what earlier requests left to do in the background (the index, jobs) is done.
    pub fn settle(&self) -> Result<()> {
        let mut failed = None;
        let quiet = || {
            let idle = || -> Result<bool> {
                let before = self.cpu()?;
                thread::sleep(Duration::from_millis(500));
                Ok(self.cpu()?.saturating_sub(before) <= Duration::from_millis(30))
            };
            idle().unwrap_or_else(|error| {
                failed = Some(error);
                true
            })
        };
        wait_until(quiet, REST).context("the desk did not come to rest")?;
        failed.map_or(Ok(()), Err)
    }

    /// Ends it in order.
    pub fn stop(mut self) -> Result<()> {
        commands::run(commands::command(
            "kill",
            &["-TERM", &self.child.id().to_string()],
        ))?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // It has ended already after `stop`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
