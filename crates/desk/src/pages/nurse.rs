//! Questions for whoever is no clinician to ask, the press that hands a request to a nurse, and what a clinician decides.

use super::choices::Choice;
use super::forms::Form;
use super::layout::{Page, redirect, redirect_saying};
use super::ticket::{Typed, answer};
use super::ticket_actions::{again, back, id_of, own_draft};
use super::ui::{self, When};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::MessageId;
use crate::orgs::Clinic;
use crate::router::{Access, Route};
use crate::tickets::{self, Asked, Decided, TicketView};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_language::questions::{Question, Questions};
use bedside_language::{Level, SafetyKind};
use std::collections::{BTreeMap, HashMap};
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::TicketsWrite);
    vec![
        Route::post("/tickets/{ticket}/questions", write, hand_over),
        Route::post("/tickets/{ticket}/questions/back", write, take_back),
        Route::post("/tickets/{ticket}/disposition", write, dispose),
    ]
}

/// One of the two forms as it was sent, by name. The answer to a question is called `answer.<code>`.
pub(super) type Sent = BTreeMap<String, String>;

/// What a request's page shows of it.
pub(super) struct Nurse {
    /// What to ask, for whoever is no clinician.
    pub ask: Option<Ask>,
    /// What to decide, for a clinician.
    pub decide: Option<Decide>,
    /// Whether it waits for a nurse.
    pub waits: bool,
    /// Whether the reader handed it over and can take that back.
    pub own: bool,
    /// What was decided last.
    pub decided: Option<Made>,
}

/// The questions for one kind of danger.
pub(super) struct Ask {
    pub open: bool,
    pub kind: &'static str,
    pub kinds: Vec<Choice>,
    pub questions: Vec<ToAsk>,
    /// Whom to call where an answer means an emergency.
    pub call: String,
}

/// A question, in the patient's language.
pub(super) struct ToAsk {
    pub code: String,
    pub text: String,
    pub lang: &'static str,
    /// The same in the reader's language, where that is another one.
    pub own: Option<String>,
    pub answers: Vec<ToTick>,
}

/// An answer to tick.
pub(super) struct ToTick {
    pub choice: Choice,
    /// Whether it means an emergency now.
    pub emergency: bool,
}

/// The form of a disposition.
pub(super) struct Decide {
    pub open: bool,
    pub choices: Vec<Choice>,
    pub words: String,
}

/// What was decided.
pub(super) struct Made {
    pub text: String,
    pub by: String,
    pub when: When,
    pub note: MessageId,
}

/// What a form said under a name.
fn said<'a>(sent: &'a Sent, name: &str) -> &'a str {
    sent.get(name).map_or("", String::as_str)
}

impl Nurse {
    pub(super) fn of(
        page: &Page,
        clinic: &Clinic,
        view: &TicketView,
        names: &HashMap<Uuid, String>,
        typed: &Typed,
    ) -> Self {
        let (ticket, nursed) = (&view.ticket, &view.nursed);
        let knowledge = page.app.knowledge();
        let nothing = Sent::new();
        let sent = typed.nurse.as_ref().unwrap_or(&nothing);
        let danger = ticket.safety != Level::None.code() || ticket.rank() == 0;
        let concerns = danger || nursed.waits || clinic.is_clinical(&ticket.category);
        let is_clinical = page.ctx.actor.is_clinical();
        let asks = concerns && !is_clinical && ticket.status.is_active();
        let decides = concerns && is_clinical && (ticket.status.is_active() || nursed.waits);
        let shown = Shown {
            page,
            clinic,
            view,
            questions: &knowledge.questions,
            sent,
        };
        Self {
            ask: asks.then(|| shown.ask(danger && !nursed.waits)),
            decide: decides.then(|| shown.decide()),
            waits: nursed.waits,
            own: nursed.waits_by(&page.ctx.actor),
            decided: shown.made(names),
        }
    }
}

/// What the two forms are shown with.
struct Shown<'a> {
    page: &'a Page,
    clinic: &'a Clinic,
    view: &'a TicketView,
    questions: &'a Questions,
    sent: &'a Sent,
}

