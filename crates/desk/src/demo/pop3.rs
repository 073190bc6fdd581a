//! The patients' mailboxes for any mail program, by POP3 (RFC 1939): what the desk sends arrives in it.
//!
//! The user is the patient's address, and any password will do: everybody in here is invented, and the server listens on
//! the loopback interface alone.

use super::inbox::{Inbox, Mail};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Connections at a time.
const CONNECTIONS: usize = 20;
/// Longest command, in bytes (RFC 2449 allows 255).
const LONGEST: u64 = 1024;
/// How long a client may say nothing (RFC 1939 asks for ten minutes).
const PATIENCE: Duration = Duration::from_mins(10);

/// Serves the mailboxes until `shutdown`.
pub(super) async fn serve(listener: TcpListener, inbox: Inbox, shutdown: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles, most likely: open connections have to end first.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let session = Session::new(inbox.clone());
        let talk = shutdown.clone().run_until_cancelled_owned(async move {
            // A client that is gone has heard all it wanted.
            let _ = converse(stream, session).await;
            drop(place);
        });
        tokio::spawn(talk);
    }
}

async fn converse(stream: TcpStream, mut session: Session) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"+OK the demo's mailboxes\r\n").await?;
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut stream).take(LONGEST);
        let read = limited.read_until(b'\n', &mut line);
        let Ok(read) = timeout(PATIENCE, read).await else {
            return Ok(());
        };
        if read? == 0 || !line.ends_with(b"\n") {
            return Ok(());
        }
        let answer = session.answer(&String::from_utf8_lossy(&line));
        stream.write_all(&answer).await?;
        stream.flush().await?;
        if session.over {
            return Ok(());
        }
    }
}

/// One conversation: what is said depends on nothing but what was said before.
struct Session {
    inbox: Inbox,
    user: String,
    /// The mails there were when the password came; none before.
    mails: Option<Vec<Arc<Mail>>>,
    /// Places in `mails` of those that go at the end.
    gone: BTreeSet<usize>,
    over: bool,
}

impl Session {
    const fn new(inbox: Inbox) -> Self {
        Self {
            inbox,
            user: String::new(),
            mails: None,
            gone: BTreeSet::new(),
            over: false,
        }
    }

    fn answer(&mut self, line: &str) -> Vec<u8> {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or_default().to_ascii_uppercase();
        let arguments: Vec<&str> = words.collect();
        let said = match (verb.as_str(), self.mails.is_some()) {
            ("QUIT", _) => Some(self.quit()),
            ("CAPA", _) => Some(lines("capabilities", &["USER", "UIDL", "TOP"])),
            ("USER", false) => arguments.first().map(|user| {
                (*user).clone_into(&mut self.user);
                ok("and the password? Any will do")
            }),
            ("PASS", false) if !self.user.is_empty() => {
                let mut mails = self.inbox.arrived(&self.user);
                mails.reverse();
                self.mails = Some(mails);
                Some(ok("welcome"))
            }
            ("NOOP", true) => Some(ok("")),
            ("RSET", true) => {
                self.gone.clear();
                Some(ok("nothing will go"))
            }
            ("STAT", true) => {
                let sizes: Vec<usize> = self.kept().map(|(_, mail)| mail.raw.len()).collect();
                Some(ok(&format!(
                    "{} {}",
                    sizes.len(),
                    sizes.iter().sum::<usize>()
                )))
            }
            ("LIST", true) => self.table(&arguments, |mail| mail.raw.len().to_string()),
            ("UIDL", true) => self.table(&arguments, |mail| mail.number.to_string()),
            ("RETR", true) => self.named(&arguments).map(|(_, mail)| body(&mail.raw)),
            ("TOP", true) => self.named(&arguments).and_then(|(_, mail)| {
                let count = arguments.get(1)?.parse().ok()?;
                Some(body(&top(&mail.raw, count)))
            }),
            ("DELE", true) => self.named(&arguments).map(|(at, _)| at).map(|at| {
                self.gone.insert(at);
                ok("it goes when you do")
            }),
            _ => None,
        };
        said.unwrap_or_else(|| b"-ERR not like this\r\n".to_vec())
    }

    fn quit(&mut self) -> Vec<u8> {
        let gone = self
            .mails
            .iter()
            .flatten()
            .enumerate()
            .filter(|(at, _)| self.gone.contains(at))
            .map(|(_, mail)| mail.number);
        self.inbox.forget(gone);
        self.over = true;
        ok("goodbye")
    }

    /// The mails that stay, with their places.
    fn kept(&self) -> impl Iterator<Item = (usize, &Arc<Mail>)> {
        let mails = self.mails.iter().flatten().enumerate();
        mails.filter(|(at, _)| !self.gone.contains(at))
    }

    /// The mail that a command's first argument counts to.
    fn named(&self, arguments: &[&str]) -> Option<(usize, &Arc<Mail>)> {
        let wanted: usize = arguments.first()?.parse().ok()?;
        self.kept().find(|(at, _)| at + 1 == wanted)
    }

