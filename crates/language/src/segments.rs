//! Whose words stand where: a person's own, and what a mail carries along.
//!
//! Quoted mail, signatures and legal footers say nothing about what the person wants now. They are kept
//! apart, not thrown away: danger found in them still makes a person look. What only begins like one of them
//! is the person's own: a signature ends at an empty line, and what a phone adds names the phone.

use std::ops::Range;

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

/// "… wrote:" at the end of the line above a quotation.
const WROTE: [&str; 18] = [
    "wrote:",
    "writes:",
    "escribió:",
    "escribio:",
    "a écrit :",
    "a écrit:",
    "a ecrit :",
    "schrieb:",
    "escreveu:",
    "написал:",
    "написала:",
    "пишет:",
    "写道：",
    "寫道：",
    "작성:",
    "كتب:",
    "đã viết:",
    "ने लिखा:",
];

/// Lines that open an earlier message.
const ORIGINAL: [&str; 14] = [
    "original message",
    "forwarded message",
    "mensaje original",
    "mensaje reenviado",
    "message d'origine",
    "message transféré",
    "mensagem original",
    "mensagem encaminhada",
    "ursprüngliche nachricht",
    "weitergeleitete nachricht",
    "исходное сообщение",
    "原始邮件",
    "原始郵件",
    "원본 메시지",
];

/// Words before the colon of a mail's header lines.
const HEADERS: [&str; 40] = [
    "from",
    "sent",
    "to",
    "cc",
    "date",
    "subject",
    "de",
    "enviado",
    "enviado el",
    "para",
    "asunto",
    "fecha",
    "von",
    "gesendet",
    "an",
    "betreff",
    "datum",
    "envoyé",
    "à",
    "objet",
    "assunto",
    "data",
    "от",
    "отправлено",
    "кому",
    "тема",
    "дата",
    "发件人",
    "寄件者",
    "发送时间",
    "收件人",
    "主题",
    "主旨",
    "보낸 사람",
    "받는 사람",
    "제목",
    "من",
    "إلى",
    "الموضوع",
    "từ",
];

/// What phones and mail programs add.
const SENT_FROM: [&str; 18] = [
    "sent from",
    "get outlook for",
    "enviado desde",
    "enviado do",
    "enviado pelo",
    "envoyé de",
    "envoyé depuis",
    "von meinem",
    "gesendet von",
    "отправлено с",
    "отправлено из",
    "发自我的",
    "從我的",
    "傳送自",
    "나의 iphone에서",
    "내 iphone에서",
    "được gửi từ",
    "أرسل من",
];

/// What such a line names; one that names none of them is the person's own.
const DEVICES: [&str; 32] = [
    "iphone",
    "ipad",
    "android",
    "samsung",
    "galaxy",
    "huawei",
    "xiaomi",
    "redmi",
    "oppo",
    "pixel",
    "motorola",
    "nokia",
    "blackberry",
    "outlook",
    "yahoo",
    "gmail",
    "mail.ru",
    "windows",
    "phone",
    "tablet",
    "mobile",
    "móvil",
    "movil",
    "celular",
    "teléfono",
    "telefon",
    "téléphone",
    "handy",
    "telemóvel",
    "смартфон",
    "手机",
    "手機",
];
/// Bytes of the longest such line.
const SENT_FROM_LINE: usize = 60;

/// Words of legal notices.
const FOOTER: [&str; 15] = [
    "confidentiality notice",
    "this email and any attachments",
    "this e-mail and any attachments",
    "this message and any attachments",
    "intended only for the",
    "intended solely for",
    "if you are not the intended recipient",
    "please consider the environment",
    "aviso de confidencialidad",
    "este correo electrónico y sus",
    "este mensaje y sus archivos",
    "ce message et ses pièces",
    "diese e-mail enthält",
    "esta mensagem e seus anexos",
    "данное сообщение предназначено",
];

/// What a short line of a list's footer begins with.
const LIST_FOOTER: [&str; 4] = [
    "unsubscribe",
    "to unsubscribe",
    "click here to unsubscribe",
    "darse de baja",
];
/// Bytes of the longest such line.
const LIST_FOOTER_LINE: usize = 80;
/// Lines of the longest signature.
const SIGNATURE_LINES: usize = 8;

/// Lines looked at for a header block after its first line.
const HEADER_LINES: usize = 4;

/// The parts of a body in order. They cover it whole.
pub(crate) fn split(body: &str) -> Vec<(Range<usize>, Segment)> {
    let lines = lines(body);
    let mut parts: Vec<(Range<usize>, Segment)> = Vec::new();
    let mut state = Segment::Own;
    let mut own_words = 0;
    let mut forwarded_head = false;
    let mut signature_lines = 0;
    let next_marked = next_marked(body, &lines);
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
        } else if opens_quotation(body, &lines, number) {
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
        } else if forwarded_head && header(line) || state == Segment::Quoted {
            Segment::Quoted
        } else if matches!(line, "--" | "—" | "__") {
            (state, signature_lines) = (Segment::Signature, 0);
            state
        } else if is_sent_from(line) {
            Segment::Signature
        } else if is_list_footer(line) {
            Segment::Footer
        } else if state != Segment::Footer && holds(line, &FOOTER) {
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

/// Of every line whether the next one that is written, "… wrote:" aside, bears a quotation mark.
fn next_marked(body: &str, lines: &[Range<usize>]) -> Vec<bool> {
    let mut marked = vec![false; lines.len()];
    let mut next = false;
    for (number, range) in lines.iter().enumerate().rev() {
        marked[number] = next;
        let line = body[range.clone()].trim();
        if !line.is_empty() && !is_wrote(line) {
            next = line.starts_with(['>', '＞']);
        }
    }
    marked
}

/// A line that a phone or a mail program adds.
fn is_sent_from(line: &str) -> bool {
    line.len() <= SENT_FROM_LINE && begins(line, &SENT_FROM) && holds(line, &DEVICES)
}

fn is_list_footer(line: &str) -> bool {
    line.len() <= LIST_FOOTER_LINE && begins(line, &LIST_FOOTER)
}

fn opens_quotation(body: &str, lines: &[Range<usize>], number: usize) -> bool {
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
    dated && (is_wrote(line) || is_wrote(next(1)) && line.len() < 120 && line.contains(['@', ',']))
        || line.starts_with("---") && holds(line, &ORIGINAL)
        || begins(line, &["begin forwarded message"])
        || header(line) && (1..=HEADER_LINES).filter(|&n| header(next(n))).count() >= 2
}

fn is_wrote(line: &str) -> bool {
    line.len() <= 300 && WROTE.iter().any(|w| line.ends_with(w))
}

fn header(line: &str) -> bool {
    let Some((name, _)) = line.split_once([':', '：']) else {
        return false;
    };
    let name = name.trim().trim_matches('*');
    name.len() <= 30 && HEADERS.iter().any(|h| name.to_lowercase() == *h)
}

fn begins(line: &str, words: &[&str]) -> bool {
    let head = line[..line.floor_char_boundary(60)].to_lowercase();
    words.iter().any(|w| head.starts_with(w))
}

fn holds(line: &str, words: &[&str]) -> bool {
    let line = line[..line.floor_char_boundary(400)].to_lowercase();
    words.iter().any(|w| line.contains(w))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn own(body: &str) -> String {
        split(body)
            .into_iter()
            .filter(|(_, s)| *s == Segment::Own)
            .map(|(r, _)| &body[r])
            .collect()
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
