//! The page of an incident.

use super::facts::as_field;
use super::{conclusion_key, duty_key, state_key};
use crate::admin::form::Typed;
use crate::error::DeskError;
use crate::ids::{BreachId, BreachPersonId, StaffId};
use crate::pages::layout::{Page, Shell};
use crate::pages::privacy_requests::law_key;
use crate::pages::ui;
use crate::privacy::breaches::{
    self, Act, Answer, Breach, BreachView, Conclusion, Counts, DoneDuty, Due, Exception, Factor,
    Letter, MAX_WORDS, Part, PersonView, Risk, State, Told, Words,
};
use crate::staff;
use crate::timeline::MessageState;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::Locale;
use bedside_web::i18n::{Texts, time};
use bedside_web::query::Query;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// Who is to be told until when, and whether they are.
struct Clock {
    duty: &'static str,
    code: &'static str,
    /// Where the law says so; empty where it does not.
    section: &'static str,
    due: Option<ui::When>,
    over: bool,
    /// Day and name.
    done: Option<String>,
    to_count: bool,
}

/// A factor with what was said of it.
struct FactorLine {
    code: &'static str,
    risk: String,
    words: String,
}

/// Somebody on the list.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
struct PersonLine {
    id: BreachPersonId,
    name: Option<String>,
    place: Option<String>,
    kept: bool,
    stranger: bool,
    acts: String,
    added: Option<String>,
    removed: Option<String>,
    told: &'static str,
    lost: bool,
    may_remove: bool,
    may_post: bool,
    letter: Option<String>,
}

/// A letter in one language.
struct LetterLine {
    locale: Locale,
    letter: Option<Letter>,
    shown: Letter,
}

pub(super) struct Teller {
    names: HashMap<Uuid, String>,
    zone: TimeZone,
    t: Texts,
    now: Timestamp,
}

impl Teller {
    fn name(&self, id: StaffId) -> &str {
        let name = self.names.get(&id.uuid());
        name.map_or_else(|| self.t.text("seen-who-gone"), String::as_str)
    }

    fn time(&self, at: Timestamp) -> String {
        time::format_time(at.micros(), &self.zone, self.t.locale)
    }

    fn by(&self, key: &str, (who, at): (StaffId, Timestamp)) -> String {
        let said = [("who", self.name(who).into()), ("at", self.time(at).into())];
        self.t.format(key, &said).into_owned()
    }

    fn question(&self, query: &breaches::Query) -> String {
        let actor = query.actor.parse().ok();
        let actor = actor.and_then(|id| self.names.get(&id).cloned());
        let said = [
            ("actor", actor.unwrap_or_default().into()),
            ("from", self.time(query.from).into()),
            ("until", self.time(query.until).into()),
        ];
        self.t.format("breach-asked", &said).into_owned()
    }

    fn clock(&self, view: &BreachView, due: &Due) -> Clock {
        Clock {
            duty: duty_key(due.duty),
            code: due.duty.code(),
            section: &due.period.section,
            due: due
                .at
                .and_then(|at| ui::due(at, self.now, &self.zone, self.t.locale)),
            over: due.at.is_some_and(|at| at < self.now),
            done: view.done(due.duty).map(|done| self.done_by(done)),
            to_count: due.to_count,
        }
    }

    fn done_by(&self, done: &DoneDuty) -> String {
        let noon = done.on.at(12, 0, 0, 0).to_zoned(self.zone.clone());
        let day = noon.map_or_else(
            |_| done.on.to_string(),
            |at| {
                let micros = at.timestamp().as_microsecond();
                time::format_date(micros, &self.zone, self.t.locale)
            },
        );
        let said = [("who", self.name(done.by).into()), ("day", day.into())];
        self.t.format("breach-done-by", &said).into_owned()
    }

    /// Somebody who was told before two persons said that nobody has to be.
    fn told(&self, done: &DoneDuty) -> Clock {
        Clock {
            duty: duty_key(done.duty),
            code: done.duty.code(),
            section: "",
            due: None,
            over: false,
            done: Some(self.done_by(done)),
            to_count: false,
        }
    }