    fn table(&self, arguments: &[&str], tell: impl Fn(&Mail) -> String) -> Option<Vec<u8>> {
        if !arguments.is_empty() {
            let (at, mail) = self.named(arguments)?;
            return Some(ok(&format!("{} {}", at + 1, tell(mail))));
        }
        let rows: Vec<String> = self
            .kept()
            .map(|(at, mail)| format!("{} {}", at + 1, tell(mail)))
            .collect();
        Some(lines("they are", &rows))
    }
}

fn ok(text: &str) -> Vec<u8> {
    format!("+OK {text}\r\n").into_bytes()
}

fn lines(title: &str, rows: &[impl AsRef<str>]) -> Vec<u8> {
    let mut text = format!("+OK {title}\r\n");
    for row in rows {
        let _ = write!(text, "{}\r\n", row.as_ref());
    }
    text.push_str(".\r\n");
    text.into_bytes()
}

/// A mail as an answer: a line that begins with a dot gets a second one, and a dot alone ends it.
fn body(raw: &[u8]) -> Vec<u8> {
    let mut out = ok("here it is");
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// The header and the first lines of a mail.
fn top(raw: &[u8], count: usize) -> Vec<u8> {
    let mut left = None;
    let taken = raw
        .split_inclusive(|byte| *byte == b'\n')
        .take_while(|line| {
            match &mut left {
                None if line.trim_ascii().is_empty() => left = Some(count),
                None => {}
                Some(0) => return false,
                Some(left) => *left -= 1,
            }
            true
        });
    taken.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_db::Timestamp;
    use proptest::prelude::*;

    fn inbox() -> Inbox {
        let inbox = Inbox::default();
        let mail = |person: &str, own, raw: &[u8]| Mail {
            number: 0,
            person: person.to_owned(),
            own,
            answer_to: String::new(),
            subject: String::new(),
            text: String::new(),
            conversation: Vec::new(),
            at: Timestamp::default(),
            raw: raw.to_vec(),
        };
        inbox.keep(mail(
            "ana@mail.example",
            false,
            b"A: 1\r\n\r\n.one\r\ntwo\r\n",
        ));
        inbox.keep(mail("ana@mail.example", true, b""));
        inbox.keep(mail("bo@mail.example", false, b"A: 2\r\n\r\nx\r\n"));
        inbox.keep(mail("ana@mail.example", false, b"A: 3\r\n\r\nlast"));
        inbox
    }

    fn said(session: &mut Session, line: &str) -> String {
        String::from_utf8(session.answer(line)).unwrap()
    }

    #[test]
    fn a_mail_program_fetches_what_came_for_its_address() {
        let inbox = inbox();
        let mut session = Session::new(inbox.clone());
        for (line, answer) in [
            ("STAT", "-ERR"),
            ("PASS x", "-ERR"),
            ("CAPA", "+OK capabilities\r\nUSER\r\nUIDL\r\nTOP\r\n.\r\n"),
            ("user Ana@mail.example", "+OK"),
            ("PASS whatever", "+OK"),
            ("STAT", "+OK 2 31\r\n"),
            ("LIST", "+OK they are\r\n1 19\r\n2 12\r\n.\r\n"),
            ("UIDL 2", "+OK 2 4\r\n"),
            (
                "RETR 1",
                "+OK here it is\r\nA: 1\r\n\r\n..one\r\ntwo\r\n.\r\n",
            ),
            ("TOP 1 1", "+OK here it is\r\nA: 1\r\n\r\n..one\r\n.\r\n"),
            ("RETR 2", "+OK here it is\r\nA: 3\r\n\r\nlast\r\n.\r\n"),
            ("RETR 3", "-ERR"),
            ("DELE 1", "+OK"),
            ("RETR 1", "-ERR"),
            ("STAT", "+OK 1 12\r\n"),
            ("QUIT", "+OK"),
        ] {
            let said = said(&mut session, line);
            assert!(said.starts_with(answer), "{line}: {said}");
        }
        assert!(session.over);
        let left = inbox.arrived("ana@mail.example");
        assert_eq!(left.iter().map(|mail| mail.number).collect::<Vec<_>>(), [4]);
        // The visitor's page still shows everything.
        assert_eq!(inbox.of("ana@mail.example").len(), 3);
    }

    proptest! {
        #[test]
        fn any_line_gets_one_answer(text in proptest::collection::vec("(USER|PASS|RETR|TOP|LIST|DELE|UIDL)? ?\\PC{0,12}", 0..20)) {
            let mut session = Session::new(inbox());
            session.answer("USER ana@mail.example");
            session.answer("PASS x");
            for line in text {
                let answer = session.answer(&line);
                prop_assert!(answer.starts_with(b"+OK ") || answer.starts_with(b"-ERR "));
                prop_assert!(answer.ends_with(b"\r\n"));
            }
        }
    }
}
