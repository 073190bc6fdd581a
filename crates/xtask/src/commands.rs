//! Running other programs.

use anyhow::{Context, Result, ensure};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// What a program said and how it ended.
pub struct Ended {
    /// Whether it ended with success.
    pub fine: bool,
    /// Standard output and error, line by line, without colours.
    pub lines: Vec<String>,
}

/// `program args…` as a command in the checkout.
pub fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(crate::cache::checkout());
    command
}

/// Cargo, the one that runs this task.
pub fn cargo(args: &[&str]) -> Command {
    command(
        &std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()),
        args,
    )
}

/// Runs a command with its output on the terminal; failure is an error.
pub fn run(mut command: Command) -> Result<()> {
    let shown = shown(&command);
    let status = command
        .status()
        .with_context(|| format!("{shown} can't be started"))?;
    ensure!(status.success(), "{shown} failed ({status})");
    Ok(())
}

/// Runs a command, shows its output as it comes, and keeps it.
pub fn run_and_read(mut command: Command) -> Result<Ended> {
    let shown = shown(&command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{shown} can't be started"))?;
    let lines = Arc::new(Mutex::new(Vec::new()));
    let readers = [
        child
            .stdout
            .take()
            .map(|out| follow(out, Arc::clone(&lines))),
        child
            .stderr
            .take()
            .map(|err| follow(err, Arc::clone(&lines))),
    ];
    let status = child.wait()?;
    for reader in readers.into_iter().flatten() {
        let _ = reader.join();
    }
    let lines = std::mem::take(&mut *lines.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Ended {
        fine: status.success(),
        lines,
    })
}

fn follow(
    from: impl Read + Send + 'static,
    lines: Arc<Mutex<Vec<String>>>,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line);
            let _ = std::io::stdout().write_all(text.as_bytes());
            lines
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(without_colours(text.trim_end()));
            line.clear();
        }
    })
}

/// What a command printed, when it ended with success.
pub fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = command(program, args).stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where a program is found on the search path.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Takes terminal sequences (`ESC [ … letter`) out.
fn without_colours(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            rest.find(char::is_ascii_alphabetic);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_words_stay() {
        assert_eq!(
            without_colours("\u{1b}[32;1m     Summary\u{1b}[0m [ 2s] 9 tests"),
            "     Summary [ 2s] 9 tests"
        );
    }

    #[test]
    fn output_of_both_kinds_is_kept() {
        let ended = run_and_read(command("sh", &["-c", "echo one; echo two >&2; exit 3"])).unwrap();
        let mut lines = ended.lines;
        lines.sort();
        assert_eq!(lines, ["one", "two"]);
        assert!(!ended.fine);
    }
}
