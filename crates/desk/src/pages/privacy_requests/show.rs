//! The list of requests, and one request with its next steps.

use super::blocking::Blocking;
use super::erase::hold_key;
use super::holds::HoldLine;
use super::lasting::Lasting;
use super::ways::{self, Pick, Standing};
use super::{decision_key, law_key, reason_key, state_key, step_key};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{PatientId, PrivacyRequestId, StaffId};
use crate::pages::choices::Choice;
use crate::pages::layout::{Page, Shell};
use crate::pages::ui;
use crate::privacy::copies::{self, Copy, Made};
use crate::privacy::erasure::{self, Hold, HoldReason};
use crate::privacy::requests::{
    self, Decision, Kind, MAX_WORDS, Request, RequestView, State, Which, law,
};
use crate::representatives::Side;
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::cursor;
use bedside_web::i18n::{Texts, time};
use bedside_web::query::Query;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// Requests on one page.
const ROWS: i64 = 50;
/// Requests of one patient that their page shows.
const SHOWN: i64 = 20;

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    vec![
        Route::get("/privacy", may, list),
        Route::get("/privacy/{request}", may, show),
    ]
}

/// A request as a line.
pub struct Lately {
    pub id: String,
    pub kind: &'static str,
    pub state: &'static str,
    /// Whose; none of somebody who was erased, and where the page says it already.
    pub name: Option<String>,
    pub received: String,
    pub due: Option<ui::When>,
    pub over: bool,
    pub ended: Option<&'static str>,
}

struct Teller<'a> {
    page: &'a Page,
    zone: jiff::tz::TimeZone,
    t: Texts,
}

impl<'a> Teller<'a> {
    fn new(page: &'a Page) -> Result<Self, DeskError> {
        Ok(Self {
            page,
            zone: page.clinic()?.time_zone.clone(),
            t: page.texts(),
        })
    }

    fn day(&self, day: jiff::civil::Date) -> String {
        let noon = day.at(12, 0, 0, 0).to_zoned(self.zone.clone());
        noon.map_or_else(
            |_| day.to_string(),
            |at| time::format_date(at.timestamp().as_microsecond(), &self.zone, self.t.locale),
        )
    }

    fn due(&self, request: &Request) -> Option<ui::When> {
        let (at, now) = (request.due_at, self.page.app.now());
        let open = request.state != State::Closed;
        let due = open.then(|| ui::due(at, now, &self.zone, self.t.locale));
        due.flatten()
    }

    fn line(&self, request: &Request, name: Option<String>) -> Lately {
        Lately {
            id: request.id.to_string(),
            kind: request.kind.text_key(),
            state: state_key(request.state),
            name,
            received: self.day(request.received_on),
            due: self.due(request),
            over: request.is_overdue(self.page.app.now()),
            ended: request.decision().map(decision_key),
        }
    }
}

/// The newest requests of a patient, for their page.
pub async fn lately(page: &Page, patient: PatientId) -> Result<Vec<Lately>, DeskError> {
    let teller = Teller::new(page)?;
    let found = requests::of_patient(&page.app, &page.ctx, patient, SHOWN).await?;
    Ok(found.iter().map(|one| teller.line(one, None)).collect())
}

#[derive(Template)]
#[template(path = "pages/templates/privacy_list.html")]
struct ListPage {
    shell: Shell,
    closed: bool,
    lines: Vec<Lately>,
    next: Option<String>,
}

/// Which requests, and where the page before ended.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    closed: bool,
    cursor: Option<String>,
}

async fn list(page: Page, Query(asked): Query<Asked>) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let which = if asked.closed {
        Which::Closed
    } else {
        Which::Open
    };
    let name = format!("{}/privacy/{}", ctx.organisation, asked.closed);
    let mac = app.keyring.web_mac();
    let place = match asked.cursor.as_deref() {
        Some(text) => Some(cursor::decode(&name, text, &mac).map_err(|_| {
            DeskError::invalid("cursor", "invalid_cursor", "Start again without a cursor.")
        })?),
        None => None,
    };
    let mut found = requests::list(app, ctx, which, place, ROWS + 1).await?;
    let rows = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let more = found.len() > rows;
    found.truncate(rows);
    let place = |last: &RequestView| {
        let ended = last.request.ended_at();
        (ended.unwrap_or(last.request.due_at), last.request.id)
    };
    let next = found.last().filter(|_| more).map(|last| {
        let text = cursor::encode(&name, &place(last), &mac);
        format!("/privacy?closed={}&cursor={text}", asked.closed)
    });
    let teller = Teller::new(&page)?;
    let line = |one: RequestView| {
        let kept = one
            .kept
            .then(|| teller.t.text("privacy-name-kept").to_owned());
        teller.line(&one.request, Some(kept.or(one.name).unwrap_or_default()))
    };
    page.show(&ListPage {
        shell: page.shell().await?,
        closed: asked.closed,
        lines: found.into_iter().map(line).collect(),
        next,
    })
}

