//! A patient's words come in by mail, with files, and go out again through the real program at its most talkative: they
//! are in nothing that is kept on disk, said in the log, counted or put into a job.

use crate::common::canaries::{self, files};
use crate::common::program::{Http, Lmtp, Program};
use crate::common::sink::{Answer, Sink, at};
use crate::common::wire::HELP;
use crate::common::{Engine, clinic, config};
use bedside_db::{Db, SystemClock, Target};
use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{mailboxes, orgs, startup};
use bedside_testkit::wait_until;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Each stands for one place of a mail; none is a word that the program itself uses.
const CANARIES: &[&str] = &[
    "zebrafinch",
    "oriolebird",
    "kestrelmail",
    "quailsubject",
    "heronbody",
    "egrethtml",
    "storkfile",
    "plovertext",
    "cranepicture",
    "ibisreply",
    "gannetanswer",
    "5550147789",
    "larkparked",
    "wrenenvelope",
];

const SOON: Duration = Duration::from_secs(30);

fn letter() -> String {
    let text = data_encoding::BASE64.encode(b"plovertext of a file");
    format!(
        "From: Zebrafinch Oriolebird <kestrelmail@patients.test>\r\nTo: {HELP}\r\nSubject: Quailsubject\r\n\
         Message-ID: <kestrelmail.1@patients.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nHeronbody, call 5550147789 please.\r\n\
         --c\r\nContent-Type: text/html\r\n\r\n<p>Egrethtml</p>\r\n--c--\r\n\
         --b\r\nContent-Type: text/plain; name=storkfile.txt\r\nContent-Disposition: attachment; filename=storkfile.txt\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{text}\r\n\
         --b\r\nContent-Type: image/png\r\nContent-ID: <cranepicture@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--"
    )
}

/// A desk with a clinic, a mailbox that sends to `port`, and a token for everything.
async fn set_up(settings: bedside_desk::config::Config, port: u16) -> String {
    let (app, _) = startup::open(settings, Arc::new(SystemClock))
        .await
        .unwrap();
    let mut new = clinic(&app);
    new.settings.undo_seconds = 0;
    let organisation = orgs::create(&app, new).await.unwrap();
    let ctx = Ctx::system(organisation, "setup", Source::CommandLine);
    mailboxes::create(&app, &ctx, at(port)).await.unwrap();
    let new = NewToken {
        name: "canary".to_owned(),
        scopes: Permissions::ALL,
        queues: staff::Queues::All,
        expires_at: None,
    };
    let (_, token) = staff::create_token(&app, &ctx, new).await.unwrap();
    app.db.close().await;
    token
}

