//! Clients that cost next to nothing, so that what is measured is the desk.

use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one answer may take before the run is given up.
const LIMIT: Duration = Duration::from_mins(1);

fn connect(to: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&to, LIMIT)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LIMIT))?;
    Ok(BufReader::with_capacity(64 * 1024, stream))
}

/// One HTTP/1.1 connection that stays open.
pub struct Http {
    stream: BufReader<TcpStream>,
    /// Header lines of every request, each with its line end.
    headers: String,
    out: String,
    line: String,
    /// The body of the last answer.
    pub body: Vec<u8>,
}

impl Http {
    /// Connects; `headers` go with every request.
    pub fn connect(to: SocketAddr, headers: &str) -> Result<Self> {
        Ok(Self {
            stream: connect(to)?,
            headers: headers.to_owned(),
            out: String::new(),
            line: String::new(),
            body: Vec::new(),
        })
    }

    /// Sends a request and reads the whole answer into [`Http::body`]. Returns the status.
    pub fn request(&mut self, method: &str, path: &str, body: &str) -> Result<u16> {
        self.out.clear();
        self.out.push_str(method);
        self.out.push(' ');
        self.out.push_str(path);
        self.out.push_str(" HTTP/1.1\r\nhost: desk\r\n");
        self.out.push_str(&self.headers);
        if !body.is_empty() {
            self.out
                .push_str("content-type: application/json\r\ncontent-length: ");
            self.out.push_str(&body.len().to_string());
            self.out.push_str("\r\n");
        }
        self.out.push_str("\r\n");
        self.out.push_str(body);
        self.stream.get_mut().write_all(self.out.as_bytes())?;
        self.answer()
    }

    /// Like [`Http::request`]; any status but `wanted` is an error.
    pub fn expect(&mut self, method: &str, path: &str, body: &str, wanted: u16) -> Result<()> {
        let status = self.request(method, path, body)?;
        ensure!(
            status == wanted,
            "{method} {path} answered {status}: {}",
            String::from_utf8_lossy(&self.body[..self.body.len().min(400)])
        );
        Ok(())
    }

    fn answer(&mut self) -> Result<u16> {
        let status = self
            .next_line()?
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok());
        let status = status.context("not an HTTP answer")?;
        let mut length = None;
        loop {
            let line = self.next_line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse::<usize>()?);
            }
        }
        self.body.clear();
        if let Some(length) = length {
            self.body.resize(length, 0);
            self.stream.read_exact(&mut self.body)?;
        } else {
            loop {
                let size = usize::from_str_radix(self.next_line()?.trim(), 16)?;
                let start = self.body.len();
                self.body.resize(start + size, 0);
                self.stream.read_exact(&mut self.body[start..])?;
                self.next_line()?;
                if size == 0 {
                    break;
                }
            }
        }
        Ok(status)
    }

    fn next_line(&mut self) -> Result<&str> {
        self.line.clear();
        ensure!(
            self.stream.read_line(&mut self.line)? > 0,
            "the desk hung up"
        );
        Ok(self.line.trim_end())
    }
}

/// The stream of events that a page of the desk listens to.
pub struct Events {
    stream: BufReader<TcpStream>,
    /// What came and is no whole line yet.
    rest: Vec<u8>,
}

impl Events {
    /// Begins to listen; `headers` say who does.
    pub fn connect(to: SocketAddr, headers: &str) -> Result<Self> {
        let mut stream = connect(to)?;
        let asked = format!(
            "GET /api/v1/events HTTP/1.1\r\nhost: desk\r\naccept: text/event-stream\r\n{headers}\r\n"
        );
        stream.get_mut().write_all(asked.as_bytes())?;
        let mut line = String::new();
        stream.read_line(&mut line)?;
        ensure!(line.contains(" 200 "), "the stream answered {line}");
        while !line.trim_end().is_empty() {
            line.clear();
            ensure!(stream.read_line(&mut line)? > 0, "the desk hung up");
        }
        let rest = Vec::new();
        Ok(Self { stream, rest })
    }

    /// A handle that ends the stream from another thread.
    pub fn closes(&self) -> Result<TcpStream> {
        Ok(self.stream.get_ref().try_clone()?)
    }

    /// The name of the next event.
    pub fn next(&mut self) -> Result<String> {
        loop {
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                if let Some(name) = line.strip_prefix("event:") {
                    return Ok(name.trim().to_owned());
                }
            }
            let mut size = String::new();
            ensure!(self.stream.read_line(&mut size)? > 0, "the desk hung up");
            let size = usize::from_str_radix(size.trim(), 16)?;
            ensure!(size > 0, "the stream ended");
            let start = self.rest.len();
            self.rest.resize(start + size, 0);
            self.stream.read_exact(&mut self.rest[start..])?;
            self.stream.read_exact(&mut [0; 2])?;
        }
    }
}

/// One LMTP conversation (RFC 2033).
pub struct Lmtp(BufReader<TcpStream>);

impl Lmtp {
    /// Connects and greets.
    pub fn connect(to: SocketAddr) -> Result<Self> {
        let mut lmtp = Self(connect(to)?);
        lmtp.reply("220")?;
        lmtp.say("LHLO bench.example", "250")?;
        Ok(lmtp)
    }

    /// Hands one mail over; returns once it was acknowledged.
    pub fn deliver(&mut self, from: &str, to: &str, mail: &str) -> Result<()> {
        self.say(&format!("MAIL FROM:<{from}>"), "250")?;
        self.say(&format!("RCPT TO:<{to}>"), "250")?;
        self.say("DATA", "354")?;
        self.say(&format!("{mail}\r\n."), "250")
    }

    fn say(&mut self, line: &str, wanted: &str) -> Result<()> {
        self.0
            .get_mut()
            .write_all(format!("{line}\r\n").as_bytes())?;
        self.reply(wanted)
    }

    fn reply(&mut self, wanted: &str) -> Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(self.0.read_line(&mut line)? > 0, "the receiver hung up");
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            if line.starts_with(wanted) {
                return Ok(());
            }
            bail!("the receiver said {}", line.trim_end());
        }
    }
}
