//! Messages that are made to cost much: refused at once, in little memory. The one test of this program, because memory is
//! counted for the whole of it.

use bedside_codecs::mail::{Limits, MailError, parse};
use bedside_testkit::Memory;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The attack lists count on it: 100 ms for whatever is sent.
const QUICK: Duration = Duration::from_millis(100);
/// What reading any of them may take beyond the message itself, in KiB.
const MEMORY: usize = 16 * 1024;

#[test]
fn attack_49_and_50_nesting_and_numbers_cost_next_to_nothing() {
    let head = "From: a@b.test\r\nMIME-Version: 1.0\r\n";
    let multipart = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let mut boxes = String::new();
    for n in 0..10_000 {
        let part = format_args!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
        boxes.write_fmt(part).expect("a text grows");
    }
    let rfc822 = "Content-Type: message/rfc822\r\n\r\n".repeat(10_000);
    let digest = "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n";
    let (limits, own) = (Limits::default(), std::process::id());
    let deep = MailError::TooDeep {
        limit: limits.nesting,
    };
    let parts = MailError::TooManyParts {
        limit: limits.parts,
    };
    let files = MailError::TooManyParts {
        limit: limits.attachments,
    };
    let header = MailError::HeaderTooLarge {
        limit: limits.headers,
    };
    let file = "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n";
    let bombs = [
        (format!("{head}{rfc822}bottom"), deep),
        (format!("{head}{boxes}bottom"), deep),
        (
            format!(
                "{head}{multipart}{}",
                format!("--b\r\n{multipart}").repeat(10_000)
            ),
            parts,
        ),
        (format!("{head}{}bottom", digest.repeat(10_000)), parts),
        (
            format!("{head}{multipart}{}", "--b\r\n\r\nx\r\n".repeat(1_000_000)),
            parts,
        ),
        (format!("{head}{multipart}{}", file.repeat(900)), files),
        (
            format!("{head}X-Long: {}\r\n\r\nx", "x".repeat(10_000_000)),
            header,
        ),
        (
            format!("{head}X-Folded:{}\r\n\r\nx", "\r\n x".repeat(3_000_000)),
            header,
        ),
        (
            format!("{head}{}\r\nx", "X: y\r\n".repeat(1_000_000)),
            header,
        ),
    ];
    for (number, (bomb, expected)) in bombs.iter().enumerate() {
        // The best of a few, because others use the machine too.
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let before = Memory::from_now_on(own).now;
            let started = Instant::now();
            let outcome = parse(bomb.as_bytes(), &limits);
            best = best.min(started.elapsed());
            let taken = Memory::of(own).peak.saturating_sub(before);
            assert!(taken <= MEMORY, "{number}: {taken} KiB");
            match outcome {
                Err(error) => assert_eq!(error, *expected, "{number}"),
                Ok(_) => panic!("{number} was read"),
            }
        }
        assert!(best < QUICK, "{number}: {best:?}");
    }
    // The measure sees memory where it is taken.
    let before = Memory::from_now_on(own).now;
    let taken = vec![1_u8; 64 * 1024 * 1024];
    assert!(taken.iter().all(|byte| *byte == 1));
    assert!(Memory::of(own).peak - before > MEMORY);
}