#[expect(clippy::too_many_lines, reason = "one mail's way, told in its order")]
async fn nothing_of_a_mail_is_readable(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let settings = config(engine, &data);
    let database = settings.database.clone();
    let sink = Sink::start().await;
    let token = set_up(settings, sink.port).await;
    let (sent, now) = (sink.clone(), tokio::runtime::Handle::current());
    let work = move || {
        let program = Program::serve_with(&data, |command| {
            command.env("BEDSIDE_LOG", "trace,hyper=info,h2=info");
            if let Some(url) = &database {
                command.env("BEDSIDE_DATABASE", url);
            }
        });
        let mut lmtp = Lmtp::connect(program.lmtp).unwrap();
        let from = "wrenenvelope@patients.test";
        lmtp.deliver(from, HELP, &letter()).unwrap();
        // One that can't be read, and one that fails on the wire.
        lmtp.deliver(from, HELP, "larkparked\r\nno mail at all")
            .unwrap();
        assert!(
            lmtp.deliver(from, "zebrafinch@elsewhere.test", "x")
                .is_err()
        );
        let mut http = program.http(Some(&token));
        let mut id = String::new();
        let opened = || {
            let list = http.get("/api/v1/tickets").unwrap().expect(200).json();
            let rows = list["items"].as_array().unwrap().clone();
            let row = rows.iter().find(|row| row["subject"] == "Quailsubject");
            id = row
                .map(|row| row["id"].as_str().unwrap().to_owned())
                .unwrap_or_default();
            rows.len() == 2 && !id.is_empty()
        };
        wait_until(opened, SOON).unwrap();
        let mut http = program.http(Some(&token));
        let answer = |http: &mut Http, key: &str, words: &str| {
            let path = format!("/api/v1/tickets/{id}/messages");
            let key = [("idempotency-key", key)];
            http.post(&path, &key, &json!({ "body": words }))
                .unwrap()
                .expect(201);
        };
        answer(&mut http, "first", "gannetanswer");
        let got = |count: usize| wait_until(|| sent.sent().len() >= count, SOON);
        got(2).unwrap();
        // The patient answers, by the address and Message-ID of the mail they got.
        // It may be there before the acknowledgement: nothing puts two mails in an order.
        let mut mails = sent.sent().into_iter().map(|sent| sent.mail());
        let is_answer = |text: &String| text.contains("gannetanswer");
        let mail = mails
            .find(|mail| mail.text.as_ref().is_some_and(is_answer))
            .unwrap();
        let (to, of) = (&mail.reply_to[0].address, mail.message_id.unwrap());
        let back = format!(
            "From: kestrelmail@patients.test\r\nTo: {to}\r\nIn-Reply-To: <{of}>\r\nMessage-ID: <2@patients.test>\r\n\
             Subject: Re: Quailsubject\r\n\r\nIbisreply"
        );
        Lmtp::connect(program.lmtp)
            .unwrap()
            .deliver(from, to, &back)
            .unwrap();
        let joined = || {
            let shown = http
                .get(&format!("/api/v1/tickets/{id}/messages"))
                .unwrap()
                .expect(200)
                .text();
            // The words are really in: they can be read by whoever may.
            [
                "Ibisreply",
                "Heronbody",
                "Egrethtml",
                "storkfile.txt",
                "gannetanswer",
            ]
            .iter()
            .all(|word| shown.contains(word))
        };
        wait_until(joined, SOON).unwrap();
        // A mail server that refuses says the patient's name, too.
        sent.answer(Answer::Never);
        let mut http = program.http(Some(&token));
        answer(&mut http, "second", "gannetanswer again");
        let mut figures = String::new();
        let refused = || {
            figures = http.get("/metrics").unwrap().expect(200).text();
            figures.contains("bedside_mails_failed_total 1\n")
        };
        wait_until(refused, SOON).unwrap();
        for counted in ["tickets_created", "mails_received", "mails_sent"] {
            let nothing = format!("bedside_{counted}_total 0\n");
            let name = nothing.trim_end_matches("0\n");
            assert!(
                figures.contains(name) && !figures.contains(&nothing),
                "{figures}"
            );
        }
        // One that has to be asked again leaves a job.
        sent.answer(Answer::Later);
        let before = sent.sent().len();
        let mut http = program.http(Some(&token));
        answer(&mut http, "third", "gannetanswer once more");
        got(before + 1).unwrap();
        let db = match &database {
            None => Db::open_to_read(&data.join("bedside.db")),
            Some(url) => now.block_on(Db::open(&Target::Postgres(url.clone()))),
        };
        let db = db.unwrap();
        let mut kept = vec![
            ("the log".to_owned(), program.log().into_bytes()),
            ("the figures".to_owned(), figures.into_bytes()),
            now.block_on(canaries::jobs(&db)),
        ];
        now.block_on(db.close());
        assert!(kept[0].1.len() > 1_000, "the log is talkative");
        // What the mail server said of the patient is repeated nowhere.
        for (name, text) in &kept {
            let text = String::from_utf8_lossy(text).to_lowercase();
            assert!(!text.contains("rosa"), "{name}: {text}");
        }
        // While it runs, so that the write-ahead log is looked at as well.
        files(&data, &mut kept);
        if let Some(url) = &database {
            kept.push(canaries::dump(url));
        } else {
            assert!(
                kept.iter()
                    .any(|(name, bytes)| name.ends_with("-wal") && !bytes.is_empty())
            );
        }
        assert!(program.stop().success());
        files(&data, &mut kept);
        kept
    };
    let kept = tokio::task::spawn_blocking(work).await.unwrap();
    let found = canaries::found(&kept, CANARIES);
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_mail_is_readable_sqlite() {
    nothing_of_a_mail_is_readable(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_mail_is_readable_postgres() {
    nothing_of_a_mail_is_readable(Engine::Postgres).await;
}
