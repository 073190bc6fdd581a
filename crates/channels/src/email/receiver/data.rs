//! Where a message ends, and its dots (RFC 5321, sections 4.1.1.4 and 4.5.2).

use memchr::memchr;

/// What was read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing, or `<CR><LF>`.
    LineStart,
    /// A dot at the start of a line; not passed on yet.
    Dot,
    /// That dot and a `<CR>`; neither passed on yet.
    DotCr,
    /// A `<CR>`, passed on.
    Cr,
    /// Anything else.
    Inside,
}

/// Finds the end of a message in pieces of any size and removes the dots that SMTP added.
#[derive(Debug)]
pub(super) struct DataScanner {
    state: State,
}

/// What a piece of input held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Bytes of the piece that belong to the message, its end included.
    pub used: usize,
    /// Whether the end was among them.
    pub ended: bool,
}

impl DataScanner {
    pub fn new() -> Self {
        Self {
            state: State::LineStart,
        }
    }

    /// Reads `input` and passes the message's own bytes to `sink`.
    pub fn scan(&mut self, input: &[u8], mut sink: impl FnMut(&[u8])) -> Scanned {
        let mut rest = input;
        // Start of the bytes that are content and not passed on yet.
        let mut content = input;
        while let Some((&byte, after)) = rest.split_first() {
            let next = match (self.state, byte) {
                (State::DotCr, b'\n') => {
                    self.state = State::LineStart;
                    return Scanned {
                        used: input.len() - after.len(),
                        ended: true,
                    };
                }
                (State::LineStart, b'.') => {
                    sink(&content[..content.len() - rest.len()]);
                    content = after;
                    State::Dot
                }
                (State::Dot, b'\r') => {
                    content = after;
                    State::DotCr
                }
                (State::DotCr, _) => {
                    // The dot was stuffing after all, and the <CR> content.
                    sink(b"\r");
                    content = rest;
                    self.state = State::Cr;
                    continue;
                }
                (State::Cr, b'\n') => State::LineStart,
                (_, b'\r') => State::Cr,
                _ => {
                    let line = memchr(b'\r', rest).unwrap_or(rest.len());
                    self.state = State::Inside;
                    rest = &rest[line..];
                    continue;
                }
            };
            self.state = next;
            rest = after;
        }
        sink(content);
        Scanned {
            used: input.len(),
            ended: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The rule, said slowly: the first line that is one dot ends the message; every other line
    /// loses one dot at its start. Lines end with `<CR><LF>` only.
    fn reference(stream: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut message = Vec::new();
        let mut start = 0;
        loop {
            let length = stream[start..]
                .windows(2)
                .position(|pair| pair == b"\r\n")?;
            let line = &stream[start..start + length];
            start += length + 2;
            if line == b"." {
                return Some((message, start));
            }
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
            message.extend_from_slice(b"\r\n");
        }
    }

    fn scan_in_pieces(stream: &[u8], sizes: &[usize]) -> Option<(Vec<u8>, usize)> {
        let (mut reader, mut message, mut read) = (DataScanner::new(), Vec::new(), 0);
        let mut sizes = sizes.iter().cycle();
        while read < stream.len() {
            let end = (read + sizes.next().unwrap()).min(stream.len());
            let scanned = reader.scan(&stream[read..end], |part| message.extend_from_slice(part));
            read += scanned.used;
            if scanned.ended {
                return Some((message, read));
            }
            assert_eq!(read, end);
        }
        None
    }

    fn tricky_stream() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            4 => Just(b"\r\n".to_vec()),
            3 => Just(b".".to_vec()),
            2 => Just(b"\r".to_vec()),
            2 => Just(b"\n".to_vec()),
            1 => Just(b"\0".to_vec()),
            2 => proptest::collection::vec(any::<u8>(), 0..6),
        ];
        proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn agrees_with_the_slow_rule(
            stream in tricky_stream(),
            sizes in proptest::collection::vec(1_usize..9, 1..6),
        ) {
            prop_assert_eq!(scan_in_pieces(&stream, &sizes), reference(&stream));
        }

        #[test]
        fn gives_back_what_a_client_stuffed(
            lines in proptest::collection::vec("[.a\n]{0,4}", 0..20),
            sizes in proptest::collection::vec(1_usize..9, 1..6),
        ) {
            let (mut message, mut stuffed) = (String::new(), String::new());
            for line in &lines {
                let dot = if line.starts_with('.') { "." } else { "" };
                message += &[line, "\r\n"].concat();
                stuffed += &[dot, line, "\r\n"].concat();
            }
            let stream = format!("{stuffed}.\r\nQUIT\r\n");
            let end = stream.len() - "QUIT\r\n".len();
            prop_assert_eq!(
                scan_in_pieces(stream.as_bytes(), &sizes),
                Some((message.into_bytes(), end))
            );
        }
    }
}
