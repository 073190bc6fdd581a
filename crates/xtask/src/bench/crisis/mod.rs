//! From a call for help to the screens: how long after a request of somebody in danger was accepted (201 of the API, 250 of
//! the mail receiver) the banner stands on every page that is open, while ordinary requests come in at ten times the normal
//! rate and the outgoing mail server refuses every connection.
//!
//! One crisis at a time, each at a random moment: the pages show no banner, somebody writes, every page must show it. Then a
//! colleague says that nobody is in danger, and the banner goes before the next one.

mod pages;

use super::Options;
use super::client::{Http, Lmtp};
use super::desk::{Desk, Keys, Setup, Store};
use super::figures::{Figure, Round, Target};
use super::load::new_ticket;
use anyhow::{Context, Result, ensure};
use bedside_testkit::pg::PgServer;
use bedside_testkit::{Random, ports};
use pages::Board;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How many times the normal rate comes in meanwhile.
const TIMES: f64 = 10.0;
/// Gate 4 of what is asked of triage: on the screens within this many milliseconds (p99).
const MOST_MS: f64 = 5000.0;
/// How long the banner may take before the run is given up.
const LIMIT: Duration = Duration::from_mins(1);
/// Who sends ordinary requests.
const SENDERS: u32 = 8;
/// A crisis comes at any moment of this many milliseconds, so that none falls into step with the pages.
const SPREAD_MS: usize = 700;

/// Names of the figures of one kind of desk.
struct Names {
    by_api: &'static str,
    by_mail: &'static str,
    slowest: &'static str,
    meanwhile: &'static str,
}

const EMBEDDED: Names = Names {
    by_api: "crisis to the screens, API",
    by_mail: "crisis to the screens, mail",
    slowest: "crisis to the screens, slowest",
    meanwhile: "crisis: requests meanwhile",
};
const NODES: Names = Names {
    by_api: "crisis to the screens, API, 2 nodes",
    by_mail: "crisis to the screens, mail, 2 nodes",
    slowest: "crisis to the screens, slowest, 2 nodes",
    meanwhile: "crisis: requests meanwhile, 2 nodes",
};

impl Names {
    fn all(&self) -> [&'static str; 4] {
        [self.by_api, self.by_mail, self.slowest, self.meanwhile]
    }

    fn are_wanted(&self, options: &Options) -> bool {
        self.all().iter().any(|name| options.wants(name))
    }
}

/// Whether any of this is asked for.
pub fn is_wanted(options: &Options) -> bool {
    options.crises > 0
        && (EMBEDDED.are_wanted(options) || options.nodes && NODES.are_wanted(options))
}

/// Whether nothing else is asked for.
pub fn is_all(options: &Options) -> bool {
    let named = |words: &String| EMBEDDED.all().iter().any(|name| name.contains(words));
    !options.only.is_empty() && options.only.iter().all(named)
}

/// Measures it on desks of its own: embedded, and with `--nodes` two nodes on one PostgreSQL server.
pub fn measure(program: &Path, options: &Options) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    // Nothing listens there: the mail server is down.
    let smtp = Some(ports::free()?);
    if EMBEDDED.are_wanted(options) {
        let folder = tempfile::tempdir()?;
        let setup = Setup {
            smtp,
            database: None,
        };
        let store = Store::open(program, folder.path(), setup, options.crisis_tickets, 1)?;
        let desks = [store.start(program)?];
        figures.extend(of(&desks, &store.keys, options, &EMBEDDED)?);
        desks.into_iter().try_for_each(Desk::stop)?;
    }
    if options.nodes && NODES.are_wanted(options) {
        let server = PgServer::start()?;
        let (folder, beside) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let setup = Setup {
            smtp,
            database: Some(server.fresh_database()?),
        };
        let store = Store::open(program, folder.path(), setup, options.crisis_tickets, 1)?;
        let desks = [
            store.start(program)?,
            store.start_beside(program, beside.path())?,
        ];
        figures.extend(of(&desks, &store.keys, options, &NODES)?);
        desks.into_iter().try_for_each(Desk::stop)?;
    }
    Ok(figures)
}

