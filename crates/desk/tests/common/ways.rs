//! Clients on every way into a desk that may be ended at any moment. Each knows what was acknowledged, and sends what was
//! under way again, in the same words.

use super::hidden;
use super::http::Answer;
use super::load::{MAILBOX, set_up, settings};
use super::program::{Http, Lmtp, Program};
use bedside_db::SystemClock;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::links::{self, Purpose};
use bedside_desk::{patients, startup, tickets};
use bedside_language::Channel;
use bedside_testkit::Random;
use bedside_vault::secret::content_hash;
use futures_util::FutureExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Requests with a page for their person.
const THREADS: usize = 8;
/// What stands in such a request from the beginning.
pub const FIRST_WORDS: &str = "Where do I find my papers?";
/// Nobody fills a form in faster than this, and the desk knows it.
const READING: Duration = Duration::from_secs(3);

/// A way into the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A ticket with a file, a note and an answer, by the API.
    Api,
    /// A mail with a file.
    Mail,
    /// The public form, with a file.
    Form,
    /// A reply with a file, on the page behind a person's link.
    Page,
}

impl Way {
    const fn channel(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Mail => "email",
            Self::Form => "web_form",
            Self::Page => "portal",
        }
    }
}

/// A request whose person has opened their link.
struct Thread {
    ticket: String,
    link: String,
    cookie: String,
}

/// A desk's data, and what its clients need to get in.
pub struct Doors {
    /// A token for everything.
    pub token: String,
    threads: Vec<Thread>,
}

impl Doors {
    /// Sets a desk up in `data`.
    pub async fn new(data: &Path) -> Self {
        let token = set_up(data).await;
        let (app, _) = startup::open(settings(data), Arc::new(SystemClock))
            .await
            .unwrap();
        let organisation = app.directory.all()[0].id;
        let ctx = Ctx::system(organisation, "setup", Source::CommandLine);
        let mut threads = Vec::new();
        for number in 0..THREADS {
            let address = format!("t{number}@patient.example");
            let name = Some("Rosa Alvarez");
            let requester = patients::requester_by_email(&app, organisation, &address, name, None)
                .await
                .unwrap();
            let new = tickets::NewTicket::new(requester, Channel::Api, "", FIRST_WORDS);
            let ticket = tickets::create(&app, &ctx, new).await.unwrap().id;
            let view = tickets::view(&app, &ctx, ticket).await.unwrap();
            let contact = view.ticket.contact;
            let link = app.command(&ctx, move |work| {
                links::make(work, Purpose::Thread, ticket, contact).boxed()
            });
            let link = link.await.unwrap();
            let opened = links::open(&app, &link, None).await.unwrap();
            threads.push(Thread {
                ticket: ticket.to_string(),
                cookie: format!("bedside_thread={}", opened.cookie.unwrap()),
                link,
            });
        }
        app.db.close().await;
        Self { token, threads }
    }
}

/// A message that must stand in the desk once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// From the patient's side, to it, or a note.
    pub kind: String,
    /// How it came; that of an answer is the desk's affair.
    pub channel: Option<String>,
    /// The words; they are those of this letter alone.
    pub body: String,
    /// The name of its file, and what is in it as a hash.
    pub file: Option<(String, [u8; 32])>,
    /// The subject of its ticket, where it gave it one.
    pub subject: Option<String>,
    /// The id of its ticket, where that was answered.
    pub ticket: Option<String>,
}

/// What is under way.
struct Open {
    name: String,
    /// What its page had it send.
    fields: Vec<(&'static str, String)>,
}

/// Somebody who sends one thing after the other by one way.
pub struct Client {
    /// Which way.
    pub way: Way,
    /// What was acknowledged, by its name.
    pub acknowledged: BTreeMap<String, Vec<Letter>>,
    number: usize,
    next: usize,
    open: Option<Open>,
    /// The id of a ticket that was opened by the API, by its name.
    tickets: BTreeMap<String, String>,
    /// The public form as it was opened, and when. Other words on the same page are another request.
    form: Option<(Instant, String)>,
}

impl Client {
    /// One client for each of `ways`.
    pub fn on(ways: &[Way]) -> Vec<Self> {
        let one = |(number, way): (usize, &Way)| Self {
            way: *way,
            acknowledged: BTreeMap::new(),
            number,
            next: 0,
            open: None,
            tickets: BTreeMap::new(),
            form: None,
        };
        ways.iter().enumerate().map(one).collect()
    }

