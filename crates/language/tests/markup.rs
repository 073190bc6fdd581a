//! Markup in plain text: junk of nothing else, a danger between tags, and one that hides in them.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod support;

use bedside_language::{Category, Channel, Field, Level, Message, Verdict};
use proptest::prelude::*;
use support::ENGINE;

fn mail(subject: &str, body: &str) -> Verdict {
    ENGINE.triage(&Message {
        channel: Channel::Email,
        subject,
        body,
        hint_language: None,
    })
}

const JUNK: &[&str] = &[
    "<optgroup label='</optgroup><img src=x onerror=steal()>'>",
    "<a href=javascript:die()>x</a>",
    "<img src=x onerror=kill(911)>",
    "<img src=https://cdn.example/pain.gif alt=\"heart\" width=1 height=1",
    "<p onmouseover='help()' title=\"now > later\"></p>",
    "<script>if (!alive) { die('gone'); } // my last words</script>",
    "<style>.blood { background: url(https://x.example/death.png) } #chest { color: red }</style>",
    "<!-- stroke: 2px; attack surface; can't stop -->",
    "<svg><path d='M0 0L9 9' stroke='red' stroke-width='3' fill='none'/></svg>",
    "<svg><animate onbegin=hurt() attributeName=x dur=1s>",
    "<table class=\"pill\"><tr><td width=100 bgcolor='#f00'></td></tr></table>",
    "<!DOCTYPE html><html><head><meta charset=utf-8><title></title></head><body class='emergency alert'></body></html>",
    "<div style='position:absolute;left:-9999px' data-cut='wrist' aria-hidden=true></div>",
    "<iframe srcdoc='<script>harm(self)</script>'></iframe>",
    "<form action=https://x.example/gun><input name=password value='want to'><button>ok</button></form>",
    "<link rel=stylesheet href=//x.example/fever.css><link rel=icon href=/baby.ico>",
    "</p></div></td></tr></table></body></html>",
    "<?xml version=\"1.0\"?><soap:Envelope xmlns:soap=\"http://x.example/s\"><soap:Body/></soap:Envelope>",
    "<o:p></o:p><![if !supportLists]><span style='mso-list:Ignore'></span><![endif]>",
    "<video autoplay muted controls src=cid:breath poster=cid:lips onplaying=cry()>",
    "<math><mi>x</mi><mo>=</mo><mn>911</mn></math>",
    "<b/title='a>b\"<img src=x onerror=bleed()>'>x</b>",
];

#[test]
fn mail_of_nothing_but_markup_is_nothing() {
    for junk in JUNK {
        for (subject, body) in [("", *junk), (*junk, *junk), (*junk, ""), (*junk, "'>")] {
            let verdict = mail(subject, body);
            assert_eq!(
                verdict.safety.level,
                Level::None,
                "{subject} / {body}: {:?}",
                verdict.reasons
            );
        }
    }
}

#[test]
fn a_danger_between_tags_rings() {
    for body in [
        "<p>I can't breathe</p>",
        "<div class=\"ltr\"><b>I can't</b> <i>breathe</i> and my chest hurts</div>",
        "my chest hurts <3 and i < 40",
        "pain > 8 < 10 in my chest and I am sweating and short of breath",
        "<html><body><p style='margin:0'>Hello,</p><p>my husband has crushing chest pain right now.</p></body></html>",
        "I want to <b>kill</b> myself",
        "<span>I took all</span><span> my pills an hour ago</span>",
        "<p class=\"no\">chest pain and I can't breathe</p>",
        "<i can't breathe>",
        "<b x=1 i can't breathe",
        "<!-- open and never closed: I want to kill myself tonight",
        "<p>me duele mucho el pecho</p><p>y no puedo respirar</p>",
        "<font color=red>quiero <u>matarme</u></font>",
        "<p>Mein Vater hatte eben einen <b>Schlaganfall</b></p>",
        "<div>je veux <em>mourir</em></div>",
        "<p>não consigo <b>respirar</b></p>",
        "<p>我胸口很痛，<b>喘不过气</b></p>",
        "<div>У мужа симптомы <b>инфаркта</b></div>",
        "<p dir=rtl>لا أستطيع <b>التنفس</b></p>",
        "<p>숨을 <b>못</b> 쉬겠어요</p>",
        "<p>tôi không thở được<br></p>",
        "<p>मैं <b>मरना</b> चाहता हूँ</p>",
        "Ann <ann@example.org> wrote that she wants to die and has a gun <now>",
    ] {
        let verdict = mail("", body);
        assert_eq!(
            verdict.safety.level,
            Level::Emergency,
            "{body}: {:?}",
            verdict.reasons
        );
    }
}

