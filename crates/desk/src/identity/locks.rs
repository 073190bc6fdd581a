//! Failures, and what three of them lock: the conversation, the contact, and what was claimed.

use super::model::{Answer, DAY, FAILURES, Reason, Told};
use super::reviews::{row_of, words};
use super::seen::told;
use super::store;
use super::tasks::noted;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{ContactId, EvidenceId, OrganisationId, PatientId, TicketId};
use crate::patients::{Claim, Factor, PointKind};
use crate::staff::{self, What};
use crate::tickets::{self, model::Ticket};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;

/// Holds what `subject` names until the caller's command ends: rows that have a limit are counted and added by one command
/// at a time, also where there is none yet that could be held.
pub(crate) async fn hold(work: &mut Work<'_>, subject: &[&[u8]]) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let parts = [&[b"hold".as_slice()], subject].concat();
    let mark = work.app.keyring.of(organisation)?.identity.sign(&parts);
    store::hold_subject(work, organisation, &mark, now).await
}

/// The keyed mark of what failures and tries are counted by.
fn mark(app: &App, organisation: OrganisationId, subject: &[&[u8]]) -> Result<[u8; 16], DeskError> {
    let parts = [&[b"subject".as_slice()], subject].concat();
    let mark = app.keyring.of(organisation)?.identity.sign(&parts);
    let mut short = [0; 16];
    short.copy_from_slice(&mark[..16]);
    Ok(short)
}

/// The marks of what was claimed, whether there is such a patient or not: the person, and the third value by itself, so that
/// guessing birth dates beside one record number is counted too.
pub(super) fn claim_marks(
    app: &App,
    organisation: OrganisationId,
    claim: &Claim,
) -> Result<[[u8; 16]; 2], DeskError> {
    let factor: &[u8] = match claim.factor {
        Factor::Mrn => b"mrn",
        Factor::Point(PointKind::Email) => b"email",
        Factor::Point(PointKind::Phone) => b"phone",
    };
    Ok([
        mark(app, organisation, &[b"person", &claim.person])?,
        mark(app, organisation, &[factor, &claim.value])?,
    ])
}

