//! Random input for every parser of what strangers send: it ends, keeps its promises, never panics.
//! The targets in `fuzz/` hold the same promises under a fuzzer.

use bedside_codecs::mail::{
    Limits, clean_file_name, html::html_to_text, mbox::Mbox, own_words::OwnWords, parse,
    quote::Lines,
};
use proptest::prelude::*;

/// Pieces from which a random mixture is often almost a message.
const PIECES: &[&[u8]] = &[
    b"From: a <a@b.c>\r\n",
    b"Subject: =?utf-8?q?=C3?=\n",
    b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: multipart/alternative; boundary=\"c\"\n",
    b"Content-Type: multipart/digest; boundary=b\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Type: message/delivery-status\n\n",
    b"Content-Type: text/html; charset=x; name*0*=utf-8''%",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Disposition: attachment; filename=\"../x\0\"\n",
    b"Authentication-Results: mx.example; spf=pass (\r\n",
    b"Final-Recipient: rfc822; a@b.c\nAction: failed\nStatus: 5.0.0\n",
    b"References: <a@b> <",
    b"Date: Mon, 31 Dec 9999 99:99 +9999\n",
    b"\r\n\r\n",
    b"\n",
    b"--b\r\n",
    b"--b--\n",
    b"--c\n",
    b"<p>x</p><img src=cid:a>",
    b"=C3=\r\n",
    b"\xff\xfe\0",
    b"(((;\"<",
];

fn nearly_mail() -> impl Strategy<Value = Vec<u8>> {
    let piece = proptest::sample::select(PIECES);
    proptest::collection::vec(
        prop_oneof![9 => piece.prop_map(<[u8]>::to_vec), 1 => proptest::collection::vec(any::<u8>(), 0..8)],
        0..40,
    )
    .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn mail_is_read_or_refused(raw in nearly_mail()) {
        let limits = Limits { headers: 512, parts: 12, nesting: 3, attachments: 4, references: 2, ..Limits::default() };
        if let Ok(mail) = parse(&raw, &limits) {
            prop_assert!(mail.attachments.len() <= 4 && mail.references.len() <= 2);
            prop_assert!(!mail.subject.contains(|c: char| c.is_control()));
            for file in &mail.attachments {
                prop_assert_eq!(&clean_file_name(&file.file_name), &file.file_name);
            }
            for text in [&mail.text, &mail.html].into_iter().flatten() {
                prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
            }
            let _ = (mail.auto_kind(None), mail.auto_kind(Some("")), mail.authentication("mx.example"));
            let text = mail.readable_text();
            // Nothing is the desk's own in a stranger's mail, so that no word is put aside.
            let own = OwnWords::default();
            let body = Lines::of(&text).split(&own);
            prop_assert_eq!(body.fresh.len() + body.quoted.len(), text.len());
            for line in body.quoted.lines() {
                prop_assert!(own.hold(line) || body.said.contains(line));
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(raw in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = parse(&raw, &Limits::default());
        let mut mail = b"From: a@b.c\nContent-Transfer-Encoding: base64\n".to_vec();
        mail.extend(&raw);
        prop_assert!(parse(&mail, &Limits::default()).is_ok());
        prop_assert!(Mbox::new(&raw[..], 100).count() <= raw.len() + 1);
        let _ = html_to_text(&String::from_utf8_lossy(&raw));
    }
}
