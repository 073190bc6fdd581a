//! What is on file of a patient, for comparing it with what somebody says of themselves: nothing here shows a value to
//! anybody.

use super::model::{PointKind, Reach};
use super::requester::{email_blind, phone_blind};
use super::store::{self, ContactRow};
use super::ways;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId};
use crate::records;
use bedside_db::{Conn, Timestamp};
use bedside_vault::{BlindKind, normalise};

/// Hours for which no code goes to an address that is new to its patient.
pub const HOLD_HOURS: i64 = 72;

/// Until when an address is held back that becomes a patient's at `now`.
pub(super) const fn held_until(now: Timestamp) -> Timestamp {
    now.plus_seconds(HOLD_HOURS * 3600)
}

/// The third thing that somebody says of a patient, beside name and birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// Medical record number.
    Mrn,
    /// An address of one of their contacts.
    Point(PointKind),
}

/// What somebody claims, as blind indexes: it can be compared and not be read.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Name with birth date.
    pub person: [u8; 16],
    /// What the third value is.
    pub factor: Factor,
    /// The third value.
    pub value: [u8; 16],
}

/// The claim behind what was typed. [`DeskError::Invalid`] names the field whose form is wrong, whoever it is about.
pub(crate) fn claim(
    app: &App,
    organisation: OrganisationId,
    (name, birth_date): (&str, &str),
    (factor, value): (Factor, &str),
) -> Result<Claim, DeskError> {
    let vault = app.keyring.of(organisation)?;
    if normalise::name(name).is_err() {
        return Err(DeskError::invalid("name", "required", "A name is needed."));
    }
    let person = normalise::name_and_birth_date(name, birth_date).map_err(|_| {
        DeskError::invalid(
            "birth_date",
            "invalid",
            "Write the birth date as YYYY-MM-DD.",
        )
    })?;
    let value = match factor {
        Factor::Mrn => {
            let mrn = normalise::mrn(value).map_err(|_| {
                DeskError::invalid("value", "invalid", "This is not a record number.")
            })?;
            vault.blind.index(BlindKind::Mrn, &mrn)
        }
        Factor::Point(PointKind::Email) => email_blind(app, organisation, value)?,
        Factor::Point(PointKind::Phone) => phone_blind(app, organisation, value)?,
    };
    Ok(Claim {
        person: vault.blind.index(BlindKind::NameAndBirthDate, &person),
        factor,
        value,
    })
}

/// What came of comparing a claim.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compared {
    /// Whose name, birth date and third value these are.
    pub patient: Option<PatientId>,
    /// Whose address the third value is.
    pub owner: Option<ContactId>,
}

/// Compares a claim with what is on file. It asks the same two questions of the same tables whoever is there.
pub(crate) async fn compare(
    conn: &mut Conn,
    organisation: OrganisationId,
    claim: &Claim,
) -> Result<Compared, DeskError> {
    let people = store::by_name_birth(conn, organisation, &claim.person).await?;
    let (whose, owner) = match claim.factor {
        Factor::Mrn => (store::by_mrn(conn, organisation, &claim.value).await?, None),
        Factor::Point(kind) => {
            let row = store::by_point(conn, organisation, kind.code(), &claim.value).await?;
            let patient = row.as_ref().and_then(|row| row.patient);
            (patient, row.map(|row| row.contact))
        }
    };
    Ok(Compared {
        patient: whose.filter(|patient| people.contains(patient)),
        owner,
    })
}

/// An address on file of a patient. Its value is in plain, for the desk's own machinery.
#[derive(Clone)]
pub(crate) struct OnFile {
    /// Whose it is.
    pub contact: ContactId,
    /// `email` or `phone`.
    pub kind: String,
    /// What it is known by.
    pub blind: Vec<u8>,
    /// The address.
    pub value: String,
    /// Since when it is this patient's.
    pub since: Timestamp,
    /// Until when no code goes there.
    pub held_until: Option<Timestamp>,
    /// Whether mail came back from there.
    pub bounced: bool,
    /// What the patient's choice of one way says of it.
    pub reach: Reach,
}

/// The addresses of everybody who stands for a patient.
pub(crate) async fn on_file(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Vec<OnFile>, DeskError> {
    let mut found = Vec::new();
    for contact in store::contacts_of(conn, organisation, patient).await? {
        found.extend(points_of(app, conn, organisation, &contact).await?);
    }
    Ok(found)
}

/// The addresses of one contact, whomever they stand for; none of one who is not there.
pub(crate) async fn on_file_of_contact(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Vec<OnFile>, DeskError> {
    match store::contact(conn, organisation, contact).await? {
        Some(row) => points_of(app, conn, organisation, &row).await,
        None => Ok(Vec::new()),
    }
}

async fn points_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: &ContactRow,
) -> Result<Vec<OnFile>, DeskError> {
    let sealing = records::sealing(app, conn, organisation, contact.key).await?;
    let whose = (contact.id, contact.patient);
    let binding = ways::binding(conn, organisation, whose).await?;
    let mut found = Vec::new();
    for point in store::points(conn, organisation, contact.id).await? {
        let value = sealing.open_text("contact_points", "value", contact.id, &point.value)?;
        found.push(OnFile {
            reach: ways::reach_of(binding.as_ref(), &point.kind, &point.blind),
            contact: contact.id,
            kind: point.kind,
            blind: point.blind,
            value,
            since: point.since,
            held_until: point.held_until,
            bounced: point.bounced_at.is_some(),
        });
    }
    Ok(found)
}

/// Whether another address came to a patient since then: one that took the place of an address, or stands beside one. What a
/// patient was given first is no change.
pub(crate) async fn address_changed_since(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    since: Timestamp,
) -> Result<bool, DeskError> {
    store::address_changed(conn, organisation, patient, held_until(since)).await
}

/// The addresses a contact has, as one keyed mark: another one as soon as any of them is another.
pub(crate) async fn addresses_mark(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<[u8; 32], DeskError> {
    let points = store::points(conn, organisation, contact).await?;
    let mut parts: Vec<&[u8]> = vec![b"addresses"];
    for point in &points {
        parts.extend([point.kind.as_bytes(), &point.blind]);
    }
    // Their order in the table is that of their times; the mark is of which they are.
    parts[1..].sort_unstable();
    Ok(app.keyring.of(organisation)?.identity.sign(&parts))
}
