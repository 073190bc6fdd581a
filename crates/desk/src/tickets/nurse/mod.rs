//! Requests that go from whoever is no clinician to a nurse, and what a clinician decides. Owns `nurse_steps`.
//!
//! Invariants: a step holds codes and never a word: what was asked and answered, and the clinician's own words, stand in one
//! note each, which goes where the request's words go; whoever is no clinician asks what the clinic's file says and advises
//! nothing; a request that was handed over does not end before a clinician has said what they decided, or whoever handed it over
//! took that back; where no clinician is at work it waits for none.

mod store;

use super::change::{Checked, Patch, apply, happened, locked, not_merged, save};
use super::model::{Status, Ticket, Urgency};
use super::read::row_admitted;
use super::write::sealed_note;
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::codes::codes;
use crate::context::{Actor, Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId, StaffId, TicketId};
use crate::orgs::Clinic;
use crate::staff;
use crate::triage::Found;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_language::{Category, SafetyKind};
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::StepRow;
use uuid::Uuid;

pub use store::ALL as STATEMENTS;

/// Longest own words of a clinician, in characters.
pub const MAX_WORDS: usize = 2000;

codes! {
    /// What happened between whoever is no clinician and a nurse.
    Step {
        /// It was handed to a nurse.
        HandedOver = "handed_over",
        /// A clinician said what they decided.
        Disposition = "disposition",
    }
}

/// What somebody asked, word by word, and was answered.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The kind of danger whose questions they were, by its code.
    pub questions: String,
    /// Questions and their answers, by their codes; those that were not answered are left out.
    pub answers: Vec<(String, String)>,
}

/// What a clinician decided.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// One of the clinic's dispositions, by its code.
    pub disposition: String,
    /// The same in own words, at most [`MAX_WORDS`] characters. They stand in a note and nowhere else.
    pub words: Option<String>,
}

/// What was decided about a request.
#[derive(Clone, Debug)]
pub struct Disposition {
    /// Its code in the clinic's file, of today or of another time.
    pub code: String,
    /// `staff`, or `system` for the desk itself.
    pub by_kind: String,
    /// Who decided.
    pub by: Option<Uuid>,
    /// When.
    pub at: Timestamp,
    /// The note that has their own words.
    pub note: MessageId,
}

/// How a request stands between whoever is no clinician and a nurse.
#[derive(Clone, Debug, Default)]
pub struct Nursed {
    /// Whether it was handed to a nurse, and nobody has said yet what they decided.
    pub waits: bool,
    /// Who handed it over, as far as it waits: what they are, and who.
    by: Vec<(String, Option<Uuid>)>,
    /// What was decided last.
    pub disposition: Option<Disposition>,
}

impl Nursed {
    /// Whether it waits because this one handed it over.
    pub fn waits_by(&self, actor: &Actor) -> bool {
        let mut by = self.by.iter();
        by.any(|(kind, id)| kind == actor.kind() && *id == actor.uuid())
    }
}

/// What [`Asked`] comes to.
struct Told {
    kind: SafetyKind,
    /// Whether an answer means an emergency now.
    emergency: bool,
    /// Questions and answers, as a note.
    words: String,
}

/// Hands a request to the clinic's nurses, with what was asked and answered as a note; gives back the new version. It goes to
/// the queue of symptoms, and is nobody's who is no clinician; an answer that means an emergency makes it one, which rings as
/// any other does. `version` is the one the caller saw, when they want to hear of changes first.
///
/// # Errors
/// [`DeskError::Conflict`] with `ended` where the request is resolved or closed, and with `no_clinician` where nobody at work has a
/// clinical role and no answer means an emergency: it would wait for somebody who is not there.
pub async fn hand_over(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    version: Option<i64>,
    asked: Asked,
) -> Result<i64, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    row_admitted(app, ctx, id).await?;
    let Told {
        kind,
        emergency,
        words,
    } = told(app, ctx.locale, &asked)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let note = Arc::new(sealed_note(app, ctx, id, (words, Found::default()), Vec::new()).await?);
    app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, version).await?;
            not_merged(&stored.ticket)?;
            if !stored.ticket.status.is_active() {
                return Err(DeskError::Conflict {
                    code: "ended",
                    text: "A request that has ended is handed to nobody.",
                });
            }
            let organisation = work.ctx.organisation;
            let waits = !staff::clinicians(work, organisation).await?.is_empty();
            if !(waits || emergency) {
                return Err(DeskError::Conflict {
                    code: "no_clinician",
                    text: "Nobody at work here has a clinical role, so it would wait for nobody.",
                });
            }
            // What was answered is no example of how the patient's own words are to be read: no correction is noted.
            let patch = to_nurses(work, &clinic, &stored.ticket, emergency).await?;
            let mut changed = apply(work, &clinic, &mut stored, &patch).await?;
            changed.insert("handed_over".to_owned(), Value::Null);
            stored.ticket.message_count += 1;
            note.store(work, id).await?;
            let row = StepRow {
                waits,
                ..step(work, note.id, Step::HandedOver, kind.code())
            };
            store::insert(work, organisation, id, &row, emergency).await?;
            save(work, &mut stored).await?;
            happened(work, &stored, &changed, true);
            work.audit(
                NewEntry::new("ticket.hand_over", "ticket", id)
                    .purpose("treatment")
                    .detail(&json!({ "emergency": emergency })),
            );
            Ok(stored.ticket.version + 1)
        }
        .boxed()
    })
    .await
}

