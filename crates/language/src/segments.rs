//! Whose words stand where: a person's own, and what a mail carries along.
//!
//! Quoted mail, signatures and legal footers say nothing about what the person wants now. They are kept
//! apart, not thrown away: danger found in them still makes a person look.

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
const SENT_FROM: [&str; 12] = [
    "sent from my",
    "sent from yahoo",
    "sent from mail for",
    "get outlook for",
    "enviado desde mi",
    "envoyé de mon",
    "enviado do meu",
    "von meinem",
    "отправлено с",
    "发自我的",
    "從我的",
    "나의 iphone에서",
];

/// Words of legal notices.
const FOOTER: [&str; 16] = [
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
    "unsubscribe",
];

/// Lines looked at for a header block after its first line.
const HEADER_LINES: usize = 4;

/// The parts of a body in order. They cover it whole.
pub(crate) fn split(body: &str) -> Vec<(Range<usize>, Segment)> {
    let lines = lines(body);
    let mut parts: Vec<(Range<usize>, Segment)> = Vec::new();
    let mut state = Segment::Own;
    let mut own_words = 0;
    let mut forwarded_head = false;
    for (number, range) in lines.iter().enumerate() {
        let line = body[range.clone()].trim();
        let quote_mark = line.starts_with(['>', '＞']);
        let segment = if quote_mark {
            Segment::Quoted
        } else if line.is_empty() {
            if state == Segment::Footer {
                state = Segment::Own;
            }
            forwarded_head = false;
            state
        } else if opens_quotation(body, &lines, number) {
            // What follows "wrote:" without marks is quoted to the end; with marks, the marks say it.
            let marked = lines[number + 1..]
                .iter()
                .map(|r| body[r.clone()].trim())
                .find(|l| !l.is_empty() && !is_wrote(l))
                .is_some_and(|l| l.starts_with(['>', '＞']));
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
            state = Segment::Signature;
            state
        } else if begins(line, &SENT_FROM) {
            Segment::Signature
        } else if state != Segment::Footer && holds(line, &FOOTER) {
            state = Segment::Footer;
            state
        } else {
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
