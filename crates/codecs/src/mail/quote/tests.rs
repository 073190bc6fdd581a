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
    for text in OURS {
        own.add(text);
    }
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
    let text =
        "On 3 Mar 2025 at 10:05, C <d@c.example> wrote:\n> Any pain?\nNo.\n> Fever?\nYes, 38.\n";
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
fn what_they_left_of_our_list_is_looked_through() {
    let said = |text: &str| {
        let mut own = OwnWords::default();
        own.add("Hello,\nKind regards,\nClinic");
        own.add("Which do you have?\n- chest pain\n- fever\n- none");
        Lines::of(text).split(&own).said
    };
    let below = "-----Original Message-----\nFrom: Clinic\nSent: Monday\nTo: Ana\nSubject: x\n\n";
    let whole =
        "Hello,\n\nWhich do you have?\n- chest pain\n- fever\n- none\n\nKind regards,\nClinic\n";
    let left = [
        "Hello,\n\nWhich do you have?\n- chest pain\n\nKind regards,\nClinic\n",
        "Hello,\n\n- chest pain\n\nKind regards,\nClinic\n",
        "chest pain\n",
    ];
    for left in left {
        let text = format!("What is left is mine.\n\n{below}{left}");
        assert!(said(&text).contains("chest pain"), "{text}");
    }
    let marked = |text: &str| format!("> {}", text.trim_end().replace('\n', "\n> "));
    let text = format!(
        "What is left is mine.\n\nOn 3 Mar 2025 at 10:05, C <d@c.example> wrote:\n\n{}\n",
        marked(left[0])
    );
    assert!(said(&text).contains("chest pain"), "{text}");
    for ours in [
        format!("Thank you.\n\n{below}{whole}"),
        format!(
            "Thank you.\n\nOn 3 Mar 2025 at 10:05, C <d@c.example> wrote:\n\n{}\n",
            marked(whole)
        ),
        // Cut off by a program.
        format!("Thank you.\n\n{below}Hello,\n\nWhich do you have?\n- chest pain\n"),
        // Answered between the lines.
        "On 3 Mar 2025 at 10:05, C <d@c.example> wrote:\n> - chest pain\nNo.\n> - none\nYes.\n"
            .to_owned(),
    ] {
        assert!(!said(&ours).contains("chest pain"), "{ours}");
    }
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