/// Takes back what the actor handed over, as long as nobody has decided; gives back the new version. The note stays, and so does
/// where the request is: an emergency is taken back by a person who says why, as any other.
///
/// # Errors
/// [`DeskError::NotFound`] where nothing waits that they handed over.
pub async fn take_back(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    version: Option<i64>,
) -> Result<i64, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    row_admitted(app, ctx, id).await?;
    app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, version).await?;
            not_merged(&stored.ticket)?;
            let organisation = work.ctx.organisation;
            let who = (work.ctx.actor.kind(), work.ctx.actor.uuid());
            if !store::take_back(work, organisation, id, who).await? {
                return Err(DeskError::NotFound);
            }
            save(work, &mut stored).await?;
            let changed = Map::from_iter([("hand_over_undone".to_owned(), Value::Null)]);
            happened(work, &stored, &changed, false);
            let entry = NewEntry::new("ticket.hand_over_undo", "ticket", id);
            work.audit(entry.purpose("treatment"));
            Ok(stored.ticket.version + 1)
        }
        .boxed()
    })
    .await
}

/// Keeps what a clinician decided, with their own words as a note; gives back the new version. What waited for it waits no more.
///
/// # Errors
/// [`DeskError::ClinicalOnly`] for whoever is no clinician, which the log says.
pub async fn dispose(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    version: Option<i64>,
    decided: Decided,
) -> Result<i64, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    row_admitted(app, ctx, id).await?;
    if !ctx.actor.is_clinical() {
        let entry = NewEntry::new("ticket.disposition", "ticket", id);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
        return Err(DeskError::ClinicalOnly);
    }
    let words = in_words(app, ctx.locale, &decided)?;
    let note = Arc::new(sealed_note(app, ctx, id, (words, Found::default()), Vec::new()).await?);
    let code = decided.disposition;
    app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, version).await?;
            not_merged(&stored.ticket)?;
            stored.ticket.message_count += 1;
            note.store(work, id).await?;
            let organisation = work.ctx.organisation;
            store::settle(work, organisation, id).await?;
            let row = step(work, note.id, Step::Disposition, &code);
            store::insert(work, organisation, id, &row, false).await?;
            save(work, &mut stored).await?;
            let changed = Map::from_iter([("disposition".to_owned(), Value::Null)]);
            happened(work, &stored, &changed, true);
            work.audit(NewEntry::new("ticket.disposition", "ticket", id).purpose("treatment"));
            Ok(stored.ticket.version + 1)
        }
        .boxed()
    })
    .await
}

/// Refuses the end of a request that waits for a nurse.
pub(super) async fn settled(work: &mut Work<'_>, ticket: &Ticket) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if ticket.status.is_active() || !store::waits(work, organisation, ticket.id).await? {
        return Ok(());
    }
    Err(DeskError::Conflict {
        code: "disposition_needed",
        text: "This was handed to a nurse. A clinician says first what they decided.",
    })
}

/// How a request stands. Whoever calls has opened it.
pub(super) async fn of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Nursed, DeskError> {
    let mut nursed = Nursed::default();
    for row in store::of_ticket(conn, organisation, id).await? {
        if row.waits {
            nursed.waits = true;
            nursed.by.push((row.actor_kind.clone(), row.actor));
        }
        if row.step == Step::Disposition {
            nursed.disposition = Some(Disposition {
                code: row.code,
                by_kind: row.actor_kind,
                by: row.actor,
                at: row.at,
                note: row.note,
            });
        }
    }
    Ok(nursed)
}

/// All of it goes with a request's notes into another one.
pub(super) async fn move_all(
    work: &mut Work<'_>,
    from: TicketId,
    to: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::move_all(work, organisation, from, to).await
}

