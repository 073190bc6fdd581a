//! The coach beside the composer: what would make a draft plainer and kinder.
//!
//! The draft is looked at and forgotten: nothing of it is stored, logged or sent on. The page asks after a pause in
//! typing; without scripts there is no coach and nothing is missing.
//!
//! What it must know of the patient comes along with the draft ([`Heard`]): the page that was opened, and written to the
//! audit log for it, holds that already. So a look at a draft reads no record, and a pause in typing is not one more
//! reading in the log. Nothing hangs on whether it is true: the answer goes to whoever sent it alone.

use super::forms::Form;
use super::layout::{Page, render};
use super::ui::Icon;
use crate::context::Permission;
use crate::error::DeskError;
use crate::knowledge::Knowledge;
use crate::router::{Access, Route};
use crate::tickets::TicketView;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_language::Language;
use bedside_language::coach::{self, Advice, Code, Context, Fix, Formula};
use bedside_web::i18n::{Arg, Texts};
use serde::{Deserialize, Serialize};

/// Advice that is shown at once; the rest waits behind a line, so that nobody has to read a wall.
const AT_ONCE: usize = 3;
/// Characters of the patient's last words that the page keeps for the coach: they go to and fro at every look.
const SAID: usize = 4_000;
/// Characters of a name that are looked at.
const NAME: usize = 200;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::TicketsWrite);
    vec![Route::post("/coach", write, advise)]
}

/// What the coach must know of whom an answer goes to; hidden fields of the timeline.
pub(super) struct Heard {
    /// The language that is written to them.
    pub language: &'static str,
    /// Their name as it is on file; empty when unknown.
    pub name: String,
    /// The beginning of what they wrote last; empty when they wrote nothing.
    pub said: String,
}

impl Heard {
    pub(super) fn of(view: &TicketView) -> Self {
        let mut newest_first = view.messages.iter().rev();
        let said = newest_first.find(|message| message.author_kind == "contact");
        let patient = view.patient.as_ref().map(|patient| patient.name.as_str());
        let name = view.contact.name.as_deref().or(patient);
        Self {
            language: view.ticket.locale.tag(),
            name: beginning(name.unwrap_or_default(), NAME).to_owned(),
            said: beginning(said.map_or("", |message| &message.body), SAID).to_owned(),
        }
    }
}

/// The first `most` characters.
fn beginning(text: &str, most: usize) -> &str {
    let end = text.char_indices().nth(most);
    end.map_or(text, |(at, _)| &text[..at])
}

/// The composer's form as far as the coach reads it, and [`Heard`].
#[derive(Deserialize)]
struct Draft {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    language: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    said: String,
}

/// One change, in the units of a text area: UTF-16 code units of the draft as it was sent.
#[derive(Serialize)]
struct Change {
    from: usize,
    to: usize,
    /// What stands there, so that a draft that went on meanwhile is left alone.
    was: String,
    text: String,
}

/// A piece of advice as it is shown.
struct Shown {
    code: &'static str,
    icon: Icon,
    reason: String,
    /// The words that would be put in.
    say: Option<String>,
    /// Whether they are new, and not instead of others.
    adds: bool,
    /// The changes as JSON; empty when only a person can make them.
    changes: String,
    /// Whether one key makes them.
    first: bool,
}

#[derive(Template)]
#[template(path = "pages/templates/coach.html")]
struct CoachPart {
    t: Texts,
    language: Language,
    /// What the coach can't say of this draft, for its language.
    limits: Option<String>,
    asked: bool,
    advice: Vec<Shown>,
    at_once: usize,
}

impl CoachPart {
    /// What is told to who hears the page.
    fn told(&self) -> String {
        let count = self.advice.len().to_string();
        let key = if self.advice.is_empty() {
            if let Some(limits) = &self.limits {
                return limits.clone();
            }
            "coach-fine"
        } else if self.advice.iter().any(|one| one.first) {
            "coach-told-key"
        } else {
            "coach-told"
        };
        self.t.with(key, "count", count).into_owned()
    }

    /// The line before what is not shown at once.
    fn more(&self) -> String {
        let count = self.advice.len().saturating_sub(self.at_once);
        self.t
            .with("coach-more", "count", count.to_string())
            .into_owned()
    }
}

async fn advise(page: Page, Form(draft): Form<Draft>) -> Result<Response, DeskError> {
    // Notes are read by colleagues, and what somebody said is theirs.
    let asked = !matches!(draft.kind.as_str(), "note" | "said") && !draft.body.trim().is_empty();
    let knowledge = page.app.knowledge();
    let theirs = Language::from_tag(&draft.language)
        .or_else(|| Language::from_tag(page.ctx.locale.tag()))
        .unwrap_or(Language::En);
    let language = coach::language_of(&knowledge.engine, &draft.body, theirs);
    let advice = if asked {
        look(&page, &knowledge, language, &draft)?
    } else {
        Vec::new()
    };
    let knows = knowledge.coach.knows(language.tag());
    let part = CoachPart {
        t: page.texts(),
        language,
        limits: (!knows).then(|| limits(page.texts(), language)),
        asked,
        advice,
        at_once: AT_ONCE,
    };
    render(StatusCode::OK, &part)
}

