//! `cargo xtask bench`: how fast and how small the desk is, over real sockets, with authentication, audit, encryption and
//! durable commits on, and the clients on the same machine.

mod client;
mod figures;

use crate::commands::{self, cargo};
use anyhow::{Context, Result, ensure};
use bedside_testkit::{ports, wait_until};
use clap::Args;
use client::{Http, Lmtp};
use figures::{Figure, Round, Target};
use serde_json::{Value, json};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Clients at a time.
pub const CLIENTS: u64 = 16;

/// What to measure.
#[derive(Args)]
pub struct Options {
    /// Tickets in the desk before anything is measured
    #[arg(long, default_value_t = 100_000)]
    tickets: u32,
    /// Messages of each of them
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// Rounds of each measurement
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Seconds of each round
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// A loaded folder to use again, or to keep; a temporary one otherwise
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Measure the programs as they were built before
    #[arg(long)]
    built: bool,
    /// Measure only what has this in its name; may be given several times
    #[arg(long, value_name = "WORDS")]
    only: Vec<String>,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|words| name.contains(words.as_str()))
    }
}

/// A desk that runs.
struct Desk {
    child: Child,
    http: SocketAddr,
    lmtp: SocketAddr,
    ready_after: Duration,
}

impl Desk {
    fn start(program: &Path, data: &Path) -> Result<Self> {
        let free = || anyhow::Ok(SocketAddr::from(([127, 0, 0, 1], ports::free()?)));
        let (http, lmtp) = (free()?, free()?);
        let log = File::create(data.join("bench.log"))?;
        let begun = Instant::now();
        let child = Command::new(program)
            .args(["serve", "--listen", &http.to_string(), "--data"])
            .arg(data)
            .current_dir(data)
            .env_remove("BEDSIDE_CACHE")
            .env("BEDSIDE_LMTP_LISTEN", lmtp.to_string())
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
    fn memory(&self, which: &str) -> Result<f64> {
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
    fn cpu(&self) -> Result<Duration> {
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
    fn settle(&self) -> Result<()> {
        let mut failed = None;
        let quiet = || {
            let idle = || -> Result<bool> {
                let before = self.cpu()?;
                thread::sleep(Duration::from_millis(500));
                Ok(self.cpu()?.saturating_sub(before) <= Duration::from_millis(60))
            };
            idle().unwrap_or_else(|error| {
                failed = Some(error);
                true
            })
        };
        wait_until(quiet, Duration::from_mins(15)).context("the desk did not come to rest")?;
        failed.map_or(Ok(()), Err)
    }

    fn stop(mut self) -> Result<()> {
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

/// Who asks.
struct Keys {
    bearer: String,
    cookie: String,
    mailbox: String,
}

/// Measures everything and prints it.
pub fn run(options: &Options) -> Result<ExitCode> {
    if !options.built {
        commands::run(cargo(&[
            "build",
            "--locked",
            "--release",
            "--package",
            "bedside-desk",
        ]))?;
        commands::run(cargo(&[
            "build",
            "--locked",
            "--package",
            "bedside-desk",
            "--example",
            "empty_desk",
        ]))?;
    }
    let program = crate::test::program("release")?;
    let temporary = tempfile::tempdir()?;
    let data = options
        .data
        .clone()
        .unwrap_or_else(|| temporary.path().to_owned());
    let data = std::path::absolute(data)?;
    std::fs::create_dir_all(&data)?;
    let loaded = data.join("bench.loaded");
    let keys = keys(&make_desk(&data)?)?;
    if !loaded.is_file() {
        let desk = Desk::start(&program, &data)?;
        load(&desk, &keys, options)?;
        desk.settle()?;
        desk.stop()?;
        std::fs::write(&loaded, "")?;
    }
    let figures = measure(&Desk::start(&program, &data)?, &keys, options)?;
    figures::print(&figures, (options.tickets, options.messages));
    Ok(ExitCode::SUCCESS)
}

fn make_desk(data: &Path) -> Result<String> {
    let example = crate::test::program("debug")?
        .with_file_name("examples")
        .join("empty_desk");
    let output = Command::new(example)
        .arg(data)
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

/// A request's words: about 1 KB, with one word that every text has and, in one of ten thousand, a rare one.
fn words(number: u64) -> String {
    let rare = if number.is_multiple_of(10_000) {
        "quixotical"
    } else {
        "usual"
    };
    format!(
        "Good morning, my prescription {rare} number {number} runs out next week. {}",
        "Could you please tell me when I can come by, and whether I have to bring anything along? "
            .repeat(10)
    )
}

fn new_ticket(number: u64) -> String {
    json!({
        "requester": { "email": format!("p{}@patient.example", number % 20_000), "name": "Rosa Alvarez" },
        "subject": format!("Refill {number}"), "body": words(number), "acknowledge": false,
    })
    .to_string()
}

fn reply(number: u64) -> String {
    json!({ "body": words(number), "status": "open" }).to_string()
}

/// Fills the desk over its own API.
fn load(desk: &Desk, keys: &Keys, options: &Options) -> Result<()> {
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let (all, replies) = (u64::from(options.tickets), u64::from(options.messages - 1));
    in_parallel(|_| {
        let mut http = Http::connect(desk.http, &keys.bearer)?;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= all {
                return Ok(());
            }
            let id = create(&mut http, number)?;
            for message in 0..replies {
                http.expect(
                    "POST",
                    &format!("/api/v1/tickets/{id}/messages"),
                    &reply(number * replies + message),
                    201,
                )?;
            }
            if number > 0 && number.is_multiple_of(10_000) {
                println!(
                    "{number} tickets after {:.0} s",
                    begun.elapsed().as_secs_f64()
                );
            }
        }
    })?;
    println!(
        "{all} tickets loaded in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

fn create(http: &mut Http, number: u64) -> Result<String> {
    http.expect("POST", "/api/v1/tickets", &new_ticket(number), 201)?;
    let made: Value = serde_json::from_slice(&http.body)?;
    Ok(made["id"].as_str().context("an id")?.to_owned())
}

/// Runs `work` for every client at once; the first error is the whole run's.
fn in_parallel(work: impl Fn(u64) -> Result<()> + Sync) -> Result<()> {
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || work(client)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow::anyhow!("a client stopped"))?
        })
    })
}

/// Rounds of the same thing, done by every client over and over. `each` gets the client and a number that is new.
fn rounds<C>(
    desk: &Desk,
    options: &Options,
    connect: impl Fn() -> Result<C> + Sync,
    each: impl Fn(&mut C, u64, u64) -> Result<()> + Sync,
) -> Result<Vec<Round>> {
    static NEXT: AtomicU64 = AtomicU64::new(1_000_000_000);
    (0..options.rounds)
        .map(|_| {
            let times = Mutex::new(Vec::new());
            let (begun, used) = (Instant::now(), desk.cpu()?);
            let end = begun + Duration::from_secs(options.seconds);
            in_parallel(|client| {
                let mut connection = connect()?;
                let mut own = Vec::new();
                while Instant::now() < end {
                    let number = NEXT.fetch_add(1, Ordering::Relaxed);
                    let sent = Instant::now();
                    each(&mut connection, client, number)?;
                    own.push(sent.elapsed());
                }
                times
                    .lock()
                    .map_err(|_| anyhow::anyhow!("a client stopped"))?
                    .extend(own);
                Ok(())
            })?;
            let took = begun.elapsed();
            let mut times = times
                .into_inner()
                .map_err(|_| anyhow::anyhow!("a client stopped"))?;
            times.sort_unstable();
            Ok(Round {
                times,
                took,
                cpu: desk.cpu()?.saturating_sub(used),
            })
        })
        .collect()
}

/// What is measured, in order, while the figures come in.
struct Run<'a> {
    desk: &'a Desk,
    options: &'a Options,
    figures: Vec<Figure>,
}

impl Run<'_> {
    /// Measures `name`, if it is wanted.
    fn add<C>(
        &mut self,
        name: &'static str,
        target: Target,
        connect: impl Fn() -> Result<C> + Sync,
        each: impl Fn(&mut C, u64, u64) -> Result<()> + Sync,
    ) -> Result<()> {
        if self.options.wants(name) {
            self.desk.settle()?;
            let rounds = rounds(self.desk, self.options, connect, each)?;
            self.take(Figure::of(name, target, &rounds));
        }
        Ok(())
    }

