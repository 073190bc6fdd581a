//! Who acts for a patient, for whoever may see the patient.

use super::link::{Known, newest};
use super::model::{Authority, Ended, Relationship, State};
use super::store::{self, Stored};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{AttachmentId, ContactId, PatientId, RepresentativeId, StaffId, TicketId};
use crate::orgs::Clinic;
use crate::patients;
use crate::records::{self, About, Opened, Purpose, Scope, restricted};
use bedside_db::{Conn, Timestamp};

/// A word about somebody who acts for a patient, opened.
#[derive(Clone, Debug)]
pub struct RepresentativeView {
    /// Its id.
    pub id: RepresentativeId,
    /// Who.
    pub contact: ContactId,
    /// Their name, or else their address; empty where their own record is kept from the reader.
    pub name: String,
    /// What they are to the patient.
    pub relationship: Relationship,
    /// What it rests on.
    pub authority: Authority,
    /// For what.
    pub scope: Scope,
    /// What of it holds now.
    pub hears: Scope,
    /// Whether a young person agreed that their parent hears of care.
    pub young_agreed: bool,
    /// From when on.
    pub starts_at: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// The document, in words.
    pub document: Option<String>,
    /// The document, as a file of the request.
    pub file: Option<AttachmentId>,
    /// The conversation in which it was said.
    pub ticket: TicketId,
    /// Where it stands; `ended` from its end on, also before anything has noted that.
    pub state: State,
    /// Who said it.
    pub asked_by: Option<StaffId>,
    /// When.
    pub asked_at: Timestamp,
    /// Who confirmed it.
    pub decided_by: Option<StaffId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<StaffId>,
    /// When.
    pub ended_at: Option<Timestamp>,
    /// Why.
    pub ended_why: Option<Ended>,
    /// The same in words.
    pub ended_words: Option<String>,
}

impl RepresentativeView {
    /// Whether it may still hold one day: it waits, holds, or has not begun.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Asked | State::Confirmed)
    }
}

/// Everybody of whom something was said for a patient, newest first, at most 100.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
) -> Result<Vec<RepresentativeView>, DeskError> {
    let organisation = ctx.organisation;
    let about = restricted::about_patient(&mut app.read().await?, organisation, patient).await?;
    let leave = records::open_about(
        app,
        ctx,
        Permission::PatientsRead,
        Purpose::Treatment,
        about.unwrap_or(About::NOBODY),
        NewEntry::new("representative.list", "patient", patient),
    )
    .await?;
    if about.is_none() {
        return Err(DeskError::NotFound);
    }
    let (clinic, now) = (app.directory.of(organisation)?, app.now());
    let mut conn = app.read().await?;
    let rows = store::of_patient(&mut conn, organisation, patient).await?;
    let authorities = rows.iter().map(|row| row.given.authority);
    let known = Known::of(app, &mut conn, organisation, patient, authorities).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(view(app, ctx, (&leave, &mut conn), (row, &known), (&clinic, now)).await?);
    }
    Ok(found)
}

async fn view(
    app: &App,
    ctx: &Ctx,
    (leave, conn): (&Opened, &mut Conn),
    (row, known): (Stored, &Known),
    (clinic, now): (&Clinic, Timestamp),
) -> Result<RepresentativeView, DeskError> {
    let organisation = ctx.organisation;
    let names = patients::names_or_addresses(app, conn, organisation, &[row.contact]).await?;
    let shown = names.get(&row.contact).cloned().unwrap_or_default();
    let patients::Named {
        words: name,
        about: own,
        ..
    } = shown.under(leave);
    // Somebody who acts for one patient can be another one, whose record is kept.
    let name = match records::admit(conn, ctx, own, now).await {
        Ok(()) => name,
        Err(DeskError::Restricted { .. }) => String::new(),
        Err(error) => return Err(error),
    };
    let sealing = leave.sealing(conn, row.key).await?;
    let open = |column, sealed: Option<Vec<u8>>| {
        let text = |sealed: Vec<u8>| sealing.open_text("representatives", column, row.id, &sealed);
        sealed.map(text).transpose()
    };
    let whose = known.at(clinic);
    let until = row.given.until(&whose);
    let over = row.given.state == State::Confirmed && until.is_some_and(|until| until <= now);
    Ok(RepresentativeView {
        id: row.id,
        contact: row.contact,
        name,
        relationship: row.relationship,
        authority: row.given.authority,
        scope: row.given.scope,
        hears: row.given.scope(&whose, now),
        young_agreed: row.given.young_agreed,
        starts_at: row.given.starts_at,
        until,
        document: open("document", row.document)?,
        file: row.file,
        ticket: row.ticket,
        state: if over { State::Ended } else { row.given.state },
        asked_by: row.asked_by,
        asked_at: row.asked_at,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        ended_by: row.ended_by,
        ended_at: row.ended_at.or(until.filter(|_| over)),
        ended_why: row.ended_why.or(over.then_some(Ended::Over)),
        ended_words: open("ended_words", row.ended_words)?,
    })
}

/// What a contact is to a patient, for the page of a conversation: codes and times, no words.
#[derive(Clone, Copy, Debug)]
pub struct Bond {
    /// What they are to the patient.
    pub relationship: Relationship,
    /// What they may hear and do now.
    pub hears: Scope,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Where it stands.
    pub state: State,
}

/// What was said of a contact and a patient last; none where they are taken for the patient. For whoever may see the
/// patient: the caller has asked.
pub async fn bond_of(
    app: &App,
    ctx: &Ctx,
    contact: ContactId,
    patient: PatientId,
) -> Result<Option<Bond>, DeskError> {
    ctx.authorize(Permission::PatientsRead)?;
    let organisation = ctx.organisation;
    let (clinic, now) = (app.directory.of(organisation)?, app.now());
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, organisation, patient).await?;
    records::admit(&mut conn, ctx, about.unwrap_or_default(), now).await?;
    let found = newest(app, &mut conn, organisation, (contact, patient)).await?;
    Ok(found.map(|(row, known)| {
        let whose = known.at(&clinic);
        let until = row.given.until(&whose);
        let over = until.is_some_and(|until| until <= now);
        Bond {
            relationship: row.relationship,
            hears: row.given.scope(&whose, now),
            until,
            state: match row.given.state {
                State::Confirmed if over => State::Ended,
                state => state,
            },
        }
    }))
}