    fn person(&self, breach: &Breach, one: PersonView) -> PersonLine {
        let acts = one.acts.iter().map(|(act, count)| {
            let key = format!("breach-act-{}-count", act.code());
            self.t.with(&key, "count", *count).into_owned()
        });
        let mut acts: Vec<String> = acts.collect();
        acts.extend(one.between.map(|(first, last)| {
            let said = [
                ("first", self.time(first).into()),
                ("last", self.time(last).into()),
            ];
            self.t.format("breach-between", &said).into_owned()
        }));
        let lost = one.is_lost();
        let open = one.removed.is_none() && breach.state != State::Closed;
        let told = match (
            one.told,
            one.letter.as_ref().and_then(|(_, _, state)| *state),
        ) {
            (Told::Mailed, Some(MessageState::Bounced)) => "breach-told-bounced",
            (Told::Mailed, Some(MessageState::Failed)) => "breach-told-failed",
            (Told::Mailed, Some(MessageState::Cancelled)) => "breach-told-cancelled",
            (Told::Mailed, Some(MessageState::Queued)) => "breach-told-leaving",
            (Told::Mailed, _) => "breach-told-mailed",
            (Told::Waiting, _) => "breach-told-waiting",
            (Told::Queued, _) => "breach-told-queued",
            (Told::Print, _) => "breach-told-print",
            (Told::Posted, _) => "breach-told-posted",
            (Told::Gone, _) => "breach-told-gone",
        };
        PersonLine {
            id: one.id,
            place: one
                .patient
                .as_ref()
                .map(|(id, _)| format!("/privacy/seen/{id}")),
            may_remove: open && matches!(one.told, Told::Waiting | Told::Print),
            may_post: open
                && (one.patient.is_some() || one.contact.is_some())
                && breach.may_send().is_ok()
                && (one.told == Told::Print || lost),
            kept: one.kept,
            stranger: one.contact.is_some(),
            name: one.patient.map(|(_, name)| name).or(one.contact),
            acts: acts.join(" · "),
            added: one.added.2.map(|why| {
                format!(
                    "{} {why}",
                    self.by("breach-added-by", (one.added.0, one.added.1))
                )
            }),
            removed: one
                .removed
                .map(|(by, at, why)| format!("{} {why}", self.by("breach-removed-by", (by, at)))),
            told,
            lost,
            letter: one
                .letter
                .map(|(ticket, _, _)| format!("/tickets/{ticket}")),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/templates/breach.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
struct BreachPage {
    shell: Shell,
    id: BreachId,
    version: i64,
    title: String,
    story: String,
    state: &'static str,
    part: &'static str,
    law: &'static str,
    data: Vec<&'static str>,
    discovered: String,
    opened: String,
    closed: Option<String>,
    clocks: Vec<Clock>,
    counts_media: bool,
    today: String,
    open: bool,
    concluded: Option<&'static str>,
    exception: Option<&'static str>,
    high_risk: bool,
    factors: Vec<FactorLine>,
    reasons: String,
    assessed: Option<String>,
    signed: Option<String>,
    may_assess: bool,
    may_sign: bool,
    own: bool,
    risks: Vec<&'static str>,
    conclusions: Vec<(&'static str, &'static str)>,
    exceptions: Vec<&'static str>,
    gdpr: bool,
    /// How many people there are, and how far they are told.
    tallies: Vec<String>,
    people: Vec<PersonLine>,
    next: Option<BreachPersonId>,
    actors: Vec<(String, String)>,
    acts: Vec<&'static str>,
    asked: Asked,
    /// Who took the list last, and what the log was asked.
    taken: Vec<String>,
    /// What the log answered.
    answer: Vec<String>,
    letters: Vec<LetterLine>,
    may_send: bool,
    sure: String,
    sent: Option<String>,
    may_close: bool,
    most: usize,
    typed: Typed,
    error: Option<(&'static str, &'static str)>,
}

/// What the form that asks the log shows: as typed, else as it was asked last, else the day of discovery.
struct Asked {
    actor: String,
    from: String,
    until: String,
    acts: Vec<&'static str>,
}

impl Asked {
    fn of(typed: &Typed, breach: &Breach, zone: &TimeZone) -> Self {
        if !typed.get("do").is_empty() {
            let ticked = |one: &&Act| typed.ticked(&format!("act_{}", one.code()));
            return Self {
                actor: typed.get("actor").to_owned(),
                from: typed.get("from").to_owned(),
                until: typed.get("until").to_owned(),
                acts: Act::ALL
                    .iter()
                    .filter(ticked)
                    .map(|one| one.code())
                    .collect(),
            };
        }
        let last = breach.taken.as_ref().and_then(|(asked, _, _)| asked.last());
        match last {
            Some(query) => Self {
                actor: query.actor.clone(),
                from: as_field(query.from, zone),
                until: as_field(query.until, zone),
                acts: query.acts.iter().map(|one| one.code()).collect(),
            },
            None => Self {
                actor: String::new(),
                from: as_field(breach.discovered_at.plus_seconds(-24 * 3600), zone),
                until: as_field(breach.discovered_at, zone),
                acts: Act::ALL.iter().map(|one| one.code()).collect(),
            },
        }
    }
}

impl BreachPage {
    fn asks(&self, code: &&str) -> bool {
        self.asked.acts.contains(code)
    }

    fn is_typed(&self, name: &str, code: &str) -> bool {
        self.typed.get(name) == code
    }
}

fn factors(breach: &Breach, words: &Words, typed: &Typed) -> Vec<FactorLine> {
    let said = breach.assessment.as_ref().map(|one| one.risks);
    let line = |(at, factor): (usize, &Factor)| {
        let code = factor.code();
        let typed_words = typed.get(code);
        let typed_risk = typed.get(&format!("risk_{code}"));
        let risk = said.map_or("", |risks| risks[at].code());
        FactorLine {
            code,
            risk: if typed_risk.is_empty() {
                risk
            } else {
                typed_risk
            }
            .to_owned(),
            words: if typed_words.is_empty() {
                words.factors[at].clone()
            } else {
                typed_words.to_owned()
            },
        }
    };
    Factor::ALL.iter().enumerate().map(line).collect()
}

async fn actors(page: &Page) -> Result<Vec<(String, String)>, DeskError> {
    let (app, organisation) = (&page.app, page.ctx.organisation);
    let people = staff::names(app, organisation).await?;
    let mut all: Vec<_> = people
        .into_iter()
        .map(|(id, name)| (id.to_string(), name))
        .collect();
    let tokens = staff::token_names(app, organisation).await?;
    let t = page.texts();
    all.extend(tokens.into_iter().map(|(id, name)| {
        let name = t.with("breach-token", "name", name).into_owned();
        (id.to_string(), name)
    }));
    all.sort_by_cached_key(|(_, name)| name.to_lowercase());
    Ok(all)
}

async fn letter_lines(
    page: &Page,
    id: BreachId,
    typed: &Typed,
) -> Result<Vec<LetterLine>, DeskError> {
    let mut written = breaches::letters(&page.app, &page.ctx, id).await?;
    let line = |locale: Locale| {
        let letter = written.remove(&locale);
        let shown = if typed.get("locale") == locale.tag() {
            let words = |name: &str| typed.get(name).to_owned();
            Letter {
                happened: words("happened"),
                data: words("data"),
                protect: words("protect"),
                doing: words("doing"),
                contact: words("contact"),
            }
        } else {
            letter.clone().unwrap_or_else(|| {
                let t = Texts::new(locale);
                Letter {
                    protect: t.text("breach-letter-protect-words").to_owned(),
                    ..Letter::default()
                }
            })
        };
        LetterLine {
            locale,
            letter,
            shown,
        }
    };
    Ok(Locale::ALL.into_iter().map(line).collect())
}

fn tallies(t: Texts, counts: &Counts, lost: i64) -> Vec<String> {
    let mut all = vec![
        t.with("breach-people-count", "count", counts.all())
            .into_owned(),
    ];
    let told = [
        ("breach-count-waiting", counts.waiting),
        ("breach-count-queued", counts.queued),
        ("breach-count-mailed", counts.mailed),
        ("breach-count-lost", lost),
        ("breach-count-print", counts.print),
        ("breach-count-posted", counts.posted),
    ];
    let some = told.into_iter().filter(|(_, count)| *count > 0);
    all.extend(some.map(|(key, count)| t.with(key, "count", count).into_owned()));
    all
}

fn answered(t: Texts, answer: Answer) -> Vec<String> {
    let mut all = vec![
        t.with("breach-answer-people", "count", answer.people),
        t.with("breach-answer-new", "count", answer.new),
        t.with("breach-answer-gone", "count", answer.not_found),
    ];
    if answer.taken_off > 0 {
        all.push(t.with("breach-answer-off", "count", answer.taken_off));
    }
    if answer.unnamed > 0 {
        all.push(t.with("breach-answer-unnamed", "count", answer.unnamed));
    }
    all.into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// What stands on the page beside the incident: what was typed, what is to be mended, and what the log answered.
pub(super) type Beside = (Typed, Option<(&'static str, &'static str)>, Option<Answer>);

/// The page of an incident.
#[expect(
    clippy::too_many_lines,
    reason = "one line a field of the page: in parts it would be harder to read"
)]
pub(super) async fn page_of(
    page: &Page,
    status: StatusCode,
    id: BreachId,
    (typed, error, answer): Beside,
    after: Option<BreachPersonId>,
) -> Result<Response, DeskError> {
    let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
    let view = breaches::view(app, ctx, id).await?;
    let (rows, next) = breaches::people(app, ctx, &view.breach, after).await?;
    let letters = letter_lines(page, id, &typed).await?;
    let teller = Teller {
        names: staff::names(app, ctx.organisation).await?,
        zone: page.clinic()?.time_zone.clone(),
        t,
        now: app.now(),
    };
    let (breach, me) = (&view.breach, ctx.actor.staff());
    let words = view.words.clone().unwrap_or_default();
    let assessment = breach.assessment.as_ref();
    let mut clocks: Vec<_> = view
        .duties
        .iter()
        .map(|due| teller.clock(&view, due))
        .collect();
    let wanted = |duty| view.duties.iter().any(|due| due.duty == duty);
    let beside = view.done.iter().filter(|done| !wanted(done.duty));
    clocks.extend(beside.map(|done| teller.told(done)));
    let people = rows.into_iter().map(|one| teller.person(breach, one));
    let own = page.clinic()?.locale;
    let own_letter = letters
        .iter()
        .any(|one| one.locale == own && one.letter.is_some());
    page.show_as(
        status,
        &BreachPage {
            shell: page.shell().await?,
            id,
            version: breach.version,
            state: state_key(breach.state),
            part: match breach.part {
                Part::Own => "breach-part-own",
                Part::AtAssociate => "breach-part-at_associate",
                Part::AsAssociate => "breach-part-as_associate",
            },
            law: law_key(breach.law),
            data: breach.data.iter().map(|one| one.code()).collect(),
            discovered: teller.time(breach.discovered_at),
            opened: teller.by("breach-opened-by", breach.opened),
            closed: breach.closed.map(|did| teller.by("breach-closed-by", did)),
            counts_media: view.duties.iter().any(|due| due.to_count),
            clocks,
            today: teller
                .zone
                .to_datetime(teller.now.to_jiff())
                .date()
                .to_string(),
            open: breach.state != State::Closed,
            concluded: assessment.map(|one| conclusion_key(one.conclusion)),
            exception: assessment
                .and_then(|one| one.exception)
                .map(Exception::code),
            high_risk: assessment.is_some_and(|one| one.high_risk),
            factors: factors(breach, &words, &typed),
            reasons: words.reasons,
            assessed: assessment.map(|one| teller.by("breach-assessed-by", (one.by, one.at))),
            signed: breach.signed.map(|did| teller.by("breach-signed-by", did)),
            may_assess: breach.may_assess().is_ok(),
            may_sign: me.is_some_and(|me| breach.may_sign(me).is_ok()),
            own: breach.state == State::Assessed
                && assessment.is_some_and(|one| Some(one.by) == me),
            risks: Risk::ALL.iter().map(|one| one.code()).collect(),
            conclusions: Conclusion::of(breach.law)
                .iter()
                .map(|one| (one.code(), conclusion_key(*one)))
                .collect(),
            exceptions: Exception::ALL.iter().map(|one| one.code()).collect(),
            gdpr: breach.law == crate::privacy::requests::Law::Gdpr,
            tallies: tallies(t, &view.counts, view.lost),
            people: people.collect(),
            next,
            actors: actors(page).await?,
            acts: Act::ALL.iter().map(|one| one.code()).collect(),
            asked: Asked::of(&typed, breach, &teller.zone),
            taken: breach
                .taken
                .as_ref()
                .map_or_else(Vec::new, |(asked, by, at)| {
                    let by = teller.by("breach-taken-by", (*by, *at));
                    let asked = asked.iter().map(|query| teller.question(query));
                    std::iter::once(by).chain(asked).collect()
                }),
            answer: answer.map_or_else(Vec::new, |answer| answered(t, answer)),
            sure: t
                .with("breach-sure", "count", view.counts.waiting)
                .into_owned(),
            may_send: breach.may_send().is_ok() && own_letter,
            letters,
            sent: breach.sent.map(|did| teller.by("breach-sent-by", did)),
            may_close: breach.state == State::Decided,
            most: MAX_WORDS,
            typed,
            error,
            title: view.title,
            story: view.story,
        },
    )
}

/// Where the list of people goes on.
#[derive(Deserialize)]
pub(super) struct Turn {
    after: Option<BreachPersonId>,
}

pub(super) async fn show(
    page: Page,
    Path(id): Path<BreachId>,
    Query(turn): Query<Turn>,
) -> Result<Response, DeskError> {
    let beside = (Typed::default(), None, None);
    page_of(&page, StatusCode::OK, id, beside, turn.after).await
}
