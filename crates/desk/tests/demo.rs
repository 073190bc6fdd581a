//! The demo, as a visitor with a mail program meets it: the running program, a mail in, the answer back into the program
//! that sent it, a rating, and nothing readable on disk.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_codecs::mail::{Limits, ParsedMail, parse};
use bedside_desk::demo::history::Size;
use bedside_desk::demo::start::{Options, start};
use bedside_testkit::wait_until;
use common::program::{self, Http};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

const SOON: Duration = Duration::from_secs(30);
const VISITOR: &str = "visitor@mail.example";

/// A running demo; ended with it.
struct Demo {
    child: Child,
    told: Value,
}

impl Demo {
    fn start(data: &Path) -> Self {
        Self::start_of(data, &["--small"])
    }

    fn start_of(data: &Path, size: &[&str]) -> Self {
        let any = "127.0.0.1:0";
        let mut command = Command::new(program::BEDSIDE);
        command
            .arg("demo")
            .args(size)
            .args([
                "--json",
                "--listen",
                any,
                "--smtp-listen",
                any,
                "--pop3-listen",
                any,
                "--data",
            ])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut told = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        // The JSON is one object; it ends with the line that closes it.
        while !told.ends_with("}\n") || serde_json::from_str::<Value>(&told).is_err() {
            assert!(
                out.read_line(&mut told).unwrap() > 0,
                "the demo did not start: {told}"
            );
        }
        Self {
            child,
            told: serde_json::from_str(&told).unwrap(),
        }
    }

    fn says(&self, what: &str) -> &str {
        self.told[what].as_str().unwrap()
    }

    fn http(&self) -> Http {
        let address: SocketAddr = self
            .says("url")
            .replace("http://localhost", "127.0.0.1")
            .parse()
            .unwrap();
        Http::connect(address, Some(self.says("token"))).unwrap()
    }

