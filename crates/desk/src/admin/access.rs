//! Rounds in which somebody looks at who may do what.

use super::audit_words::{role_name, words};
use super::csv;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{AccessRoundId, SubjectId};
use crate::orgs::Clinic;
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, Shell, redirect, redirect_saying};
use crate::recertification::{self, Asked, Change, DECIDE, Decision, Facts, Round, Shown};
use crate::router::{Access, Route};
use crate::staff::{self, Queues};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::i18n::{Texts, time};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

const HERE: &str = "/privacy/access";
const ONE: &str = "/privacy/access/{round}";

pub fn routes() -> Vec<Route> {
    let [manages, watches] = DECIDE;
    let may = Access::Either(manages, watches);
    vec![
        Route::get(HERE, may, list),
        Route::post("/privacy/access/open", may, open),
        Route::get(ONE, may, show),
        Route::get("/privacy/access/{round}/csv", may, as_csv).confirmed(ONE),
        Route::post("/privacy/access/{round}/close", may, close),
        Route::post("/privacy/access/{round}/{subject}/keep", may, keep),
        Route::post("/privacy/access/{round}/{subject}/change", may, change),
        Route::post("/privacy/access/{round}/{subject}/take", may, take).confirmed(ONE),
    ]
}

const fn change_key(change: Change) -> &'static str {
    match change {
        Change::New => "access-change-new",
        Change::Role => "access-change-role",
        Change::More => "access-change-more",
        Change::Less => "access-change-less",
        Change::Queues => "access-change-queues",
        Change::SecondFactor => "access-change-second-factor",
    }
}

const fn decision_key(decision: Decision) -> &'static str {
    match decision {
        Decision::Keep => "access-decided-keep",
        Decision::Change => "access-decided-change",
        Decision::Take => "access-decided-take",
        Decision::Ended => "access-decided-ended",
        Decision::Unconfirmed => "access-decided-unconfirmed",
        Decision::Suspended => "access-decided-suspended",
        Decision::Alone => "access-decided-alone",
    }
}

/// A round in words.
struct RoundLine {
    round: Round,
    opened: String,
    due: String,
    closed: Option<String>,
}

/// An access in words.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
struct Line {
    subject: SubjectId,
    name: String,
    /// What they are: a role, or an API token and who made it.
    what: String,
    /// What it opens, in words.
    opens: Vec<String>,
    /// Labelled patients that it opens besides.
    labels: Vec<String>,
    queues: String,
    /// Of a person: whether there is a second factor.
    second_factor: Option<&'static str>,
    last: String,
    until: Option<String>,
    changes: Vec<&'static str>,
    decided: Option<(&'static str, String)>,
    /// Of what was to be changed and was not yet: where that is done.
    to_do: Option<String>,
    waits: bool,
    alone: bool,
    /// As what it is shown; none where it has ended.
    version: Option<String>,
    own: bool,
    beyond: bool,
    only_administrator: bool,
    can_change: bool,
}

struct Teller<'a> {
    page: &'a Page,
    clinic: Arc<Clinic>,
    names: HashMap<Uuid, String>,
    t: Texts,
}

impl<'a> Teller<'a> {
    async fn new(page: &'a Page) -> Result<Self, DeskError> {
        Ok(Self {
            clinic: page.clinic()?,
            names: staff::names(&page.app, page.ctx.organisation).await?,
            t: page.texts(),
            page,
        })
    }

    fn date(&self, at: Timestamp) -> String {
        time::format_date(at.micros(), &self.clinic.time_zone, self.t.locale)
    }

    fn name(&self, id: crate::ids::StaffId) -> String {
        let name = self.names.get(&id.uuid()).cloned();
        name.unwrap_or_else(|| self.t.text("seen-who-gone").to_owned())
    }

    fn round(&self, round: Round) -> RoundLine {
        RoundLine {
            opened: self.date(round.opened_at),
            due: self.date(round.due_at),
            closed: round.closed_at.map(|at| self.date(at)),
            round,
        }
    }

    fn what(&self, person: bool, facts: &Facts) -> String {
        if person {
            return role_name(self.t, &self.clinic.roles, &facts.role);
        }
        match facts.made_by {
            Some(by) => {
                let by = self.name(by);
                self.t.with("access-token-by", "who", by).into_owned()
            }
            None => self.t.text("access-token").to_owned(),
        }
    }

    fn queues(&self, facts: &Facts) -> String {
        let queues = match Queues::from_text(facts.queues.as_deref()) {
            Queues::All => return self.t.text("access-queues-all").to_owned(),
            some @ Queues::Only(_) => some,
        };
        let own = self.clinic.queues.iter().filter(|one| queues.has(one.id));
        let own: Vec<&str> = own.map(|one| one.names.in_locale(self.t.locale)).collect();
        own.join(", ")
    }

    fn scopes(&self, facts: &Facts, labels: bool) -> Vec<String> {
        let codes = facts.scopes.split_whitespace();
        // What is about labelled patients is told apart.
        let wanted = codes.filter(|code| LABELS.contains(code) == labels);
        wanted.map(|code| words(self.t, "scope", code)).collect()
    }

