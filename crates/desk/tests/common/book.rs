//! Everything that stands in a desk, as its API tells it, against what was sent there.

use super::load::listed;
use super::program::{Http, Program};
use super::ways::{Client, FIRST_WORDS, Letter, Way};
use bedside_testkit::wait_until;
use bedside_vault::secret::content_hash;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

/// Connections that read at the same time: each look waits until it is noted on the disk.
const READERS: usize = 6;
/// Messages on one page of the API.
const MOST: usize = 100;

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
            let (subject, messages) = (ticket["subject"].as_str(), messages.iter());
            messages
                .map(|message| letter(http, id, subject, message))
                .collect()
        }));
        let lost = book.lost(clients, |_| true);
        assert!(lost.is_empty(), "lost: {lost:#?}");
        book.is_as_sent(clients);
        book.found.values().map(Vec::len).sum()
    }

    /// Reads what came since the last look; nothing is sent meanwhile but mails that become tickets of their own.
    fn read_events(&mut self, desk: Shelf<'_>) {
        let mut http = desk.http();
        let mut added = BTreeMap::<String, BTreeSet<String>>::new();
        loop {
            let page = http.get(&format!("/api/v1/events?last_event_id={}", self.seen));
            let page = page.unwrap().expect(200).json();
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                break;
            }
            for event in items
                .iter()
                .filter(|event| event["kind"] == "message.added")
            {
                let id = |of: &str| event[of].as_str().unwrap().to_owned();
                let ticket = added.entry(id("ticket_id")).or_default();
                ticket.insert(id("message_id"));
            }
            self.seen = page["last_event_id"].as_i64().unwrap();
        }
        let added: Vec<_> = added.into_iter().collect();
        self.write(desk.read(&added, |http, (ticket, ids)| newest(http, ticket, ids)));
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

    /// What is there twice, or otherwise than it was sent, or was sent by nobody.
    fn wrong(&self, clients: &[Client]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut sent = BTreeSet::from([FIRST_WORDS]);
        let letters = clients
            .iter()
            .flat_map(|client| client.acknowledged.values());
        for letter in letters.flatten() {
            for found in self.standing(letter) {
                let stands = Letter {
                    channel: letter.channel.as_ref().and(found.channel.clone()),
                    subject: letter.subject.as_ref().map(|subject| {
                        let found = found.subject.as_ref();
                        found.unwrap_or(subject).clone()
                    }),
                    ticket: letter.ticket.as_ref().and(found.ticket.clone()),
                    ..found.clone()
                };
                if &stands != letter {
                    wrong.push(format!("sent as {letter:#?}, stands as {stands:#?}"));
                }
            }
            sent.insert(letter.body.as_str());
        }
        for ((body, kind), found) in &self.found {
            if found.len() > 1 && body != FIRST_WORDS {
                wrong.push(format!("there twice: {found:#?}"));
            }
            let brought = || clients.iter().any(|client| client.may_have_brought(body));
            if !sent.contains(body.as_str()) && !brought() {
                wrong.push(format!("nobody sent this {kind}: {body}"));
            }
        }
        wrong
    }

    #[track_caller]
    fn is_as_sent(&self, clients: &[Client]) {
        let wrong = self.wrong(clients);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// The messages of a ticket that have these ids, which are its newest.
fn newest(http: &mut Http, ticket: &str, ids: &BTreeSet<String>) -> Vec<Letter> {
    let path = format!("/api/v1/tickets/{ticket}/messages");
    let mut messages = if ids.len() > MOST {
        listed(http, &path)
    } else {
        let page = http.get(&format!("{path}?limit={}", ids.len())).unwrap();
        page.expect(200).json()["items"].as_array().unwrap().clone()
    };
    messages.retain(|message| ids.contains(message["id"].as_str().unwrap()));
    assert_eq!(messages.len(), ids.len(), "{messages:?} for {ids:?}");
    let messages = messages.iter();
    messages
        .map(|message| letter(http, ticket, None, message))
        .collect()
}

/// A message of a ticket, with its file; with the ticket's subject where that was looked at.
fn letter(http: &mut Http, ticket: &str, subject: Option<&str>, message: &Value) -> Letter {
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
        subject: subject.map(str::to_owned),
        ticket: Some(ticket.to_owned()),
    }
}

#[test]
fn a_book_tells_what_is_lost_or_twice_or_otherwise_or_of_nobody() {
    let letter = |body: &str| Letter {
        kind: "inbound".to_owned(),
        channel: Some("email".to_owned()),
        body: body.to_owned(),
        file: Some(("a.pdf".to_owned(), [7; 32])),
        subject: Some("A".to_owned()),
        ticket: None,
    };
    let mut clients = Client::on(&[Way::Mail]);
    let sent = ["one", "two"].map(|name| (name.to_owned(), vec![letter(name)]));
    clients[0].acknowledged = sent.into();
    let look = |standing: &[Letter]| {
        let mut book = Book::default();
        book.write(standing.to_vec());
        (
            book.lost(&clients, |_| true).len(),
            book.wrong(&clients).len(),
        )
    };
    let (one, two) = (letter("one"), letter("two"));
    let in_a_ticket = Letter {
        ticket: Some("1".to_owned()),
        ..two.clone()
    };
    assert_eq!(look(&[one.clone(), in_a_ticket]), (0, 0));
    assert_eq!(look(std::slice::from_ref(&one)), (1, 0));
    assert_eq!(look(&[one.clone(), two.clone(), two.clone()]), (0, 1));
    assert_eq!(look(&[one.clone(), two.clone(), letter("three")]), (0, 1));
    let other = |change: fn(&mut Letter)| {
        let mut two = two.clone();
        change(&mut two);
        look(&[one.clone(), two])
    };
    assert_eq!(other(|two| two.file = None), (0, 1));
    assert_eq!(
        other(|two| two.file.as_mut().unwrap().1[31] ^= 1),
        (0, 1),
        "a bit of the file"
    );
    assert_eq!(other(|two| two.channel = Some("api".to_owned())), (0, 1));
    assert_eq!(other(|two| two.subject = Some("B".to_owned())), (0, 1));
    assert_eq!(other(|two| two.body.push('.')), (1, 1));
}
