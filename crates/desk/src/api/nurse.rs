//! Tickets that go to a nurse, and what a clinician decides.

use super::parts::{Answer, Changed, InPath, Versioned, seen};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::TicketId;
use crate::router::{Access, Route};
use crate::tickets::{self, Asked, Decided};
use axum::extract::State;
use axum::http::HeaderMap;
use bedside_web::json::Json;
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Api(Permission::TicketsWrite);
    vec![
        Route::post("/api/v1/tickets/{id}/questions", write, questions),
        Route::post("/api/v1/tickets/{id}/disposition", write, disposition),
    ]
}

/// What was asked and answered. Codes are those of the clinic's `language/questions.toml`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "questions": "cardiac", "answers": [{ "question": "now", "answer": "no" }] }))]
pub(super) struct QuestionsIn {
    /// The kind of danger whose questions they were; `other` for anything else.
    questions: String,
    /// The answers; questions that were not answered are left out.
    #[serde(default)]
    answers: Vec<AnswerIn>,
}

/// An answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnswerIn {
    /// Code of the question.
    question: String,
    /// Code of the answer, such as `yes`, `no` or `unsure`.
    answer: String,
}

/// Hands a ticket to the clinic's nurses: what was asked and answered becomes a note, and the ticket goes to the queue of
/// symptoms. Where an answer means an emergency now it becomes one and goes to the crisis queue. It is not resolved or closed
/// before a disposition. With `If-Match`, only when nothing changed since.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/questions", tag = "Tickets", request_body = QuestionsIn,
    responses((status = 200, description = "Handed over.", body = Changed)))]
pub(super) async fn questions(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    headers: HeaderMap,
    Json(new): Json<QuestionsIn>,
) -> Answer<Versioned<Changed>> {
    let seen = seen(&headers)?;
    let answers = new.answers.into_iter();
    let asked = Asked {
        questions: new.questions,
        answers: answers.map(|one| (one.question, one.answer)).collect(),
    };
    Ok(Changed::to(
        tickets::hand_over(&app, &ctx, id, seen, asked).await?,
    ))
}

/// What a clinician decided.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "disposition": "seen_today", "words": "Comes in at four." }))]
pub(super) struct DispositionIn {
    /// Code of the clinic's `language/questions.toml`.
    disposition: String,
    /// The same in own words, at most 2000 characters. They are kept as a note.
    words: Option<String>,
}

/// Keeps what a clinician decided. Only a clinician who is signed in can: a token is none. With `If-Match`, only when nothing
/// changed since.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/disposition", tag = "Tickets", request_body = DispositionIn,
    responses((status = 200, description = "Kept.", body = Changed)))]
pub(super) async fn disposition(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    headers: HeaderMap,
    Json(new): Json<DispositionIn>,
) -> Answer<Versioned<Changed>> {
    let seen = seen(&headers)?;
    let decided = Decided {
        disposition: new.disposition,
        words: new.words,
    };
    Ok(Changed::to(
        tickets::dispose(&app, &ctx, id, seen, decided).await?,
    ))
}
