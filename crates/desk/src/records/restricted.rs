//! Who may see the record of a patient with labels: whoever has the permissions for them, and for a short time whoever
//! opened it for a reason. Owns `openings`.

use super::{Labels, store};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::codes::codes;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{
    ContactId, DataKeyId, OpeningId, OrganisationId, PatientId, QueueId, StaffId, TicketId,
};
use crate::work::Work;
use bedside_access::{Kept, Sight};
use bedside_db::{Conn, Timestamp};
use std::collections::{HashMap, HashSet};

/// Seconds for which a record that was opened for a reason stays open.
pub const OPEN_FOR: i64 = 3600;

codes! {
    /// Why a restricted record is opened.
    Reason {
        /// Somebody is in danger.
        Danger = "danger",
        /// The actor takes care of this patient.
        Treatment = "treatment",
        /// The patient asked the actor.
        Asked = "asked",
        /// The actor stands in for whoever usually does this.
        StandsIn = "stands_in",
        /// As the words say.
        Other = "other",
    }
}

codes! {
    /// What a second person says of it.
    Verdict {
        /// It was right.
        Justified = "justified",
        /// It was not, and is followed up elsewhere.
        Unjustified = "unjustified",
    }
}

/// A restricted record that somebody opened for a reason. The words are sealed with the patient's key.
pub struct Opening {
    /// Its id.
    pub id: OpeningId,
    /// Who opened it.
    pub staff: StaffId,
    /// Whose record.
    pub patient: PatientId,
    /// What the words and the note are sealed with.
    pub key: DataKeyId,
    /// Why.
    pub reason: Reason,
    /// Why in the person's own words, sealed.
    pub words: Vec<u8>,
    /// When.
    pub opened_at: Timestamp,
    /// Until when the record stays open.
    pub until: Timestamp,
    /// What a second person said, once one did.
    pub reviewed: Option<Reviewed>,
}

/// That a second person looked at an opening.
pub struct Reviewed {
    /// Who.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// What they say.
    pub verdict: Verdict,
    /// Their words, sealed with the patient's key.
    pub note: Option<Vec<u8>>,
}

/// Whom something is about, as far as that decides who may see it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The patient; of a request of nobody, the one that its requester stands for.
    pub patient: Option<PatientId>,
    /// Their labels, and of a request its own.
    pub labels: Labels,
    /// Where it waits, if it is a request.
    pub queue: Option<QueueId>,
    /// What of it is shown in the conversation that it is opened for; all where it is opened for none.
    pub sight: Sight,
}

impl About {
    /// What belongs to no patient, or to many: each part of it is asked for by itself.
    pub const NOBODY: Self = Self {
        patient: None,
        labels: Labels::NONE,
        queue: None,
        sight: Sight::ALL,
    };

    /// The same, of a request that waits in `queue`.
    #[must_use]
    pub const fn in_queue(self, queue: QueueId) -> Self {
        Self {
            queue: Some(queue),
            ..self
        }
    }

    /// The same, opened for a conversation in which no more than this is shown.
    #[must_use]
    pub const fn within(self, sight: Sight) -> Self {
        Self { sight, ..self }
    }
}

/// Refuses with [`DeskError::OtherQueue`] a request that waits where the actor has no business, and with
/// [`DeskError::Restricted`] what is about a patient whose labels the actor may not see and whom they have not opened
/// either. Costs no query where the labels keep nothing from the actor.
pub async fn admit(
    conn: &mut Conn,
    ctx: &Ctx,
    about: About,
    now: Timestamp,
) -> Result<(), DeskError> {
    let can_open = match ctx.kept(about) {
        None => return Ok(()),
        Some(Kept::Queue(queue)) => return Err(DeskError::OtherQueue { queue }),
        Some(Kept::Label { can_open }) => can_open,
    };
    if let (Some(patient), Some(staff)) = (about.patient, opener(ctx))
        && store::is_open(conn, ctx.organisation, staff, patient, now).await?
    {
        return Ok(());
    }
    Err(DeskError::Restricted {
        patient: about.patient,
        // A record is opened for a reason; of a request of nobody there is none.
        can_open: can_open && about.patient.is_some(),
    })
}

