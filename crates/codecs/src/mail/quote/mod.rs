//! Tells what someone wrote from what their mail program quoted below or above it.
//!
//! Every line of the text goes to one of the two sides, so nothing is ever lost; when in doubt it
//! goes to what they wrote. Only the desk's own words count as quoted: all others are news to it.

use super::own_words::OwnWords;

/// A text in two parts, `fresh` and `quoted`. Taken together, their lines are exactly the lines of the text, each part
/// in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// What the sender wrote this time.
    pub fresh: String,
    /// What was quoted, with the lines that introduce it.
    pub quoted: String,
    /// What to look for danger in. Every word that is not the desk's: what they wrote, and then the lines that introduce a
    /// quotation, so that nothing stands below those and is taken for one. And what they left of a text of the desk's when
    /// they took lines out of it: to leave one of the answers it offers is to give it.
    pub said: String,
}

/// Lines that this desk puts above what it quotes, one a language. The first words of the language
/// tag choose.
const REPLY_MARKERS: [(&str, &str); 11] = [
    ("en", "please write above this line"),
    ("es", "por favor, escriba encima de esta línea"),
    ("fr", "veuillez écrire au-dessus de cette ligne"),
    ("de", "bitte schreiben sie über dieser zeile"),
    ("pt", "por favor, escreva acima desta linha"),
    ("it", "scriva sopra questa riga, per favore"),
    ("pl", "prosimy pisać powyżej tej linii"),
    ("vi", "vui lòng viết phía trên dòng này"),
    ("zh", "请在此行上方回复"),
    ("ar", "يرجى الكتابة فوق هذا السطر"),
    ("tl", "pakisulat sa itaas ng linyang ito"),
];

/// The line to put above quoted text, in the given language (a BCP 47 tag) or in English.
pub fn reply_marker(language: &str) -> String {
    let primary = language.split(['-', '_']).next().unwrap_or("");
    let text = REPLY_MARKERS
        .iter()
        .find(|(tag, _)| tag.eq_ignore_ascii_case(primary))
        .map_or(REPLY_MARKERS[0].1, |(_, text)| text);
    format!("-- {text} --")
}

/// A mail of ours without the [`reply_marker`] that it begins with, whatever its language.
pub fn without_marker(text: &str) -> &str {
    let text = text.trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let words = first
        .trim()
        .trim_start_matches("-- ")
        .trim_end_matches(" --");
    if REPLY_MARKERS.iter().any(|(_, marker)| *marker == words) {
        rest.trim_start()
    } else {
        text
    }
}

/// First words and last words of the line with which mail programs introduce a quote.
const INTRODUCTIONS: [(&str, &str); 24] = [
    ("on ", "wrote:"),
    ("on ", "writes:"),
    ("el ", "escribió:"),
    ("el ", "escribio:"),
    ("em ", "escreveu:"),
    ("no dia ", "escreveu:"),
    ("le ", "a écrit :"),
    ("le ", "a écrit:"),
    ("am ", "schrieb:"),
    ("am ", ">:"),
    ("il ", "ha scritto:"),
    ("op ", "schreef:"),
    ("den ", "skrev:"),
    ("den ", ">:"),
    ("dnia ", "napisał(a):"),
    ("w dniu ", "pisze:"),
    ("w dniu ", "napisał(a):"),
    ("vào ", "đã viết:"),
    ("在 ", "写道："),
    ("在 ", "写道:"),
    ("noong ", "isinulat ni:"),
    ("pada ", "menulis:"),
    ("в ", "пишет:"),
    ("în ", "a scris:"),
];

const HEADER_FROM: [&str; 9] = [
    "from:",
    "de:",
    "von:",
    "da:",
    "van:",
    "od:",
    "от:",
    "från:",
    "发件人",
];
const HEADER_OTHER: [&str; 28] = [
    "sent:",
    "date:",
    "to:",
    "cc:",
    "subject:",
    "enviado:",
    "enviado el:",
    "fecha:",
    "para:",
    "asunto:",
    "envoyé :",
    "envoyé:",
    "à :",
    "à:",
    "objet :",
    "objet:",
    "gesendet:",
    "datum:",
    "an:",
    "betreff:",
    "data:",
    "inviato:",
    "a:",
    "oggetto:",
    "assunto:",
    "发送时间",
    "收件人",
    "主题",
];
const SEPARATORS: [&str; 8] = [
    "original message",
    "mensaje original",
    "message d'origine",
    "message original",
    "mensagem original",
    "ursprüngliche nachricht",
    "messaggio originale",
    "原始邮件",
];

/// What a line is by its form and place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Nothing says that it is quoted.
    Written,
    /// It introduces a quotation.
    Heading,
    /// It has a quote's mark, or stands below what introduces one.
    Quoted,
}

/// A plain-text body, line by line.
pub struct Lines<'a> {
    lines: Vec<&'a str>,
    sides: Vec<Side>,
}

