//! Mailbox files (RFC 4155; the `mboxo` and `mboxrd` ways of quoting).

use std::io::{self, BufRead, BufReader, Read};
use thiserror::Error;

/// Why a message of a mailbox file is missing. Only [`MboxError::Io`] and [`MboxError::NotMbox`]
/// end the file.
#[derive(Debug, Error)]
pub enum MboxError {
    /// The file could not be read on.
    #[error("the mailbox file could not be read")]
    Io(#[from] io::Error),
    /// The file does not begin with a `From ` line.
    #[error("not a mailbox file")]
    NotMbox,
    /// A message is larger than the limit and was skipped.
    #[error("message {number} exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its place in the file, from 1.
        number: u64,
        /// Bytes allowed.
        limit: usize,
    },
}

impl MboxError {
    /// A sentence that may be shown to anyone.
    pub fn public(&self) -> String {
        match self {
            Self::Io(_) => "The mailbox file could not be read.".to_owned(),
            Self::NotMbox => "This file is not a mailbox file (mbox).".to_owned(),
            Self::TooLarge { number, .. } => {
                format!("Message {number} is too large and was skipped.")
            }
        }
    }
}

/// Iterator over the messages of a mailbox file. It holds one message in memory at a time and
/// never more of it than the limit.
pub struct Mbox<R> {
    reader: BufReader<R>,
    limit: usize,
    number: u64,
    bytes_read: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// A `From ` line was just read.
    InMessage,
    Done,
}

/// Longest piece of a line held at once.
const PIECE: u64 = 16 * 1024;

impl<R: Read> Mbox<R> {
    /// Reads from `reader`; a message of more than `limit` bytes gives
    /// [`MboxError::TooLarge`], and the next one follows.
    pub fn new(reader: R, limit: usize) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, reader),
            limit,
            number: 0,
            bytes_read: 0,
            state: State::Start,
        }
    }

    /// Bytes of the file read so far, for showing progress.
    pub const fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    fn piece(&mut self, line: &mut Vec<u8>) -> io::Result<usize> {
        line.clear();
        let read = (&mut self.reader).take(PIECE).read_until(b'\n', line)?;
        self.bytes_read += read as u64;
        Ok(read)
    }

    /// Skips blank lines to the first `From ` line, passing over the rest of it.
    fn begin(&mut self) -> Result<bool, MboxError> {
        let mut line = Vec::new();
        loop {
            if self.piece(&mut line)? == 0 {
                return Ok(false);
            }
            if line.starts_with(b"From ") {
                while !line.ends_with(b"\n") && self.piece(&mut line)? > 0 {}
                return Ok(true);
            }
            if !line.trim_ascii().is_empty() {
                return Err(MboxError::NotMbox);
            }
        }
    }

    fn message(&mut self) -> Result<Vec<u8>, MboxError> {
        self.number += 1;
        let mut message = Vec::new();
        let mut line = Vec::new();
        let (mut at_line_start, mut after_blank, mut too_large) = (true, false, false);
        loop {
            if self.piece(&mut line)? == 0 {
                self.state = State::Done;
                break;
            }
            if at_line_start && after_blank && line.starts_with(b"From ") {
                while !line.ends_with(b"\n") && self.piece(&mut line)? > 0 {}
                break;
            }
            let content = if at_line_start {
                unquoted(&line)
            } else {
                &line[..]
            };
            // Two bytes may be the blank line that belongs to the file, not to the message.
            too_large = too_large || message.len() + content.len() > self.limit.saturating_add(2);
            if !too_large {
                message.extend_from_slice(content);
            }
            after_blank = at_line_start && matches!(&line[..], b"\n" | b"\r\n");
            at_line_start = line.ends_with(b"\n");
        }
        if after_blank && !too_large {
            let end = message.len() - if message.ends_with(b"\r\n") { 2 } else { 1 };
            message.truncate(end);
        }
        if too_large || message.len() > self.limit {
            return Err(MboxError::TooLarge {
                number: self.number,
                limit: self.limit,
            });
        }
        Ok(message)
    }
}

/// `>From ` at the start of a line, with any number of `>`, lost one when it was read.
fn unquoted(line: &[u8]) -> &[u8] {
    let depth = line.iter().take_while(|&&byte| byte == b'>').count();
    if depth > 0 && line[depth..].starts_with(b"From ") {
        &line[1..]
    } else {
        line
    }
}

impl<R: Read> Iterator for Mbox<R> {
    type Item = Result<Vec<u8>, MboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Start {
            match self.begin() {
                Ok(true) => self.state = State::InMessage,
                Ok(false) => self.state = State::Done,
                Err(error) => {
                    self.state = State::Done;
                    return Some(Err(error));
                }
            }
        }
        if self.state == State::Done {
            return None;
        }
        let result = self.message();
        if matches!(result, Err(MboxError::Io(_) | MboxError::NotMbox)) {
            self.state = State::Done;
        }
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(file: &[u8], limit: usize) -> Vec<Result<String, String>> {
        Mbox::new(file, limit)
            .map(|r| {
                r.map(|m| String::from_utf8_lossy(&m).into_owned())
                    .map_err(|e| e.to_string())
            })
            .collect()
    }

    #[test]
    fn messages_are_separated_and_unquoted() {
        let file = b"\nFrom ana@example.org Mon Jan  1 00:00:00 2024\nSubject: 1\n\n>From here\n>>From there\n> From no\nFrom inside\n\n\
                     From bo Mon Jan  1 00:00:00 2024\r\nSubject: 2\r\n\r\nend";
        assert_eq!(
            read(file, 1000),
            [
                Ok("Subject: 1\n\nFrom here\n>From there\n> From no\nFrom inside\n".into()),
                Ok("Subject: 2\r\n\r\nend".into())
            ]
        );
    }

    #[test]
    fn a_large_message_is_skipped_and_named() {
        let file = format!(
            "From a\nSubject: 1\n\n{}\n\nFrom b\nSubject: 2\n\nx\n",
            "y".repeat(50_000)
        );
        assert_eq!(
            read(file.as_bytes(), 1000),
            [
                Err("message 1 exceeds the limit of 1000 bytes".into()),
                Ok("Subject: 2\n\nx\n".into())
            ]
        );
    }

    #[test]
    fn other_files_are_refused_and_empty_ones_are_empty() {
        assert_eq!(
            read(b"%PDF-1.7\n", 1000),
            [Err("not a mailbox file".into())]
        );
        assert!(read(b"", 1000).is_empty() && read(b"\n\n", 1000).is_empty());
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(bodies in proptest::collection::vec("(>{0,3}From |[a-z>]{0,5}|\n){0,12}", 1..5)) {
            let mut file = String::new();
            let mut expected = Vec::new();
            for body in &bodies {
                let message = format!("Subject: x\n\n{body}\n");
                file.push_str("From someone\n");
                for line in message.split_inclusive('\n') {
                    if line.trim_start_matches('>').starts_with("From ") {
                        file.push('>');
                    }
                    file.push_str(line);
                }
                file.push('\n');
                expected.push(message);
            }
            let found: Vec<_> = Mbox::new(file.as_bytes(), 10_000).map(|m| String::from_utf8(m.unwrap()).unwrap()).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'F'), any::<u8>()], 0..400)) {
            let mut file = b"From x\n".to_vec();
            file.extend(bytes);
            for message in Mbox::new(&file[..], 64).flatten() {
                prop_assert!(message.len() <= 64);
            }
        }
    }
}
