//! Attacks that other desks fell to, at full size, through the receiver. Those on threading are in
//! `src/intake/email/tests/attacks.rs`.

use crate::common::Role;
use crate::common::load;
use crate::common::program::{Lmtp, Program};
use crate::common::sink::{at, sink};
use crate::common::wire::{ANA, HELP, Wire, plain};
use crate::common::{Desk, Engine, both_engines};
use crate::{all_tickets, newest, queue};
use bedside_codecs::mail::Limits;
use bedside_desk::tickets::{self, Reply};
use bedside_desk::{audit_log, events, jobs, mailboxes};
use bedside_testkit::{Memory, wait_until};
use std::fmt::Write as _;
use std::time::Duration;

/// Ten thousand levels each, made in every way there is.
fn nested_bombs() -> [String; 4] {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    let circle = "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".repeat(10_000);
    let mut boxes = String::new();
    for n in 0..10_000 {
        write!(
            boxes,
            "Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"
        )
        .unwrap();
    }
    [
        nested.clone(),
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{circle}"),
        boxes,
        format!("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n{nested}"),
    ]
}

/// What the work of a desk has left so far: events, entries of the log, jobs.
async fn traces(desk: &Desk) -> [(&'static str, i64); 3] {
    let events = events::latest(&desk.app, desk.organisation).await.unwrap();
    let entries = audit_log::list(&desk.app, &desk.system(), None, 1)
        .await
        .unwrap();
    let jobs = bedside_db::jobs::counts(&mut desk.app.read().await.unwrap())
        .await
        .unwrap();
    [
        ("events", events),
        ("entries", entries[0].sequence),
        ("jobs", jobs.0),
    ]
}

/// The same on the real program, which holds at most 32 MiB more than before while it works on each of them, and less than
/// 64 MiB more while it works on an archive.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_49_nested_messages_take_the_program_little_memory() {
    const MOST: usize = 32 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let token = load::set_up(folder.path()).await;
    tokio::task::block_in_place(|| {
        let program = Program::serve(folder.path());
        let mut http = program.http(Some(&token));
        let mut lmtp = Lmtp::connect(program.lmtp).unwrap();
        let mut tickets = 0;
        let mut takes = |head: &str, body: &str| {
            let raw = plain(&format!("m{tickets}"), head, body);
            lmtp.deliver(ANA, load::MAILBOX, raw.trim_end()).unwrap();
            tickets += 1;
            let all = || {
                let page = http.get("/api/v1/tickets?limit=100").unwrap().expect(200);
                page.json()["items"].as_array().unwrap().len() == tickets
            };
            wait_until(all, Duration::from_mins(1)).unwrap_or_else(|_| panic!("{}", program.log()));
        };
        // What any mail needs at its first time.
        takes("", "Hello");
        takes(
            &"X-Much: much\r\n".repeat(50_000),
            &"Hello. ".repeat(50_000),
        );
        for (number, bomb) in nested_bombs().iter().enumerate() {
            let before = Memory::from_now_on(program.id()).now;
            takes(bomb.trim_end(), "bottom");
            let more = Memory::of(program.id()).peak.saturating_sub(before);
            assert!(more <= MOST, "{number}: {more} KiB");
        }
        // An archive is a file like any other: what it would be unpacked is in nobody's memory.
        let mut zip = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
        zip.resize(2_000_000, 0x78);
        let before = Memory::from_now_on(program.id()).now;
        let head = "MIME-Version: 1.0\r\nContent-Type: application/zip; name=42.zip\r\nContent-Encoding: gzip\r\n\
            Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=42.zip\r\n";
        takes(head, &data_encoding::BASE64_MIME.encode(&zip));
        let more = Memory::of(program.id()).peak.saturating_sub(before);
        assert!(more < 2 * MOST, "an archive: {more} KiB");
        assert!(program.stop().success());
    });
    load::audit_is_whole(folder.path()).await;
}

