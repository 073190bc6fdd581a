//! What is measured of one desk.

use super::client::{Http, Lmtp};
use super::desk::{Desk, Keys};
use super::figures::{Figure, Round, Target};
use super::load::{create, in_parallel, new_ticket, reply, words};
use super::{CLIENTS, Options};
use anyhow::{Context, Result};
use bedside_testkit::wait_until;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// One round of `seconds` of the same thing, done by every client over and over. `each` gets the client and a number that
/// is new.
pub fn round<C>(
    desk: &Desk,
    seconds: u64,
    connect: impl Fn() -> Result<C> + Sync,
    each: impl Fn(&mut C, u64, u64) -> Result<()> + Sync,
) -> Result<Round> {
    static NEXT: AtomicU64 = AtomicU64::new(1_000_000_000);
    let times = Mutex::new(Vec::new());
    let (begun, used) = (Instant::now(), desk.cpu()?);
    let end = begun + Duration::from_secs(seconds);
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
            let rounds: Vec<Round> = (0..self.options.rounds)
                .map(|_| round(self.desk, self.options.seconds, &connect, &each))
                .collect::<Result<_>>()?;
            self.take(Figure::of(name, target, &rounds));
        }
        Ok(())
    }

    fn take(&mut self, figure: Figure) {
        println!("{}: measured", figure.name());
        self.figures.push(figure);
    }
}

/// Measures everything of one desk.
pub fn measure(desk: &Desk, keys: &Keys, options: &Options) -> Result<Vec<Figure>> {
    let ready = desk.ready_after.as_secs_f64() * 1000.0;
    desk.settle()?;
    // Idle is when nothing happens for a while, not the moment after the last work.
    thread::sleep(Duration::from_secs(2));
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
    let list = list_of_a_queue(&mut api()?)?;
    run.add(
        "list 50 of a queue, page",
        Target::Both(3000.0, 10.0),
        pages,
        |http, _, _| http.expect("GET", &list, "", 200),
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

/// The page of the queue that the newest ticket is in.
pub fn list_of_a_queue(http: &mut Http) -> Result<String> {
    http.expect("GET", "/api/v1/tickets?limit=1", "", 200)?;
    let row: Value = serde_json::from_slice(&http.body)?;
    let queue = queue_code(http, &row["items"][0]["queue_id"])?;
    Ok(format!("/inbox/queue/{queue}"))
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