/// The mark of a patient as whom somebody was verified.
pub(super) fn patient_mark(
    app: &App,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<[u8; 16], DeskError> {
    mark(app, organisation, &[b"patient", &patient.bytes()])
}

/// What a lock of a subject ends.
#[derive(Clone, Copy)]
enum Ends {
    /// What a contact has shown in any conversation.
    Contact(ContactId),
    /// What was shown about a patient in any conversation, and the codes and questions that wait.
    Patient(PatientId),
    /// Nothing beyond the conversation in which it failed.
    Here,
}

/// What failures are counted by, as keyed marks.
pub(super) struct Subjects(Vec<([u8; 16], Ends)>);

impl Subjects {
    /// The conversation and whoever asks in it.
    pub(super) fn of(
        app: &App,
        organisation: OrganisationId,
        ticket: &Ticket,
    ) -> Result<Self, DeskError> {
        let contact = ticket.contact;
        let here = mark(app, organisation, &[b"ticket", &ticket.id.bytes()])?;
        let whoever = mark(app, organisation, &[b"contact", &contact.bytes()])?;
        Ok(Self(Vec::new())
            .and(here, Ends::Here)
            .and(whoever, Ends::Contact(contact)))
    }

    /// The same, and the patient they were verified as.
    pub(super) fn with_patient(
        app: &App,
        organisation: OrganisationId,
        ticket: &Ticket,
        patient: PatientId,
    ) -> Result<Self, DeskError> {
        let whom = patient_mark(app, organisation, patient)?;
        Ok(Self::of(app, organisation, ticket)?.and(whom, Ends::Patient(patient)))
    }

    /// And this one.
    fn and(mut self, mark: [u8; 16], ends: Ends) -> Self {
        self.0.push((mark, ends));
        // Every command holds them in one order, so that no two wait for each other.
        self.0.sort_unstable_by_key(|(mark, _)| *mark);
        self
    }

    /// And what was claimed, by its marks.
    pub(super) fn and_claim(self, marks: &[[u8; 16]]) -> Self {
        let and = |all: Self, mark: &[u8; 16]| all.and(*mark, Ends::Here);
        marks.iter().fold(self, and)
    }

    /// The newest lock of any of them: from when and until when.
    pub(super) async fn last_lock(
        &self,
        conn: &mut Conn,
        organisation: OrganisationId,
    ) -> Result<Option<(Timestamp, Timestamp)>, DeskError> {
        let mut last = None;
        for (subject, _) in &self.0 {
            last = last.max(store::last_lock(conn, organisation, subject).await?);
        }
        Ok(last)
    }

    /// Until when any of them is locked. All of them are held from here on: what the command counts of them nobody else
    /// changes before it ends, in whichever conversation.
    pub(super) async fn locked_until(
        &self,
        work: &mut Work<'_>,
    ) -> Result<Option<Timestamp>, DeskError> {
        let (organisation, now) = (work.ctx.organisation, work.now);
        for (subject, _) in &self.0 {
            store::hold_subject(work, organisation, subject, now).await?;
        }
        let last = self.last_lock(work, organisation).await?;
        Ok(last.map(|(_, until)| until).filter(|until| *until > now))
    }

    /// Refuses while any of them is locked.
    pub(super) async fn open(&self, work: &mut Work<'_>) -> Result<(), DeskError> {
        match self.locked_until(work).await? {
            None => Ok(()),
            Some(_) => Err(DeskError::Conflict {
                code: "locked",
                text: "Nothing can be shown here for a day.",
            }),
        }
    }

    /// Notes a failure of all of them, which [`Self::locked_until`] holds, and locks those that had their last one: then
    /// nothing that was shown in the conversation counts any more, nor what a locked contact showed or what was shown about
    /// a locked patient anywhere.
    pub(super) async fn fail(
        &self,
        work: &mut Work<'_>,
        ticket: TicketId,
    ) -> Result<Answer, DeskError> {
        let (organisation, now) = (work.ctx.organisation, work.now);
        let until = now.plus_seconds(DAY);
        let mut answer = Answer::NotConfirmed;
        for (subject, ends) in &self.0 {
            let id: EvidenceId = work.app.ids.make(now);
            let by = work.ctx.actor.staff();
            store::insert_failure(work, organisation, subject, (id, now), (ticket, by)).await?;
            // What a supervisor has lifted is counted no more.
            let lifted = store::lifted(work, organisation, subject).await?;
            let since = lifted.max(Some(now.plus_seconds(-DAY))).unwrap_or(now);
            if store::failures(work, organisation, subject, since).await? >= FAILURES {
                store::lock(work, organisation, subject, (now, until)).await?;
                answer = Answer::Locked(until);
                match *ends {
                    Ends::Contact(contact) => {
                        store::end_of_contact(work, organisation, contact, now).await?;
                    }
                    Ends::Patient(patient) => {
                        store::end_of_patient(work, organisation, patient, now).await?;
                    }
                    Ends::Here => {}
                }
            }
        }
        if answer != Answer::NotConfirmed {
            store::end_of_ticket(work, organisation, ticket, now).await?;
            told(work, ticket, Told::Locked);
        }
        Ok(answer)
    }
}

/// Lifts the locks of a conversation before their time, for a reason that somebody else looks at afterwards. That there was
/// a lock stays a sign. [`DeskError::Conflict`] with `own_word` for whoever typed one of the failures, and with `not_locked`
/// where there is nothing to lift.
pub async fn unlock(app: &App, ctx: &Ctx, ticket: TicketId, why: &str) -> Result<(), DeskError> {
    ctx.authorize(Permission::IdentityApprove)?;
    ctx.authorize(Permission::TicketsRead)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    let why = words("words", why)?;
    let row = row_of(app, organisation, ticket, (Reason::Unlock, &why), by).await?;
    let done = app
        .command(ctx, move |work| {
            async move {
                let (app, now) = (work.app.clone(), work.now);
                let ticket = tickets::held(work, ticket).await?;
                for subject in here(&app, work, organisation, &ticket).await? {
                    store::hold_subject(work, organisation, &subject, now).await?;
                }
                let mut any = false;
                for subject in here(&app, work, organisation, &ticket).await? {
                    let typed = (now.plus_seconds(-DAY), by);
                    if store::failures_by(work, organisation, &subject, typed).await? > 0 {
                        return Err(DeskError::Conflict {
                            code: "own_word",
                            text: "Somebody else has to lift it.",
                        });
                    }
                    any |= store::lift(work, organisation, &subject, now).await?;
                }
                if !any {
                    return Err(DeskError::Conflict {
                        code: "not_locked",
                        text: "Nothing is locked here.",
                    });
                }
                store::insert_review(work, organisation, &row).await?;
                staff::tell_all(work, Permission::ExceptionsReview, by, What::PastRules).await?;
                told(work, ticket.id, Told::Unlocked);
                work.audit(NewEntry::new("identity.unlock", "ticket", ticket.id));
                Ok(())
            }
            .boxed()
        })
        .await;
    noted(
        app,
        ctx,
        NewEntry::new("identity.unlock", "ticket", ticket),
        done,
    )
    .await
}

/// What a lock of this conversation may be of: it, its contact, and whatever failed in it within a day, a claim or a patient.
async fn here(
    app: &App,
    work: &mut Work<'_>,
    organisation: OrganisationId,
    ticket: &Ticket,
) -> Result<Vec<[u8; 16]>, DeskError> {
    let day_ago = work.now.plus_seconds(-DAY);
    let failed = store::failed_here(work, organisation, ticket.id, day_ago).await?;
    let own = Subjects::of(app, organisation, ticket)?.0;
    let mut all: Vec<[u8; 16]> = own.into_iter().map(|(mark, _)| mark).collect();
    all.extend(
        failed
            .iter()
            .filter_map(|one| <[u8; 16]>::try_from(one.as_slice()).ok()),
    );
    // In the order of every command that holds them.
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