/// What is looked at in a language without words of its own.
fn limits(t: Texts, language: Language) -> String {
    let key = match Formula::of(language.tag()) {
        Some(_) => "coach-limits-length",
        None => "coach-limits-gaps",
    };
    t.with(key, "language", language.own_name()).into_owned()
}

fn look(
    page: &Page,
    knowledge: &Knowledge,
    language: Language,
    draft: &Draft,
) -> Result<Vec<Shown>, DeskError> {
    let said = beginning(&draft.said, SAID);
    let advice = knowledge.coach.advise(
        &draft.body,
        &Context {
            language: language.tag(),
            name: Some(beginning(&draft.name, NAME)),
            patient: said,
            distress: knowledge.listener.look(said).map(|found| found.kind),
            clinical: page.ctx.actor.is_clinical(),
        },
    );
    let mut shown = Vec::with_capacity(advice.len());
    for one in &advice {
        shown.push(show(page.texts(), &draft.body, one)?);
    }
    if let Some(first) = shown.iter_mut().find(|one: &&mut Shown| one.say.is_some()) {
        first.first = true;
    }
    Ok(shown)
}

fn show(t: Texts, draft: &str, advice: &Advice) -> Result<Shown, DeskError> {
    let values: Vec<(&str, Arg<'_>)> = advice
        .values
        .iter()
        .map(|(name, value)| (*name, Arg::from(value)))
        .collect();
    let first = advice.fixes.first();
    Ok(Shown {
        code: advice.code.code(),
        icon: Icon(icon(advice.code), ""),
        reason: t.format(advice.key, &values).into_owned(),
        say: first.map(|fix| fix.text.trim().to_owned()),
        adds: first.is_some_and(|fix| fix.span.is_empty()),
        changes: serde_json::to_string(&changes(draft, advice))?,
        first: false,
    })
}

/// The changes in the order of their places: the draft is counted through once.
fn changes(draft: &str, advice: &Advice) -> Vec<Change> {
    let mut fixes: Vec<&Fix> = advice.fixes.iter().collect();
    fixes.sort_by_key(|fix| fix.span.start);
    let (mut at, mut units) = (0, 0);
    let mut changes = Vec::with_capacity(fixes.len());
    for fix in fixes {
        let was = &draft[fix.span.clone()];
        let from = units + draft[at..fix.span.start].encode_utf16().count();
        (at, units) = (fix.span.end, from + was.encode_utf16().count());
        changes.push(Change {
            from,
            to: units,
            was: was.to_owned(),
            text: fix.text.clone(),
        });
    }
    changes
}

const fn icon(code: Code) -> &'static str {
    match code {
        Code::MedicalAdvice => "triangle-alert",
        Code::Boundary => "shield",
        Code::Phrase => "message-circle",
        Code::Acknowledge | Code::Summarise | Code::Name => "heart-handshake",
        Code::NextStep | Code::Time => "clock",
        Code::Unfinished => "pencil",
        _ => "file-text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::Locale;

    fn advice(fixes: &[(std::ops::Range<usize>, &str)]) -> Advice {
        Advice {
            code: Code::Phrase,
            key: "coach-phrase-order",
            values: vec![("words", "calm down".into())],
            spans: fixes.iter().map(|(span, _)| span.clone()).collect(),
            fixes: fixes
                .iter()
                .map(|(span, text)| Fix {
                    span: span.clone(),
                    text: (*text).into(),
                })
                .collect(),
        }
    }

    #[test]
    fn places_are_counted_as_a_text_area_counts_them() {
        let draft = "😀é calm down, 😀 calm down";
        let advice = advice(&[(23..32, "I see"), (7..16, "I see")]);
        let shown = show(Texts::new(Locale::En), draft, &advice).unwrap();
        assert_eq!(
            shown.changes,
            r#"[{"from":4,"to":13,"was":"calm down","text":"I see"},{"from":18,"to":27,"was":"calm down","text":"I see"}]"#
        );
        assert!(shown.reason.contains("“calm down”"), "{}", shown.reason);
        assert!(!shown.adds);
    }

    #[test]
    fn a_beginning_ends_between_characters() {
        assert_eq!(beginning("añb", 2), "añ");
        assert_eq!(beginning("añb", 3), "añb");
        assert_eq!(beginning("", 3), "");
    }
}