both_engines! {
    /// 5,000 requests in one victim's name: one acknowledgement a day, and no word in it that the attacker chose.
    async fn attack_03_the_acknowledgement_as_a_mail_bomb(desk: Desk) {
        const ATTACKERS: usize = 16;
        // All of them once; that the other engine counts the same way shows in fewer.
        let many = if desk.engine == Engine::Sqlite { 5_000 } else { 500 };
        let sink = sink(&desk).await;
        let wire = Wire::beside(&desk).await;
        let attacker = async |first: usize| {
            let mut talk = wire.connect().await;
            for number in (first..many).step_by(ATTACKERS) {
                let raw = format!(
                    "From: BUYNOW at spamvertised dot test <{ANA}>\r\nTo: BUYNOW <{HELP}>\r\nSubject: BUYNOW {number}\r\n\
                     Message-ID: <buynow{number}@patients.test>\r\nReply-To: buynow@spamvertised.test\r\n\r\n\
                     BUYNOW http://spamvertised.test/{number}\r\n"
                );
                let said = talk.mail(raw.as_bytes()).await;
                assert!(said.starts_with("250"), "{said}");
            }
        };
        futures_util::future::join_all((0..ATTACKERS).map(attacker)).await;
        while wire.work().await > 0 {}
        jobs::drain(&desk.app).await.unwrap();
        let sent = sink.take();
        let [sent] = sent.as_slice() else { panic!("{} acknowledgements", sent.len()) };
        // The Message-IDs that it answers are for programs and say nothing to a reader (RFC 3834, 3.1.5).
        let head = sent.head().replace("\r\n ", " ");
        let head = head.lines().filter(|line| !line.starts_with("In-Reply-To:") && !line.starts_with("References:"));
        let (text, page) = (sent.text(), sent.mail().html.unwrap_or_default());
        let all = format!("{}\n{text}\n{page}", head.collect::<Vec<_>>().join("\n")).to_lowercase();
        assert!(!all.contains("buynow") && !all.contains("spamvertised"), "{all}");
        assert_eq!(sent.to, [format!("<{ANA}>")]);
        assert!(sent.from.starts_with("<>"), "nothing answers it");
        desk.clock.advance(24 * 3600 - 1);
        wire.takes(plain("late", "", "Still the attacker.")).await;
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(sink.take().len(), 0);
        desk.clock.advance(2);
        wire.takes(plain("next", "", "Me.")).await;
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(sink.take().len(), 1);
    }

    /// Line ends in everything that a stranger writes and a mail of ours repeats: subject, names, Message-IDs, file names,
    /// Reply-To, the envelope.
    async fn attack_22_line_ends_in_whatever_becomes_a_header(desk: Desk) {
        let sink = sink(&desk).await;
        let wire = Wire::beside(&desk).await;
        let breaks = ["\r\n", "\n", "\r", "\r\n\t", "\u{85}", "\u{2028}", "\u{b}", "\u{c}", "\0"];
        for (number, end) in breaks.iter().enumerate() {
            let evil = format!("Hello{end}Bcc: eve@elsewhere.test{end}X-Evil: yes{end}{end}<b>body</b>");
            let word = format!("=?utf-8?B?{}?=", data_encoding::BASE64.encode(evil.as_bytes()));
            let from = format!("line{number}@patients.test");
            let raw = format!(
                "From: {word} <{from}>\r\nTo: {HELP}\r\nSubject: {word}\r\nReply-To: {word} <eve@elsewhere.test>\r\n\
                 Message-ID: <x{number}{word}@patients.test>\r\nReferences: <{word}@x.test> <a@b.test\r\n Bcc:eve@elsewhere.test>\r\n\
                 MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n\
                 Content-Type: text/plain; name=\"{word}\"\r\nContent-Disposition: attachment; filename=\"{word}\"\r\n\r\n{evil}\r\n--b--\r\n"
            );
            wire.takes(raw).await;
            let view = newest(&desk).await;
            let envelope = view.messages[0].envelope.as_ref().unwrap();
            let names = view.messages[0].attachments.iter().map(|file| &file.name);
            let shown = [&view.subject, view.contact.name.as_ref().unwrap(), &envelope.subject, &envelope.from];
            for text in shown.into_iter().chain(names).chain([&envelope.message_id]) {
                assert!(!text.contains(|c: char| c.is_control()), "{end:?} {text:?}");
            }
            let files = tickets::sealing(&desk.app, &desk.ctx(Role::Agent), view.ticket.id).await.unwrap();
            let blob = bedside_desk::records::blobs::write(&desk.app, desk.organisation, &files, b"x").await.unwrap();
            let reply = Reply {
                body: evil.clone(),
                attachments: vec![bedside_desk::timeline::NewAttachment {
                    blob,
                    name: evil.clone(),
                    media_type: format!("text/plain{}Bcc: eve@elsewhere.test", end.replace('\0', " ")),
                    size: 1,
                    content_id: None,
                    inline: false,
                    words: bedside_codecs::mail::file_words::FileWords::default(),
                }],
                status: None,
                version: None,
                class: None,
            };
            tickets::reply(&desk.app, &desk.ctx(Role::Agent), view.ticket.id, reply).await.unwrap();
            jobs::drain(&desk.app).await.unwrap();
            desk.clock.advance(10);
            jobs::drain(&desk.app).await.unwrap();
            let sent = sink.take();
            assert_eq!(sent.len(), 2, "an acknowledgement and an answer");
            for one in sent {
                assert_eq!(one.to, [format!("<{from}>")]);
                let raw = String::from_utf8_lossy(&one.raw).into_owned();
                for line in one.head().split(['\r', '\n']) {
                    let line = line.trim_start().to_lowercase();
                    let made_up = ["bcc:", "x-evil:"].iter().any(|name| line.starts_with(name));
                    assert!(!made_up, "{end:?}\n{raw}");
                }
                let mail = one.mail();
                assert!(mail.cc.is_empty() && mail.to.len() == 1, "{raw}");
                assert!(!raw.contains('\0') && !raw.replace("\r\n", "").contains(['\r', '\n']), "bare line ends");
            }
        }
        // The envelope: a command is one line.
        let mut talk = wire.connect().await;
        for line in [
            "MAIL FROM:<ana@patients.test\rRCPT TO:<eve@elsewhere.test>>",
            "MAIL FROM:<ana\0@patients.test>",
            "MAIL FROM:<ana@patients.test\n>",
        ] {
            let said = talk.say(line).await;
            assert!(said.starts_with('5'), "{line:?}: {said}");
        }
        // And a mailbox's own settings.
        for name in ["Clinic\r\nBcc: eve@elsewhere.test", "Clinic\nX: y"] {
            let mut new = at(2525);
            "other@clinic.example".clone_into(&mut new.address);
            name.clone_into(&mut new.settings.from_name);
            let made = mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), new).await;
            assert!(made.is_err(), "{name:?}");
        }
    }

    /// Messages inside messages, ten thousand deep, and containers inside containers: a person gets the raw file, and
    /// no more work is done and no more is kept than for a mail that goes one step too deep.
    async fn attack_49_nested_messages(desk: Desk) {
        let wire = Wire::new(&desk).await;
        // Her first mail makes a contact and is acknowledged.
        wire.takes(plain("first", "", "Hello")).await;
        let mut left = Vec::new();
        let shallow = "Content-Type: message/rfc822\r\n\r\n".repeat(Limits::default().nesting + 2);
        for (number, bomb) in [shallow].into_iter().chain(nested_bombs()).enumerate() {
            let raw = plain(&format!("deep{number}"), bomb.trim_end(), "bottom");
            let before = traces(&desk).await;
            assert!(wire.hand_in(&raw).await.starts_with("250"));
            assert_eq!(wire.work().await, 1, "looked at once");
            let after = traces(&desk).await;
            let view = newest(&desk).await;
            assert_eq!(queue(&desk, &view), "needs_look", "{number}");
            let [message] = view.messages.as_slice() else { panic!("{} messages", view.messages.len()) };
            let [file] = message.attachments.as_slice() else { panic!("{} files", message.attachments.len()) };
            assert_eq!(file.name, "mail.eml");
            let size = usize::try_from(file.size).unwrap();
            assert!((raw.len()..raw.len() + 1024).contains(&size), "{number}: {size} for {}", raw.len());
            assert!(message.body.len() < 2_000, "{number}: {}", message.body.len());
            left.push(after.map(|(name, many)| (name, many - before.iter().find(|one| one.0 == name).unwrap().1)));
        }
        assert!(left.iter().all(|one| *one == left[0]), "{left:?}");
        wire.takes(plain("good", "", "Hello")).await;
        assert_eq!(newest(&desk).await.messages[0].body.trim(), "Hello");
    }

    /// A header line without end, a million parts, a million addresses and references.
    async fn attack_50_more_of_everything(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let parts = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
            "--b\r\n\r\nx\r\n".repeat(1_000_000)
        );
        let attachments = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
            "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n".repeat(500)
        );
        let mut fields = String::new();
        for n in 0..100_000 {
            write!(fields, "X-{n}: {n}\r\n").unwrap();
        }
        let bombs = [
            format!("X-Long: {}\r\n", "x".repeat(10_000_000)),
            format!("X-Folded:{}\r\n", "\r\n x".repeat(3_000_000)),
            fields,
            parts,
            attachments,
            format!("Cc: {}ana@patients.test\r\n", "a@b.test, ".repeat(1_000_000)),
        ];
        for (number, bomb) in bombs.iter().enumerate() {
            wire.takes(plain(&format!("more{number}"), bomb, "x")).await;
            let view = newest(&desk).await;
            assert_eq!(queue(&desk, &view), "needs_look", "{number}");
            assert_eq!(view.messages[0].attachments[0].name, "mail.eml", "{number}");
        }
        // Much, and still a mail: what it is about is kept, the rest is cut.
        let mut header = String::new();
        write!(header, "References: {}\r\nCc: ", "<a@b.test>\r\n ".repeat(5_000)).unwrap();
        write!(header, "{}a@b.test\r\n", "a@b.test,\r\n ".repeat(5_000)).unwrap();
        wire.takes(plain("much", &header, "Hello")).await;
        let view = newest(&desk).await;
        assert_ne!(queue(&desk, &view), "needs_look");
        assert!(view.messages[0].envelope.as_ref().unwrap().cc.len() <= 200);
        assert_eq!(all_tickets(&desk).await.len(), bombs.len() + 1);
    }

    /// One transmission with a hidden second one in it is one message, whatever stands between them.
    async fn attack_54_smuggled_messages(desk: Desk) {
        // Every line of one dot between two ends of a line, save the one that is the end of a message.
        let ends = ["\r\n", "\n", "\r", "\r\r\n", "\n\r", "\r\n\0", "\0\r\n", "\u{b}", "\u{c}", "\u{85}", "\u{2028}"];
        let mut breaks = vec!["\r\n..\r\n".to_owned(), "\r\n. \r\n".to_owned(), "\r\n .\r\n".to_owned()];
        for before in ends {
            for after in ends {
                if (before, after) != ("\r\n", "\r\n") {
                    breaks.push(format!("{before}.{after}"));
                }
            }
        }
        // What holds the true end of a message ends it.
        breaks.retain(|text| !text.contains("\r\n.\r\n"));
        assert!(breaks.len() > 100);
        let wire = Wire::new(&desk).await;
        let mut seen = 0;
        for (number, text) in breaks.iter().enumerate() {
            let mut talk = wire.connect().await;
            for line in [format!("MAIL FROM:<{ANA}>"), format!("RCPT TO:<{HELP}>"), "DATA".to_owned()] {
                assert!(talk.say(&line).await.starts_with(['2', '3']));
            }
            let second = format!(
                "MAIL FROM:<boss@clinic.example>\r\nRCPT TO:<{HELP}>\r\nDATA\r\nFrom: boss@clinic.example\r\n\
                 Message-ID: <smuggled{number}@x>\r\n\r\nsecond\r\n.\r\n"
            );
            talk.send(format!("{}{text}{second}", plain(&format!("first{number}"), "", "Hello")).as_bytes()).await;
            let said = talk.reply().await;
            assert!(said.starts_with("250") || said.starts_with('5'), "{text:?}: {said}");
            let next = talk.say("NOOP").await;
            assert!(next.starts_with("250 2.0.0"), "{text:?}: something else was answered: {next}");
            seen += usize::from(said.starts_with("250"));
        }
        while wire.work().await > 0 {}
        let all = all_tickets(&desk).await;
        assert_eq!(all.len(), seen);
        for view in &all {
            assert_eq!(view.contact.email(), Some(ANA));
        }
        if desk.engine == Engine::Sqlite {
            desk.audit_is_whole().await;
        }
    }
}
