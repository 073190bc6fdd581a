//! What a request is about and where it goes: the language engine's verdict, turned into the clinic's terms.
//!
//! A message is never looked at alone: what the same person wrote in the last days adds to it ([`Found`]).

mod apart;
mod beside;
mod found;
pub mod models;

use crate::app::App;
use crate::error::DeskError;
use crate::ids::QueueId;
use crate::orgs::{Clinic, model::purpose};
use bedside_db::Timestamp;
use bedside_language::{Category, Channel, Engine, Language, Level, Message, Urgency, Verdict};
use bedside_web::{I18n, Locale};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

pub(crate) use apart::apart;
pub use apart::{IN_PLACE, Whose};
pub use beside::Beside;
pub(crate) use beside::words_of;
pub use found::{Earlier, Found, Left, Spoke};

/// A request that was looked at.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Category code.
    pub category: String,
    /// Urgency.
    pub urgency: Urgency,
    /// What was found about danger, in the light of what the same person wrote before.
    pub found: Found,
    /// The queue.
    pub queue_id: QueueId,
    /// The language to answer in.
    pub locale: Locale,
    /// The language it is written in, which the pages may not speak.
    pub language: Option<Language>,
    /// Why, as stored on the ticket.
    pub why: Why,
}

/// The reasons as stored: rule names and places in the text, never the text itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Why {
    /// 0 to 1.
    pub confidence: f32,
    /// Whether a person should decide.
    pub unsure: bool,
    /// What kind of danger, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub danger: Option<String>,
    /// The reasons, strongest first.
    pub reasons: Vec<WhyReason>,
}

impl Why {
    /// The reasons for a reader of `locale`, strongest first: as the clinic's files say them today, else as they were
    /// stored. What two rules of different languages say in the same words stands there once.
    pub fn texts<'a>(&'a self, engine: &'a Engine, locale: Locale) -> Vec<&'a str> {
        let language = Language::from_tag(locale.tag());
        let mut texts: Vec<&str> = Vec::with_capacity(self.reasons.len());
        for reason in &self.reasons {
            let said = if reason.rule == EARLIER {
                Some(I18n::global().text(locale, "why-earlier"))
            } else {
                language.and_then(|language| engine.why(&reason.rule, language))
            };
            let text = said.unwrap_or(&reason.text);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts
    }

    /// These reasons before those of `earlier` words, each rule once. Whether a person should decide stays as it was.
    #[must_use]
    pub fn and(mut self, earlier: Self) -> Self {
        for reason in earlier.reasons {
            if !self.reasons.iter().any(|known| known.rule == reason.rule) {
                self.reasons.push(reason);
            }
        }
        self.reasons.truncate(REASONS);
        Self {
            confidence: earlier.confidence,
            unsure: earlier.unsure,
            danger: earlier.danger.or(self.danger),
            reasons: self.reasons,
        }
    }
}

/// A [`Why`] as it is kept with a ticket. Lists never read it.
#[derive(Clone, Debug)]
pub struct StoredWhy(String);

impl StoredWhy {
    /// What [`text`](Self::text) gave.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The form that is stored.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The reasons; none where an older version stored something else.
    pub fn read(&self) -> Why {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl TryFrom<&Why> for StoredWhy {
    type Error = serde_json::Error;
    fn try_from(why: &Why) -> Result<Self, serde_json::Error> {
        serde_json::to_string(why).map(Self)
    }
}

/// One reason.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WhyReason {
    /// Which rule spoke.
    pub rule: String,
    /// The rule's own explanation, from the clinic's files, in the language of the rule.
    pub text: String,
    /// What weakened it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<String>,
}

/// Reasons kept on a ticket.
const REASONS: usize = 8;
/// The reason of what the words alone would not be: earlier messages of the same person.
const EARLIER: &str = "earlier";

/// The language of a page for a language of a text.
pub fn locale_of(language: Option<Language>) -> Option<Locale> {
    language.and_then(|language| language.tag().parse().ok())
}

/// Words to look at.
pub struct Text<'a> {
    /// The way they came.
    pub channel: Channel,
    /// Subject line; empty where there is none.
    pub subject: &'a str,
    /// The words.
    pub body: &'a str,
    /// The language the person is known to prefer.
    pub hint: Option<Locale>,
    /// When they were written.
    pub at: Timestamp,
    /// What comes beside them. It may raise the level, and changes nothing else.
    pub beside: Beside<'a>,
}

/// Looks at a text, in the light of what the same person's `earlier` messages left behind, oldest first.
pub async fn look(
    app: &App,
    clinic: &Clinic,
    text: &Text<'_>,
    earlier: &[Left],
) -> Result<Placed, DeskError> {
    let (verdict, beside) = text.verdicts(app).await?;
    let mut found = Found::of(&verdict, earlier, text.at);
    let mut louder = None;
    for other in &beside {
        let seen = Found::of(other, earlier, text.at).beside();
        let danger = found.danger.max(seen.danger);
        if seen.level > found.level {
            found = seen;
            louder = Some(other);
        }
        found.danger = danger;
    }
    place(clinic, (&verdict, louder), found, text.hint)
}

impl Text<'_> {
    /// What the engine says of the words, and of each thing that comes beside them.
    async fn verdicts(&self, app: &App) -> Result<(Verdict, Vec<Verdict>), DeskError> {
        let (knowledge, channel) = (app.knowledge(), self.channel);
        let hint_language = self.hint.and_then(language_in);
        let (subject, body) = (self.subject.to_owned(), self.body.to_owned());
        let beside = self.beside.owned();
        let bytes = subject.len() + body.len() + beside.bytes();
        // What is taken in is looked at whole, whenever its turn comes.
        apart(Whose::Desk, bytes, move |_| {
            let engine = &knowledge.engine;
            let verdict = engine.triage(&Message {
                channel,
                subject: &subject,
                body: &body,
                hint_language,
            });
            let beside = beside.looked_at(engine, (channel, &body, hint_language));
            (verdict, beside)
        })
        .await
    }
}

