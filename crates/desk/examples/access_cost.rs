//! What it costs to ask whether somebody may, to mask what a role does not see, and to note a read, for the benchmark.
//!
//! `access_cost FOLDER ROUNDS SECONDS` works on a desk that `empty_desk` made and that was loaded since; it must not run
//! meanwhile. It prints JSON: one list of values for each figure, a value for each round.
//!
//! A read can't be had without its note, so that the note's share is told by a second one: the same page is asked for with
//! its notes, and with as many again on their way at the same time. What they add is what the first ones cost, as the
//! writer takes them by the batch like the first ones.

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use bedside_db::SystemClock;
use bedside_desk::app::App;
use bedside_desk::audit_log::NewEntry;
use bedside_desk::config::Config;
use bedside_desk::context::{Ctx, Permission, Source};
use bedside_desk::records::{About, Labels};
use bedside_desk::{router, staff, startup};
use serde_json::{Value, json};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt;

/// Requests at a time, as many as the benchmark has clients.
const CLIENTS: usize = 16;
/// Decisions of one round.
const DECISIONS: u32 = 1_000_000;
/// What the page of a ticket notes: that the ticket was read, and the list of what else its person asked.
const NOTES: usize = 2;

/// Somebody who is signed in.
struct Person {
    ctx: Ctx,
    cookie: String,
}

/// What is measured of.
struct Desk {
    app: App,
    router: Router,
}

/// What one answer took, in microseconds.
struct Cost {
    time: f64,
    processor: f64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().context("FOLDER ROUNDS SECONDS");
    let (data, rounds) = (next()?.into(), next()?.parse()?);
    let each = Duration::from_secs(next()?.parse()?);
    let config = Config {
        data,
        ..Config::default()
    };
    let (app, _) = startup::open(config, Arc::new(SystemClock)).await?;
    let router = router::router(&app);
    let desk = Desk { app, router };
    let sees = desk.person(staff::ADMINISTRATOR).await?;
    let masked = desk.person("masked").await?;
    let (list, ticket) = desk.pages(&sees).await?;
    let mut found: [Vec<f64>; 6] = Default::default();
    for _ in 0..rounds {
        let (plain, less) = (
            desk.round(&sees, &list, 0, each).await?,
            desk.round(&masked, &list, 0, each).await?,
        );
        let (read, noted) = (
            desk.round(&sees, &ticket, 0, each).await?,
            desk.round(&sees, &ticket, NOTES, each).await?,
        );
        let values = [
            decision(&sees.ctx),
            desk.session(&sees).await?,
            (less.processor - plain.processor) / 1000.0,
            (less.time - plain.time) / 1000.0,
            share(read.processor, noted.processor),
            share(read.time, noted.time),
        ];
        for (figures, value) in found.iter_mut().zip(values) {
            figures.push(value);
        }
    }
    desk.app.db.close().await;
    let [
        decision,
        session,
        mask_cpu,
        mask_time,
        share_cpu,
        share_time,
    ] = found;
    println!(
        "{}",
        json!({
            "decision_us": decision, "session_us": session,
            "mask_cpu_ms": mask_cpu, "mask_time_ms": mask_time,
            "note_cpu_share": share_cpu, "note_time_share": share_time,
        })
    );
    Ok(())
}

/// Microseconds of one decision: the permission, the queue, the labels and what is seen of every group of fields.
fn decision(ctx: &Ctx) -> f64 {
    let about = About {
        labels: Labels::NONE,
        ..About::NOBODY
    };
    let begun = Instant::now();
    for _ in 0..DECISIONS {
        let ctx = black_box(ctx);
        let allowed = ctx.authorize(black_box(Permission::TicketsRead)).is_ok();
        let shown = ctx.permissions();
        black_box((allowed, ctx.admits(black_box(about)), shown));
    }
    begun.elapsed().as_secs_f64() * 1e6 / f64::from(DECISIONS)
}

/// What share of the request without its notes they are, when `noted` took as many again.
fn share(read: f64, noted: f64) -> f64 {
    let added = noted - read;
    added / (read - added)
}

