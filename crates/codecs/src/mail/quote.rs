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
    /// Every word that is not the desk's, to look for danger in: what they wrote, and then the lines that introduce a
    /// quotation, so that nothing stands below those and is taken for one.
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
        let mut judged = places.iter().zip(own.judge(&quotes)).rev().peekable();
        let mut below = false;
        for at in (0..self.lines.len()).rev() {
            match self.sides[at] {
                Side::Written => {}
                Side::Heading => is_fresh[at] = below,
                Side::Quoted => {
                    if let Some((_, Some(is_own))) = judged.next_if(|(place, _)| **place == at) {
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
            } else if is_fresh[at] {
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OURS: [&str; 6] = [
        "Any pain?",
        "Fever?",
        "How are you?",
        "Clinic",
        "earlier",
        "If you are thinking of hurting yourself, call or text 988, day or night.",
    ];

    fn split(text: &str) -> Body {
        let mut own = OwnWords::default();
        own.add(&OURS.join("\n"));
        Lines::of(text).split(&own)
    }

    fn fresh(text: &str) -> String {
        split(text).fresh.trim().to_owned()
    }

    #[test]
    fn our_marker_in_every_language() {
        for (tag, _) in REPLY_MARKERS {
            let text = format!("Thank you\n\n> {}\n> earlier", reply_marker(tag));
            assert_eq!(fresh(&text), "Thank you", "{tag}");
            let ours = format!("{}\r\n\r\nHello", reply_marker(tag));
            assert_eq!(without_marker(&ours), "Hello", "{tag}");
        }
        assert_eq!(without_marker("\n-- por favor --\nx"), "-- por favor --\nx");
        assert_eq!(reply_marker("es-MX"), reply_marker("ES"));
        assert_eq!(reply_marker("xx"), reply_marker("en"));
    }

    #[test]
    fn introductions_of_mail_programs() {
        for introduction in [
            "On Mon, 3 Mar 2025 at 10:05, Clinic <desk@clinic.example> wrote:",
            "On Mon, 3 Mar 2025 at 10:05, Clinic With A Long Name\n<desk@clinic.example> wrote:",
            "El lun, 3 mar 2025 a las 10:05, Clínica (<desk@clinic.example>)\nescribió:",
            "Le lun. 3 mars 2025 à 10:05, Clinique <desk@clinic.example> a\nécrit :",
            "Am 03.03.25 um 10:05 schrieb Clinic <desk@clinic.example>:",
            "2025年3月3日(月) 10:05 Clinic <desk@clinic.example>:",
            "-----Original Message-----\nFrom: desk@clinic.example\nSent: Monday",
            "________________________________\nFrom: Clinic <desk@clinic.example>\nSent: Monday, 3 March\nTo: Ana\nSubject: x",
            "*De:* Clínica\n*Enviado el:* lunes\n*Para:* Ana\n*Asunto:* x",
        ] {
            let text = format!("I feel better.\n\n{introduction}\n\n> How are you?\n> Clinic\n");
            assert_eq!(fresh(&text), "I feel better.", "{introduction}");
        }
    }

    #[test]
    fn answers_below_and_between_stay() {
        let text = "On 3 Mar 2025 at 10:05, C <d@c.example> wrote:\n> Any pain?\nNo.\n> Fever?\nYes, 38.\n";
        assert_eq!(fresh(text), "No.\nYes, 38.");
        assert_eq!(split(text).quoted.lines().count(), 3);
    }

    #[test]
    fn what_people_say_is_not_taken_for_a_quote() {
        for text in [
            "On 3 March the doctor wrote:\nTake two pills a day.",
            "From: pain\nI can't sleep.",
            "My numbers are 5 > 3.\nPlease call ana@example.org:\nshe knows.",
            "> only a quote",
            "",
        ] {
            let body = split(text);
            assert_eq!((body.fresh.as_str(), body.quoted.as_str()), (text, ""));
            assert_eq!(body.said, text);
        }
    }

    #[test]
    fn long_input_is_linear() {
        let text = "On a\n".repeat(50_000) + &"From: x\n".repeat(50_000);
        let body = split(&text);
        assert_eq!(body.fresh.len() + body.quoted.len(), text.len());
    }

    /// What nobody at the desk wrote is theirs, wherever it stands.
    #[test]
    fn a_cry_for_help_is_never_quoted() {
        let danger = "I want to kill myself tonight.";
        let marker = reply_marker("en");
        let introduction = "On Thu, Nov 26, 2026 at 9:00 AM Riverside <care@c.test> wrote:";
        for text in [
            format!("Hello,\n\n{introduction}\n> {marker}\n> How are you?\n\n{danger}\n"),
            format!("Hello,\n\n{introduction}\n{marker}\nHow are you?\n{danger}\nClinic\n"),
            format!(
                "Hello,\n\nFrom: Clinic\nSent: Monday\nTo: Ana\n\n{marker}\nHow are you? {danger}\n"
            ),
            format!(
                "Read this.\n---------- Forwarded message\nFrom: Eva\nDate: Monday\nTo: Ana\n\n{danger}\n"
            ),
            format!("Hi,\nOn Monday at 10:30 the nurse wrote:\ntake two. {danger}\n"),
            format!("Hi,\n{introduction}\n> How are you?\n> {danger}\n"),
            format!("{marker}\n{danger}"),
        ] {
            let body = split(&text);
            assert!(
                body.fresh.contains(danger) && body.said.contains(danger),
                "{text}"
            );
            assert!(!body.quoted.contains(danger), "{text}");
            assert!(!body.said.contains("How are you?\n"), "{text}");
        }
        // What introduces their words stays with them, and comes last where danger is looked for.
        let body = split("Hi,\nOn Monday at 10:30 the nurse wrote:\ntake two.\n");
        assert_eq!(body.quoted, "");
        assert_eq!(
            body.said,
            "Hi,\ntake two.\n\nOn Monday at 10:30 the nurse wrote:\n"
        );
    }

    #[test]
    fn our_own_advice_is_never_theirs() {
        let text = format!("> {}\n> {}\n> {}", reply_marker("es"), OURS[5], OURS[2]);
        let body = split(&text);
        assert_eq!(
            (body.fresh.as_str(), body.said.as_str()),
            (text.as_str(), "")
        );
    }

    /// A line of a mail, and what of it is theirs.
    fn line() -> impl Strategy<Value = (String, bool)> {
        let mark = "(> ){0,2}";
        let theirs = "[a-zñ]{0,6} zq[a-z]{1,6} [a-zñ,.]{0,9}";
        let introduces = prop_oneof![
            Just("On Thu, Nov 26, 2026 at 9:00 AM C <d@c.test> wrote:".to_owned()),
            Just("From: C\nSent: Monday\nTo: Ana\nSubject: x\n".to_owned()),
            Just("-----Original Message-----".to_owned()),
            Just("________________".to_owned()),
            Just(String::new()),
        ];
        prop_oneof![
            (mark, theirs).prop_map(|(mark, words)| (mark + &words, true)),
            (mark, 0..OURS.len()).prop_map(|(mark, at)| (mark + OURS[at], false)),
            mark.prop_map(|mark| (mark + &reply_marker("en"), false)),
            introduces.prop_map(|line| (line, false)),
        ]
    }

    proptest! {
        /// Below, between, above, passed on: no word of theirs is left out, and none of ours is taken for theirs.
        #[test]
        fn words_that_are_not_ours_are_seen(lines in proptest::collection::vec(line(), 0..25)) {
            let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
            let body = split(&text.join("\n"));
            for (line, _) in lines.iter().filter(|(_, is_theirs)| *is_theirs) {
                prop_assert!(body.fresh.contains(line) && body.said.contains(line), "{}", line);
            }
            for line in body.said.lines().filter(|line| line.starts_with('>')) {
                let is_theirs = lines.iter().any(|(known, is_theirs)| *is_theirs && known == line);
                prop_assert!(is_theirs || line.trim_matches(['>', ' ']).is_empty(), "{}", line);
            }
        }

        #[test]
        fn nothing_is_lost(text in "(> |On 1 10:00 a@b wrote:|From: x\n|To: y\n|Sent: z\n|-- please write above this line --|[a-zñ ]{0,8}|\n|\r\n){0,30}|\\PC{0,100}") {
            let body = split(&text);
            prop_assert_eq!(body.fresh.len() + body.quoted.len(), text.len());
            let all: Vec<_> = text.split_inclusive('\n').collect();
            let mut sides: Vec<_> = Vec::new();
            for side in [&body.fresh, &body.quoted] {
                let mut rest = all.iter();
                for line in side.split_inclusive('\n') {
                    prop_assert!(rest.any(|candidate| *candidate == line), "order kept");
                    sides.push(line);
                }
            }
            let mut sorted = all.clone();
            sorted.sort_unstable();
            sides.sort_unstable();
            prop_assert_eq!(sides, sorted);
            prop_assert!(!body.fresh.trim().is_empty() || body.quoted.is_empty());
        }
    }
}