    fn decided(&self, line: &recertification::Line) -> Option<(&'static str, String)> {
        let (what, by, at) = line.decided?;
        let by = by.map_or_else(
            || self.t.text("access-by-itself").to_owned(),
            |by| self.name(by),
        );
        let said = [("who", by.into()), ("day", self.date(at).into())];
        let said = self.t.format("access-decided-by", &said).into_owned();
        let key = match what {
            Decision::Change if line.carried_out => "access-decided-changed",
            other => decision_key(other),
        };
        Some((key, said))
    }

    fn line(&self, line: recertification::Line) -> Line {
        let (t, facts) = (self.t, &line.facts);
        let manages = self.page.ctx.permissions().has(Permission::StaffManage);
        let to_change = line.waits && line.decided.is_some();
        let factor = if facts.second_factor {
            "access-factor"
        } else {
            "access-no-factor"
        };
        Line {
            decided: self.decided(&line),
            what: self.what(line.person, facts),
            opens: self.scopes(facts, false),
            labels: self.scopes(facts, true),
            queues: self.queues(facts),
            second_factor: line.person.then_some(factor),
            last: match facts.last {
                Some(at) => t.with("access-last", "day", self.date(at)).into_owned(),
                None => t.text("access-last-never").to_owned(),
            },
            until: facts.expires_at.map(|at| {
                let until = self.date(at);
                t.with("access-until", "day", until).into_owned()
            }),
            changes: line.changes.iter().map(|one| change_key(*one)).collect(),
            to_do: (to_change && manages).then(|| format!("/settings/staff/{}", line.subject)),
            name: line.facts.name,
            subject: line.subject,
            version: line.version,
            own: line.own,
            beyond: line.beyond,
            only_administrator: line.only_administrator,
            can_change: line.person && !to_change,
            waits: line.waits,
            alone: line.alone,
        }
    }
}

/// Permissions that open labelled patients.
const LABELS: [&str; 4] = [
    Permission::PatientsVip.code(),
    Permission::PatientsEmployee.code(),
    Permission::PatientsPart2.code(),
    Permission::PatientsAdolescent.code(),
];

#[derive(Template)]
#[template(path = "admin/templates/access.html")]
struct ListPage {
    shell: Shell,
    rounds: Vec<RoundLine>,
    /// Whether one is open.
    open: bool,
    days: i64,
    error: Option<&'static str>,
}

async fn list(page: Page) -> Result<Response, DeskError> {
    listed(&page, StatusCode::OK, None).await
}

async fn listed(
    page: &Page,
    status: StatusCode,
    error: Option<&'static str>,
) -> Result<Response, DeskError> {
    let rounds = recertification::list(&page.app, &page.ctx).await?;
    let teller = Teller::new(page).await?;
    page.show_as(
        status,
        &ListPage {
            shell: page.shell().await?,
            open: rounds.iter().any(|round| round.closed_at.is_none()),
            days: teller.clinic.settings.privacy.access.days,
            rounds: rounds.into_iter().map(|one| teller.round(one)).collect(),
            error,
        },
    )
}

async fn open(mut page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    match recertification::open(&page.app, &page.ctx).await {
        Ok(id) => Ok(redirect_saying(&format!("{HERE}/{id}"), "access-opened")),
        Err(error) => {
            let key = mend(error)?;
            HERE.clone_into(&mut page.path);
            listed(&page, StatusCode::CONFLICT, Some(key)).await
        }
    }
}

#[derive(Template)]
#[template(path = "admin/templates/access_round.html")]
struct RoundPage {
    shell: Shell,
    one: RoundLine,
    /// How many somebody has to decide on, and whether that is none.
    asks: usize,
    nothing_asked: bool,
    waiting: Vec<Line>,
    decided: Vec<Line>,
    /// Who opened it, in words.
    opened_by: String,
    printed: String,
    error: Option<&'static str>,
}

async fn show(page: Page, Path(id): Path<AccessRoundId>) -> Result<Response, DeskError> {
    shown(&page, id, StatusCode::OK, None).await
}

async fn shown(
    page: &Page,
    id: AccessRoundId,
    status: StatusCode,
    error: Option<&'static str>,
) -> Result<Response, DeskError> {
    let Shown { round, lines } = recertification::read(&page.app, &page.ctx, id).await?;
    let (teller, t) = (Teller::new(page).await?, page.texts());
    let (waiting, decided): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .map(|line| teller.line(line))
        .partition(|line| line.waits);
    let asked = |line: &&Line| line.version.is_some() && !line.alone;
    let asks = waiting.iter().filter(asked).count();
    let opened_by = match round.opened_by {
        Some(by) => teller.name(by),
        None => t.text("access-by-itself").to_owned(),
    };
    let said = [
        ("clinic", teller.clinic.name.as_str().into()),
        ("day", teller.date(page.app.now()).into()),
    ];
    page.show_as(
        status,
        &RoundPage {
            shell: page.shell().await?,
            one: teller.round(round),
            nothing_asked: asks == 0,
            asks,
            waiting,
            decided,
            opened_by,
            printed: t.format("access-printed", &said).into_owned(),
            error,
        },
    )
}