impl Desk {
    /// Whoever has the role, signed in.
    async fn person(&self, role: &str) -> Result<Person> {
        let organisation = self.app.directory.all().first().context("a clinic")?.id;
        let setup = Ctx::system(organisation, "setup", Source::CommandLine);
        let people = staff::list(&self.app, &setup).await?;
        let one = people.iter().find(|one| one.role == role);
        let one = one.with_context(|| format!("nobody is {role}: load a folder afresh"))?;
        let session = staff::admit(&self.app, organisation, one.id, "bench", "").await?;
        Ok(Person {
            ctx: session.ctx,
            cookie: format!("bedside={}", session.token),
        })
    }

    /// The list of the queue that the newest ticket is in, and the ticket's page.
    async fn pages(&self, person: &Person) -> Result<(String, String)> {
        let newest = self.json(person, "/api/v1/tickets?limit=1").await?;
        let newest = &newest["items"][0];
        let queues = self.json(person, "/api/v1/queues").await?;
        let queues = queues["items"].as_array().or_else(|| queues.as_array());
        let queue = queues
            .and_then(|all| all.iter().find(|one| one["id"] == newest["queue_id"]))
            .and_then(|one| one["code"].as_str())
            .context("the newest ticket's queue")?;
        let id = newest["id"].as_str().context("a ticket")?;
        Ok((format!("/inbox/queue/{queue}"), format!("/tickets/{id}")))
    }

    async fn json(&self, person: &Person, path: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&self.get(person, path).await?)?)
    }

    async fn get(&self, person: &Person, path: &str) -> Result<Vec<u8>> {
        let request = Request::get(path)
            .header(header::COOKIE, &person.cookie)
            .body(Body::empty())?;
        let answer = self.router.clone().oneshot(request).await?;
        ensure!(
            answer.status() == 200,
            "{path} answered {}",
            answer.status()
        );
        Ok(to_bytes(answer.into_body(), usize::MAX).await?.to_vec())
    }

    /// Microseconds until it is known who is behind a session: one query, the only one that access takes.
    async fn session(&self, person: &Person) -> Result<f64> {
        const TIMES: u32 = 2_000;
        let token = person.cookie.trim_start_matches("bedside=");
        let begun = Instant::now();
        for _ in 0..TIMES {
            let place = staff::Place {
                user_agent: "",
                network: None,
            };
            black_box(staff::session(&self.app, token, true, place).await?);
        }
        Ok(begun.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES))
    }

    /// Every client asks for the page over and over; `notes` more are written beside each.
    async fn round(
        &self,
        person: &Person,
        page: &str,
        notes: usize,
        each: Duration,
    ) -> Result<Cost> {
        let (begun, used) = (Instant::now(), processor()?);
        let end = begun + each;
        let client = async || {
            let mut answers = 0_u32;
            while Instant::now() < end {
                let entries = vec![NewEntry::new("ticket.read", "ticket", page); notes];
                let more = async {
                    match notes {
                        0 => Ok(()),
                        _ => self.app.audit_all(&person.ctx, entries).await,
                    }
                };
                let (answer, more) = futures_util::join!(self.get(person, page), more);
                black_box(answer?);
                more?;
                answers += 1;
            }
            anyhow::Ok(answers)
        };
        let clients = (0..CLIENTS).map(|_| client());
        let answers: u32 = futures_util::future::try_join_all(clients)
            .await?
            .iter()
            .sum();
        let answers = f64::from(answers.max(1));
        Ok(Cost {
            time: begun.elapsed().as_secs_f64() * 1e6 / answers,
            processor: (processor()? - used) * 1e6 / answers,
        })
    }
}

/// Seconds of processor time that this process used.
fn processor() -> Result<f64> {
    /// Linux tells it in hundredths of a second (`proc_pid_stat(5)`, `utime` and `stime`).
    const TICK: f64 = 0.01;
    let line = std::fs::read_to_string("/proc/self/stat")?;
    let after = line.rsplit_once(')').context("a name")?.1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |at: usize| anyhow::Ok(fields.get(at).context("a field")?.parse::<f64>()?);
    Ok((ticks(11)? + ticks(12)?) * TICK)
}