/// What was seen of the crises that came one way.
#[derive(Default)]
struct Seen {
    /// Of each, until the last page showed the banner.
    last: Vec<Duration>,
}

/// Measures desks that share their data.
fn of(desks: &[Desk], keys: &Keys, options: &Options, names: &Names) -> Result<Vec<Figure>> {
    for desk in desks {
        desk.settle()?;
    }
    let begun = Instant::now();
    let used = cpu(desks)?;
    let (over, made) = (AtomicBool::new(false), AtomicU64::new(0));
    let pages = usize::try_from(options.pages)?;
    let board = Board::new(pages);
    let wanted = options.normal * TIMES;
    let (api, mail) = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let desk = &desks[sender as usize % desks.len()];
                let (over, made) = (&over, &made);
                scope.spawn(move || send(desk, keys, wanted, sender, over, made))
            })
            .collect();
        let mut open = Vec::new();
        let seen = (0..pages)
            .try_for_each(|page| {
                let desk = &desks[page % desks.len()];
                let page = pages::open(scope, &board, page, desk.http, &keys.cookie)?;
                open.push(page);
                Ok(())
            })
            .and_then(|()| crises(desks, keys, options, &board));
        // Whoever is open or sends ends, also where something failed.
        over.store(true, Ordering::Relaxed);
        pages::close(&open);
        for sender in senders {
            sender
                .join()
                .map_err(|_| anyhow::anyhow!("a client stopped"))??;
        }
        seen
    })?;
    for desk in desks {
        nothing_went_out(desk)?;
    }
    let took = begun.elapsed();
    let cpu = cpu(desks)?.saturating_sub(used);
    let slowest = api.last.iter().chain(&mail.last).max().copied();
    let slowest = slowest.unwrap_or_default().as_secs_f64() * 1000.0;
    let round = |seen: Seen| {
        let mut times = seen.last;
        times.sort_unstable();
        [Round { times, took, cpu }]
    };
    let made = f64::from(u32::try_from(made.load(Ordering::Relaxed))?);
    let figures = vec![
        Figure::of(names.by_api, Target::P99(MOST_MS), &round(api)),
        Figure::of(names.by_mail, Target::P99(MOST_MS), &round(mail)),
        Figure::plain(names.slowest, Target::AtMost(MOST_MS), slowest, "ms"),
        // Less than that was no tenfold load.
        Figure::plain(
            names.meanwhile,
            Target::AtLeast(wanted * 0.95),
            made / took.as_secs_f64(),
            "/s",
        ),
    ];
    for figure in &figures {
        println!("{}: measured", figure.name());
    }
    Ok(figures)
}

/// The mail server was down: whom to call waits to be mailed, and nothing was.
fn nothing_went_out(desk: &Desk) -> Result<()> {
    let mut http = Http::connect(desk.http, "")?;
    http.expect("GET", "/metrics", "", 200)?;
    let figures = String::from_utf8_lossy(&http.body).into_owned();
    let figure = |name: &str| {
        let line = figures.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().parse::<f64>().ok())
    };
    let (waiting, sent) = (
        figure("bedside_jobs_waiting"),
        figure("bedside_mails_sent_total"),
    );
    ensure!(
        waiting.is_some_and(|jobs| jobs > 0.0) && sent.unwrap_or(0.0) == 0.0,
        "mails went out, or none waits: {waiting:?}, {sent:?}"
    );
    Ok(())
}

fn cpu(desks: &[Desk]) -> Result<Duration> {
    desks.iter().map(Desk::cpu).sum()
}