/// What belongs to these notes goes with them to another request.
pub(super) async fn move_some(
    work: &mut Work<'_>,
    from: TicketId,
    notes: &[MessageId],
    to: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for note in notes {
        store::move_one(work, organisation, from, *note, to).await?;
    }
    Ok(())
}

fn step(work: &Work<'_>, note: MessageId, step: Step, code: &str) -> StepRow {
    StepRow {
        note,
        step,
        code: code.to_owned(),
        waits: false,
        actor_kind: work.ctx.actor.kind().to_owned(),
        actor: work.ctx.actor.uuid(),
        at: work.now,
    }
}

/// What a hand-over changes: where the request waits, who has it, how soon it must be looked at, and whose turn it is.
async fn to_nurses(
    work: &mut Work<'_>,
    clinic: &Clinic,
    ticket: &Ticket,
    emergency: bool,
) -> Result<Checked, DeskError> {
    let is_one = ticket.urgency == Urgency::Emergency;
    let symptoms = clinic.category(Category::Symptom.code());
    let mut patch = Patch {
        urgency: (emergency && !is_one).then_some(Urgency::Emergency),
        // An emergency waits in the crisis queue, before the eyes of whoever is called.
        queue: symptoms
            .map(|found| found.queue_id)
            .filter(|_| !(emergency || is_one)),
        status: ticket.status.is_waiting().then_some(Status::Open),
        snooze: ticket.snoozed_until.map(|_| None),
        ..Patch::default()
    };
    if let Some(one) = ticket.assignee
        && !is_clinician(work, one).await?
    {
        patch.assignee = Some(None);
    }
    Ok(Checked {
        patch,
        category_queue: None,
        add_tags: Vec::new(),
        remove_tags: Vec::new(),
    })
}

async fn is_clinician(work: &mut Work<'_>, id: StaffId) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    let role = staff::role_at_work(work, organisation, id).await?;
    Ok(role.is_some_and(|role| role.clinical))
}

/// Looks the answers up in the clinic's file, and puts them into words for the nurse.
fn told(app: &App, locale: Locale, asked: &Asked) -> Result<Told, DeskError> {
    let kind = SafetyKind::from_code(&asked.questions).ok_or_else(|| {
        DeskError::invalid(
            "questions",
            "unknown_kind",
            "There are no such questions. Name a kind of danger.",
        )
    })?;
    let unknown = || {
        DeskError::invalid(
            "answers",
            "unknown_answer",
            "An answer is none of those to one of these questions, or was given twice.",
        )
    };
    let knowledge = app.knowledge();
    let script = knowledge.questions.of(kind);
    let mut answers: BTreeMap<&str, &str> = BTreeMap::new();
    for (question, answer) in &asked.answers {
        let is_asked = script.iter().any(|one| one.named.code == *question);
        if !is_asked || answers.insert(question, answer).is_some() {
            return Err(unknown());
        }
    }
    let (t, tag) = (Texts::new(locale), locale.tag());
    let about = format!("danger-{}", kind.code().replace('_', "-"));
    let mut words = format!(
        "**{}**\n\n",
        t.with("questions-asked", "kind", t.text(&about))
    );
    let mut emergency = false;
    for one in script {
        let mut said = t.text("questions-unanswered");
        if let Some(code) = answers.get(one.named.code.as_str()) {
            let answer = one.answer(code).ok_or_else(unknown)?;
            emergency |= answer.emergency;
            said = answer.named.text(tag);
        }
        words.push_str("- ");
        words.push_str(one.named.text(tag));
        words.push_str(" **");
        words.push_str(said);
        words.push_str("**\n");
    }
    Ok(Told {
        kind,
        emergency,
        words,
    })
}

/// A disposition as a note.
fn in_words(app: &App, locale: Locale, decided: &Decided) -> Result<String, DeskError> {
    let knowledge = app.knowledge();
    let known = knowledge.questions.disposition(&decided.disposition);
    let known = known.ok_or_else(|| {
        DeskError::invalid(
            "disposition",
            "unknown_disposition",
            "Choose what was decided.",
        )
    })?;
    let own = decided.words.as_deref().unwrap_or_default().trim();
    if own.chars().count() > MAX_WORDS {
        return Err(DeskError::invalid(
            "words",
            "too_long",
            "Use at most 2000 characters.",
        ));
    }
    let title = Texts::new(locale).text("disposition-title");
    let named = known.text(locale.tag());
    Ok(format!("**{title}: {named}**\n\n{own}")
        .trim_end()
        .to_owned())
}
