//! Failures, and what three of them lock: the conversation, the contact, and what was claimed.

use super::model::{Answer, DAY, FAILURES, Told};
use super::seen::told;
use super::store;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{EvidenceId, OrganisationId, TicketId};
use crate::patients::{Claim, Factor, PointKind};
use crate::tickets::model::Ticket;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};

/// What failures are counted by, as keyed marks.
pub(super) struct Subjects(Vec<[u8; 16]>);

impl Subjects {
    /// The conversation and whoever asks in it.
    pub(super) fn of(
        app: &App,
        organisation: OrganisationId,
        ticket: &Ticket,
    ) -> Result<Self, DeskError> {
        Self(Vec::new())
            .and(app, organisation, &[b"ticket", &ticket.id.bytes()])?
            .and(app, organisation, &[b"contact", &ticket.contact.bytes()])
    }

    /// And this one.
    pub(super) fn and(
        mut self,
        app: &App,
        organisation: OrganisationId,
        subject: &[&[u8]],
    ) -> Result<Self, DeskError> {
        let parts = [&[b"subject".as_slice()], subject].concat();
        let mark = app.keyring.of(organisation)?.identity.sign(&parts);
        let mut short = [0; 16];
        short.copy_from_slice(&mark[..16]);
        self.0.push(short);
        Ok(self)
    }

    /// And what was claimed, whether there is such a patient or not: the person, and the third value by itself, so that
    /// guessing birth dates beside one record number is counted too.
    pub(super) fn and_claim(
        self,
        app: &App,
        organisation: OrganisationId,
        claim: &Claim,
    ) -> Result<Self, DeskError> {
        let factor: &[u8] = match claim.factor {
            Factor::Mrn => b"mrn",
            Factor::Point(PointKind::Email) => b"email",
            Factor::Point(PointKind::Phone) => b"phone",
        };
        self.and(app, organisation, &[b"person", &claim.person])?
            .and(app, organisation, &[factor, &claim.value])
    }

    /// The newest lock of any of them: from when and until when.
    pub(super) async fn last_lock(
        &self,
        conn: &mut Conn,
        organisation: OrganisationId,
    ) -> Result<Option<(Timestamp, Timestamp)>, DeskError> {
        let mut last = None;
        for subject in &self.0 {
            last = last.max(store::last_lock(conn, organisation, subject).await?);
        }
        Ok(last)
    }

    /// Until when any of them is locked.
    pub(super) async fn locked_until(
        &self,
        conn: &mut Conn,
        organisation: OrganisationId,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, DeskError> {
        let last = self.last_lock(conn, organisation).await?;
        Ok(last.map(|(_, until)| until).filter(|until| *until > now))
    }

    /// Refuses while any of them is locked.
    pub(super) async fn open(&self, work: &mut Work<'_>) -> Result<(), DeskError> {
        let (organisation, now) = (work.ctx.organisation, work.now);
        match self.locked_until(work, organisation, now).await? {
            None => Ok(()),
            Some(_) => Err(DeskError::Conflict {
                code: "locked",
                text: "Nothing can be shown here for a day.",
            }),
        }
    }

    /// Notes a failure of all of them, and locks those that had their last one: then nothing that was shown in the
    /// conversation counts any more.
    pub(super) async fn fail(
        &self,
        work: &mut Work<'_>,
        ticket: TicketId,
    ) -> Result<Answer, DeskError> {
        let (organisation, now) = (work.ctx.organisation, work.now);
        let until = now.plus_seconds(DAY);
        let mut answer = Answer::NotConfirmed;
        for subject in &self.0 {
            let id: EvidenceId = work.app.ids.make(now);
            store::insert_failure(work, organisation, subject, id, now).await?;
            let since = now.plus_seconds(-DAY);
            if store::failures(work, organisation, subject, since).await? >= FAILURES {
                store::lock(work, organisation, subject, (now, until)).await?;
                answer = Answer::Locked(until);
            }
        }
        if answer != Answer::NotConfirmed {
            store::end_of_ticket(work, organisation, ticket, now).await?;
            told(work, ticket, Told::Locked);
        }
        Ok(answer)
    }
}