    /// Ends it as Ctrl-C does.
    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One conversation of lines.
struct Lines(BufReader<TcpStream>);

impl Lines {
    fn connect(to: &str) -> Self {
        let stream = TcpStream::connect(to.parse::<SocketAddr>().unwrap()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        Self(BufReader::new(stream))
    }

    fn say(&mut self, line: &str) -> String {
        self.0
            .get_mut()
            .write_all(format!("{line}\r\n").as_bytes())
            .unwrap();
        self.hear()
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line
    }

    /// Up to the line of one dot.
    fn many(&mut self) -> String {
        let mut text = String::new();
        loop {
            let line = self.hear();
            match line.as_str() {
                "" | ".\r\n" => return text,
                line => text.push_str(line.strip_prefix('.').unwrap_or(line)),
            }
        }
    }
}

/// Sends as a mail program does.
fn send(demo: &Demo, to: &str, mail: &str) {
    let mut smtp = Lines::connect(demo.says("smtp"));
    assert!(smtp.hear().starts_with("220"));
    let mut said = smtp.say("EHLO [127.0.0.1]");
    while said.as_bytes()[3] == b'-' {
        said = smtp.hear();
    }
    for (line, code) in [
        (format!("MAIL FROM:<{VISITOR}>"), "250"),
        (format!("RCPT TO:<{to}>"), "250"),
        ("DATA".to_owned(), "354"),
        (format!("{mail}\r\n."), "250"),
        ("QUIT".to_owned(), "221"),
    ] {
        let said = smtp.say(&line);
        assert!(said.starts_with(code), "{line}: {said}");
    }
}

/// Fetches as a mail program does.
fn fetch(demo: &Demo) -> Vec<ParsedMail> {
    let mut pop = Lines::connect(demo.says("pop3"));
    assert!(pop.hear().starts_with("+OK"));
    assert!(pop.say(&format!("USER {VISITOR}")).starts_with("+OK"));
    assert!(pop.say("PASS secret").starts_with("+OK"));
    let count = pop.say("STAT").split(' ').nth(1).unwrap().parse().unwrap();
    let mut mails = Vec::new();
    for number in 1..=count {
        let number: usize = number;
        assert!(pop.say(&format!("RETR {number}")).starts_with("+OK"));
        mails.push(parse(pop.many().as_bytes(), &Limits::default()).unwrap());
    }
    assert!(pop.say("QUIT").starts_with("+OK"));
    mails
}

fn bedside(data: &Path, args: &[&str]) -> std::process::Output {
    program::run(data, args)
}

/// Shows that the program which sent `own` mails, as it named them itself, puts a mail of the clinic's to them: it answers
/// the last one, and refers to all, after what only keeps the conversation together.
#[track_caller]
fn goes_on_from(mail: &ParsedMail, own: &[&str]) {
    assert_eq!(mail.in_reply_to, own[own.len() - 1..]);
    assert_eq!(mail.references[1..], *own);
}

/// Ratings given since the program began.
fn ratings(demo: &Demo) -> u64 {
    let figures = demo.http().get("/metrics").unwrap().expect(200).text();
    let line = figures
        .lines()
        .find(|line| line.contains("kind=\"ticket.rated\""));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok())
        .unwrap_or(0)
}

/// Every byte below a folder.
fn bytes(folder: &Path, out: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes(&path, out);
        } else {
            std::fs::File::open(path).unwrap().read_to_end(out).unwrap();
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one visit, told in its order")]
fn a_visitor_writes_with_a_mail_program_and_the_answer_arrives_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Demo::start(&data);
    let clinic = demo.says("mailbox").to_owned();
    let letter = format!(
        "From: Zebrafinch Visitor <{VISITOR}>\r\nTo: {clinic}\r\nSubject: Oriolebird bill\r\nMessage-ID: <first@mail.example>\r\n\r\n\
         I was charged twice for my quailnote visit. Please look at my bill."
    );
    send(&demo, &clinic, &letter);
    let sent = Instant::now();

    // A triaged ticket within two seconds.
    let mut http = demo.http();
    let mut ticket = Value::Null;
    let arrived = || {
        let list = http
            .get("/api/v1/tickets?limit=100")
            .unwrap()
            .expect(200)
            .json();
        let rows = list["items"].as_array().unwrap();
        ticket = rows
            .iter()
            .find(|row| row["subject"] == "Oriolebird bill")
            .cloned()
            .unwrap_or_default();
        !ticket.is_null()
    };
    wait_until(arrived, Duration::from_secs(2)).unwrap();
    assert!(
        sent.elapsed() < Duration::from_secs(2),
        "{:?}",
        sent.elapsed()
    );
    assert_eq!(ticket["category"], "billing", "{ticket}");
    let id = ticket["id"].as_str().unwrap().to_owned();

    // The acknowledgement, without a word of theirs.
    wait_until(|| !fetch(&demo).is_empty(), SOON).unwrap();
    let acknowledgement = fetch(&demo).remove(0);
    goes_on_from(&acknowledgement, &["first@mail.example"]);
    assert!(!acknowledgement.text.unwrap().contains("quailnote"));

    // An answer comes back into the program that wrote, in the same conversation.
    let mut http = demo.http();
    let path = format!("/api/v1/tickets/{id}/messages");
    http.post(
        &path,
        &[("idempotency-key", "1")],
        &json!({ "body": "We put it right, heronreply." }),
    )
    .unwrap()
    .expect(201);
    wait_until(|| fetch(&demo).len() == 2, SOON).unwrap();
    let answer = fetch(&demo).remove(1);
    assert!(answer.text.as_ref().unwrap().contains("heronreply"));
    goes_on_from(&answer, &["first@mail.example"]);

    // And what they write back goes on with it.
    let to = answer.reply_to[0].address.clone();
    let back = format!(
        "From: {VISITOR}\r\nTo: {to}\r\nSubject: Re: Oriolebird bill\r\nMessage-ID: <second@mail.example>\r\n\
         In-Reply-To: <{}>\r\n\r\nThank you, kestrelthanks!",
        answer.message_id.unwrap()
    );
    send(&demo, &to, &back);
    let goes_on = || {
        http.get(&path)
            .unwrap()
            .expect(200)
            .text()
            .contains("kestrelthanks")
    };
    wait_until(goes_on, SOON).unwrap();

    // The end: a rating by the link in the mail, counted.
    let mut http = demo.http();
    let path = format!("/api/v1/tickets/{id}/messages");
    let done = json!({ "body": "Gladly.", "status": "resolved" });
    http.post(&path, &[("idempotency-key", "2")], &done)
        .unwrap()
        .expect(201);
    wait_until(|| fetch(&demo).len() == 4, SOON).unwrap();
    for mail in &fetch(&demo)[2..] {
        goes_on_from(mail, &["first@mail.example", "second@mail.example"]);
    }
    let text = fetch(&demo)
        .into_iter()
        .find_map(|mail| mail.text.filter(|text| text.contains("/r/")))
        .unwrap();
    let link = text
        .split("/r/")
        .nth(1)
        .unwrap()
        .split('?')
        .next()
        .unwrap()
        .to_owned();
    let before = ratings(&demo);
    let page = http
        .get(&format!("/r/{link}?score=5"))
        .unwrap()
        .expect(200)
        .text();
    let fields = [("csrf_token", &*common::csrf_token(&page)), ("score", "5")];
    let said = http.form(&format!("/r/{link}"), &fields).unwrap();
    assert!(said.status < 400, "{}", said.text());
    wait_until(|| ratings(&demo) == before + 1, SOON).unwrap();

    // Nothing readable while it runs, and a whole log afterwards.
    let mut kept = Vec::new();
    bytes(&data, &mut kept);
    demo.stop();
    bytes(&data, &mut kept);
    let kept = kept.to_ascii_lowercase();
    for word in [
        "zebrafinch",
        "oriolebird",
        "quailnote",
        "heronreply",
        "kestrelthanks",
        VISITOR,
    ] {
        assert!(
            !kept
                .windows(word.len())
                .any(|window| window == word.as_bytes()),
            "{word}"
        );
    }
    let verified = bedside(&data, &["audit", "verify"]);
    assert!(
        verified.status.success(),
        "{}",
        String::from_utf8_lossy(&verified.stderr)
    );
}

/// How many requests there are, and the newest one's number.
fn requests(demo: &Demo) -> (usize, i64) {
    let list = demo.http().get("/api/v1/tickets?limit=100").unwrap();
    let list = list.expect(200).json();
    let rows = list["items"].as_array().unwrap();
    let numbers = rows.iter().filter_map(|row| row["number"].as_i64());
    (rows.len(), numbers.max().unwrap())
}

/// Its three months hold steps that a small one never comes to: what the desk refuses there would end it at its start.
#[test]
fn the_whole_demo_lives_through_its_three_months() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start_of(&folder.path().join("data"), &[]);
    let list = demo.http().get("/api/v1/tickets?view=done&limit=100");
    let list = list.unwrap().expect(200).json();
    assert_eq!(list["items"].as_array().unwrap().len(), 100);
    demo.stop();
}

