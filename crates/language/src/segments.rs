//! Whose words stand where: a person's own, and what a mail carries along.
//!
//! Quoted mail, signatures and legal footers say nothing about what the person wants now. They are kept
//! apart, not thrown away: danger found in them still makes a person look. What only begins like one of them
//! is the person's own: a signature ends at an empty line, and what a phone adds names the phone.

use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::clinic::{ClinicFiles, File, LoadError};
use crate::fold::{is_han, is_hangul};

/// Whose words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Segment {
    /// The person's own.
    #[default]
    Own,
    /// An earlier message or a header of one.
    Quoted,
    /// A signature block.
    Signature,
    /// A notice added by a company's mail server.
    Footer,
}

/// What it is told by, from `language/segments.toml`, in small letters.
#[derive(Debug)]
pub(crate) struct Segments {
    wrote: Vec<String>,
    original: Vec<String>,
    forwarded: Vec<String>,
    header: Vec<String>,
    sent_from: Vec<String>,
    device: Vec<String>,
    footer: Vec<String>,
    list_footer: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    wrote: RawList,
    original: RawList,
    forwarded: RawList,
    header: RawList,
    sent_from: RawList,
    device: RawList,
    footer: RawList,
    list_footer: RawList,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    words: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

/// Bytes of the longest line that a telephone adds.
const SENT_FROM_LINE: usize = 60;

/// Bytes of the longest line of a list's footer.
const LIST_FOOTER_LINE: usize = 80;
/// Lines of the longest signature.
const SIGNATURE_LINES: usize = 8;

/// What stands behind the name of a header and at the end of "… wrote:".
const COLONS: [char; 2] = [':', '：'];
/// Bytes of the longest word of a list.
const WORD: usize = 60;

/// Lines looked at for a header block after its first line.
const HEADER_LINES: usize = 4;

impl Segments {
    pub fn read(files: &ClinicFiles) -> Result<Self, LoadError> {
        let file = File::open(files, "language/segments.toml")?;
        let raw: RawFile = file.toml()?;
        let list = |raw: &RawList, letters: usize| {
            file.review(&raw.review)?;
            if raw.reason.get_ref().trim().is_empty() {
                return Err(file.error(raw.reason.span(), "the reason is empty"));
            }
            let words = raw.words.iter();
            words.map(|word| word_of(&file, word, letters)).collect()
        };
        if let Some(odd) = raw
            .wrote
            .words
            .iter()
            .find(|w| !w.get_ref().trim().ends_with(COLONS))
        {
            return Err(file.error(odd.span(), "a line above quoted mail ends with a colon"));
        }
        Ok(Self {
            wrote: list(&raw.wrote, 3)?,
            original: list(&raw.original, 8)?,
            forwarded: list(&raw.forwarded, 8)?,
            // A whole word, and it takes three such lines.
            header: list(&raw.header, 0)?,
            // With a device behind it.
            sent_from: list(&raw.sent_from, 6)?,
            device: list(&raw.device, 4)?,
            footer: list(&raw.footer, 8)?,
            list_footer: list(&raw.list_footer, 8)?,
        })
    }

    /// The parts of a body in order. They cover it whole.
    pub fn split(&self, body: &str) -> Vec<(Range<usize>, Segment)> {
        let lines = lines(body);
        let mut parts: Vec<(Range<usize>, Segment)> = Vec::new();
        let mut state = Segment::Own;
        let mut own_words = 0;
        let mut forwarded_head = false;
        let mut signature_lines = 0;
        let next_marked = self.next_marked(body, &lines);
        for (number, range) in lines.iter().enumerate() {
            let line = body[range.clone()].trim();
            let quote_mark = line.starts_with(['>', '＞']);
            let segment = if quote_mark {
                Segment::Quoted
            } else if line.is_empty() {
                if matches!(state, Segment::Footer | Segment::Signature) {
                    state = Segment::Own;
                }
                forwarded_head = false;
                state
            } else if self.opens_quotation(body, &lines, number) {
                // What follows "wrote:" without marks is quoted to the end; with marks, the marks say it.
                let marked = next_marked[number];
                let forwards = own_words < 4;
                state = if marked || forwards {
                    Segment::Own
                } else {
                    Segment::Quoted
                };
                forwarded_head = forwards;
                Segment::Quoted
            } else if forwarded_head && self.header(line) || state == Segment::Quoted {
                Segment::Quoted
            } else if matches!(line, "--" | "—" | "__") {
                (state, signature_lines) = (Segment::Signature, 0);
                state
            } else if self.is_sent_from(line) {
                Segment::Signature
            } else if self.is_list_footer(line) {
                Segment::Footer
            } else if state != Segment::Footer && holds(line, &self.footer) {
                state = Segment::Footer;
                state
            } else {
                signature_lines += 1;
                if state == Segment::Signature && signature_lines > SIGNATURE_LINES {
                    state = Segment::Own;
                }
                state
            };
            if segment == Segment::Own {
                own_words += line.split_whitespace().count();
            }
            match parts.last_mut() {
                Some((last, kind)) if *kind == segment => last.end = range.end,
                _ => parts.push((range.clone(), segment)),
            }
        }
        // Nothing of their own: they sent the rest to be read.
        if own_words == 0 {
            for (_, segment) in &mut parts {
                *segment = Segment::Own;
            }
        }
        parts
    }