    /// Sends until the program is gone or `more`, which hears the name of what was acknowledged, says no.
    pub fn sends(&mut self, program: &Program, doors: &Doors, more: &impl Fn(&str) -> bool) {
        let token = (self.way == Way::Api).then_some(doors.token.as_str());
        let http = || Http::connect(program.http, token);
        // It ends with an error where the program ended.
        let _ = match self.way {
            Way::Mail => Lmtp::connect(program.lmtp)
                .and_then(|mut lmtp| self.each(more, |client, name| client.mail(&mut lmtp, name))),
            Way::Api => http().and_then(|mut http| {
                self.each(more, |client, name| client.ticket(&mut http, name))
            }),
            Way::Form => http()
                .and_then(|mut http| self.each(more, |client, name| client.form(&mut http, name))),
            Way::Page => http().and_then(|mut http| {
                self.each(more, |client, name| client.reply(&mut http, doors, name))
            }),
        };
    }

    /// Sends one after the other; what was not taken once more.
    fn each(
        &mut self,
        more: &impl Fn(&str) -> bool,
        mut send: impl FnMut(&mut Self, &str) -> io::Result<Option<Letter>>,
    ) -> io::Result<()> {
        loop {
            let open = self.open.get_or_insert_with(|| {
                self.next += 1;
                let name = format!("c{}n{}", self.number, self.next);
                let fields = Vec::new();
                Open { name, fields }
            });
            let name = open.name.clone();
            let Some(letter) = send(self, &name)? else {
                continue;
            };
            self.open = None;
            let letters = self.letters(&name, letter);
            self.acknowledged.insert(name.clone(), letters);
            if !more(&name) {
                return Ok(());
            }
        }
    }

    /// Everything that one acknowledged sending brought.
    fn letters(&self, name: &str, first: Letter) -> Vec<Letter> {
        let mut letters = vec![first];
        if self.way == Way::Api {
            for kind in ["note", "outbound"] {
                letters.push(Letter {
                    kind: kind.to_owned(),
                    channel: None,
                    body: about(name),
                    file: None,
                    ..letters[0].clone()
                });
            }
        }
        letters
    }

    /// Whether these words are of something that is under way, and may be there or not.
    pub fn may_have_brought(&self, body: &str) -> bool {
        let open = self.open.as_ref();
        open.is_some_and(|open| body == words(&open.name) || body == about(&open.name))
    }

    fn letter(&self, name: &str) -> Letter {
        let (file, bytes) = file(name);
        Letter {
            kind: "inbound".to_owned(),
            channel: Some(self.way.channel().to_owned()),
            body: words(name),
            file: Some((file, content_hash(&bytes))),
            subject: None,
            ticket: None,
        }
    }

    fn ticket(&mut self, http: &mut Http, name: &str) -> io::Result<Option<Letter>> {
        let (file, bytes) = file(name);
        let key = format!("{name}-file");
        let key = [("idempotency-key", key.as_str())];
        let part = ("file", file.as_str(), "application/pdf", bytes.as_slice());
        let upload = http.files("/api/v1/attachments", &key, &[], &[part])?;
        if upload.status == 503 {
            return Ok(None);
        }
        let new = json!({
            "requester": { "email": self.address(7), "name": "Rosa Alvarez" },
            "subject": subject(name),
            "body": words(name),
            "attachments": [upload.expect(201).json()["id"]],
        });
        let Some(made) = taken(http, "/api/v1/tickets", name, &new)? else {
            return Ok(None);
        };
        let id = made["id"].as_str().unwrap().to_owned();
        let before = self.tickets.insert(name.to_owned(), id.clone());
        assert!(
            before.is_none_or(|before| before == id),
            "{name} became two tickets"
        );
        for way in ["notes", "messages"] {
            let (path, key) = (
                format!("/api/v1/tickets/{id}/{way}"),
                format!("{name}-{way}"),
            );
            let body = json!({ "body": about(name) });
            if taken(http, &path, &key, &body)?.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(Letter {
            subject: Some(subject(name)),
            ticket: Some(id),
            ..self.letter(name)
        }))
    }

    fn mail(&mut self, lmtp: &mut Lmtp, name: &str) -> io::Result<Option<Letter>> {
        let from = self.address(7);
        let (file, bytes) = file(name);
        let mail = format!(
            "From: Rosa Alvarez <{from}>\r\nTo: <{MAILBOX}>\r\nSubject: {}\r\n\
             Message-ID: <{name}@patient.example>\r\nDate: Mon, 2 Mar 2026 15:00:00 +0000\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=edge\r\n\r\n\
             --edge\r\nContent-Type: text/plain\r\n\r\n{}\r\n\
             --edge\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename={file}\r\n\r\n{}\r\n--edge--",
            subject(name),
            words(name),
            data_encoding::BASE64_MIME.encode(&bytes),
        );
        lmtp.deliver(&from, MAILBOX, &mail)?;
        Ok(Some(Letter {
            subject: Some(subject(name)),
            ..self.letter(name)
        }))
    }