fn language_in(locale: Locale) -> Option<Language> {
    Language::from_tag(locale.tag())
}

/// How sure it is that somebody is in danger, by words that are not taken in yet. `hint` is the language they are likely
/// in, and `whose` says whose turn long ones wait for.
pub async fn level(
    app: &App,
    whose: Whose,
    channel: Channel,
    body: &str,
    hint: Locale,
) -> Result<Level, DeskError> {
    Ok(verdict(app, whose, channel, body, hint).await?.safety.level)
}

async fn verdict(
    app: &App,
    whose: Whose,
    channel: Channel,
    body: &str,
    hint: Locale,
) -> Result<Verdict, DeskError> {
    let (knowledge, body) = (app.knowledge(), body.to_owned());
    apart(whose, body.len(), move |most| {
        verdict_by(&knowledge.engine, channel, &ends(&body, most), hint)
    })
    .await
}

/// Words that are so many bytes at most; of longer ones both ends.
fn ends(body: &str, most: usize) -> Cow<'_, str> {
    if body.len() <= most {
        return Cow::Borrowed(body);
    }
    let beginning = &body[..body.floor_char_boundary(most / 2)];
    let end = &body[body.ceil_char_boundary(body.len() - most / 2)..];
    Cow::Owned(format!("{beginning}\n\n{end}"))
}

fn verdict_by(engine: &Engine, channel: Channel, body: &str, hint: Locale) -> Verdict {
    engine.triage(&Message {
        channel,
        subject: "",
        body,
        hint_language: language_in(hint),
    })
}

/// Whether somebody may be in danger, as [`level`] sees it.
pub async fn in_danger(
    app: &App,
    whose: Whose,
    channel: Channel,
    body: &str,
    hint: Locale,
) -> Result<bool, DeskError> {
    let level = level(app, whose, channel, body, hint).await?;
    Ok(level == Level::Emergency)
}