impl Shown<'_> {
    /// The questions that were chosen, else those for the danger that was found, else those for everything else.
    fn ask(&self, open: bool) -> Ask {
        let t = self.page.texts();
        let found = self.view.ticket.triage.read().danger;
        let chosen = self.sent.get("questions").map(String::as_str);
        let kind = chosen
            .and_then(SafetyKind::from_code)
            .or_else(|| found.as_deref().and_then(SafetyKind::from_code))
            .unwrap_or(SafetyKind::Other);
        let kinds = SafetyKind::ALL.iter().map(|one| {
            let name = t.text(ui::danger_key(one.code()));
            Choice::new(one.code(), name, *one == kind)
        });
        let numbers = &self.clinic.settings.emergency;
        let key = if kind.is_crisis() {
            "questions-call-crisis"
        } else {
            "questions-call"
        };
        Ask {
            open: open || chosen.is_some(),
            kind: kind.code(),
            kinds: kinds.collect(),
            questions: self
                .questions
                .of(kind)
                .iter()
                .map(|one| self.to_ask(one))
                .collect(),
            call: t
                .format(
                    key,
                    &[
                        ("number", numbers.number.as_str().into()),
                        ("crisis", numbers.crisis_line.as_str().into()),
                    ],
                )
                .into_owned(),
        }
    }

    fn to_ask(&self, question: &Question) -> ToAsk {
        let (theirs, own) = (self.view.ticket.locale, self.page.ctx.locale);
        let named = &question.named;
        let ticked = said(self.sent, &format!("answer.{}", named.code));
        let answers = question.answers.iter().map(|one| {
            let code = one.named.code.as_str();
            ToTick {
                choice: Choice::new(code, one.named.text(own.tag()), code == ticked),
                emergency: one.emergency,
            }
        });
        ToAsk {
            code: named.code.clone(),
            text: named.text(theirs.tag()).to_owned(),
            lang: theirs.tag(),
            own: (theirs != own).then(|| named.text(own.tag()).to_owned()),
            answers: answers.collect(),
        }
    }

    fn decide(&self) -> Decide {
        let chosen = said(self.sent, "disposition");
        let tag = self.page.ctx.locale.tag();
        let all = self.questions.dispositions().iter();
        Decide {
            open: self.view.nursed.waits || self.sent.contains_key("disposition"),
            choices: all
                .map(|one| Choice::new(&one.code, one.text(tag), one.code == chosen))
                .collect(),
            words: said(self.sent, "words").to_owned(),
        }
    }

    /// What was decided; a disposition that the clinic's file has no more is told by its code.
    fn made(&self, names: &HashMap<Uuid, String>) -> Option<Made> {
        let (locale, made) = (self.page.ctx.locale, self.view.nursed.disposition.as_ref()?);
        let known = self.questions.disposition(&made.code);
        let by = made.by.and_then(|id| names.get(&id).cloned());
        Some(Made {
            text: known
                .map_or(made.code.as_str(), |one| one.text(locale.tag()))
                .to_owned(),
            by: by.unwrap_or_else(|| self.page.texts().text("app-name").to_owned()),
            when: ui::ago(made.at, self.page.app.now(), &self.clinic.time_zone, locale),
            note: made.note,
        })
    }
}

/// The version that the page showed; without one nobody hears of what others changed.
fn version(sent: &Sent) -> Option<i64> {
    said(sent, "version").trim().parse().ok()
}

async fn hand_over(
    page: Page,
    Path(ticket): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    if sent.contains_key("show") {
        // The kind of danger is not named in an address, so other questions are asked for as a form.
        let chosen = ("questions".to_owned(), said(&sent, "choose").to_owned());
        let typed = Typed {
            nurse: Some([chosen].into()),
            ..own_draft(&page, id).await?
        };
        return answer(&page, StatusCode::OK, &ticket, Some(typed)).await;
    }
    let answers = sent.iter().filter(|(_, answer)| !answer.is_empty());
    let answers = answers.filter_map(|(name, answer)| {
        let question = name.strip_prefix("answer.")?;
        Some((question.to_owned(), answer.clone()))
    });
    let asked = Asked {
        questions: said(&sent, "questions").to_owned(),
        answers: answers.collect(),
    };
    let ctx = page.once(said(&sent, "once"), &format!("{sent:?}"));
    match tickets::hand_over(&page.app, &ctx, id, version(&sent), asked).await {
        Ok(_) => {
            let now = tickets::row_for(&page.app, ctx.organisation, id).await?;
            // Where it waits now may be none of their business.
            let to = if page.ctx.reaches(now.queue) {
                back(&ticket)
            } else {
                "/inbox".to_owned()
            };
            Ok(redirect_saying(&to, "handed-over"))
        }
        Err(error) => {
            let typed = Typed {
                nurse: Some(sent),
                ..own_draft(&page, id).await?
            };
            again(&page, &ticket, typed, error).await
        }
    }
}

async fn take_back(
    page: Page,
    Path(ticket): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let ctx = page.once(said(&sent, "once"), "take back");
    match tickets::take_back(&page.app, &ctx, id, version(&sent)).await {
        Ok(_) => Ok(redirect_saying(&back(&ticket), "hand-over-undone")),
        // A clinician was faster, or it was taken back already: the page says which.
        Err(DeskError::NotFound) => {
            tickets::row_for(&page.app, page.ctx.organisation, id).await?;
            Ok(redirect(&back(&ticket)))
        }
        Err(error) => again(&page, &ticket, own_draft(&page, id).await?, error).await,
    }
}

async fn dispose(
    page: Page,
    Path(ticket): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let decided = Decided {
        disposition: said(&sent, "disposition").to_owned(),
        words: Some(said(&sent, "words").to_owned()),
    };
    let ctx = page.once(said(&sent, "once"), &format!("{sent:?}"));
    let error = match tickets::dispose(&page.app, &ctx, id, version(&sent), decided).await {
        Ok(_) => return Ok(redirect_saying(&back(&ticket), "disposed")),
        // Another form of this page has a field of that name as well.
        Err(DeskError::Invalid {
            field: "words",
            code,
            text,
        }) => DeskError::invalid("disposition_words", code, text),
        Err(error) => error,
    };
    let typed = Typed {
        nurse: Some(sent),
        ..own_draft(&page, id).await?
    };
    again(&page, &ticket, typed, error).await
}