/// What was typed into one of the forms of a request's page.
#[derive(Deserialize, Default)]
pub(super) struct Typed {
    #[serde(default)]
    pub version: i64,
    #[serde(default)]
    pub words: String,
    #[serde(default)]
    pub letter_on: String,
    #[serde(default)]
    pub decision: String,
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub note: String,
    #[serde(default)]
    pub with_notes: bool,
    #[serde(default)]
    pub answered_on: String,
    #[serde(default)]
    pub exception: String,
    #[serde(default)]
    pub exception_told_on: String,
    #[serde(default)]
    pub restricted_until: String,
    #[serde(default)]
    pub owed: String,
    #[serde(default)]
    pub stops: String,
    #[serde(default)]
    pub how: String,
    #[serde(default)]
    pub told_on: String,
    #[serde(default)]
    pub ended_words: String,
    #[serde(default)]
    pub disagreement: String,
    #[serde(default)]
    pub disagreed_on: String,
    #[serde(default)]
    pub rebuttal: String,
    #[serde(default)]
    pub way: String,
    #[serde(default)]
    pub post: String,
    #[serde(default)]
    pub why: String,
}

/// A copy that was asked for.
struct CopyLine {
    /// Where it is downloaded, once it is made.
    place: Option<String>,
    /// What else is to be said of it.
    said: String,
}

/// Holds on the record of whoever asks to be erased; none for other requests and once nothing is left of it.
async fn hold_lines(
    page: &Page,
    who: &Who<'_>,
    view: &RequestView,
) -> Result<Option<Vec<HoldLine>>, DeskError> {
    let request = &view.request;
    if request.kind != Kind::Erasure || view.name.is_none() {
        return Ok(None);
    }
    let found = erasure::holds(&page.app, &page.ctx, request.patient).await?;
    // One that ended after a yes was said has to be taken away, so that it is said anew.
    let since = request.first_yes().unwrap_or(page.app.now());
    let line = |one: Hold| HoldLine {
        id: one.id.to_string(),
        why: hold_key(one.reason),
        counts: one.counts(since),
        said: who.at("privacy-hold-by", Some(one.by), one.at),
        words: one.words,
    };
    Ok(Some(found.into_iter().map(line).collect()))
}

/// The copies of a request as shown.
async fn copy_lines(
    page: &Page,
    teller: &Teller<'_>,
    id: PrivacyRequestId,
) -> Result<Vec<CopyLine>, DeskError> {
    let t = teller.t;
    let found = copies::of_request(&page.app, &page.ctx, id).await?;
    let line = |one: Copy| match one.made {
        Made::Making => CopyLine {
            place: None,
            said: t.text("privacy-copy-making").to_owned(),
        },
        Made::Failed => CopyLine {
            place: None,
            said: t.text("privacy-copy-failed").to_owned(),
        },
        Made::Ready { .. } => {
            let until = time::format_time(one.expires_at.micros(), &teller.zone, t.locale);
            CopyLine {
                place: Some(format!("/privacy/{id}/copy/{}", one.id)),
                said: t.with("privacy-copy-until", "until", until).into_owned(),
            }
        }
    };
    Ok(found.into_iter().map(line).collect())
}