impl<'a> Lines<'a> {
    /// Looks at the lines of `text`.
    pub fn of(text: &'a str) -> Self {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let labels: Vec<Label> = lines.iter().map(|line| Label::of(line)).collect();
        let mut sides = vec![Side::Written; lines.len()];
        let (mut at, mut by_position) = (0, false);
        while at < lines.len() {
            let block = header_block(&lines, &labels, at);
            let Some(length) = block.or_else(|| introduction(&lines, at)) else {
                // Below a marker without a quote's mark the program quotes by position alone.
                by_position |= is_marker(lines[at]) && !is_quote_line(lines[at]);
                if by_position || is_quote_line(lines[at]) {
                    sides[at] = Side::Quoted;
                }
                at += 1;
                continue;
            };
            let next = next_written(&lines, at + length);
            by_position |=
                block.is_some() || lines.get(next).is_some_and(|line| !is_quote_line(line));
            sides[at..at + length].fill(Side::Heading);
            sides[at + length..next].fill(Side::Quoted);
            at = next;
        }
        Self { lines, sides }
    }

    /// Whether any line looks quoted.
    pub fn quotes(&self) -> bool {
        self.sides.iter().any(|side| *side != Side::Written)
    }

    /// Splits the text. A line goes to what is quoted when it looks so and holds `own` words alone: what mail programs
    /// quote by position, people write into, and what they pass on, nobody has read yet. What introduces a quotation stays
    /// with the line below it.
    pub fn split(&self, own: &OwnWords) -> Body {
        let looks_quoted = |at: &usize| self.sides[*at] == Side::Quoted;
        let places: Vec<usize> = (0..self.lines.len()).filter(looks_quoted).collect();
        let quotes: Vec<&str> = places.iter().map(|at| self.lines[*at]).collect();
        let mut is_fresh: Vec<bool> = self
            .sides
            .iter()
            .map(|side| *side == Side::Written)
            .collect();
        let mut verdicts = vec![None; self.lines.len()];
        for (at, verdict) in places.iter().zip(own.judge(&quotes)) {
            verdicts[*at] = verdict;
        }
        let is_left = self.left_over(own, &verdicts);
        let mut below = false;
        for at in (0..self.lines.len()).rev() {
            match self.sides[at] {
                Side::Written => {}
                Side::Heading => is_fresh[at] = below,
                Side::Quoted => {
                    if let Some(is_own) = verdicts[at] {
                        below = !is_own;
                    }
                    is_fresh[at] = below;
                }
            }
        }
        let mut body = Body::default();
        let mut headings = String::new();
        for (at, line) in self.lines.iter().enumerate() {
            if is_fresh[at] {
                &mut body.fresh
            } else {
                &mut body.quoted
            }
            .push_str(line);
            if self.sides[at] == Side::Heading {
                headings.push_str(line);
            } else if is_fresh[at] || is_left[at] {
                body.said.push_str(line);
            }
        }
        if !headings.is_empty() {
            body.said.push('\n');
            body.said.push_str(&headings);
        }
        if body.fresh.trim().is_empty() {
            // All of it is quoted: then that is what they want to say.
            body.fresh = self.lines.concat();
            body.quoted.clear();
        }
        body
    }

    /// Which of the lines that `verdicts` say are the desk's own somebody left by taking others away. Where they answer
    /// between the lines, what they took away there says nothing.
    fn left_over(&self, own: &OwnWords, verdicts: &[Option<bool>]) -> Vec<bool> {
        let mut is_left = vec![false; self.lines.len()];
        let (mut row, mut from_start) = (Vec::new(), false);
        let mut end_row = |row: &mut Vec<usize>, from_start: bool| {
            let lines: Vec<&str> = row.iter().map(|at| self.lines[*at]).collect();
            for (at, left) in row.drain(..).zip(own.left_over(&lines, from_start)) {
                is_left[at] = left;
            }
        };
        for (at, line) in self.lines.iter().enumerate() {
            let is_start = self.sides[at] == Side::Heading || is_marker(line);
            if verdicts[at] == Some(true) && !is_start {
                // Behind a mark people quote as little as they want to answer.
                from_start &= !is_quote_line(line);
                row.push(at);
            } else if is_start || verdicts[at].is_some() || self.is_written(at) {
                end_row(&mut row, from_start);
                from_start = is_start;
            }
        }
        end_row(&mut row, from_start);
        is_left
    }

    fn is_written(&self, at: usize) -> bool {
        self.sides[at] == Side::Written && !self.lines[at].trim().is_empty()
    }
}

fn is_quote_line(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn next_written(lines: &[&str], from: usize) -> usize {
    (from..lines.len())
        .find(|&at| !lines[at].trim().is_empty())
        .unwrap_or(lines.len())
}

pub(super) fn is_marker(line: &str) -> bool {
    let bare = line.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '>' | '-' | '*' | '_' | '—' | '–')
    });
    if bare.is_empty() || bare.len() > 100 {
        return false;
    }
    let lower = bare.to_lowercase();
    REPLY_MARKERS.iter().any(|(_, text)| lower == *text)
}

