//! The copy for people: one page that prints well, in the patient's language, without scripts and without the network.

use super::gather::{Conversation, Whole};
use crate::error::DeskError;
use crate::privacy::consents::{Decision, Purpose};
use crate::privacy::disclosures::Known;
use crate::privacy::requests::Decision as Asked;
use crate::representatives::RepresentativeView;
use crate::timeline::MessageKind;
use crate::timeline::files::Scan;
use askama::Template;
use bedside_web::Locale;
use bedside_web::i18n::{Texts, time};
use jiff::tz::TimeZone;
use uuid::Uuid;

struct Said {
    who: String,
    at: String,
    note: bool,
    words: String,
    /// Where in the archive each file lies, unless it is harmful and left out, and its name.
    files: Vec<(Option<String>, String)>,
}

struct Shown {
    number: i64,
    subject: String,
    opened: String,
    fields: Vec<(String, String)>,
    tags: String,
    said: Vec<Said>,
    rating: Option<String>,
    comment: Option<String>,
}

/// A restriction, or what they asked to have put right: what it is, and whose words.
struct Stands {
    what: String,
    words: Vec<(&'static str, String)>,
}

struct Consented {
    what: &'static str,
    way: String,
    decision: &'static str,
    at: String,
    text: String,
}

#[derive(Template)]
#[template(path = "privacy/copies/templates/copy.html")]
struct CopyPage<'a> {
    t: Texts,
    whole: &'a Whole,
    intro: String,
    asked: Vec<(&'static str, String)>,
    standing: Vec<Stands>,
    consents: Vec<Consented>,
    notices: Vec<String>,
    acting: Vec<String>,
    given: Vec<String>,
    conversations: Vec<Shown>,
}

/// Who acts for the patient, and on what ground.
fn acting(whole: &Whole, t: Texts, zone: &TimeZone) -> Vec<String> {
    let day = |at: bedside_db::Timestamp| time::format_date(at.micros(), zone, t.locale);
    let line = |one: &RepresentativeView| {
        let code = |code: &str| code.replace('_', "-");
        let name = match one.name.as_str() {
            "" => t.text("copy-another"),
            name => name,
        };
        let what = t
            .text(&format!("acts-is-{}", code(one.relationship.code())))
            .to_owned();
        let on = t
            .text(&format!("acts-on-{}", code(one.authority.code())))
            .to_owned();
        let end = one.ended_at.or(one.until).map(day).unwrap_or_default();
        format!("{name}: {what}, {on}, {} – {end}", day(one.starts_at))
    };
    whole.acting.iter().map(line).collect()
}

/// To whom what was given: what somebody recorded, and answers to people who are neither the patient nor act for them.
fn given(whole: &Whole, t: Texts, zone: &TimeZone) -> Vec<String> {
    let recorded = whole.given.recorded.iter().map(|one| {
        let day = time::format_date(one.made_at.micros(), zone, t.locale);
        let to = [&one.recipient, &one.address, &one.what, &one.purpose];
        let to: Vec<&str> = to
            .into_iter()
            .map(String::as_str)
            .filter(|one| !one.is_empty())
            .collect();
        format!("{day}: {}", to.join(", "))
    });
    let answers = whole
        .given
        .known
        .iter()
        .filter(|one| one.how == Known::Answer);
    let answers = answers.map(|one| {
        let day = time::format_date(one.visit.from.micros(), zone, t.locale);
        let name = one.to.as_ref().map_or("", |to| to.name.as_str());
        let who = if name.is_empty() {
            t.text("disclosure-known-somebody")
        } else {
            name
        };
        format!("{day}: {who} {}", t.text("disclosure-known-answer"))
    });
    let cut = whole.given.is_cut.then(|| t.text("disclosures-letter-cut"));
    let cut = cut.map(str::to_owned);
    recorded.chain(answers).chain(cut).collect()
}

fn standing(whole: &Whole, t: Texts, zone: &TimeZone) -> Vec<Stands> {
    let day = |at: bedside_db::Timestamp| time::format_date(at.micros(), zone, t.locale);
    let restrictions = whole.standing.restrictions.iter().map(|one| Stands {
        what: match (one.before, one.until) {
            (Some(before), _) => t.with("restriction-before", "day", before.to_string()),
            (None, Some(until)) => {
                let said = [
                    ("since", day(one.since).into()),
                    ("until", day(until).into()),
                ];
                t.format("restriction-until", &said)
            }
            (None, None) => t.with("restriction-since", "day", day(one.since)),
        }
        .into_owned(),
        words: words([
            ("correction-asked", &one.asked),
            ("correction-note", &one.note),
            ("", &None),
            ("", &None),
        ]),
    });
    let corrections = whole.standing.corrections.iter().map(|one| {
        let key = match one.decision {
            Asked::Granted => "correction-granted",
            Asked::Partly => "correction-partly",
            Asked::Refused | Asked::Withdrawn => "correction-refused",
        };
        Stands {
            what: t.with(key, "day", day(one.at)).into_owned(),
            words: words([
                ("correction-asked", &one.asked),
                ("correction-note", &one.note),
                ("correction-disagreement", &one.disagreement),
                ("correction-rebuttal", &one.rebuttal),
            ]),
        }
    });
    restrictions.chain(corrections).collect()
}

fn words(all: [(&'static str, &Option<String>); 4]) -> Vec<(&'static str, String)> {
    let said = all.into_iter();
    said.filter_map(|(whose, words)| Some((whose, words.clone()?)))
        .collect()
}

/// The page.
pub fn page(
    whole: &Whole,
    locale: Locale,
    zone: &TimeZone,
    place: &dyn Fn(&Conversation, Uuid, &str) -> String,
) -> Result<String, DeskError> {
    let t = Texts::new(locale);
    let when = |at: bedside_db::Timestamp| time::format_time(at.micros(), zone, locale);
    let shown = |one: &Conversation| Shown {
        number: one.number,
        subject: one.subject.clone(),
        opened: when(one.opened_at),
        fields: one.fields.clone(),
        tags: one.tags.join(", "),
        said: one
            .messages
            .iter()
            .map(|message| Said {
                who: whole
                    .author(message)
                    .unwrap_or(t.text("copy-another"))
                    .to_owned(),
                at: when(message.created_at),
                note: message.kind == MessageKind::Note,
                words: if one.withheld.contains(&message.id) {
                    t.text("copy-withheld").to_owned()
                } else {
                    message.body.clone()
                },
                files: message
                    .attachments
                    .iter()
                    .map(|file| {
                        let is_in = file.scan != Scan::Infected;
                        let place = is_in.then(|| place(one, file.id.uuid(), &file.name));
                        (place, file.name.clone())
                    })
                    .collect(),
            })
            .collect(),
        rating: one
            .rating
            .as_ref()
            .map(|rating| t.with("copy-rating", "score", rating.score).into_owned()),
        comment: one
            .rating
            .as_ref()
            .and_then(|rating| rating.comment.clone()),
    };
    let clinic = whole.clinic.as_str();
    let intro = t.format(
        "copy-intro",
        &[("clinic", clinic.into()), ("at", when(whole.at).into())],
    );
    let asked = whole.asked.iter();
    let page = CopyPage {
        t,
        whole,
        intro: intro.into_owned(),
        asked: asked
            .map(|one| (one.kind.text_key(), one.received_on.to_string()))
            .collect(),
        standing: standing(whole, t, zone),
        consents: whole
            .consents
            .iter()
            .map(|one| Consented {
                what: t.text(
                    one.word
                        .purpose
                        .map_or("consent-for-all", Purpose::text_key),
                ),
                way: [
                    one.word.channel.map(|channel| t.text(channel.text_key())),
                    one.party.as_deref().or(one.address.as_deref()),
                ]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(", "),
                decision: t.text(match one.word.decision {
                    Decision::Given => "consent-given",
                    Decision::Refused => "consent-refused",
                    Decision::Withdrawn => "consent-withdrawn",
                }),
                at: when(one.word.at),
                text: one.text.clone(),
            })
            .collect(),
        notices: whole
            .notices
            .iter()
            .map(|one| {
                let version = t.with("notice-version", "number", one.notice.number.to_string());
                let (how, at) = (t.text(one.source.text_key()), when(one.at));
                format!("{version}, {how}, {at}")
            })
            .collect(),
        acting: acting(whole, t, zone),
        given: given(whole, t, zone),
        conversations: whole.conversations.iter().map(shown).collect(),
    };
    page.render()
        .map_err(|error| DeskError::Internal(format!("template: {error}")))
}