    /// Of every line whether the next one that is written, "… wrote:" aside, bears a quotation mark.
    fn next_marked(&self, body: &str, lines: &[Range<usize>]) -> Vec<bool> {
        let mut marked = vec![false; lines.len()];
        let mut next = false;
        for (number, range) in lines.iter().enumerate().rev() {
            marked[number] = next;
            let line = body[range.clone()].trim();
            if !line.is_empty() && !self.is_wrote(line) {
                next = line.starts_with(['>', '＞']);
            }
        }
        marked
    }

    /// A line that a phone or a mail program adds.
    fn is_sent_from(&self, line: &str) -> bool {
        line.len() <= SENT_FROM_LINE && begins(line, &self.sent_from) && holds(line, &self.device)
    }

    fn is_list_footer(&self, line: &str) -> bool {
        line.len() <= LIST_FOOTER_LINE && begins(line, &self.list_footer)
    }

    fn opens_quotation(&self, body: &str, lines: &[Range<usize>], number: usize) -> bool {
        let line = body[lines[number].clone()].trim();
        if line.len() > 300 {
            return false;
        }
        let next = |ahead: usize| {
            lines
                .get(number + ahead)
                .map_or("", |r| body[r.clone()].trim())
        };
        let dated = line.bytes().any(|b| b.is_ascii_digit()) || line.contains('@');
        dated
            && (self.is_wrote(line)
                || self.is_wrote(next(1)) && line.len() < 120 && line.contains(['@', ',']))
            || line.starts_with("---") && holds(line, &self.original)
            || begins(line, &self.forwarded)
            || self.header(line)
                && (1..=HEADER_LINES).filter(|&n| self.header(next(n))).count() >= 2
    }

    fn is_wrote(&self, line: &str) -> bool {
        if line.len() > 300 || !line.ends_with(COLONS) {
            return false;
        }
        let tail = line[line.ceil_char_boundary(line.len().saturating_sub(WORD))..].to_lowercase();
        self.wrote.iter().any(|w| tail.ends_with(w))
    }

