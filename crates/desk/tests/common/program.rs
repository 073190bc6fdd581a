//! The real program, as a process of its own.

use super::http::Answer;
use super::multipart;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bedside_testkit::{ports, wait_until};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

/// The program that these tests are built with.
pub const BEDSIDE: &str = env!("CARGO_BIN_EXE_bedside");

/// Sets a desk up, with somebody who may do everything, and says it as JSON.
pub const INIT: [&str; 6] = [
    "init",
    "--email",
    "alex@clinic.example",
    "--name",
    "Alex Admin",
    "--json",
];

/// What a browser says of a form that stands on a page of the desk.
const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-origin");

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_mins(1);

/// `bedside args…` on `data`, with nothing of this machine's own settings.
pub fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(BEDSIDE);
    command.args(args).arg("--data").arg(data).current_dir(data);
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("BEDSIDE_"))
    {
        command.env_remove(name);
    }
    command.env("BEDSIDE_LOCAL_MAIL_SERVERS", "true");
    command
}

/// Runs `bedside args…` on `data` to its end.
pub fn run(data: &Path, args: &[&str]) -> Output {
    command(data, args)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts")
}

/// Everything that a program which must have ended with `code` said.
#[track_caller]
pub fn ends(output: &Output, code: i32) -> String {
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{text}");
    text
}

/// One plain sentence, with which a program must have ended with `code`.
#[track_caller]
pub fn refuses(output: &Output, code: i32) -> String {
    let text = ends(output, code);
    assert!(
        text.trim().lines().count() == 1 && text.trim().ends_with('.'),
        "{text}"
    );
    text
}

