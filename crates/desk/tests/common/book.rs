//! Everything that stands in a desk, as its API tells it, against what was sent there.

use super::load::listed;
use super::program::{Http, Program};
use super::ways::{Client, FIRST_WORDS, Letter};
use bedside_testkit::wait_until;
use bedside_vault::secret::content_hash;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

/// Connections that read at the same time: each look waits until it is noted on the disk.
const READERS: usize = 6;

/// The messages of a desk by their words and kind.
#[derive(Default)]
pub struct Book {
    found: BTreeMap<(String, String), Vec<Letter>>,
    /// The newest event that was read.
    seen: i64,
}

/// A running desk, and a token that opens everything in it.
#[derive(Clone, Copy)]
pub struct Shelf<'a>(pub &'a Program, pub &'a str);

impl Shelf<'_> {
    fn http(self) -> Http {
        self.0.http(Some(self.1))
    }

    /// Reads what belongs to each of `items`.
    fn read<T: Sync>(
        self,
        items: &[T],
        read: impl Fn(&mut Http, &T) -> Vec<Letter> + Sync,
    ) -> Vec<Letter> {
        let one = |items: &[T]| -> Vec<Letter> {
            let mut http = self.http();
            items
                .iter()
                .flat_map(|item| read(&mut http, item))
                .collect()
        };
        let share = items.len().div_ceil(READERS).max(1);
        thread::scope(|scope| {
            let readers = items.chunks(share).map(|items| scope.spawn(|| one(items)));
            let readers: Vec<_> = readers.collect();
            let read = readers
                .into_iter()
                .flat_map(|reader| reader.join().unwrap());
            read.collect()
        })
    }
}

impl Book {
    /// Reads on from the event that was the last one, until everything that was acknowledged and `must` be there by its name
    /// is there, and shows that all stands there once, with its words and the bytes of its files. Mails are acknowledged
    /// before they are tickets.
    pub fn reads_on(&mut self, desk: Shelf<'_>, clients: &[Client], must: impl Fn(&str) -> bool) {
        let there = wait_until(
            || {
                self.read_events(desk);
                self.lost(clients, &must).is_empty()
            },
            Duration::from_mins(1),
        );
        let lost = self.lost(clients, &must);
        assert!(there.is_ok(), "lost: {lost:#?}\n{}", desk.0.log());
        self.is_as_sent(clients);
    }

    /// Reads all of a desk through its lists, and shows the same of it; says how many messages there are.
    pub fn of_all(desk: Shelf<'_>, clients: &[Client]) -> usize {
        let mut book = Self::default();
        let tickets = listed(&mut desk.http(), "/api/v1/tickets");
        book.write(desk.read(&tickets, |http, ticket| {
            let id = ticket["id"].as_str().unwrap();
            let messages = listed(http, &format!("/api/v1/tickets/{id}/messages"));
            let messages = messages.iter();
            messages
                .map(|message| letter(http, ticket, message))
                .collect()
        }));
        let lost = book.lost(clients, |_| true);
        assert!(lost.is_empty(), "lost: {lost:#?}");
        book.is_as_sent(clients);
        book.found.values().map(Vec::len).sum()
    }

    fn read_events(&mut self, desk: Shelf<'_>) {
        let mut http = desk.http();
        loop {
            let page = http.get(&format!("/api/v1/events?last_event_id={}", self.seen));
            let page = page.unwrap().expect(200).json();
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                return;
            }
            let added = items
                .iter()
                .filter(|event| event["kind"] == "message.added");
            self.write(desk.read(&added.collect::<Vec<_>>(), |http, event| {
                let ticket = format!("/api/v1/tickets/{}", event["ticket_id"].as_str().unwrap());
                let id = event["message_id"].as_str().unwrap();
                let message = http.get(&format!("{ticket}/messages/{id}")).unwrap();
                let ticket = http.get(&ticket).unwrap().expect(200).json();
                vec![letter(http, &ticket, &message.expect(200).json())]
            }));
            self.seen = page["last_event_id"].as_i64().unwrap();
        }
    }

    fn write(&mut self, letters: Vec<Letter>) {
        for letter in letters {
            let key = (letter.body.clone(), letter.kind.clone());
            self.found.entry(key).or_default().push(letter);
        }
    }

    fn standing(&self, letter: &Letter) -> &[Letter] {
        let key = (letter.body.clone(), letter.kind.clone());
        self.found.get(&key).map_or(&[], Vec::as_slice)
    }

    fn lost<'c>(&self, clients: &'c [Client], must: impl Fn(&str) -> bool) -> Vec<&'c Letter> {
        let sent = clients.iter().flat_map(|client| &client.acknowledged);
        let letters = sent.filter(|(name, _)| must(name)).flat_map(|(_, all)| all);
        letters
            .filter(|letter| self.standing(letter).is_empty())
            .collect()
    }

    /// Nothing is there twice or otherwise than it was sent, and nothing that nobody sent.
    fn is_as_sent(&self, clients: &[Client]) {
        let found = self.found.iter();
        let twice = found.filter(|((body, _), found)| body != FIRST_WORDS && found.len() > 1);
        let twice: Vec<_> = twice.collect();
        assert!(twice.is_empty(), "there twice: {twice:#?}");
        let mut sent = BTreeSet::new();
        let letters = clients
            .iter()
            .flat_map(|client| client.acknowledged.values());
        for letter in letters.flatten() {
            for found in self.standing(letter) {
                let stands = Letter {
                    channel: letter.channel.as_ref().and(found.channel.clone()),
                    subject: letter.subject.as_ref().and(found.subject.clone()),
                    ticket: letter.ticket.as_ref().and(found.ticket.clone()),
                    ..found.clone()
                };
                assert_eq!(&stands, letter, "not as it was sent");
            }
            sent.insert(letter.body.as_str());
        }
        for (body, kind) in self.found.keys() {
            let known = sent.contains(body.as_str())
                || body == FIRST_WORDS
                || clients.iter().any(|client| client.may_have_brought(body));
            assert!(known, "nobody sent this {kind}: {body}");
        }
    }
}

/// A message of a ticket, with its file.
fn letter(http: &mut Http, ticket: &Value, message: &Value) -> Letter {
    let text = |of: &Value, field: &str| of[field].as_str().unwrap().to_owned();
    let files = message["attachments"].as_array().unwrap();
    assert!(files.len() < 2, "more files than were sent: {message}");
    let file = files.first().map(|file| {
        let path = format!("/api/v1/attachments/{}", text(file, "id"));
        let bytes = http.get(&path).unwrap().expect(200).body;
        (text(file, "name"), content_hash(&bytes))
    });
    Letter {
        kind: text(message, "kind"),
        channel: Some(text(message, "channel")),
        body: text(message, "body"),
        file,
        subject: Some(text(ticket, "subject")),
        ticket: Some(text(ticket, "id")),
    }
}
