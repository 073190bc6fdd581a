//! One conversation with one client.

mod command;

use std::{borrow::Cow, mem, net::SocketAddr, time::Duration};

use bytes::{Buf, BytesMut};
use memchr::memchr;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::{Instant, timeout, timeout_at},
};

use self::{
    Answer::{Fine, Last, Mistake},
    command::Command,
};
use super::{
    Envelope, Mailroom, Protocol, RcptVerdict, Shared, Verdict,
    budget::{Body, Overflow},
    data::DataScanner,
    reply,
};

/// RFC 5321, section 4.5.3.1.4 asks for 512 bytes, and the extensions here for some hundred more.
const LONGEST_LINE: usize = 2048;
/// How much is read at once.
const READ: usize = 32 * 1024;
/// Commands on one connection between two messages, however right they are.
const MOST_COMMANDS: usize = 1_000;

/// Why a conversation ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The client is gone, or takes no answers.
    Gone,
    /// A last answer was given.
    Done,
    TimedOut,
    ShuttingDown,
}

/// What a command is answered with.
enum Answer {
    /// The client did nothing wrong.
    Fine(Cow<'static, str>),
    /// It did; too many of these end the conversation.
    Mistake(&'static str),
    /// And then we hang up.
    Last(&'static str),
}

/// A message that has a sender.
#[derive(Debug)]
struct Transaction {
    mail_from: String,
    smtp_utf8: bool,
    rcpts: Vec<String>,
}

pub(super) struct Session<'a, S, M> {
    stream: S,
    peer: SocketAddr,
    shared: &'a Shared<M>,
    input: BytesMut,
    replies: Vec<u8>,
    helo: Option<String>,
    transaction: Option<Transaction>,
    messages: usize,
    errors: usize,
    commands: usize,
    /// When the conversation began, or its last message ended.
    progress: Instant,
}

impl<'a, S, M> Session<'a, S, M>
where
    S: AsyncRead + AsyncWrite + Unpin,
    M: Mailroom,
{
    pub fn new(stream: S, peer: SocketAddr, shared: &'a Shared<M>) -> Self {
        Self {
            stream,
            peer,
            shared,
            input: BytesMut::new(),
            replies: Vec::new(),
            helo: None,
            transaction: None,
            messages: 0,
            errors: 0,
            commands: 0,
            progress: Instant::now(),
        }
    }

    pub async fn run(mut self) {
        let name = match self.shared.settings.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        let hostname = &self.shared.settings.hostname;
        self.say(&format!("220 {hostname} {name}"));
        let stop = loop {
            if let Err(stop) = self.step().await {
                break stop;
            }
        };
        match stop {
            Stop::TimedOut => self.say(reply::TIMED_OUT),
            Stop::ShuttingDown => self.say(reply::SHUTTING_DOWN),
            Stop::Gone | Stop::Done => {}
        }
        if stop != Stop::Gone && self.flush().await.is_ok() {
            let _ = timeout(self.shared.settings.timeouts.reply, self.stream.shutdown()).await;
        }
    }

    async fn step(&mut self) -> Result<(), Stop> {
        let answer = match self.next_command().await? {
            Ok(command) => self.obey(command).await?,
            Err(complaint) => Mistake(complaint),
        };
        self.commands += 1;
        match answer {
            Fine(reply) => self.say(&reply),
            Mistake(reply) => {
                self.say(reply);
                self.errors += 1;
            }
            Last(reply) => {
                self.say(reply);
                return Err(Stop::Done);
            }
        }
        if self.errors >= self.shared.settings.max_errors || self.commands >= MOST_COMMANDS {
            self.say(reply::TOO_MANY_ERRORS);
            return Err(Stop::Done);
        }
        Ok(())
    }

    async fn obey(&mut self, command: Command) -> Result<Answer, Stop> {
        Ok(match command {
            Command::Hello { name, extended } => self.hello(name, extended),
            Command::Mail {
                from,
                size,
                smtp_utf8,
            } => self.mail(from, size, smtp_utf8),
            Command::Rcpt { to } => self.rcpt(to).await,
            Command::Data => self.data().await?,
            Command::Reset => {
                self.transaction = None;
                Fine(reply::OK.into())
            }
            Command::Nothing => Fine(reply::OK.into()),
            Command::Verify => Fine(reply::CANNOT_VERIFY.into()),
            Command::Help => Fine(reply::HELP.into()),
            Command::Quit => Last(reply::BYE),
        })
    }

    fn hello(&mut self, name: String, extended: bool) -> Answer {
        self.helo = Some(name);
        self.transaction = None;
        let settings = &self.shared.settings;
        let hostname = &settings.hostname;
        if !extended {
            return Fine(format!("250 {hostname}").into());
        }
        let size = settings.max_size;
        Fine(
            format!(
                "250-{hostname}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
                 250-ENHANCEDSTATUSCODES\r\n250 SIZE {size}"
            )
            .into(),
        )
    }

    fn mail(&mut self, from: String, size: usize, smtp_utf8: bool) -> Answer {
        if self.helo.is_none() || self.transaction.is_some() {
            return Mistake(reply::OUT_OF_ORDER);
        }
        if self.messages >= self.shared.settings.max_messages {
            return Last(reply::TOO_MANY_MESSAGES);
        }
        if size > self.shared.settings.max_size {
            // Asking about a size is what SIZE is for: no mistake.
            return Fine(reply::TOO_LARGE.into());
        }
        if !smtp_utf8 && !from.is_ascii() {
            return Mistake(reply::NEEDS_SMTPUTF8);
        }
        self.transaction = Some(Transaction {
            mail_from: from,
            smtp_utf8,
            rcpts: Vec::new(),
        });
        Fine(reply::SENDER_OK.into())
    }

    async fn rcpt(&mut self, to: String) -> Answer {
        let Some(transaction) = &mut self.transaction else {
            return Mistake(reply::OUT_OF_ORDER);
        };
        if transaction.rcpts.len() >= self.shared.settings.max_rcpts {
            return Fine(reply::TOO_MANY_RCPTS.into());
        }
        if !transaction.smtp_utf8 && !to.is_ascii() {
            return Mistake(reply::NEEDS_SMTPUTF8);
        }
        match self.shared.mailroom.accepts(&to).await {
            RcptVerdict::Accepted => {
                transaction.rcpts.push(to);
                Fine(reply::RCPT_OK.into())
            }
            RcptVerdict::Unknown => Mistake(reply::RCPT_UNKNOWN),
            RcptVerdict::TryLater => Fine(reply::RCPT_LATER.into()),
        }
    }

    async fn data(&mut self) -> Result<Answer, Stop> {
        let Some(transaction) = self.transaction.take_if(|known| !known.rcpts.is_empty()) else {
            return Ok(Mistake(reply::NO_RECIPIENTS));
        };
        self.say(reply::GO_AHEAD);
        let body = self.body().await?;
        let answers = match self.shared.settings.protocol {
            Protocol::Smtp => 1,
            Protocol::Lmtp => transaction.rcpts.len(),
        };
        let answer = match body.finish() {
            Ok((raw, _reservation)) => self.deliver(transaction, raw).await,
            Err(Overflow::TooLarge) => reply::TOO_LARGE.into(),
            Err(Overflow::NoRoom) => reply::NO_ROOM.into(),
        };
        self.messages += 1;
        self.commands = 0;
        self.progress = Instant::now();
        Ok(Fine(vec![answer; answers].join("\r\n").into()))
    }

    async fn deliver(&self, transaction: Transaction, raw: Vec<u8>) -> Cow<'static, str> {
        let envelope = Envelope {
            peer: self.peer.ip(),
            helo: self.helo.clone().unwrap_or_default(),
            mail_from: transaction.mail_from,
            rcpts: transaction.rcpts,
            size: raw.len(),
        };
        match self.shared.mailroom.deliver(envelope, raw).await {
            Verdict::Stored => reply::OK.into(),
            Verdict::TryLater(text) => reply::with_text(452, "4.3.1", &text).into(),
            Verdict::Refused(code, text) => {
                let code = if (550..560).contains(&code) {
                    code
                } else {
                    554
                };
                reply::with_text(code, "5.7.1", &text).into()
            }
        }
    }

    /// Reads a message to its end, too large or not, so that the next command is one.
    async fn body(&mut self) -> Result<Body, Stop> {
        let settings = &self.shared.settings;
        let deadline = Instant::now() + settings.timeouts.message;
        let mut scanner = DataScanner::new();
        let mut body = Body::new(settings.max_size, &self.shared.budget);
        loop {
            let part = scanner.scan(&self.input, |bytes| body.push(bytes));
            self.input.advance(part.used);
            if part.ended {
                return Ok(body);
            }
            self.fill(deadline.min(Instant::now() + settings.timeouts.data))
                .await?;
        }
    }

    /// The next line, understood or answered with a complaint.
    async fn next_command(&mut self) -> Result<Result<Command, &'static str>, Stop> {
        // Small talk without a message must not hold a place for good.
        let timeouts = &self.shared.settings.timeouts;
        let deadline = (self.progress + timeouts.message).min(Instant::now() + timeouts.command);
        let (mut seen, mut too_long) = (0, false);
        let length = loop {
            if let Some(end) = memchr(b'\n', &self.input[seen..]) {
                break seen + end + 1;
            }
            seen = self.input.len();
            if seen > LONGEST_LINE {
                too_long = true;
                self.input.clear();
                seen = 0;
            }
            self.fill(deadline).await?;
        };
        let command = if too_long || length > LONGEST_LINE {
            Err(reply::LINE_TOO_LONG)
        } else {
            command::parse(&self.input[..length], self.shared.settings.protocol)
        };
        self.input.advance(length);
        Ok(command)
    }

    /// Sends the answers, then waits for more input.
    async fn fill(&mut self, deadline: Instant) -> Result<(), Stop> {
        self.flush().await?;
        self.input.reserve(READ);
        let read = timeout_at(deadline, self.stream.read_buf(&mut self.input));
        tokio::select! {
            biased;
            () = self.shared.shutdown.cancelled() => Err(Stop::ShuttingDown),
            read = read => match read {
                Err(_) => Err(Stop::TimedOut),
                Ok(Err(_) | Ok(0)) => Err(Stop::Gone),
                Ok(Ok(_)) => Ok(()),
            },
        }
    }

    async fn flush(&mut self) -> Result<(), Stop> {
        if self.replies.is_empty() {
            return Ok(());
        }
        let replies = mem::take(&mut self.replies);
        let limit: Duration = self.shared.settings.timeouts.reply;
        let write = async {
            self.stream.write_all(&replies).await?;
            self.stream.flush().await
        };
        match timeout(limit, write).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Stop::Gone),
        }
    }

    fn say(&mut self, reply: &str) {
        self.replies.extend_from_slice(reply.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }
}