    fn form(&mut self, http: &mut Http, name: &str) -> io::Result<Option<Letter>> {
        if self.form.is_none() {
            let page = http.get("/request?lang=en")?;
            if page.status == 503 {
                return Ok(None);
            }
            let pass = hidden(&page.expect(200).text(), "pass").to_owned();
            self.form = Some((Instant::now(), pass));
        }
        let (opened, pass) = self.form.as_ref().unwrap();
        if opened.elapsed() < READING {
            return Err(io::Error::other("still reading: it is sent another time"));
        }
        // Somebody who is worried writes three times.
        let (email, words) = (self.address_of(self.next / 3), words(name));
        let fields = [
            ("pass", pass.as_str()),
            ("lang", "en"),
            ("name", "Rosa Alvarez"),
            ("email", &email),
            ("message", &words),
        ];
        let (file, bytes) = file(name);
        let part = ("files", file.as_str(), "application/pdf", bytes.as_slice());
        let answer = http.files("/request", &[], &fields, &[part])?;
        let is_taken = thanks(answer, "/request/thanks?")?;
        Ok(is_taken.then(|| self.letter(name)))
    }

    fn reply(&mut self, http: &mut Http, doors: &Doors, name: &str) -> io::Result<Option<Letter>> {
        let thread = &doors.threads[self.next % doors.threads.len()];
        let there = format!("/t/{}", thread.link);
        let cookie = [("cookie", thread.cookie.as_str())];
        if self.open.as_ref().unwrap().fields.is_empty() {
            let page = http.request("GET", &there, &cookie, b"")?;
            if page.status == 503 {
                return Ok(None);
            }
            let page = page.expect(200).text();
            let fields = ["csrf_token", "once"];
            let fields = fields.map(|field| (field, hidden(&page, field).to_owned()));
            self.open.as_mut().unwrap().fields = fields.to_vec();
        }
        let words = words(name);
        let mut fields = vec![("lang", "en"), ("message", &words)];
        let own = self.open.as_ref().unwrap().fields.iter();
        fields.extend(own.map(|(name, value)| (*name, value.as_str())));
        let (file, bytes) = file(name);
        let part = ("files", file.as_str(), "application/pdf", bytes.as_slice());
        let answer = http.files(&format!("{there}/reply"), &cookie, &fields, &[part])?;
        let is_taken = thanks(answer, &format!("{there}?"))?;
        Ok(is_taken.then(|| Letter {
            ticket: Some(thread.ticket.clone()),
            ..self.letter(name)
        }))
    }

    /// The address of one of `people`, who take turns.
    fn address(&self, people: usize) -> String {
        self.address_of(self.next % people)
    }

    fn address_of(&self, person: usize) -> String {
        format!("p{}.{person}@patient.example", self.number)
    }
}

fn subject(name: &str) -> String {
    format!("Request {name}")
}

fn words(name: &str) -> String {
    let thanks = "Thank you. ".repeat(40);
    format!("I need a refill of my tablets, please. {thanks}It is about {name}.")
}

fn about(name: &str) -> String {
    format!("About {name}")
}

/// A file that is like no other. Some are stored in more than one piece.
fn file(name: &str) -> (String, Vec<u8>) {
    let seed = name.bytes().fold(7_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(byte.into())
    });
    let size = if seed % 10 == 0 { 300_000 } else { 2_000 };
    let mut random = Random(seed);
    let bytes = (0..size).map(|_| u8::try_from(random.below(256)).unwrap());
    (format!("{name}.pdf"), bytes.collect())
}

/// What the API says of something new; none where it can't take it now.
fn taken(http: &mut Http, path: &str, key: &str, new: &Value) -> io::Result<Option<Value>> {
    let answer = http.post(path, &[("idempotency-key", key)], new)?;
    if answer.status == 503 {
        return Ok(None);
    }
    Ok(Some(answer.expect(201).json()))
}

/// Whether a form was taken: its page then leads to one that thanks. It may be that it can't be taken now, or no more in
/// this hour.
fn thanks(answer: Answer, there: &str) -> io::Result<bool> {
    match answer.status {
        503 => return Ok(false),
        429 => return Err(io::Error::other("enough for this hour")),
        _ => {}
    }
    let answer = answer.expect(303);
    let leads = answer.header("location").unwrap();
    assert!(leads.starts_with(there), "{leads}");
    Ok(true)
}