#[test]
fn the_second_start_goes_on_where_the_first_one_ended() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Demo::start(&data);
    let clinic = demo.says("mailbox").to_owned();
    let before = requests(&demo);
    let letter = format!(
        "From: {VISITOR}\r\nTo: {clinic}\r\nSubject: Oriolebird\r\nMessage-ID: <first@mail.example>\r\n\r\nWhen are you open?"
    );
    send(&demo, &clinic, &letter);
    wait_until(|| requests(&demo).1 > before.1, SOON).unwrap();
    let known = demo.says("token").to_owned();
    let mark = std::fs::read_to_string(data.join("demo")).unwrap();
    demo.stop();

    let again = Demo::start(&data);
    assert!(
        requests(&again).1 > before.1,
        "what happened in the first run is there"
    );
    assert!(
        requests(&again).0 > before.0 && requests(&again).0 < before.0 * 2,
        "nothing is told twice"
    );
    let list = again.http().get("/api/v1/tickets?limit=100").unwrap();
    assert!(list.expect(200).text().contains("Oriolebird"));
    let address = again
        .says("url")
        .replace("http://localhost", "127.0.0.1")
        .parse()
        .unwrap();
    let mut old = Http::connect(address, Some(&known)).unwrap();
    old.get("/api/v1/tickets").unwrap().expect(200);
    assert_eq!(again.told["doors"].as_array().unwrap().len(), 5);
    let path = again.told["doors"][0]["link"].as_str().unwrap();
    let path = &path[path.find("/sign-in/").unwrap()..];
    again.http().get(path).unwrap().expect(200);
    assert_eq!(std::fs::read_to_string(data.join("demo")).unwrap(), mark);
    again.stop();
    assert!(bedside(&data, &["audit", "verify"]).status.success());
}

