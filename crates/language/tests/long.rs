//! One cry among many pages, or in the middle of a sentence that never ends: wherever it stands, whatever stands around it, and in
//! bounded time.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use std::time::{Duration, Instant};

use bedside_language::{Channel, LOOKED_AT, Level, Message, SafetyKind, Verdict};
use proptest::prelude::*;
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

/// The same letter without a full stop, as people dictate it.
const RUN_ON: &str = "I called about the bill on Monday the lady at the desk was kind and she looked for it then I was sent to another \
    office and they saw my visit I would like a copy by post my insurance card is the same as before the parking was full again I \
    waited for an hour in the hall ";

/// For each kind of danger a cry whose words a rule knows.
const KINDS: [(SafetyKind, &str); 17] = [
    (
        SafetyKind::Cardiac,
        "i have crushing chest pain and my left arm is numb",
    ),
    (
        SafetyKind::Stroke,
        "her face is drooping and her speech is slurred",
    ),
    (SafetyKind::Breathing, "i can't breathe"),
    (
        SafetyKind::Anaphylaxis,
        "my throat is closing up after eating peanuts",
    ),
    (SafetyKind::Bleeding, "i am vomiting blood"),
    (SafetyKind::Overdose, "i took all my pills at once"),
    (SafetyKind::SelfHarm, "i want to kill myself"),
    (SafetyKind::Violence, "he is going to kill me"),
    (SafetyKind::Abuse, "my husband beats me every night"),
    (SafetyKind::Pregnancy, "i am pregnant and bleeding heavily"),
    (SafetyKind::Infant, "my newborn is limp and won't wake up"),
    (SafetyKind::Neurological, "he is having a seizure"),
    (
        SafetyKind::Sepsis,
        "she has a high fever and is shaking and confused",
    ),
    (
        SafetyKind::Trauma,
        "he fell off the roof and can't move his legs",
    ),
    (
        SafetyKind::PostOperative,
        "my surgical wound has opened and i can see inside",
    ),
    (SafetyKind::Diabetic, "my sugar is 32 and i am passing out"),
    (SafetyKind::Other, "he collapsed and his heart stopped"),
];

/// Sentences of everyday business in which nobody denies, supposes or remembers anything: put before a cry, they take nothing back.
const HARMLESS: [&str; 16] = [
    "the parking at the clinic is full on Mondays",
    "my card is in the drawer by the window",
    "please send the copy to the new address",
    "the nurse at the front desk was very kind",
    "I live on Elm Street with my two cats",
    "the form asks for the number of my plan",
    "my appointment is on Thursday at ten",
    "the letter came with the wrong name on it",
    "we would like to sit by the garden while we wait",
    "my neighbour drives me there in her blue car",
    "the portal shows the bill twice",
    "I wrote to the office about the receipt",
    "the coffee in the hall is better than mine",
    "my son works in the bakery across the road",
    "the refill is ready at the shop on the corner",
    "thank you for the calendar with the birds",
];

/// Bytes of the texts that a cry is put into.
const FOUR_KIB: usize = 4 * 1024;

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

#[test]
fn a_cry_is_heard_where_full_stops_are_missing() {
    let cries = CRIES.map(|cry| cry.replace('.', ""));
    let cries: Vec<&str> = cries.iter().map(String::as_str).collect();
    let filler = FILLER.replace('.', "");
    for times in [60, 200] {
        all_heard(&cries, &filler, times);
    }
    for times in [2, 8, 60] {
        all_heard(&cries, RUN_ON, times);
    }
}

#[test]
fn a_megabyte_without_a_full_stop_takes_bounded_time() {
    let body = RUN_ON.repeat((1 << 20) / RUN_ON.len());
    let start = Instant::now();
    let verdict = look(&body);
    assert!(start.elapsed() < Duration::from_secs(30));
    assert!(verdict.truncated.is_some());
}

/// Some of the harmless sentences one behind the other, to four KiB, with the cry between two of them; without full stops, between
/// any two words.
fn among(sentences: &[usize], stops: bool, cry: &str, place: prop::sample::Index) -> String {
    let texts = sentences.iter().cycle().map(|&number| HARMLESS[number]);
    let mut left = FOUR_KIB - cry.len();
    let texts = texts.take_while(|text| {
        let fits = left > text.len() + 4;
        left = left.saturating_sub(text.len() + 2);
        fits
    });
    let mut pieces: Vec<&str> = if stops {
        texts.collect()
    } else {
        texts.flat_map(str::split_whitespace).collect()
    };
    pieces.insert(place.index(pieces.len() + 1), cry);
    pieces.join(if stops { ". " } else { " " })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_cry_of_each_kind_is_heard_at_any_place_of_four_kib(
        sentences in Just((0..HARMLESS.len()).collect::<Vec<_>>()).prop_shuffle(),
        place in any::<prop::sample::Index>(),
        stops in any::<bool>(),
    ) {
        for (kind, cry) in KINDS {
            let body = among(&sentences, stops, cry, place);
            prop_assert!(body.len() <= FOUR_KIB);
            let level = look(&body).safety.level;
            prop_assert_eq!(level, Level::Emergency, "{}: {}", kind, body);
        }
    }

    /// With full stops. Without any, one harmless text of this length in four rings (`docs/language.md`).
    #[test]
    fn the_same_four_kib_without_a_cry_are_no_emergency(
        sentences in Just((0..HARMLESS.len()).collect::<Vec<_>>()).prop_shuffle(),
        place in any::<prop::sample::Index>(),
    ) {
        let level = look(&among(&sentences, true, "thank you", place)).safety.level;
        prop_assert!(level < Level::Emergency);
    }
}