#[test]
fn a_danger_that_hides_in_markup_rings() {
    for body in [
        "<img alt=\"I want to kill myself\">",
        "<i-want-to-kill-myself>",
        "<!-- I can't breathe -->",
        "<a href='https://x.example' title='I took all my pills'>hello</a>",
        "<script>I have chest pain and can't breathe</script>",
        "<style>quiero matarme</style>",
        "<p data-x='me duele el pecho y no puedo respirar'>hola</p>",
        "<input value=\"je veux mourir\"",
        "<p class=no title=\"chest pain\">Thanks</p>",
        "<img alt=' I can't breathe. ",
    ] {
        let verdict = mail("", body);
        assert_eq!(
            verdict.safety.level,
            Level::Emergency,
            "{body}: {:?}",
            verdict.reasons
        );
    }
    // What a rule hears in a tag is denied there, and nowhere else.
    let denied = mail("", "<img alt=\"no chest pain\">");
    assert_eq!(denied.safety.level, Level::None, "{:?}", denied.reasons);
}

#[test]
fn places_are_shown_where_they_stand() {
    let body = "<p>my <b>chest</b> pain</p><img alt='I want to die'>";
    let shown: Vec<&str> = mail("", body)
        .reasons
        .iter()
        .flat_map(|reason| reason.spans.clone())
        .map(|span| &body[span.start..span.end])
        .collect();
    assert!(shown.contains(&"chest</b> pain"), "{shown:?}");
    assert!(shown.contains(&"want to die"), "{shown:?}");
}

#[test]
fn what_a_message_is_about_is_told_by_its_words_alone() {
    let plain = "Could you send my invoice of March again? The amount of 40 dollars was charged twice on my card.";
    let marked = format!(
        "<div class='symptom' title='prescription refill'><style>.appointment {{ color: red }}</style><p>{}</p></div>",
        plain.replace("again?", "<b>again?</b>")
    );
    let (one, other) = (mail("", plain), mail("", &marked));
    assert_eq!(one.category.value, Category::Billing);
    assert_eq!(other.category, one.category);
    assert_eq!(
        other.safety.confidence.to_bits(),
        one.safety.confidence.to_bits()
    );
    assert_eq!(other.language, one.language);
}

proptest! {
    #[test]
    fn any_mixture_is_read_in_bounds(
        body in "(<p>|</p>|<b |<img alt='|'>|<!--|-->|<script>|</script>|> |\n\n|\n> |--\n|chest pain | I can't breathe\\. |no |血|é|=){0,30}"
    ) {
        let verdict = mail(&body, &body);
        for span in verdict.reasons.iter().flat_map(|reason| &reason.spans) {
            prop_assert!(body.get(span.start..span.end).is_some_and(|t| !t.is_empty()), "{:?}", span.field == Field::Body);
        }
        // A danger is heard wherever it stands, unless something near it speaks against it.
        if body.contains("I can't breathe") && !body.contains("no ") {
            prop_assert!(verdict.safety.level > Level::None);
        }
    }
}

#[test]
fn a_megabyte_of_markup_takes_no_longer_than_one_of_words() {
    let start = std::time::Instant::now();
    for piece in [
        "<b>",
        "<p class='x'>word</p>",
        "<!--",
        "<a b=\"",
        "<img alt=chest ",
        "<script>x</script>",
    ] {
        let body = piece.repeat(1_000_000 / piece.len());
        assert!(mail("", &body).truncated.is_some());
    }
    // A second or two each where the machine is busy; what isn't linear would take hours.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}
