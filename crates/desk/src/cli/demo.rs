//! `bedside demo`

use super::serve::Ending;
use super::{Failure, Global, progress_bar, say, say_json};
use crate::demo::history::Size;
use crate::demo::start::{DemoError, Door, Options, PATIENT, start};
use crate::demo::{self};
use clap::Args;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

/// Shows an invented clinic at work, without network. The second start goes on where the first one ended.
#[derive(Debug, Args)]
pub(super) struct DemoCommand {
    /// Where HTTP is served [default: 127.0.0.1:8080, or a free port when that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Where mail is received [default: 127.0.0.1:2525, or a free port when that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    smtp_listen: Option<SocketAddr>,
    /// Where a mail program on this machine reads the patients' mail [default: 127.0.0.1:1110, or a free port when that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pop3_listen: Option<SocketAddr>,
    /// Tell in JSON where everything is
    #[arg(long)]
    json: bool,
    /// A handful of requests only
    #[arg(long, hide = true)]
    small: bool,
}

impl DemoCommand {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let options = Options {
            data: global
                .data
                .clone()
                .unwrap_or_else(|| PathBuf::from("data/demo")),
            listen: self.listen.unwrap_or_else(|| usual(8080)),
            smtp: self.smtp_listen.unwrap_or_else(|| usual(2525)),
            pop3: self.pop3_listen.unwrap_or_else(|| usual(1110)),
            size: if self.small { Size::SMALL } else { Size::FULL },
        };
        let bar = progress_bar("Telling ninety days of an invented clinic");
        let begun = start(options, tokio::time::sleep, |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        })
        .await;
        bar.finish_and_clear();
        let demo = begun?;
        // Until here the telling can be broken off.
        let mut ending = Ending::watch()?;
        if self.json {
            say_json(&serde_json::json!({
                "url": demo.url,
                "mail_page": format!("{}/demo/mail", demo.url),
                "smtp": demo.smtp.to_string(),
                "pop3": demo.pop3.to_string(),
                "mailbox": demo::MAILBOX,
                "token": demo.token,
                "doors": demo.doors,
                "patient": { "name": PATIENT.0, "email": PATIENT.1 },
                "patients_page": format!("{}/my/sign-in", demo.url),
            }));
        } else {
            say(welcome(
                &demo.url,
                (demo.smtp, demo.pop3),
                &demo.doors,
                &demo.token,
            ));
        }
        ending.asked().await;
        demo.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

/// The loopback address with this port, or with any free one when it is taken.
fn usual(port: u16) -> SocketAddr {
    let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    match std::net::TcpListener::bind(wanted) {
        Ok(_) => wanted,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}

/// Where everything is, in a box.
fn welcome(
    url: &str,
    (smtp, pop3): (SocketAddr, SocketAddr),
    doors: &[Door],
    token: &str,
) -> String {
    let mut lines = vec![
        "Bedside demo: an invented clinic, alive until you press Ctrl-C.".to_owned(),
        String::new(),
        "Sign in as".to_owned(),
    ];
    // The longest label is "outgoing (SMTP)".
    let row = |label: &str, value: String| format!("  {label:<15} {value}");
    for door in doors {
        lines.push(row(door.role, format!("{:<17} {}", door.name, door.link)));
    }
    lines.extend([
        String::new(),
        "Be a patient".to_owned(),
        row("mailbox", format!("{url}/demo/mail")),
        row("request form", format!("{url}/request")),
        row("sign in", format!("{url}/my/sign-in as {}", PATIENT.1)),
        row("her codes", format!("{url}/demo/mail?person={}", PATIENT.1)),
        String::new(),
        "Or write with any mail program".to_owned(),
        row("to", demo::MAILBOX.to_owned()),
        row(
            "outgoing (SMTP)",
            format!("{smtp}, no encryption, no password"),
        ),
        row(
            "incoming (POP3)",
            format!("{pop3}, no encryption; user: the address you write from, any password"),
        ),
        String::new(),
        "Or with the API".to_owned(),
        row("documentation", format!("{url}/docs")),
        row("header", format!("Authorization: Bearer {token}")),
        String::new(),
        "Everybody in it is invented. Nothing leaves this machine.".to_owned(),
    ]);
    let width = lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    let edge = "─".repeat(width + 2);
    let body: Vec<String> = lines
        .iter()
        .map(|line| format!("│ {line:<width$} │"))
        .collect();
    format!("\n┌{edge}┐\n{}\n└{edge}┘", body.join("\n"))
}

impl From<DemoError> for Failure {
    fn from(error: DemoError) -> Self {
        match error {
            DemoError::Start(error) => error.into(),
            DemoError::RealDesk(_) | DemoError::OpenMailboxes(_) => {
                Self::usage(format!("{error}."))
            }
            DemoError::File { path, source } => Self::file(path.display(), &source),
            DemoError::Port(..) => Self::new(1, format!("{error}.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_in_the_box_stands_in_line() {
        let roles = [
            "agent",
            "nurse",
            "supervisor",
            "administrator",
            "compliance",
        ];
        let doors: Vec<Door> = roles
            .into_iter()
            .map(|role| Door {
                role,
                name: "Ana Agent",
                link: "http://localhost:8080/demo/in/x".to_owned(),
            })
            .collect();
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let text = welcome(
            "http://localhost:8080",
            (at(2525), at(1110)),
            &doors,
            "bd_x",
        );
        let lines: Vec<Vec<char>> = text
            .trim()
            .lines()
            .map(|line| line.chars().collect())
            .collect();
        assert!(
            lines.iter().all(|line| line.len() == lines[0].len()),
            "{text}"
        );
        // Edge, blank, two blanks, the label and a blank; then the value.
        let value = "│   ".chars().count() + 16;
        let rows: Vec<_> = lines
            .iter()
            .filter(|line| line[..4] == ['│', ' ', ' ', ' '])
            .collect();
        let said = rows.iter().filter(|line| line[4] != ' ').count();
        assert_eq!(said, doors.len() + 9, "{text}");
        for row in rows.iter().filter(|line| line[4] != ' ') {
            assert!(row[value - 1] == ' ' && row[value] != ' ', "{text}");
        }
    }
}