    fn header(&self, line: &str) -> bool {
        let Some((name, _)) = line.split_once(COLONS) else {
            return false;
        };
        let name = name.trim().trim_matches('*');
        name.len() <= 30 && self.header.contains(&name.to_lowercase())
    }
}

/// A word of a list in small letters. One that is empty would be found in every line, and one with less than so many
/// `letters` in the lines that people write themselves. Of signs that are syllables or words a third is enough.
fn word_of(file: &File<'_>, raw: &Spanned<String>, letters: usize) -> Result<String, LoadError> {
    let word = raw.get_ref().trim();
    if word.is_empty() || word.len() > WORD {
        return Err(file.error(
            raw.span(),
            format!("a word of 1 to {WORD} bytes is needed here"),
        ));
    }
    let wide = word.chars().filter(|c| is_han(*c) || is_hangul(*c)).count();
    let told = word.chars().filter(|c| c.is_alphanumeric()).count();
    if told < letters && wide < letters.div_ceil(3) {
        let reason = format!(
            "a word of at least {letters} letters is needed here: a shorter one stands in people's own words"
        );
        return Err(file.error(raw.span(), reason));
    }
    Ok(word.to_lowercase())
}

/// Ranges of the lines, each with its line end.
fn lines(body: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    body.split_inclusive('\n')
        .map(|line| {
            let range = start..start + line.len();
            start = range.end;
            range
        })
        .collect()
}

fn begins(line: &str, words: &[String]) -> bool {
    let head = line[..line.floor_char_boundary(60)].to_lowercase();
    words.iter().any(|w| head.starts_with(w))
}

fn holds(line: &str, words: &[String]) -> bool {
    let line = line[..line.floor_char_boundary(400)].to_lowercase();
    words.iter().any(|w| line.contains(w))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clinic::tests::TONGUE;

    fn split(body: &str) -> Vec<(Range<usize>, Segment)> {
        TONGUE.segments.split(body)
    }

    fn own(body: &str) -> String {
        split(body)
            .into_iter()
            .filter(|(_, s)| *s == Segment::Own)
            .map(|(r, _)| &body[r])
            .collect()
    }

    #[test]
    fn lists_that_can_not_be_used_are_refused_with_their_line() {
        let shipped = crate::clinic::tests::tongue_files();
        let name = "language/segments.toml";
        let text = &shipped[name];
        for (from, to, reason) in [
            (
                "[wrote]\nwords = [\n",
                "[wrote]\nwords = [\n  \"skrev\",\n",
                "ends with a colon",
            ),
            (
                "words = [\"begin forwarded message\"]",
                "words = [\" \"]",
                "1 to 60 bytes",
            ),
            (
                "words = [\"begin forwarded message\"]",
                "words = [\"re\"]",
                "at least 8 letters",
            ),
            ("\"unsubscribe\", ", "\"取消\",", "at least 8 letters"),
            ("[device]\nwords", "[device]\nword", "word"),
            (
                "reason = \"Mailing lists add such lines\"",
                "reason = \" \"",
                "reason is empty",
            ),
        ] {
            let at = text.find(from).unwrap() + to.len() - 2;
            let broken = text.replacen(from, to, 1);
            let line = 1 + broken[..at].matches('\n').count();
            let files = [(name.to_owned(), broken)].into();
            let refused = Segments::read(&files).unwrap_err();
            assert!(refused.reason.contains(reason), "{refused}");
            assert_eq!(
                (refused.file.as_str(), refused.line),
                (name, line),
                "{refused}"
            );
        }
        assert_eq!(
            own("Thanks, all is well now\n\nOn 5 Jan Ann WROTE:\nold\n")
                .lines()
                .count(),
            2,
            "capitals don't matter"
        );
    }

    #[test]
    fn quotations_signatures_and_notices_are_kept_apart() {
        assert_eq!(
            own("Thanks!\n\nOn Mon, 5 Jan 2026, Desk <a@b.org> wrote:\n> old\n> words\nbelow\n"),
            "Thanks!\n\nbelow\n"
        );
        assert_eq!(
            own("Gracias, todo bien ya\nEl 5 ene 2026, Clínica escribió:\nviejo texto\nmás"),
            "Gracias, todo bien ya\n"
        );
        assert_eq!(
            own("Please move my visit.\n\nFrom: Clinic\nSent: Monday\nTo: me\nSubject: x\n\nold\n"),
            "Please move my visit.\n\n"
        );
        assert_eq!(own("Hello there\n-- \nAnn\n555-0100\n"), "Hello there\n");
        assert_eq!(
            own("New address please\nSent from my iPhone\n"),
            "New address please\n"
        );
        assert_eq!(
            own("One question.\n\nCONFIDENTIALITY NOTICE: this is\nprivate.\n\nPS: call me"),
            "One question.\n\n\nPS: call me"
        );
    }

    #[test]
    fn what_only_begins_like_a_signature_is_their_own() {
        for body in [
            "Hi\nSent from my bed because I cannot breathe and have chest pain\n",
            "Hallo\nVon meinem Kopf läuft Blut\n",
            "Hola\nEnviado desde el hospital porque no me atienden\n",
            "Good morning\nplease unsubscribe me from the list. I have crushing chest pain\n",
            "Good morning\nTo unsubscribe I called three times, nobody answers, and now I have a pain in my chest too\n",
        ] {
            assert_eq!(own(body), body);
        }
        assert_eq!(
            own("Hello\n--\nAnn\n\nI can't breathe\n"),
            "Hello\n\nI can't breathe\n"
        );
        let long = format!("Hello there\n--\n{}", "a line\n".repeat(30));
        assert_eq!(own(&long).lines().count(), 1 + 30 - SIGNATURE_LINES);
        for line in [
            "Sent from my iPhone",
            "Enviado desde mi teléfono móvil",
            "Gesendet von meinem Handy",
            "Отправлено с iPhone",
            "To unsubscribe click here",
        ] {
            assert_eq!(
                own(&format!("New address please\n{line}\n")),
                "New address please\n"
            );
        }
    }

    #[test]
    fn a_thousand_lines_that_open_a_quotation_are_each_looked_at_once() {
        // From behind: the answer for each line is known before the line above asks for it.
        let body = "1wrote:\n".repeat(50_000);
        let start = std::time::Instant::now();
        let parts = split(&body);
        assert!(!parts.is_empty());
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }

    #[test]
    fn a_forwarded_message_is_what_they_want_to_show() {
        let body = "fyi\n\n---------- Forwarded message ---------\nFrom: Lab <l@x.org>\nSubject: Result\n\nPlease call us.\n";
        assert_eq!(own(body), "fyi\n\n\nPlease call us.\n");
        assert_eq!(own("> only a quotation\n"), "> only a quotation\n");
    }

    proptest! {
        #[test]
        fn the_parts_cover_the_body(body in "(\\PC{0,20}|> |-- |\n|On 5 x@y wrote:|From: |Sent: ){0,30}") {
            let parts = split(&body);
            let joined: String = parts.iter().map(|(r, _)| &body[r.clone()]).collect();
            prop_assert_eq!(joined, body);
        }
    }
}
