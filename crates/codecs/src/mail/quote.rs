//! Tells what someone wrote from what their mail program quoted below or above it.
//!
//! Every line of the text goes to one of the two sides, so nothing is ever lost; when in doubt it
//! goes to what they wrote.

/// A text in two parts. Taken together, their lines are exactly the lines of the text, each part
/// in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// What the sender wrote this time.
    pub fresh: String,
    /// What was quoted, with the lines that introduce it.
    pub quoted: String,
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

/// Splits a plain-text body.
pub fn split_quote(text: &str) -> Body {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let end = lines
        .iter()
        .position(|line| is_marker(line))
        .unwrap_or(lines.len());
    let labels: Vec<Label> = lines.iter().map(|line| Label::of(line)).collect();
    let mut quoted = vec![false; lines.len()];
    quoted[end..].fill(true);

    let mut at = 0;
    while at < end {
        if begins_header_block(&lines, &labels, at, end) {
            quoted[at..end].fill(true);
            break;
        }
        if let Some(length) = introduction(&lines, at, end) {
            quoted[at..at + length].fill(true);
            let next = next_written(&lines, at + length);
            if next < end && !is_quote_line(lines[next]) {
                // No mark at the lines below: the program quotes by position alone.
                quoted[at..end].fill(true);
                break;
            }
            quoted[at..next.min(end)].fill(true);
            at = next.min(end);
            continue;
        }
        quoted[at] = is_quote_line(lines[at]);
        at += 1;
    }

    let mut body = Body::default();
    for (line, quoted) in lines.iter().zip(&quoted) {
        if *quoted {
            &mut body.quoted
        } else {
            &mut body.fresh
        }
        .push_str(line);
    }
    if body.fresh.trim().is_empty() {
        // All of it is quoted, as in a forwarded message: then that is what they want to say.
        return Body {
            fresh: text.to_owned(),
            quoted: String::new(),
        };
    }
    body
}

fn is_quote_line(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn next_written(lines: &[&str], from: usize) -> usize {
    (from..lines.len())
        .find(|&at| !lines[at].trim().is_empty())
        .unwrap_or(lines.len())
}

fn is_marker(line: &str) -> bool {
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
fn introduction(lines: &[&str], at: usize, end: usize) -> Option<usize> {
    const MAX_BYTES: usize = 400;
    if lines[at].trim().is_empty() || is_quote_line(lines[at]) || lines[at].len() > MAX_BYTES {
        return None;
    }
    if !lines[at..end]
        .iter()
        .take(3)
        .any(|line| line.trim_end().ends_with([':', '：']))
    {
        return None;
    }
    let mut joined = String::new();
    for length in 1..=3 {
        let line = lines[at..end].get(length - 1)?.trim();
        if line.is_empty() || joined.len() + line.len() > MAX_BYTES {
            return None;
        }
        joined.push_str(line);
        if line.ends_with([':', '：']) {
            let next = next_written(lines, at + length);
            let quote_follows = lines
                .get(next)
                .is_some_and(|next| is_quote_line(next) || is_marker(next));
            return is_introduction(&joined, quote_follows).then_some(length);
        }
        joined.push(' ');
    }
    None
}

fn is_introduction(line: &str, quote_follows: bool) -> bool {
    let lower = line.to_lowercase();
    let digit = lower.contains(|c: char| c.is_numeric());
    let address = lower.contains('@');
    if quote_follows && digit && address {
        return true;
    }
    let known = INTRODUCTIONS
        .iter()
        .any(|(first, last)| lower.starts_with(first) && lower.ends_with(last))
        || (lower.ends_with("wrote:") && address);
    // "On 3 March the doctor wrote:" may be said by a person; a time of day or an address is not.
    known && (quote_follows || (digit && (address || has_time(&lower))))
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

/// The block of From/Sent/To/Subject lines that Outlook and others put above the original.
fn begins_header_block(lines: &[&str], labels: &[Label], at: usize, end: usize) -> bool {
    let start = match labels[at] {
        Label::Separator => return true,
        Label::Rule => next_written(lines, at + 1),
        Label::From => at,
        Label::None | Label::Other => return false,
    };
    if start >= end || labels[start] != Label::From {
        return false;
    }
    let others = (start + 1..end)
        .take(6)
        .take_while(|&at| !lines[at].trim().is_empty())
        .filter(|&at| labels[at] == Label::Other)
        .count();
    others >= 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fresh(text: &str) -> String {
        split_quote(text).fresh.trim().to_owned()
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
        assert_eq!(split_quote(text).quoted.lines().count(), 3);
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
            assert_eq!(
                split_quote(text),
                Body {
                    fresh: text.into(),
                    quoted: String::new()
                }
            );
        }
    }

    #[test]
    fn long_input_is_linear() {
        let text = "On a\n".repeat(50_000) + &"From: x\n".repeat(50_000);
        let body = split_quote(&text);
        assert_eq!(body.fresh.len() + body.quoted.len(), text.len());
    }

    proptest! {
        #[test]
        fn nothing_is_lost(text in "(> |On 1 10:00 a@b wrote:|From: x\n|To: y\n|Sent: z\n|-- please write above this line --|[a-zñ ]{0,8}|\n|\r\n){0,30}|\\PC{0,100}") {
            let body = split_quote(&text);
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