/// The JSON of a program that must have ended well.
#[track_caller]
pub fn json(output: &Output) -> serde_json::Value {
    ends(output, 0);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A running `bedside serve`; ended with kill -9 when dropped.
pub struct Program {
    child: Child,
    pub http: SocketAddr,
    pub lmtp: SocketAddr,
    log: PathBuf,
    /// Where its part of the log begins.
    begins: u64,
}

impl Program {
    /// Starts it on `data` and waits until it is ready.
    pub fn serve(data: &Path) -> Self {
        Self::serve_with(data, |_| ())
    }

    /// Starts it, with what `prepare` adds to its command.
    pub fn serve_with(data: &Path, prepare: impl Fn(&mut Command)) -> Self {
        // A port that was free may be somebody's a moment later.
        for _ in 0..4 {
            if let Some(program) = Self::serve_unless_taken(data, &prepare) {
                return program;
            }
        }
        panic!("one port after the other was taken");
    }

    /// None where somebody has one of its ports.
    fn serve_unless_taken(data: &Path, prepare: &impl Fn(&mut Command)) -> Option<Self> {
        let local = || SocketAddr::from(([127, 0, 0, 1], ports::free().expect("a free port")));
        let (http, lmtp) = (local(), local());
        let log = data.join("program.log");
        let file = std::fs::File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a log file");
        let begins = file.metadata().map_or(0, |of| of.len());
        let mut command = command(data, &["serve", "--listen", &http.to_string()]);
        command.env("BEDSIDE_LMTP_LISTEN", lmtp.to_string());
        prepare(&mut command);
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log file"))
            .stderr(file);
        let child = command.spawn().expect("the program starts");
        let mut program = Self {
            child,
            http,
            lmtp,
            log,
            begins,
        };
        let mut ended = None;
        let ready = wait_until(
            || {
                ended = program.child.try_wait().expect("a process");
                ended.is_some() || program.is_ready()
            },
            LIMIT,
        );
        if ready.is_ok() && ended.is_none() {
            return Some(program);
        }
        let log = program.log();
        assert!(
            log.contains("Address already in use"),
            "the program did not become ready: {ended:?}\n{log}"
        );
        None
    }

    fn is_ready(&self) -> bool {
        let asked = Http::connect(self.http, None).and_then(|mut http| http.get("/readyz"));
        asked.is_ok_and(|answer| answer.status == 200)
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Everything that it wrote to its log so far; not what another wrote there before it.
    pub fn log(&self) -> String {
        let whole = std::fs::read(&self.log).unwrap_or_default();
        let begins = usize::try_from(self.begins).unwrap_or(0).min(whole.len());
        String::from_utf8_lossy(&whole[begins..]).into_owned()
    }

    /// kill -9, from any thread.
    pub fn killer(&self) -> impl Fn() + Send + Sync + use<> {
        let id = self.child.id().to_string();
        move || {
            let _ = Command::new("kill")
                .args(["-9", &id])
                .stderr(Stdio::null())
                .status();
        }
    }

    /// Waits for its end.
    pub fn ended(mut self) -> ExitStatus {
        let ended = self.child.wait().expect("a process");
        if !ended.success() {
            eprintln!("{ended}\n{}", self.log());
        }
        ended
    }

    /// Asks it to end in order, and waits.
    pub fn stop(mut self) -> ExitStatus {
        let _ = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        self.child.wait().expect("a process")
    }

    /// A connection whose requests carry these headers.
    pub fn http_with(&self, headers: &[(&str, &str)]) -> Http {
        let mut http = self.http(None);
        let headers = headers.iter();
        http.headers = headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        http
    }

    /// A connection for requests.
    pub fn http(&self, token: Option<&str>) -> Http {
        Http::connect(self.http, token).expect("the program listens")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One HTTP connection that stays open.
pub struct Http {
    stream: BufReader<TcpStream>,
    token: Option<String>,
    headers: Vec<(String, String)>,
}

impl Http {
    pub fn connect(to: SocketAddr, token: Option<&str>) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            token: token.map(str::to_owned),
            headers: Vec::new(),
        })
    }

    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.request("GET", path, &[], b"")
    }

    pub fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        json: &serde_json::Value,
    ) -> io::Result<Answer> {
        let headers = [&[("content-type", "application/json")], headers].concat();
        self.request("POST", path, &headers, json.to_string().as_bytes())
    }

    /// Sends `fields` as the form of a page of ours.
    pub fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> io::Result<Answer> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            SAME_SITE,
        ];
        self.request("POST", path, &headers, form.finish().as_bytes())
    }

    /// Sends `fields` and `files` as a form with files, of a page of ours.
    pub fn files(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
        files: &[multipart::File<'_>],
    ) -> io::Result<Answer> {
        let (media_type, body) = multipart::form(fields, files);
        let own = [("content-type", media_type.as_str()), SAME_SITE];
        self.request("POST", path, &[&own, headers].concat(), &body)
    }

    /// Any request.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: desk\r\ncontent-length: {}\r\n",
            body.len()
        );
        if let Some(token) = &self.token {
            let _ = write!(head, "authorization: Bearer {token}\r\n");
        }
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let whole = [head.as_bytes(), b"\r\n", body].concat();
        self.stream.get_mut().write_all(&whole)?;
        self.answer()
    }

    fn answer(&mut self) -> io::Result<Answer> {
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "not an HTTP answer");
        let status = self
            .line()?
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(bad)?;
        let mut headers = HeaderMap::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            let name = HeaderName::try_from(name).map_err(|_| bad())?;
            headers.append(
                name,
                HeaderValue::try_from(value.trim()).map_err(|_| bad())?,
            );
        }
        let mut body = Vec::new();
        if let Some(length) = headers.get("content-length") {
            let length: usize = length
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(bad)?;
            body.resize(length, 0);
            self.stream.read_exact(&mut body)?;
        } else {
            loop {
                let size = usize::from_str_radix(self.line()?.trim(), 16).map_err(|_| bad())?;
                let start = body.len();
                body.resize(start + size, 0);
                self.stream.read_exact(&mut body[start..])?;
                self.line()?;
                if size == 0 {
                    break;
                }
            }
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// One LMTP conversation (RFC 2033).
pub struct Lmtp(BufReader<TcpStream>);

impl Lmtp {
    pub fn connect(to: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        let mut lmtp = Self(BufReader::new(stream));
        lmtp.reply(220)?;
        lmtp.say("LHLO test.example", 250)?;
        Ok(lmtp)
    }

    /// Hands a mail over; `Ok` once it was acknowledged.
    pub fn deliver(&mut self, from: &str, to: &str, mail: &str) -> io::Result<()> {
        self.say(&format!("MAIL FROM:<{from}>"), 250)?;
        self.say(&format!("RCPT TO:<{to}>"), 250)?;
        self.say("DATA", 354)?;
        self.say(&format!("{mail}\r\n."), 250)
    }

    /// Begins anew after a refusal.
    pub fn reset(&mut self) -> io::Result<()> {
        self.say("RSET", 250)
    }

    fn say(&mut self, line: &str, expected: u16) -> io::Result<()> {
        self.0
            .get_mut()
            .write_all(format!("{line}\r\n").as_bytes())?;
        self.reply(expected)
    }

    fn reply(&mut self, expected: u16) -> io::Result<()> {
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line.as_bytes().get(3) == Some(&b'-') {
                continue;
            }
            if line.starts_with(&expected.to_string()) {
                return Ok(());
            }
            return Err(io::Error::other(line));
        }
    }
}