/// [`admit`] for a request of which nothing but the id is known. One that is not there is not refused.
pub async fn admit_ticket(
    conn: &mut Conn,
    ctx: &Ctx,
    id: TicketId,
    now: Timestamp,
) -> Result<(), DeskError> {
    match store::about_ticket(conn, ctx.organisation, id).await? {
        Some(about) => admit(conn, ctx, about, now).await,
        None => Ok(()),
    }
}

/// Tells the audit log who was kept from a record that they asked for, where nothing else does: what a command refuses,
/// and what is looked at before one.
pub async fn noted<T>(app: &App, ctx: &Ctx, done: Result<T, DeskError>) -> Result<T, DeskError> {
    let entry = match &done {
        Err(DeskError::Restricted { patient, .. }) => {
            let whom = patient.map_or_else(String::new, |patient| patient.to_string());
            NewEntry::new("restricted.refused", "patient", whom)
        }
        Err(DeskError::OtherQueue { queue }) => NewEntry::new("queue.refused", "queue", queue),
        _ => return done,
    };
    app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    done
}

/// The restricted records that an actor has open: for lists, which ask once for all their rows.
#[derive(Default)]
pub struct OpenNow(HashSet<PatientId>);

impl OpenNow {
    /// What [`admit`] decides, without asking the database again.
    pub fn admit(&self, ctx: &Ctx, about: About) -> bool {
        match ctx.kept(about) {
            None => true,
            Some(Kept::Queue(_)) => false,
            Some(Kept::Label { .. }) => about.patient.is_some_and(|one| self.0.contains(&one)),
        }
    }
}

/// Which of these the actor has open; asks the database only where something is kept from them.
pub async fn opened_of(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    mut whom: impl Iterator<Item = About>,
) -> Result<OpenNow, DeskError> {
    match opener(ctx) {
        Some(staff) if whom.any(|about| !ctx.sees(about.labels)) => {
            let open = store::open_ones(conn, ctx.organisation, staff, app.now());
            Ok(OpenNow(open.await?))
        }
        _ => Ok(OpenNow::default()),
    }
}

/// Whoever may open a record for a reason: what they opened shuts when they may do so no more.
fn opener(ctx: &Ctx) -> Option<StaffId> {
    ctx.actor.staff().filter(|_| ctx.actor.who().may_open())
}

/// Whom a request is about; none when there is no such request.
pub async fn about_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Option<About>, DeskError> {
    store::about_ticket(conn, organisation, id).await
}

/// The same for some requests at once. One that is gone is not among them.
pub async fn about_tickets(
    conn: &mut Conn,
    organisation: OrganisationId,
    ids: &[TicketId],
) -> Result<HashMap<TicketId, About>, DeskError> {
    store::about_tickets(conn, organisation, ids).await
}

/// Whom a contact stands for; none when there is no such contact.
pub async fn about_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<Option<About>, DeskError> {
    store::about_contact(conn, organisation, id).await
}

/// A patient; none when there is no such patient.
pub async fn about_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<Option<About>, DeskError> {
    store::about_patient(conn, organisation, id).await
}

/// Keeps an opening, in the caller's command.
pub async fn keep_opening(work: &mut Work<'_>, opening: &Opening) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::insert_opening(work, organisation, opening).await
}

/// Openings that nobody has signed off yet, oldest first, or else the newest that somebody did; at most `limit`.
pub async fn openings(
    conn: &mut Conn,
    organisation: OrganisationId,
    waiting: bool,
    limit: i64,
) -> Result<Vec<Opening>, DeskError> {
    store::openings(conn, organisation, waiting, limit).await
}

/// How many nobody has signed off, counted up to `limit`.
pub async fn count_waiting(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<i64, DeskError> {
    store::count_waiting(conn, organisation, limit).await
}

/// One opening, held until the caller's command ends.
pub async fn opening_held(
    work: &mut Work<'_>,
    id: OpeningId,
) -> Result<Option<Opening>, DeskError> {
    let organisation = work.ctx.organisation;
    store::opening_held(work, organisation, id).await
}

/// Signs an opening off, in the caller's command; `false` when somebody did meanwhile. One that was not right is over.
pub async fn keep_review(
    work: &mut Work<'_>,
    opening: &Opening,
    reviewed: &Reviewed,
) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    let until = match reviewed.verdict {
        Verdict::Justified => opening.until,
        Verdict::Unjustified => opening.until.min(reviewed.at),
    };
    store::review(work, organisation, opening.id, until, reviewed).await
}