/// The same at once, of the words of a form that still comes in; none of words that are longer than [`IN_PLACE`].
pub fn in_danger_so_far(app: &App, channel: Channel, body: &str, hint: Locale) -> Option<bool> {
    let short = body.len() <= IN_PLACE;
    short.then(|| {
        let verdict = verdict_by(&app.knowledge().engine, channel, body, hint);
        verdict.safety.level == Level::Emergency
    })
}

/// Whether somebody may be in danger by what came `beside` these words.
pub async fn danger_beside(
    app: &App,
    whose: Whose,
    channel: Channel,
    (body, beside): (&str, &Beside<'_>),
    hint: Locale,
) -> Result<bool, DeskError> {
    let (knowledge, mut beside) = (app.knowledge(), beside.owned());
    let body = beside::context(body).to_owned();
    apart(whose, body.len() + beside.bytes(), move |most| {
        beside.cut(most);
        let said = (channel, body.as_str(), language_in(hint));
        let found = beside.looked_at(&knowledge.engine, said);
        let mut levels = found.iter().map(|one| one.safety.level);
        levels.any(|level| level == Level::Emergency)
    })
    .await
}

/// What a note tells of an emergency; nothing where it tells of none. Whoever wrote it speaks of somebody, and nobody said yet
/// whose words these are, so it adds to nothing that comes after it.
pub async fn in_a_note(app: &App, body: &str, hint: Locale) -> Result<Found, DeskError> {
    let verdict = verdict(app, Whose::Desk, Channel::Phone, body, hint).await?;
    let found = Found::of(&verdict, &[], app.now());
    Ok(if found.level == Level::Emergency {
        Found { danger: 0, ..found }
    } else {
        Found::default()
    })
}

/// Bytes of the beginning of words by which their language is told: it is asked anew for every page that is looked at.
const TOLD_BY: usize = 4 * 1024;

/// The language of words, by their beginning; `hint` is the one they are likely in.
pub fn language_of(app: &App, channel: Channel, body: &str, hint: Locale) -> Option<Language> {
    let verdict = app.knowledge().engine.triage(&Message {
        channel,
        subject: "",
        body: &body[..body.floor_char_boundary(TOLD_BY.min(body.len()))],
        hint_language: language_in(hint),
    });
    // Of a short cry the language may be unsure; which list of words it stands in is not.
    let by_rule = || {
        let mut dangers = verdict.safety.reasons.iter();
        dangers.find_map(|&at| Language::from_tag(verdict.reasons[at].rule.split('.').next()?))
    };
    verdict.language.language.or_else(by_rule)
}

/// [`in_danger`] by the name alone that was typed with words: some write in the first field they see.
pub async fn danger_called(
    app: &App,
    whose: Whose,
    channel: Channel,
    (body, name): (&str, &str),
    hint: Locale,
) -> Result<bool, DeskError> {
    let beside = Beside {
        names: vec![name.into()],
        ..Beside::default()
    };
    danger_beside(app, whose, channel, (body, &beside), hint).await
}

/// Where a request goes whose words are the desk's own: to a person. Nobody's danger is looked for in them, and nothing
/// is known of what it is about.
pub fn unread(clinic: &Clinic) -> Result<Placed, DeskError> {
    let queue = clinic
        .queue_for(purpose::NEEDS_LOOK)
        .ok_or_else(|| DeskError::Internal("a clinic without queues".to_owned()))?;
    Ok(Placed {
        category: Category::General.code().to_owned(),
        urgency: Urgency::Standard,
        found: Found::default(),
        queue_id: queue.id,
        locale: clinic.locale,
        language: None,
        why: Why {
            unsure: true,
            ..Why::default()
        },
    })
}

/// Where the words go; what came beside them, where that is `louder`, says why they are dangerous, and in which language
/// that is where the words say nothing.
fn place(
    clinic: &Clinic,
    (verdict, louder): (&Verdict, Option<&Verdict>),
    found: Found,
    hint: Option<Locale>,
) -> Result<Placed, DeskError> {
    let category = verdict.category.value.code().to_owned();
    let language = verdict
        .language
        .language
        .or_else(|| louder?.language.language);
    let crisis = found.level == Level::Emergency;
    let queue = if crisis {
        clinic.queue_for(purpose::CRISIS)
    } else if verdict.unsure {
        clinic
            .category(&category)
            .and_then(|found| clinic.queue(found.queue_id))
            .or_else(|| clinic.queue_for(purpose::NEEDS_LOOK))
    } else {
        clinic
            .category(&category)
            .and_then(|found| clinic.queue(found.queue_id))
    };
    let queue = queue
        .or_else(|| clinic.queue_for(purpose::NEEDS_LOOK))
        .ok_or_else(|| DeskError::Internal("a clinic without queues".to_owned()))?;
    let earlier = (!found.earlier.is_empty()).then(|| WhyReason {
        rule: EARLIER.to_owned(),
        text: I18n::global().text(Locale::En, "why-earlier").to_owned(),
        guard: None,
    });
    let louder_reasons = louder.iter().flat_map(|louder| &louder.reasons);
    let reasons = louder_reasons
        .chain(&verdict.reasons)
        .map(|reason| WhyReason {
            rule: reason.rule.clone(),
            text: reason.why.clone(),
            guard: reason.guard.map(|guard| guard.code().to_owned()),
        });
    Ok(Placed {
        category,
        urgency: match found.level {
            Level::Emergency => Urgency::Emergency,
            Level::Concern => verdict.urgency.max(Urgency::Urgent),
            _ => verdict.urgency,
        },
        queue_id: queue.id,
        locale: locale_of(language).or(hint).unwrap_or(clinic.locale),
        language,
        why: Why {
            confidence: verdict.confidence,
            unsure: verdict.unsure,
            danger: found.kind.map(|kind| kind.code().to_owned()),
            reasons: earlier.into_iter().chain(reasons).take(REASONS).collect(),
        },
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_words_that_are_too_long_both_ends_are_heard() {
        assert_eq!(ends("我想死", 9), "我想死");
        assert_eq!(ends("ab我想死cd", 6), "ab\n\ncd");
        let long = format!("I can't breathe. {} I want to die", "x".repeat(100_000));
        let heard = ends(&long, IN_PLACE);
        assert!(heard.len() <= IN_PLACE + 2, "{}", heard.len());
        assert!(heard.starts_with("I can't breathe.") && heard.ends_with("I want to die"));
        assert!(ends(&long, usize::MAX) == long);
    }

    #[test]
    fn what_older_versions_stored_is_read_and_said_as_well_as_it_can_be() {
        let engine = Engine::load(&crate::startup::built_in_clinic(), None).unwrap();
        let stored = r#"{"confidence":0.5,"unsure":false,"danger":"heart","reasons":[
            {"rule":"en.gone.rule","text":"An older reason"},
            {"rule":"es.cardiac.chest_pain","text":"Dolor en el pecho","guard":"negated"},
            {"rule":"model.cardiac","text":"An older sentence"},
            {"rule":"en.cardiac.chest_pain","text":"Chest pain"}]}"#;
        let why = StoredWhy::from_text(stored.to_owned()).read();
        assert_eq!(
            why.texts(&engine, Locale::En),
            [
                "An older reason",
                "Chest pain or pressure: possible heart attack",
                "Reads like messages about a heart emergency",
            ]
        );
        assert_eq!(why.texts(&engine, Locale::Es)[0], "An older reason");
        assert!(why.texts(&engine, Locale::Es)[2].starts_with("Se parece a mensajes"));
        let other = StoredWhy::from_text("[]".to_owned()).read();
        assert!(other.texts(&engine, Locale::En).is_empty() && !other.unsure);
    }
}