#[test]
fn a_folder_with_a_real_desk_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    program::ends(&bedside(data, &program::INIT), 0);
    let any = "127.0.0.1:0";
    let demo = [
        "demo",
        "--listen",
        any,
        "--smtp-listen",
        any,
        "--pop3-listen",
        any,
    ];
    let said = program::refuses(&bedside(data, &demo), 2);
    assert!(
        said.contains("holds a real desk") && said.contains("--data"),
        "{said}"
    );
    assert!(!data.join("demo").exists());
    let everybody = program::json(&bedside(data, &["user", "list", "--json"]));
    assert_eq!(everybody.as_array().unwrap().len(), 1);
}

#[test]
fn mailboxes_that_any_password_opens_stay_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    for open in ["0.0.0.0:0", "[::]:0", "192.0.2.7:1110"] {
        let said = program::refuses(&bedside(data, &["demo", "--pop3-listen", open]), 2);
        assert!(
            said.contains("any password opens") && said.contains("127.0.0.1:1110"),
            "{said}"
        );
    }
    assert_eq!(std::fs::read_dir(data).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ticker_brings_a_request_after_every_pause() {
    let folder = tempfile::tempdir().unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let options = Options {
        data: folder.path().join("data"),
        listen: any,
        smtp: any,
        pop3: any,
        size: Size::SMALL,
    };
    // The test's clock: a pause ends when the test says so.
    let (asks, mut pauses) = mpsc::unbounded_channel();
    let pause = move |length: Duration| {
        let (ends, ended) = oneshot::channel::<()>();
        let asked = asks.send((length, ends)).is_ok();
        async move {
            // Without a test that listens there is no end to it.
            if !asked || ended.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let demo = start(options, pause, |_, _| ()).await.unwrap();
    let address: SocketAddr = demo
        .url
        .replace("http://localhost", "127.0.0.1")
        .parse()
        .unwrap();
    let numbers = || {
        let mut http = Http::connect(address, Some(&demo.token)).unwrap();
        let list = http
            .get("/api/v1/tickets?limit=100")
            .unwrap()
            .expect(200)
            .json();
        let rows = list["items"].as_array().unwrap().clone();
        rows.into_iter()
            .map(|row| (row["number"].as_i64().unwrap(), row))
            .collect::<BTreeMap<_, _>>()
    };
    let look = || tokio::task::block_in_place(numbers);
    let mut before = look();
    for _ in 0..3 {
        let (length, ends) = pauses.recv().await.unwrap();
        assert!((20..=40).contains(&length.as_secs()), "{length:?}");
        assert_eq!(look().len(), before.len(), "nothing comes during a pause");
        ends.send(()).unwrap();
        let mut after = BTreeMap::new();
        let arrived = || {
            after = numbers();
            after.len() > before.len()
        };
        tokio::task::block_in_place(|| wait_until(arrived, SOON)).unwrap();
        let newest = after.last_key_value().unwrap();
        assert!(!before.contains_key(newest.0));
        assert_eq!(newest.1["channel"], "email", "{newest:?}");
        assert!(
            newest.1["subject"]
                .as_str()
                .is_some_and(|subject| !subject.is_empty())
        );
        before = after;
    }
    // It ends with the demo, in the middle of a pause.
    let (_, _ends) = pauses.recv().await.unwrap();
    demo.stop().await;
    assert!(
        pauses.recv().await.is_none(),
        "nobody waits for another pause"
    );
}

#[test]
fn a_healthy_demo_is_checked_and_found_well() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let check = || {
        let output = program::run(data, &["check"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}");
        assert!(
            said.contains("This is a demo") && !said.contains("8080"),
            "{said}"
        );
        assert!(!said.contains("WRONG") && !said.contains("TO DO"), "{said}");
        said
    };
    let demo = Demo::start(data);
    assert!(check().contains("sending"));
    demo.stop();
    assert!(check().contains("there while the demo runs"));
}