    fn take(&mut self, figure: Figure) {
        println!("{}: measured", figure.name());
        self.figures.push(figure);
    }
}

fn measure(desk: &Desk, keys: &Keys, options: &Options) -> Result<Vec<Figure>> {
    let ready = desk.ready_after.as_secs_f64() * 1000.0;
    desk.settle()?;
    let idle = desk.memory("VmRSS")?;
    let api = || Http::connect(desk.http, &keys.bearer);
    let pages = || Http::connect(desk.http, &keys.cookie);
    let mut run = Run {
        desk,
        options,
        figures: vec![
            Figure::plain("start to ready", Target::AtMost(500.0), ready, "ms"),
            Figure::plain("memory, idle", Target::AtMost(80.0), idle, "MiB"),
        ],
    };
    let long = long_tickets(&mut api()?)?;
    run.add(
        "open a ticket of 20 messages, page",
        Target::Both(4000.0, 10.0),
        pages,
        |http, client, _| http.expect("GET", &format!("/tickets/{}", pick(&long, client)), "", 200),
    )?;
    let mut http = api()?;
    http.expect("GET", "/api/v1/tickets?limit=1", "", 200)?;
    let row: Value = serde_json::from_slice(&http.body)?;
    let queue = queue_code(&mut http, &row["items"][0]["queue_id"])?;
    run.add(
        "list 50 of a queue, page",
        Target::Both(3000.0, 10.0),
        pages,
        |http, _, _| http.expect("GET", &format!("/inbox/queue/{queue}"), "", 200),
    )?;
    for (name, word, most) in [
        ("search a rare word", "quixotical", 15.0),
        ("search a common word", "prescription", 40.0),
    ] {
        let body = json!({ "q": word }).to_string();
        run.add(name, Target::P99(most), api, |http, _, _| {
            http.expect("POST", "/api/v1/search", &body, 200)
        })?;
    }
    run.add(
        "create a ticket of 1 KB",
        Target::Both(4000.0, 20.0),
        api,
        |http, _, number| http.expect("POST", "/api/v1/tickets", &new_ticket(number), 201),
    )?;
    run.add(
        "reply",
        Target::AtLeast(4000.0),
        api,
        |http, client, number| {
            let path = format!("/api/v1/tickets/{}/messages", pick(&long, client));
            http.expect("POST", &path, &reply(number), 201)
        },
    )?;
    if options.wants(MAILS) {
        desk.settle()?;
        let figure = mails(desk, keys, options)?;
        run.take(figure);
    }
    let peak = desk.memory("VmHWM")?;
    let peak = Figure::plain(
        "memory, the most under load",
        Target::AtMost(250.0),
        peak,
        "MiB",
    );
    run.figures.push(peak);
    Ok(run.figures)
}