/// Ordinary requests, as many as one of [`SENDERS`] has to send of `rate` a second, whether the desk keeps up or not.
fn send(
    desk: &Desk,
    keys: &Keys,
    rate: f64,
    sender: u32,
    over: &AtomicBool,
    made: &AtomicU64,
) -> Result<()> {
    let mut http = Http::connect(desk.http, &keys.bearer)?;
    let each = Duration::from_secs_f64(f64::from(SENDERS) / rate);
    let mut next = Instant::now() + each * sender / SENDERS;
    while !over.load(Ordering::Relaxed) {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next += each;
        let number = 1 + made.fetch_add(1, Ordering::Relaxed);
        http.expect("POST", "/api/v1/tickets", &new_ticket(number), 201)?;
    }
    Ok(())
}

/// Every other crisis comes by the API, the others by mail; each on the next desk.
fn crises(desks: &[Desk], keys: &Keys, options: &Options, board: &Board) -> Result<(Seen, Seen)> {
    let mut doors = Vec::new();
    for desk in desks {
        let http = Http::connect(desk.http, &keys.bearer)?;
        doors.push((http, Lmtp::connect(desk.lmtp)?));
    }
    let (mut api, mut mail) = (Seen::default(), Seen::default());
    let mut random = Random(u64::from(options.crises));
    for number in 0..options.crises {
        let door = (number / 2) as usize % doors.len();
        let (http, lmtp) = &mut doors[door];
        board.wait_for_none(LIMIT)?;
        let pause = random.below(SPREAD_MS);
        thread::sleep(Duration::from_millis(u64::try_from(pause)?));
        let seen = if number.is_multiple_of(2) {
            http.expect("POST", "/api/v1/tickets", &cry(number), 201)?;
            &mut api
        } else {
            let (from, letter) = letter(number, &keys.mailbox);
            lmtp.deliver(&from, &keys.mailbox, &letter)?;
            &mut mail
        };
        let accepted = Instant::now();
        let shown = board.wait_for_all(LIMIT)?;
        let waited = shown
            .iter()
            .map(|at| at.saturating_duration_since(accepted));
        seen.last.push(waited.max().unwrap_or_default());
        calm(http)?;
    }
    Ok((api, mail))
}

/// Says of every open crisis that nobody is in danger.
fn calm(http: &mut Http) -> Result<()> {
    http.expect("GET", "/api/v1/queues", "", 200)?;
    let queues: Value = serde_json::from_slice(&http.body)?;
    let queues = queues["items"]
        .as_array()
        .or_else(|| queues.as_array())
        .context("a list of queues")?;
    let crisis = queues
        .iter()
        .find(|queue| queue["code"] == "crisis")
        .and_then(|queue| queue["id"].as_str())
        .context("a queue of crises")?;
    http.expect("GET", &format!("/api/v1/tickets?queue={crisis}"), "", 200)?;
    let list: Value = serde_json::from_slice(&http.body)?;
    let open = list["items"].as_array().context("a list")?;
    let body = json!({ "reason": "other_meaning", "urgency": "standard" }).to_string();
    for id in open.iter().filter_map(|ticket| ticket["id"].as_str()) {
        let path = format!("/api/v1/tickets/{id}/not-a-crisis");
        http.expect("POST", &path, &body, 200)?;
    }
    Ok(())
}

const WORDS: &str = "I took all of my sleeping pills an hour ago. I want to die.";

fn cry(number: u32) -> String {
    json!({
        "requester": { "email": format!("cry{number}@patient.example"), "name": "Ines Garrow" },
        "subject": "Please", "body": format!("{WORDS} {number}"),
    })
    .to_string()
}

/// (sender, mail)
fn letter(number: u32, to: &str) -> (String, String) {
    let from = format!("cry{number}@patient.example");
    let letter = format!(
        "From: Ines Garrow <{from}>\r\nTo: <{to}>\r\nSubject: Please\r\n\
         Message-ID: <cry.{number}@patient.example>\r\nDate: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\n{WORDS} {number}"
    );
    (from, letter)
}
