//! What stays of a decided request, on its page: the terms of a decision, the end of a restriction, and what both sides say
//! after a refusal.

use super::decide::{after, day};
use super::show::Typed;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PrivacyRequestId;
use crate::pages::choices::Choice;
use crate::pages::forms::Form;
use crate::pages::layout::Page;
use crate::privacy::consents::Purpose;
use crate::privacy::disclosures;
use crate::privacy::requests::standing::{self, Disagreement, End, Ending};
use crate::privacy::requests::{Decision, Kind, Law, RequestView, State, Terms};
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::i18n::time;
use std::collections::HashMap;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    vec![
        Route::post("/privacy/{request}/end", may, end),
        Route::post("/privacy/{request}/disagree", may, disagree),
    ]
}

/// The text of an objection to everything, as the form sends it.
const ALL: &str = "all";

/// The part of the page.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
pub(super) struct Lasting {
    /// Whether it is asked if the law makes the clinic agree.
    pub owes: bool,
    /// Whether a last day can be set.
    pub restricts: bool,
    /// What an objection may end; empty for other requests.
    pub stops: Vec<Choice>,
    /// Until when a restriction is kept to.
    pub until: Option<String>,
    /// How it ended, and words about it.
    pub ended: Option<(String, Option<String>)>,
    /// How it may end; empty where none stands.
    pub ends: Vec<Choice>,
    /// Whether the law keeps the clinic from ending it by itself.
    pub kept: bool,
    /// The patient's statement, and the day on which it came.
    pub disagreement: Option<(String, String)>,
    /// The clinic's answer.
    pub rebuttal: Option<String>,
    /// Whether either can be added.
    pub may_disagree: bool,
    /// Who was given the wrong words, as far as it was recorded, newest first: day and recipient.
    pub tell: Vec<(String, String)>,
    /// Where all of it stands.
    pub account: Option<String>,
}

impl Lasting {
    pub(super) async fn of(
        page: &Page,
        view: &RequestView,
        typed: &Typed,
        names: &HashMap<Uuid, String>,
    ) -> Result<Self, DeskError> {
        let (request, lasting, t, now) =
            (&view.request, &view.lasting, page.texts(), page.app.now());
        let zone = page.clinic()?.time_zone.clone();
        let date = |at: Timestamp| time::format_date(at.micros(), &zone, t.locale);
        let decision = request.decided.as_ref().map(|one| one.decision);
        let gives = decision.is_some_and(Decision::gives);
        let stands = lasting.stands(request, now);
        let stop = |code: &str, key: &str| {
            let chosen = code == typed.stops || (typed.stops.is_empty() && code == ALL);
            Choice::new(code, t.text(key), chosen)
        };
        let purposes = Purpose::ALL
            .iter()
            .filter(|_| request.kind == Kind::Objection);
        let purposes = purposes.map(|one| stop(one.code(), one.text_key()));
        let all = (request.kind == Kind::Objection).then(|| stop(ALL, "consent-for-all"));
        let ended = lasting.ended.as_ref().map(|one| {
            let name = names.get(&one.by.uuid()).cloned();
            let said = [
                (
                    "who",
                    name.unwrap_or_else(|| t.text("seen-who-gone").to_owned())
                        .into(),
                ),
                ("day", one.told_on.to_string().into()),
            ];
            let key = match one.how {
                End::Asked => "restriction-ended-asked",
                End::Told => "restriction-ended-told",
            };
            (t.format(key, &said).into_owned(), one.words.clone())
        });
        let put_right = request.kind == Kind::Amendment && gives && request.state == State::Decided;
        let watches = page.ctx.permissions().has(Permission::PrivacyReview) && view.name.is_some();
        let tell = if put_right && watches {
            let found = disclosures::accounting(&page.app, &page.ctx, request.patient).await?;
            let recorded = found
                .recorded
                .into_iter()
                .filter(|one| one.struck.is_none());
            recorded
                .map(|one| (date(one.made_at), one.recipient))
                .collect()
        } else {
            Vec::new()
        };
        Ok(Self {
            owes: request.law == Law::Hipaa
                && matches!(request.kind, Kind::Restriction | Kind::Objection),
            restricts: request.kind == Kind::Restriction,
            stops: all.into_iter().chain(purposes).collect(),
            until: lasting.until.map(date),
            ended,
            ends: if stands {
                let ways = End::ALL
                    .iter()
                    .filter(|one| lasting.may_end(request, **one, now).is_ok());
                ways.map(|one| {
                    Choice::new(one.code(), t.text(end_key(*one)), one.code() == typed.how)
                })
                .collect()
            } else {
                Vec::new()
            },
            kept: stands && !lasting.may_be_told(request),
            disagreement: lasting.disagreement.clone().map(|words| {
                let on = lasting.disagreed_on.map(|day| day.to_string());
                (words, on.unwrap_or_default())
            }),
            rebuttal: lasting.rebuttal.clone(),
            may_disagree: view.name.is_some() && lasting.may_disagree(request).is_ok(),
            tell,
            account: (put_right && watches)
                .then(|| format!("/privacy/disclosures/{}", request.patient)),
        })
    }
}

/// Text key of how a restriction may end.
const fn end_key(end: End) -> &'static str {
    match end {
        End::Asked => "restriction-end-asked",
        End::Told => "restriction-end-told",
    }
}

/// The terms of a decision as they were typed.
pub(super) fn terms(typed: &Typed) -> Result<Terms, DeskError> {
    let until = match typed.restricted_until.trim() {
        "" => None,
        text => Some(day("restricted_until", text)?),
    };
    let stops = match typed.stops.as_str() {
        "" | ALL => None,
        code => Some(
            Purpose::from_code(code)
                .ok_or_else(|| DeskError::invalid("stops", "invalid", "Choose one."))?,
        ),
    };
    let owed = match typed.owed.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    Ok(Terms { until, owed, stops })
}

async fn end(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = match (End::from_code(&typed.how), day("told_on", &typed.told_on)) {
        (Some(how), Ok(told_on)) => {
            let words = typed.ended_words.clone();
            let said = Ending {
                how,
                told_on,
                words,
            };
            standing::end(&page.app, &page.ctx, id, typed.version, said).await
        }
        (None, _) => Err(DeskError::invalid("how", "required", "Choose one.")),
        (_, Err(error)) => Err(error),
    };
    after(page, id, typed, done, "privacy-ended").await
}

async fn disagree(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = match day("disagreed_on", &typed.disagreed_on) {
        Ok(on) => {
            let said = Disagreement {
                words: typed.disagreement.clone(),
                on,
                rebuttal: typed.rebuttal.clone(),
            };
            standing::disagree(&page.app, &page.ctx, id, typed.version, said).await
        }
        Err(error) => Err(error),
    };
    after(page, id, typed, done, "privacy-disagreed").await
}