#[derive(Template)]
#[template(path = "pages/templates/privacy_request.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
struct RequestPage {
    shell: Shell,
    id: String,
    version: i64,
    kind: &'static str,
    state: &'static str,
    over: bool,
    name: Option<String>,
    /// The patient's page, for whoever may go there.
    patient: Option<String>,
    ticket: Option<String>,
    received: String,
    due_on: String,
    due: Option<ui::When>,
    law: &'static str,
    section: &'static str,
    level: String,
    words: Option<String>,
    opened: String,
    steps: Vec<&'static str>,
    extended: Option<(String, String)>,
    approved: Option<String>,
    decided: Option<String>,
    decision: &'static str,
    reason: Option<(String, String)>,
    note: Option<String>,
    closed: Option<String>,
    /// That whoever asked took it back.
    taken_back: Option<String>,
    /// The account of whom the data were given to, where that is asked for and the reader may see it.
    account: Option<String>,
    /// How the patient is reached, where that is asked for.
    standing: Option<Standing>,
    /// The choice of it, in the form of the decision.
    pick: Option<Pick>,
    /// The exception of information blocking that is named, and the form for it.
    blocking: Blocking,
    may_extend: bool,
    may_approve: bool,
    own: bool,
    may_decide: bool,
    may_close: bool,
    /// Whether something is handed over, to which the staff's notes may belong.
    hands_over: bool,
    /// Whether a copy can be made now.
    may_copy: bool,
    copies: Vec<CopyLine>,
    /// Holds on the record, where it is to be destroyed.
    holds: Option<Vec<HoldLine>>,
    hold_reasons: Vec<Choice>,
    /// Whether the record can be destroyed now.
    may_erase: bool,
    /// Whether it was, and a certificate says so.
    erased: bool,
    /// What stays of it.
    lasting: Lasting,
    decisions: Vec<Choice>,
    reasons: Vec<Choice>,
    today: String,
    most: usize,
    typed: Typed,
    error: Option<(&'static str, String)>,
}

/// The page of a request; with what is to be mended and what was typed.
#[expect(
    clippy::too_many_lines,
    reason = "one line a field of the page: in parts it would be harder to read"
)]
pub(super) async fn page_of(
    page: &Page,
    status: StatusCode,
    id: PrivacyRequestId,
    typed: Typed,
    error: Option<(&'static str, String)>,
) -> Result<Response, DeskError> {
    let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
    let view = requests::request(app, ctx, id).await?;
    let names = staff::names(app, ctx.organisation).await?;
    let teller = Teller::new(page)?;
    let who = Who {
        names: &names,
        teller: &teller,
    };
    let holds = hold_lines(page, &who, &view).await?;
    let lasting = Lasting::of(page, &view, &typed, &names).await?;
    let (standing, pick) = ways::parts(page, (&view, &typed), &who).await?.unzip();
    let opened = who.opened(&view);
    let blocking = Blocking::of(page, &view.request, &typed, |day| teller.day(day)).await?;
    let (request, now) = (&view.request, app.now());
    let accounts = request.kind == Kind::Accounting && view.name.is_some();
    let account = (accounts && ctx.permissions().has(Permission::PrivacyReview))
        .then(|| format!("/privacy/disclosures/{}", request.patient));
    let me = ctx.actor.staff();
    let decided = request.decided.as_ref();
    let decision = decided.map(|one| one.decision);
    let reasons = || law::reasons(request.law, request.kind);
    let choices = Decision::ALL
        .iter()
        .filter(|one| **one != Decision::Partly || request.kind != Kind::Erasure)
        .map(|one| {
            Choice::new(
                one.code(),
                t.text(decision_key(*one)),
                one.code() == typed.decision,
            )
        });
    let today = teller.zone.to_datetime(now.to_jiff()).date().to_string();
    let level_key = format!("verify-level-{}", request.level);
    page.show_as(
        status,
        &RequestPage {
            shell: page.shell().await?,
            id: id.to_string(),
            version: request.version,
            kind: request.kind.text_key(),
            state: state_key(request.state),
            over: request.is_overdue(now),
            patient: (view.name.is_some() && ctx.permissions().has(Permission::PatientsRead))
                .then(|| format!("/patients/{}", request.patient)),
            name: view.name,
            ticket: request.ticket.map(|number| number.to_string()),
            received: teller.day(request.received_on),
            due_on: time::format_date(request.due_at.micros(), &teller.zone, t.locale),
            due: teller.due(request),
            law: law_key(request.law),
            section: &view.clock.section,
            level: t.text(&level_key).to_owned(),
            words: view.words,
            opened,
            taken_back: request.taken_back.map(|at| {
                let at = who.when(at);
                t.with("privacy-taken-back", "at", at).into_owned()
            }),
            account,
            standing,
            pick,
            steps: request.steps().into_iter().map(step_key).collect(),
            extended: request.extension.as_ref().map(|one| {
                let said = t.format(
                    "privacy-extended-by",
                    &[
                        ("who", who.name(Some(one.by)).into()),
                        ("letter", teller.day(one.letter_on).into()),
                    ],
                );
                let words = view.extension.clone().unwrap_or_default();
                (said.into_owned(), words)
            }),
            approved: request
                .approved
                .map(|(by, at)| who.at("privacy-approved-by", Some(by), at)),
            decided: decided.map(|one| who.at("privacy-decided-by", Some(one.by), one.at)),
            decision: decision.map_or("", decision_key),
            reason: decided.and_then(|one| one.reason.as_deref()).map(|code| {
                let section = reasons().find(|one| one.code == code);
                let section = section.map_or("", |one| one.section.as_str());
                (t.text(&reason_key(code)).to_owned(), section.to_owned())
            }),
            note: view.note,
            closed: request.closed.map(|one| {
                let said = t.format(
                    "privacy-closed-by",
                    &[
                        ("who", who.name(Some(one.by)).into()),
                        ("answered", teller.day(one.answered_on).into()),
                    ],
                );
                said.into_owned()
            }),
            blocking,
            may_extend: request.may_extend(view.clock.can_extend(), now).is_ok(),
            may_approve: me.is_some_and(|me| request.may_approve(me).is_ok()),
            own: request.needs_second()
                && request.approved.is_none()
                && request.opened_by == me
                && request.state == State::Open,
            may_decide: request.state == State::Open,
            may_close: request.may_close().is_ok(),
            hands_over: matches!(request.kind, Kind::Access | Kind::Copy),
            may_copy: request.state == State::Decided
                && matches!(request.kind, Kind::Access | Kind::Copy)
                && decision.is_some_and(Decision::gives),
            copies: copy_lines(page, &teller, id).await?,
            may_erase: holds
                .as_ref()
                .is_some_and(|all| all.iter().all(|one| !one.counts))
                && request.state == State::Decided
                && decision.is_some_and(Decision::gives),
            erased: request.kind == Kind::Erasure
                && request.state == State::Closed
                && decision.is_some_and(Decision::gives),
            hold_reasons: HoldReason::ALL
                .iter()
                .map(|one| Choice::new(one.code(), t.text(hold_key(*one)), false))
                .collect(),
            holds,
            lasting,
            decisions: choices.collect(),
            reasons: reasons()
                .map(|one| {
                    let label = format!("{} ({})", t.text(&reason_key(&one.code)), one.section);
                    Choice::new(&one.code, label, one.code == typed.reason)
                })
                .collect(),
            today,
            most: MAX_WORDS,
            typed,
            error,
        },
    )
}

/// Who did what and when.
pub(super) struct Who<'a> {
    names: &'a HashMap<Uuid, String>,
    teller: &'a Teller<'a>,
}

