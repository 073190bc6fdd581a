//! A receiver with a desk that remembers, and a client that says whatever it is told.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use bedside_channels::email::receiver::{
    Envelope, Mailroom, RcptVerdict, ReceiverSettings, Verdict, serve,
};
use bedside_testkit::{mail::Dovecot, wait_until_async};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_secs(20);

/// Keeps what is delivered; can be told to wait, or to say something else.
#[derive(Debug)]
pub struct Desk {
    stored: Mutex<Vec<(Envelope, Vec<u8>)>>,
    asked: watch::Sender<usize>,
    held: watch::Sender<bool>,
    answers: Mutex<Vec<Verdict>>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            stored: Mutex::default(),
            asked: watch::Sender::new(0),
            held: watch::Sender::new(false),
            answers: Mutex::default(),
        }
    }
}

impl Mailroom for Desk {
    async fn accepts(&self, rcpt: &str) -> RcptVerdict {
        match rcpt.split('@').next() {
            Some("unknown") => RcptVerdict::Unknown,
            Some("later") => RcptVerdict::TryLater,
            _ => RcptVerdict::Accepted,
        }
    }

    async fn deliver(&self, envelope: Envelope, raw: Vec<u8>) -> Verdict {
        self.asked.send_modify(|count| *count += 1);
        self.held
            .subscribe()
            .wait_for(|held| !held)
            .await
            .expect("the desk lives");
        if let Some(verdict) = self.answers.lock().expect("no panic").pop() {
            return verdict;
        }
        self.stored.lock().expect("no panic").push((envelope, raw));
        Verdict::Stored
    }
}

impl Desk {
    pub fn stored(&self) -> Vec<(Envelope, Vec<u8>)> {
        self.stored.lock().expect("no panic").clone()
    }

    pub fn asked(&self) -> usize {
        *self.asked.borrow()
    }

    pub fn answer(&self, verdict: Verdict) {
        self.answers.lock().expect("no panic").push(verdict);
    }

    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    pub fn release(&self) {
        self.held.send_replace(false);
    }

    pub async fn until_asked(&self, times: usize) {
        let mut asked = self.asked.subscribe();
        timeout(LIMIT, asked.wait_for(|count| *count >= times))
            .await
            .expect("the receiver delivers in time")
            .expect("the desk lives");
    }

    pub async fn until_stored(&self, messages: usize) {
        wait_until_async(async || self.stored().len() >= messages, LIMIT)
            .await
            .expect("the message arrives in time");
    }
}

pub struct Receiver {
    pub desk: Arc<Desk>,
    pub shutdown: CancellationToken,
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Receiver {
    pub async fn start(settings: ReceiverSettings) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (desk, shutdown) = (Arc::new(Desk::default()), CancellationToken::new());
        let task = tokio::spawn(serve(
            listener,
            settings,
            Arc::clone(&desk),
            shutdown.clone(),
        ));
        Self {
            desk,
            shutdown,
            address,
            task,
        }
    }

    pub async fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address)
            .await
            .expect("the receiver listens");
        stream.set_nodelay(true).expect("an open socket");
        Client(BufReader::new(stream))
    }

    pub async fn ended(self) {
        timeout(LIMIT, self.task)
            .await
            .expect("it ends in time")
            .expect("no panic");
    }
}

pub struct Client(BufReader<TcpStream>);

impl Client {
    pub async fn send(&mut self, bytes: &[u8]) {
        self.0
            .get_mut()
            .write_all(bytes)
            .await
            .expect("the receiver reads");
    }

    pub async fn line(&mut self, line: &str) {
        self.send(format!("{line}\r\n").as_bytes()).await;
    }

    /// One whole reply, or `None` at the end of the connection.
    pub async fn reply(&mut self) -> Option<String> {
        let mut reply = String::new();
        loop {
            let start = reply.len();
            let read = timeout(LIMIT, self.0.read_line(&mut reply)).await;
            if read.expect("an answer in time").unwrap_or(0) == 0 {
                return None;
            }
            if reply.as_bytes().get(start + 3) != Some(&b'-') {
                return Some(reply);
            }
        }
    }

    #[track_caller]
    pub fn expect(&mut self, start: &str) -> impl Future<Output = String> {
        let caller = std::panic::Location::caller();
        async move {
            let reply = self.reply().await.unwrap_or_else(|| "nothing".into());
            assert!(
                reply.starts_with(start),
                "{caller}: {start} expected, not {reply}"
            );
            reply
        }
    }

    pub async fn expect_end(&mut self) {
        assert_eq!(self.reply().await, None);
    }

    /// Nothing comes for a while. Never fails by chance: a right server stays silent for good.
    pub async fn expect_silence(&mut self) {
        let read = timeout(Duration::from_millis(100), self.0.read_u8()).await;
        assert!(read.is_err(), "{read:?}");
    }

    pub async fn close_sending(&mut self) {
        self.0.get_mut().shutdown().await.expect("an open socket");
    }

    /// Sends one byte after the other until there is a reply.
    pub async fn drip_until_reply(&mut self, byte: u8, start: &str) {
        while timeout(Duration::from_millis(5), self.0.fill_buf())
            .await
            .is_err()
        {
            self.send(&[byte]).await;
        }
        self.expect(start).await;
    }
}

/// The messages in a mailbox, as soon as there are so many.
pub async fn inbox_of(dovecot: &Dovecot, user: &str, messages: usize) -> Vec<String> {
    let inbox = || dovecot.inbox(user).expect("a readable mailbox");
    wait_until_async(async || inbox().len() >= messages, LIMIT)
        .await
        .expect("the message arrives in time");
    inbox()
        .iter()
        .map(|raw| String::from_utf8_lossy(raw).into_owned())
        .collect()
}
