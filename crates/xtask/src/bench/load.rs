//! What is put into a desk, by many clients at once.

use super::CLIENTS;
use super::client::Http;
use super::desk::{Desk, Keys};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// A request's words: about 1 KB, with one word that every text has and, in one of ten thousand, a rare one.
pub fn words(number: u64) -> String {
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

/// The body of a new ticket.
pub fn new_ticket(number: u64) -> String {
    json!({
        "requester": { "email": format!("p{}@patient.example", number % 20_000), "name": "Rosa Alvarez" },
        "subject": format!("Refill {number}"), "body": words(number), "acknowledge": false,
    })
    .to_string()
}

/// The body of an answer.
pub fn reply(number: u64) -> String {
    json!({ "body": words(number), "status": "open" }).to_string()
}

/// Fills the desk over its own API with `tickets` of `messages` each.
pub fn load(desk: &Desk, keys: &Keys, tickets: u32, messages: u32) -> Result<()> {
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let (all, replies) = (u64::from(tickets), u64::from(messages - 1));
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

/// Opens a ticket; gives its id.
pub fn create(http: &mut Http, number: u64) -> Result<String> {
    http.expect("POST", "/api/v1/tickets", &new_ticket(number), 201)?;
    let made: Value = serde_json::from_slice(&http.body)?;
    Ok(made["id"].as_str().context("an id")?.to_owned())
}

/// Runs `work` for every client at once; the first error is the whole run's.
pub fn in_parallel(work: impl Fn(u64) -> Result<()> + Sync) -> Result<()> {
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
