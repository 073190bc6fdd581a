//! One cry among many pages: wherever it stands, whatever stands around it, and in bounded time.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::time::{Duration, Instant};

use bedside_language::{Channel, LOOKED_AT, Level, Message, Verdict};
use support::ENGINE;

fn look(body: &str) -> Verdict {
    ENGINE.triage(&Message {
        channel: Channel::Email,
        subject: "",
        body,
        hint_language: None,
    })
}

const FILLER: &str = "It goes on and on. ";
const LETTER: &str = "I called about the bill on Monday. The lady at the desk was kind but she could not find it. Then I was sent to another \
    office. They had no record of my visit. I would like a copy by post. My insurance card has not changed. The parking was full again. I \
    waited for an hour in the hall. ";

/// Dangers that the model hears; no rule's words stand in the first three.
const CRIES: [&str; 4] = [
    "there's a belt on my chest getting tighter and i'm sweating. ",
    "the baby is grey and won't take the bottle and i can't get her to wake. ",
    "he has the gun on the table and says none of us leaves tonight. ",
    "my husband's face is hanging on one side and he talks funny. ",
];

/// One that was hidden by a sentence that is said often enough.
const QUIET_CRY: &str = "ya no quiero seguir, dejé todo arreglado para que nadie cargue conmigo. ";

/// The cry in front of filler, in its middle and behind it.
fn places(cry: &str, filler: &str, times: usize) -> [String; 3] {
    let half = filler.repeat(times / 2);
    [
        format!("{cry}{half}{half}"),
        format!("{half}{cry}{half}"),
        format!("{half}{half}{cry}"),
    ]
}

#[track_caller]
fn all_heard(cries: &[&str], filler: &str, times: usize) {
    assert_eq!(look(&filler.repeat(times)).safety.level, Level::None);
    for cry in cries {
        for (place, body) in places(cry, filler, times).iter().enumerate() {
            let level = look(body).safety.level;
            assert_eq!(level, Level::Emergency, "{place} {cry}");
        }
    }
}

#[test]
fn a_cry_is_heard_among_twelve_hundred_times_the_same_sentence() {
    all_heard(&CRIES, FILLER, 1_200);
    all_heard(&[QUIET_CRY], FILLER, 1_200);
}

#[test]
fn a_cry_is_heard_in_a_long_letter_about_something_else() {
    all_heard(&CRIES, LETTER, 8);
    all_heard(&CRIES, LETTER, 60);
}

#[test]
fn a_cry_is_heard_in_the_middle_of_what_the_model_reads_the_ends_of() {
    let times = 4 * LOOKED_AT / LETTER.len();
    all_heard(&CRIES, LETTER, times);
}

#[test]
fn the_reasons_of_a_cry_point_at_it() {
    let cry = CRIES[0];
    for times in [60, 4 * LOOKED_AT / LETTER.len()] {
        let half = LETTER.repeat(times / 2);
        let body = format!("{half}{cry}{half}");
        let verdict = look(&body);
        let mut reasons = verdict.safety.reasons.iter();
        let place = half.len()..half.len() + cry.len();
        let points = reasons.any(|&at| {
            let mut spans = verdict.reasons[at].spans.iter();
            spans.any(|span| place.contains(&(span.start)))
        });
        assert!(points, "{:?}", verdict.reasons);
    }
}

#[test]
fn a_megabyte_takes_bounded_time() {
    let body = LETTER.repeat((1 << 20) / LETTER.len());
    let start = Instant::now();
    let verdict = look(&body);
    // Half a second on a quiet machine; nothing that grows faster than the text stays below this.
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(verdict.safety.level, Level::None);
    assert!(verdict.truncated.is_some());
}