fn pick(list: &[String], client: u64) -> &str {
    usize::try_from(client)
        .ok()
        .and_then(|at| list.get(at % list.len()))
        .map_or("", String::as_str)
}

/// A ticket of 20 messages for each client.
fn long_tickets(http: &mut Http) -> Result<Vec<String>> {
    (0..CLIENTS)
        .map(|number| {
            let id = create(http, number + 1)?;
            for message in 0..19 {
                http.expect(
                    "POST",
                    &format!("/api/v1/tickets/{id}/messages"),
                    &reply(message + 1),
                    201,
                )?;
            }
            Ok(id)
        })
        .collect()
}

fn queue_code(http: &mut Http, id: &Value) -> Result<String> {
    http.expect("GET", "/api/v1/queues", "", 200)?;
    let queues: Value = serde_json::from_slice(&http.body)?;
    let queues = queues["items"]
        .as_array()
        .or_else(|| queues.as_array())
        .context("a list of queues")?;
    let queue = queues
        .iter()
        .find(|queue| queue["id"] == *id)
        .context("the ticket's queue")?;
    Ok(queue["code"].as_str().context("a queue's code")?.to_owned())
}

const MAILS: &str = "mails into tickets";

/// Mails through the receiver, counted once they are tickets.
fn mails(desk: &Desk, keys: &Keys, options: &Options) -> Result<Figure> {
    let mut http = Http::connect(desk.http, &keys.bearer)?;
    let mut rates = Vec::new();
    for round in 0..options.rounds {
        let before = newest_number(&mut http)?;
        let sent = AtomicU64::new(0);
        let (begun, used) = (Instant::now(), desk.cpu()?);
        let end = begun + Duration::from_secs(options.seconds);
        in_parallel(|client| {
            let mut lmtp = Lmtp::connect(desk.lmtp)?;
            while Instant::now() < end {
                let number = sent.fetch_add(1, Ordering::Relaxed);
                let from = format!("m{}@patient.example", number % 5000);
                let mail = format!(
                    "From: Rosa Alvarez <{from}>\r\nTo: <{}>\r\nSubject: Refill {number}\r\n\
                     Message-ID: <{round}.{client}.{number}.{before}@patient.example>\r\n\
                     Date: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\n{}",
                    keys.mailbox,
                    words(number + 1)
                );
                lmtp.deliver(&from, &keys.mailbox, &mail)?;
            }
            Ok(())
        })?;
        let all = sent.load(Ordering::Relaxed);
        let (mut asked, mut failed) = (0, None);
        let done = wait_until(
            || {
                asked += 1;
                match newest_number(&mut http) {
                    Ok(newest) => newest - before - asked >= all,
                    Err(error) => {
                        failed = Some(error);
                        true
                    }
                }
            },
            Duration::from_mins(5),
        );
        failed.map_or(Ok(()), Err)?;
        done.context("not every mail became a ticket")?;
        let took = begun.elapsed();
        rates.push(Round {
            // Nobody waits for one mail: only how many there were is known.
            times: vec![Duration::ZERO; usize::try_from(all)?],
            took,
            cpu: desk.cpu()?.saturating_sub(used),
        });
    }
    Ok(Figure::of(MAILS, Target::AtLeast(1500.0), &rates))
}

/// The number of a ticket opened just now.
fn newest_number(http: &mut Http) -> Result<u64> {
    http.expect("POST", "/api/v1/tickets", &new_ticket(1), 201)?;
    let made: Value = serde_json::from_slice(&http.body)?;
    made["number"].as_u64().context("a number")
}
