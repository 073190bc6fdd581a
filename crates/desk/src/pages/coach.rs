//! The coach beside the composer: what would make a draft plainer and kinder.
//!
//! The draft is looked at and forgotten: nothing of it is stored, logged or sent on. The page asks after a pause in
//! typing; without scripts there is no coach and nothing is missing.

use super::forms::Form;
use super::layout::{Page, render};
use super::timeline;
use super::ui::Icon;
use crate::context::{Actor, Permission, Role};
use crate::error::DeskError;
use crate::router::{Access, Route};
use crate::tickets::TicketView;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_language::coach::{Advice, Code, Context};
use bedside_web::i18n::{Arg, Texts};
use serde::{Deserialize, Serialize};

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::TicketsWrite);
    vec![Route::post("/tickets/{ticket}/coach", write, advise)]
}

/// The composer's form, as far as the coach reads it.
#[derive(Deserialize)]
struct Draft {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    body: String,
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
    icon: &'static str,
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
    language: &'static str,
    asked: bool,
    advice: Vec<Shown>,
}

impl CoachPart {
    /// Text in the reader's language.
    fn t<'a>(&self, key: &'a str) -> &'a str
    where
        Self: 'a,
    {
        self.t.text(key)
    }

    fn icon(&self, name: &'static str) -> Icon {
        Icon(name, "")
    }
}

async fn advise(
    page: Page,
    Path(ticket): Path<String>,
    Form(draft): Form<Draft>,
) -> Result<Response, DeskError> {
    let view = timeline::load(&page, &ticket).await?;
    // Notes are read by colleagues.
    let asked = draft.kind != "note" && !draft.body.trim().is_empty();
    let advice = if asked {
        look(&page, &view, &draft.body)?
    } else {
        Vec::new()
    };
    let part = CoachPart {
        t: page.texts(),
        language: view.ticket.locale.tag(),
        asked,
        advice,
    };
    render(StatusCode::OK, &part)
}

fn look(page: &Page, view: &TicketView, draft: &str) -> Result<Vec<Shown>, DeskError> {
    let said = view
        .messages
        .iter()
        .rev()
        .find(|message| message.author_kind == "contact");
    let said = said.map_or("", |message| message.body.as_str());
    let patient = view.patient.as_ref().map(|patient| patient.name.as_str());
    let clinical = matches!(
        &page.ctx.actor,
        Actor::Staff {
            role: Role::Nurse,
            ..
        }
    );
    let advice = page.app.coach.advise(
        draft,
        &Context {
            language: view.ticket.locale.tag(),
            name: view.contact.name.as_deref().or(patient),
            patient: said,
            distress: page.app.listener.look(said).map(|found| found.kind),
            clinical,
        },
    );
    let mut shown = Vec::with_capacity(advice.len());
    for one in &advice {
        shown.push(show(page.texts(), draft, one)?);
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
    let units = |at: usize| draft[..at].encode_utf16().count();
    let changes: Vec<Change> = advice
        .fixes
        .iter()
        .map(|fix| Change {
            from: units(fix.span.start),
            to: units(fix.span.end),
            was: draft[fix.span.clone()].to_owned(),
            text: fix.text.clone(),
        })
        .collect();
    let first = advice.fixes.first();
    Ok(Shown {
        code: advice.code.code(),
        icon: icon(advice.code),
        reason: t.format(advice.key, &values).into_owned(),
        say: first.map(|fix| fix.text.trim().to_owned()),
        adds: first.is_some_and(|fix| fix.span.is_empty()),
        changes: serde_json::to_string(&changes)?,
        first: false,
    })
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
    use bedside_language::coach::Fix;
    use bedside_web::Locale;

    #[test]
    fn places_are_counted_as_a_text_area_counts_them() {
        let draft = "😀é calm down";
        let advice = Advice {
            code: Code::Phrase,
            key: "coach-phrase-order",
            values: vec![("words", "calm down".into())],
            spans: vec![7..16],
            fixes: vec![Fix {
                span: 7..16,
                text: "I see".into(),
            }],
        };
        let shown = show(Texts::new(Locale::En), draft, &advice).unwrap();
        assert_eq!(
            shown.changes,
            r#"[{"from":4,"to":13,"was":"calm down","text":"I see"}]"#
        );
        assert!(shown.reason.contains("“calm down”"), "{}", shown.reason);
        assert!(!shown.adds);
    }
}