impl Who<'_> {
    fn name(&self, id: Option<StaffId>) -> String {
        let name = id.and_then(|id| self.names.get(&id.uuid()));
        name.cloned()
            .unwrap_or_else(|| self.teller.t.text("seen-who-gone").to_owned())
    }

    fn when(&self, at: Timestamp) -> String {
        time::format_time(at.micros(), &self.teller.zone, self.teller.t.locale)
    }

    pub(super) fn at(&self, key: &str, id: Option<StaffId>, at: Timestamp) -> String {
        let said = [("who", self.name(id).into()), ("at", self.when(at).into())];
        self.teller.t.format(key, &said).into_owned()
    }

    /// Who opened a request: somebody of the staff, whoever asked on the patients' own pages, or another system.
    fn opened(&self, view: &RequestView) -> String {
        let (request, t) = (&view.request, self.teller.t);
        let at = self.when(request.opened_at);
        match (request.opened_by, request.asked) {
            (Some(by), _) => self.at("privacy-opened-by", Some(by), request.opened_at),
            (None, Some(asker)) => {
                let gone = || t.text("privacy-asker-gone").to_owned();
                let who = view.asker.clone().unwrap_or_else(gone);
                let key = match asker.side {
                    Side::Themself => "privacy-asked-themself",
                    Side::Acts | Side::Other => "privacy-asked-acts",
                };
                let said = [("who", who.into()), ("at", at.into())];
                t.format(key, &said).into_owned()
            }
            (None, None) => t.with("privacy-opened-elsewhere", "at", at).into_owned(),
        }
    }
}

async fn show(page: Page, Path(id): Path<PrivacyRequestId>) -> Result<Response, DeskError> {
    let typed = Typed {
        with_notes: true,
        ..Typed::default()
    };
    page_of(&page, StatusCode::OK, id, typed, None).await
}