/// As what an access was shown.
#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    version: String,
}

/// What a service refuses, as the key of its words.
fn mend(error: DeskError) -> Result<&'static str, DeskError> {
    let DeskError::Conflict { code, .. } = error else {
        return Err(error);
    };
    Ok(match code {
        "decided" => "access-error-decided",
        "changed" => "access-error-changed",
        "own_access" => "access-own",
        "ended" => "access-error-ended",
        "closed" => "access-error-closed",
        "last_administrator" => "access-error-last",
        "rows_wait" => "access-error-waits",
        "round_open" => "access-error-open",
        _ => return Err(error),
    })
}

async fn decide(
    page: &mut Page,
    (round, subject): (AccessRoundId, SubjectId),
    seen: Seen,
    decision: Decision,
) -> Result<Option<Response>, DeskError> {
    let asked = Asked {
        round,
        subject,
        version: seen.version,
    };
    match recertification::decide(&page.app, &page.ctx, asked, decision).await {
        Ok(()) => Ok(None),
        Err(error) => {
            let key = mend(error)?;
            page.path = format!("{HERE}/{round}");
            let again = shown(page, round, StatusCode::CONFLICT, Some(key)).await?;
            Ok(Some(again))
        }
    }
}

type Which = Path<(AccessRoundId, SubjectId)>;

async fn keep(
    mut page: Page,
    Path(which): Which,
    Form(seen): Form<Seen>,
) -> Result<Response, DeskError> {
    let refused = decide(&mut page, which, seen, Decision::Keep).await?;
    let here = format!("{HERE}/{}", which.0);
    Ok(refused.unwrap_or_else(|| redirect_saying(&here, "access-said-keep")))
}

async fn take(
    mut page: Page,
    Path(which): Which,
    Form(seen): Form<Seen>,
) -> Result<Response, DeskError> {
    let refused = decide(&mut page, which, seen, Decision::Take).await?;
    let here = format!("{HERE}/{}", which.0);
    Ok(refused.unwrap_or_else(|| redirect_saying(&here, "access-said-take")))
}

/// Whoever manages the staff goes on to the page where a role is changed, and comes back from there.
async fn change(
    mut page: Page,
    Path(which): Which,
    Form(seen): Form<Seen>,
) -> Result<Response, DeskError> {
    if let Some(refused) = decide(&mut page, which, seen, Decision::Change).await? {
        return Ok(refused);
    }
    if page.ctx.permissions().has(Permission::StaffManage) {
        return Ok(redirect(&format!("/settings/staff/{}", which.1)));
    }
    let here = format!("{HERE}/{}", which.0);
    Ok(redirect_saying(&here, "access-said-change"))
}

async fn close(
    mut page: Page,
    Path(id): Path<AccessRoundId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let here = format!("{HERE}/{id}");
    match recertification::close(&page.app, &page.ctx, id).await {
        Ok(()) => Ok(redirect_saying(&here, "access-closed")),
        Err(error) => {
            let key = mend(error)?;
            page.path = here;
            shown(&page, id, StatusCode::CONFLICT, Some(key)).await
        }
    }
}

/// The round as a table: what each could do, what was decided, by whom and when.
async fn as_csv(page: Page, Path(id): Path<AccessRoundId>) -> Result<Response, DeskError> {
    let Shown { round, lines } = recertification::report(&page.app, &page.ctx, id).await?;
    let (teller, t) = (Teller::new(&page).await?, page.texts());
    let heads = [
        "round", "name", "kind", "opens", "labels", "queues", "factor", "last", "changes",
        "decision", "by", "at",
    ];
    let mut rows = vec![heads.map(|head| t.text(&format!("access-csv-{head}")).to_owned())];
    for line in lines {
        let (what, by, at) = match line.decided {
            Some((_, by, at)) => {
                let (key, _) = teller
                    .decided(&line)
                    .unwrap_or(("access-waiting", String::new()));
                let by = by.map_or_else(String::new, |by| teller.name(by));
                (key, by, time::machine_time(at.micros()))
            }
            None => ("access-waiting", String::new(), String::new()),
        };
        let last = line.facts.last.map(|at| time::machine_time(at.micros()));
        let one = teller.line(line);
        let changes: Vec<&str> = one.changes.iter().map(|key| t.text(key)).collect();
        rows.push([
            round.quarter.clone(),
            one.name,
            one.what,
            one.opens.join(", "),
            one.labels.join(", "),
            one.queues,
            one.second_factor.map_or("", |key| t.text(key)).to_owned(),
            last.unwrap_or_default(),
            changes.join(", "),
            t.text(what).to_owned(),
            by,
            at,
        ]);
    }
    Ok(csv::file("access.csv", &rows))
}
