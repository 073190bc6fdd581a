//! A mail server that keeps what the desk sends, and answers as it is told.

use super::Desk;
use crate::common::Role;
use bedside_codecs::mail::{Limits, ParsedMail, parse};
use bedside_desk::mailboxes::{self, MailboxSettings, NewMailbox, Protection, Server};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the mail server answers at the end of a message.
#[derive(Clone, Copy, PartialEq)]
pub enum Answer {
    Accept,
    Later,
    Never,
    HangUp,
    Silence,
}

#[derive(Clone)]
pub struct Sent {
    pub from: String,
    pub to: Vec<String>,
    pub raw: Vec<u8>,
}

/// A mail server that keeps what it hears, whatever it answers.
#[derive(Clone)]
pub struct Sink {
    pub port: u16,
    answer: Arc<Mutex<Answer>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            answer: Arc::new(Mutex::new(Answer::Accept)),
            sent: Arc::default(),
        };
        let server = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.serve(stream).await });
            }
        });
        sink
    }

    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(stream);
        let (mut from, mut to) = (String::new(), Vec::new());
        say(&mut stream, "220 sink").await?;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            match line.get(..4)?.to_ascii_uppercase().as_str() {
                "MAIL" => line["MAIL FROM:".len()..].clone_into(&mut from),
                "RCPT" => to.push(line["RCPT TO:".len()..].to_owned()),
                "DATA" => {
                    say(&mut stream, "354 go on").await?;
                    let raw = data(&mut stream).await?;
                    self.sent.lock().unwrap().push(Sent {
                        from: from.clone(),
                        to: std::mem::take(&mut to),
                        raw,
                    });
                    let answer = *self.answer.lock().unwrap();
                    match answer {
                        Answer::Accept => say(&mut stream, "250 taken").await?,
                        Answer::Later => {
                            say(&mut stream, "451 4.3.0 Rosa can't be had now").await?;
                        }
                        Answer::Never => say(&mut stream, "550 5.1.1 rosa is unknown here").await?,
                        Answer::HangUp => return None,
                        Answer::Silence => std::future::pending().await,
                    }
                    continue;
                }
                "QUIT" => return say(&mut stream, "221 bye").await,
                _ => {}
            }
            say(&mut stream, "250 ok").await?;
        }
    }

    pub fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> Option<()> {
    stream
        .write_all(format!("{line}\r\n").as_bytes())
        .await
        .ok()
}

async fn data(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    loop {
        let start = raw.len();
        if stream.read_until(b'\n', &mut raw).await.ok()? == 0 {
            return None;
        }
        if &raw[start..] == b".\r\n" {
            raw.truncate(start);
            return Some(raw);
        }
        if raw[start..].starts_with(b"..") {
            raw.remove(start);
        }
    }
}

impl Sent {
    pub fn mail(&self) -> ParsedMail {
        parse(&self.raw, &Limits::default()).unwrap()
    }

    pub fn text(&self) -> String {
        self.mail().text.unwrap_or_default()
    }

    pub fn head(&self) -> String {
        let raw = String::from_utf8_lossy(&self.raw).into_owned();
        raw.split("\r\n\r\n").next().unwrap().to_owned()
    }
}

/// The mailbox whose mail goes to this port.
pub fn at(port: u16) -> NewMailbox {
    NewMailbox {
        address: "help@clinic.example".to_owned(),
        settings: MailboxSettings {
            from_name: "Riverside \"Clinic\"".to_owned(),
            smtp: Some(Server {
                host: "127.0.0.1".to_owned(),
                port,
                protection: Protection::None,
                user: None,
                password: None,
            }),
            ..MailboxSettings::default()
        },
    }
}

/// A mailbox of the desk's that sends through a sink of its own.
pub async fn sink(desk: &Desk) -> Sink {
    let sink = Sink::start().await;
    mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), at(sink.port))
        .await
        .unwrap();
    sink
}