/// Number of lines of an introduction that begins here; programs wrap it to at most three lines.
fn introduction(lines: &[&str], at: usize) -> Option<usize> {
    const MAX_BYTES: usize = 400;
    if lines[at].trim().is_empty() || is_quote_line(lines[at]) || lines[at].len() > MAX_BYTES {
        return None;
    }
    if !lines[at..]
        .iter()
        .take(3)
        .any(|line| line.trim_end().ends_with([':', '：']))
    {
        return None;
    }
    let mut joined = String::new();
    for length in 1..=3 {
        let line = lines.get(at + length - 1)?.trim();
        if line.is_empty() || joined.len() + line.len() > MAX_BYTES {
            return None;
        }
        joined.push_str(line);
        if line.ends_with([':', '：']) {
            let next = next_written(lines, at + length);
            let quote_follows = lines
                .get(next)
                .is_some_and(|next| is_quote_line(next) || is_marker(next));
            // The line above an introduction is no part of it.
            let is_whole = |from: usize| {
                let inner: Vec<&str> = lines[at + from..at + length]
                    .iter()
                    .map(|l| l.trim())
                    .collect();
                introduces_alone(&inner.join(" "), quote_follows)
            };
            if (1..length).any(is_whole) {
                return None;
            }
            return is_introduction(&joined, quote_follows).then_some(length);
        }
        joined.push(' ');
    }
    None
}

fn is_introduction(line: &str, quote_follows: bool) -> bool {
    let lower = line.to_lowercase();
    let known = begins_and_ends(&lower) || (lower.ends_with("wrote:") && lower.contains('@'));
    introduces_alone(line, quote_follows) || (known && (quote_follows || is_dated(&lower)))
}

/// Whether a line needs none above it to be an introduction.
fn introduces_alone(line: &str, quote_follows: bool) -> bool {
    let lower = line.to_lowercase();
    let dated_address = lower.contains('@') && lower.contains(|c: char| c.is_numeric());
    quote_follows && dated_address || begins_and_ends(&lower) && is_dated(&lower)
}

fn begins_and_ends(lower: &str) -> bool {
    INTRODUCTIONS
        .iter()
        .any(|(first, last)| lower.starts_with(first) && lower.ends_with(last))
}

/// "On 3 March the doctor wrote:" may be said by a person; a time of day or an address is not.
fn is_dated(lower: &str) -> bool {
    lower.contains(|c: char| c.is_numeric()) && (lower.contains('@') || has_time(lower))
}

fn has_time(line: &str) -> bool {
    line.as_bytes().windows(4).any(|w| {
        w[0].is_ascii_digit()
            && matches!(w[1], b':' | b'.' | b'h')
            && w[2].is_ascii_digit()
            && w[3].is_ascii_digit()
    })
}

/// What the start of a line says it is, in a block of header lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    None,
    From,
    Other,
    /// "Original message" between dashes.
    Separator,
    /// A rule of underscores.
    Rule,
}

impl Label {
    fn of(line: &str) -> Self {
        let line = line.trim();
        if line.starts_with("--") {
            let words = line
                .trim_matches(|c: char| c == '-' || c.is_whitespace())
                .to_lowercase();
            return if SEPARATORS.contains(&words.as_str()) {
                Self::Separator
            } else {
                Self::None
            };
        }
        if line.len() >= 10 && line.bytes().all(|b| b == b'_') {
            return Self::Rule;
        }
        if line.is_ascii() && !line.contains(':') {
            return Self::None;
        }
        // Labels come as `From:`, `*From:*` or `**From:**`.
        let label: String = line
            .chars()
            .filter(|&c| c != '*')
            .take(20)
            .collect::<String>()
            .to_lowercase();
        if HEADER_FROM.iter().any(|known| label.starts_with(known)) {
            Self::From
        } else if HEADER_OTHER.iter().any(|known| label.starts_with(known)) {
            Self::Other
        } else {
            Self::None
        }
    }
}

/// Number of lines of the block of From/Sent/To/Subject lines that begins here, which Outlook and others put above the
/// original.
fn header_block(lines: &[&str], labels: &[Label], at: usize) -> Option<usize> {
    const MAX_HEADINGS: usize = 12;
    let start = match labels[at] {
        Label::Separator | Label::Rule => next_written(lines, at + 1),
        Label::From => at,
        Label::None | Label::Other => return None,
    };
    let length = labels[start..]
        .iter()
        .take(MAX_HEADINGS)
        .take_while(|label| matches!(label, Label::From | Label::Other))
        .count();
    let others = (start + 1..lines.len())
        .take(6)
        .take_while(|&at| !lines[at].trim().is_empty())
        .filter(|&at| labels[at] == Label::Other)
        .count();
    let is_block = labels.get(start) == Some(&Label::From) && others >= 2;
    match labels[at] {
        Label::Separator if length == 0 => Some(1),
        Label::Separator => Some(start + length - at),
        _ => is_block.then_some(start + length - at),
    }
}

#[cfg(test)]
mod tests;
