//! SQL of patients and contacts.

use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, OrganisationId, PatientId};
use crate::records::{About, Labels};
use bedside_db::{Conn, DbError, Row, Timestamp, ToValue, Value, args, statements};

statements! {
    /// Adds a contact.
    INSERT_CONTACT = "INSERT INTO contacts (organisation_id, id, key_id, patient_id, name, locale, secure_link, created_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)";
    /// Adds an address; nothing when somebody has it already.
    INSERT_POINT = "INSERT INTO contact_points (organisation_id, kind, value_blind, contact_id, value, created_at, held_until) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    /// Whose address this is, with the key that new words of theirs are sealed with.
    BY_POINT = "SELECT c.id, c.key_id, c.patient_id, p.key_id, c.locale, p.locale \
        FROM contact_points a JOIN contacts c ON c.organisation_id = a.organisation_id AND c.id = a.contact_id \
        LEFT JOIN patients p ON p.organisation_id = c.organisation_id AND p.id = c.patient_id \
        WHERE a.organisation_id = $1 AND a.kind = $2 AND a.value_blind = $3";
    /// The same by contact.
    BY_CONTACT = "SELECT c.id, c.key_id, c.patient_id, p.key_id, c.locale, p.locale \
        FROM contacts c LEFT JOIN patients p ON p.organisation_id = c.organisation_id AND p.id = c.patient_id \
        WHERE c.organisation_id = $1 AND c.id = $2";
    /// Who of a contact, the patient they stand for and the patient it is about wants no content in mail.
    WISHES = "SELECT c.secure_link, p.secure_link, a.secure_link FROM contacts c \
        LEFT JOIN patients p ON p.organisation_id = c.organisation_id AND p.id = c.patient_id \
        LEFT JOIN patients a ON a.organisation_id = c.organisation_id AND a.id = $3 \
        WHERE c.organisation_id = $1 AND c.id = $2";
    /// One contact.
    CONTACT = "SELECT c.id, c.key_id, c.patient_id, c.name, c.locale, c.secure_link, c.version, p.labels FROM contacts c \
        LEFT JOIN patients p ON p.organisation_id = c.organisation_id AND p.id = c.patient_id \
        WHERE c.organisation_id = $1 AND c.id = $2";
    /// A contact whom nobody changes until the command ends.
    HOLD_CONTACT = "SELECT 1 FROM contacts WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// Names of some contacts, [`NAMED`] at a time.
    NAMES = "SELECT c.id, c.key_id, c.name, c.patient_id, p.labels FROM contacts c LEFT JOIN patients p \
        ON p.organisation_id = c.organisation_id AND p.id = c.patient_id WHERE c.organisation_id = $1 AND c.id IN ($2, $3, $4, $5, $6, $7, $8, \
        $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    /// Changes a contact, unless they changed meanwhile.
    UPDATE_CONTACT = "UPDATE contacts SET name = $4, locale = $5, secure_link = $6, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $3";
    /// The newest contacts, without the one for whom emptied requests stand.
    CONTACTS_BEFORE = "SELECT id FROM contacts WHERE organisation_id = $1 AND id < $2 AND id <> organisation_id ORDER BY id DESC LIMIT $3";
    /// The newest contacts of a patient.
    CONTACTS_OF_BEFORE = "SELECT id FROM contacts WHERE organisation_id = $1 AND patient_id = $2 AND id < $3 \
        ORDER BY id DESC LIMIT $4";
    /// The newest patients.
    PATIENTS_BEFORE = "SELECT id FROM patients WHERE organisation_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    /// Takes an address away from its contact.
    DELETE_POINT = "DELETE FROM contact_points WHERE organisation_id = $1 AND kind = $2 AND value_blind = $3 \
        AND contact_id = $4";
    /// Contacts of a patient.
    CONTACTS_OF = "SELECT c.id, c.key_id, c.patient_id, c.name, c.locale, c.secure_link, c.version, p.labels \
        FROM contacts c JOIN patients p ON p.organisation_id = c.organisation_id AND p.id = c.patient_id \
        WHERE c.organisation_id = $1 AND c.patient_id = $2 ORDER BY c.id";
    /// A contact's addresses.
    POINTS = "SELECT a.kind, a.value_blind, a.value, a.bounced_at, a.held_until, \
        CASE WHEN c.linked_at > a.created_at THEN c.linked_at ELSE a.created_at END \
        FROM contact_points a JOIN contacts c ON c.organisation_id = a.organisation_id AND c.id = a.contact_id \
        WHERE a.organisation_id = $1 AND a.contact_id = $2 ORDER BY a.created_at, a.kind, a.value_blind";
    /// Adds a patient.
    INSERT_PATIENT = "INSERT INTO patients (organisation_id, id, key_id, name, birth_date, mrn, mrn_blind, name_birth_blind, \
        locale, secure_link, created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)";
    /// Changes a patient, unless they changed meanwhile.
    UPDATE_PATIENT = "UPDATE patients SET name = $4, birth_date = $5, mrn = $6, mrn_blind = $7, name_birth_blind = $8, \
        locale = $9, secure_link = $10, version = version + 1 WHERE organisation_id = $1 AND id = $2 AND version = $3";
    /// One patient.
    PATIENT = "SELECT id, key_id, name, birth_date, mrn, locale, secure_link, version, created_at, labels FROM patients \
        WHERE organisation_id = $1 AND id = $2";
    /// Changes a patient's labels, unless they changed meanwhile.
    LABEL = "UPDATE patients SET labels = $4, version = version + 1 WHERE organisation_id = $1 AND id = $2 AND version = $3";
    /// Who has this record number.
    BY_MRN = "SELECT id FROM patients WHERE organisation_id = $1 AND mrn_blind = $2";
    /// Who has this name and birth date.
    BY_NAME_BIRTH = "SELECT id FROM patients WHERE organisation_id = $1 AND name_birth_blind = $2 LIMIT 20";
    /// Whether a patient who has or had another address got one that is held back beyond then. Whoever only acts for them
    /// brings their own, which is no change of the patient's.
    ADDRESS_CHANGED = "SELECT 1 FROM patients p WHERE p.organisation_id = $1 AND p.id = $2 AND EXISTS (SELECT 1 \
        FROM contact_points a WHERE a.organisation_id = $1 AND a.contact_id IN (SELECT c.id FROM contacts c \
        WHERE c.organisation_id = $1 AND c.patient_id = $2 AND c.acts_only = 0) AND a.held_until > $3) \
        AND (p.had_address = 1 OR EXISTS (SELECT 1 FROM contact_points b WHERE b.organisation_id = $1 AND b.contact_id IN \
        (SELECT d.id FROM contacts d WHERE d.organisation_id = $1 AND d.patient_id = $2) \
        AND (b.held_until IS NULL OR b.held_until <= $3)))";
    /// Takes today's acknowledgement of an address.
    TAKE_ACK = "UPDATE contact_points SET last_acknowledged_at = $4 WHERE organisation_id = $1 AND kind = $2 \
        AND value_blind = $3 AND (last_acknowledged_at IS NULL OR last_acknowledged_at <= $5)";
    /// Takes the warning of an address, unless it had one a while ago.
    TAKE_WARNING = "UPDATE contact_points SET last_warned_at = $4 WHERE organisation_id = $1 AND kind = $2 \
        AND value_blind = $3 AND (last_warned_at IS NULL OR last_warned_at <= $5)";
    /// Takes one of this hour's mails to an address.
    TAKE_SEND = "UPDATE contact_points SET sent_in_hour = CASE WHEN sent_hour = $4 THEN sent_in_hour + 1 ELSE 1 END, \
        sent_hour = $4 WHERE organisation_id = $1 AND kind = $2 AND value_blind = $3 \
        AND (sent_hour <> $4 OR sent_in_hour < $5)";
    /// Whether an address is anybody's.
    IS_POINT = "SELECT 1 FROM contact_points WHERE organisation_id = $1 AND kind = $2 AND value_blind = $3";
    /// Notes that mail to an address came back.
    BOUNCED = "UPDATE contact_points SET bounced_at = $4 WHERE organisation_id = $1 AND kind = $2 AND value_blind = $3";
}

/// A requester as stored.
pub(super) struct RequesterRow {
    pub contact: ContactId,
    pub contact_key: DataKeyId,
    pub patient: Option<PatientId>,
    pub patient_key: Option<DataKeyId>,
    pub locale: Option<String>,
}

fn requester(row: &Row<'_>) -> Result<RequesterRow, DbError> {
    let (own, patients): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
    Ok(RequesterRow {
        contact: row.get(0)?,
        contact_key: row.get(1)?,
        patient: row.get(2)?,
        patient_key: row.get(3)?,
        locale: own.or(patients),
    })
}

/// Whether any of them wants no content in mail.
pub(super) async fn anybody_wants_links(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    patient: Option<PatientId>,
) -> Result<bool, DeskError> {
    let wishes = |row: &Row<'_>| -> Result<bool, DbError> {
        let theirs = row.get::<bool>(0)?;
        let patients: [Option<bool>; 2] = [row.get(1)?, row.get(2)?];
        Ok(theirs || patients.contains(&Some(true)))
    };
    Ok(conn
        .query_opt(WISHES, args![organisation, contact, patient], wishes)
        .await?
        .unwrap_or(false))
}

pub(super) async fn address_changed(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    held_beyond: Timestamp,
) -> Result<bool, DeskError> {
    let wanted = args![organisation, patient, held_beyond];
    let found = conn.query_opt(ADDRESS_CHANGED, wanted, |_| Ok(())).await?;
    Ok(found.is_some())
}

pub(super) async fn by_point(
    conn: &mut Conn,
    organisation: OrganisationId,
    kind: &str,
    blind: &[u8; 16],
) -> Result<Option<RequesterRow>, DeskError> {
    Ok(conn
        .query_opt(BY_POINT, args![organisation, kind, blind], requester)
        .await?)
}

pub(super) async fn by_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<Option<RequesterRow>, DeskError> {
    Ok(conn
        .query_opt(BY_CONTACT, args![organisation, id], requester)
        .await?)
}

pub(super) async fn insert_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, key, patient): (ContactId, DataKeyId, Option<PatientId>),
    name: Option<&Vec<u8>>,
    locale: Option<&str>,
    secure_link: bool,
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_CONTACT,
        args![
            organisation,
            id,
            key,
            patient,
            name,
            locale,
            secure_link,
            at
        ],
    )
    .await?;
    Ok(())
}

/// `false` when somebody has this address already.
pub(super) async fn insert_point(
    conn: &mut Conn,
    organisation: OrganisationId,
    kind: &str,
    blind: &[u8; 16],
    (contact, value): (ContactId, &[u8]),
    (at, held_until): (Timestamp, Option<Timestamp>),
) -> Result<bool, DeskError> {
    let row = args![organisation, kind, blind, contact, value, at, held_until];
    Ok(conn.execute(INSERT_POINT, row).await? == 1)
}

pub(super) struct ContactRow {
    pub id: ContactId,
    pub key: DataKeyId,
    pub patient: Option<PatientId>,
    pub name: Option<Vec<u8>>,
    pub locale: Option<String>,
    pub secure_link: bool,
    /// Those of the patient they stand for.
    pub labels: Labels,
    pub version: i64,
}

impl ContactRow {
    /// Who may see it.
    pub const fn about(&self) -> About {
        About {
            patient: self.patient,
            labels: self.labels,
            ..About::NOBODY
        }
    }
}

fn contact_row(row: &Row<'_>) -> Result<ContactRow, DbError> {
    Ok(ContactRow {
        id: row.get(0)?,
        key: row.get(1)?,
        patient: row.get(2)?,
        name: row.get(3)?,
        locale: row.get(4)?,
        secure_link: row.get(5)?,
        version: row.get(6)?,
        labels: Labels::from_bits(row.get::<Option<i64>>(7)?.unwrap_or_default()),
    })
}

pub(super) async fn contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<Option<ContactRow>, DeskError> {
    Ok(conn
        .query_opt(CONTACT, args![organisation, id], contact_row)
        .await?)
}

/// `false` when there is no such contact.
pub(super) async fn hold_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<bool, DeskError> {
    let wanted = args![organisation, id];
    let found = conn.query_opt(HOLD_CONTACT, wanted, |_| Ok(())).await?;
    Ok(found.is_some())
}

/// Contacts that one [`NAMES`] finds.
const NAMED: usize = 16;

/// Keys and sealed names of these contacts, in no order.
pub(super) async fn names(
    conn: &mut Conn,
    organisation: OrganisationId,
    contacts: &[ContactId],
) -> Result<Vec<(ContactId, DataKeyId, Option<Vec<u8>>, About)>, DeskError> {
    let mut found = Vec::with_capacity(contacts.len());
    for some in contacts.chunks(NAMED) {
        // Asking for one twice finds it once.
        let padded = some.iter().chain(std::iter::repeat(&some[0])).take(NAMED);
        let args: Vec<Value<'_>> = std::iter::once(organisation.to_value())
            .chain(padded.map(ToValue::to_value))
            .collect();
        let read = |row: &Row<'_>| {
            let about = About::at(row, 3)?;
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, about))
        };
        found.extend(conn.query(NAMES, &args, read).await?);
    }
    Ok(found)
}

/// `false` when they changed meanwhile.
pub(super) async fn update_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &ContactRow,
    version: i64,
) -> Result<bool, DeskError> {
    let columns = args![
        organisation,
        row.id,
        version,
        row.name,
        row.locale,
        row.secure_link
    ];
    Ok(conn.execute(UPDATE_CONTACT, columns).await? == 1)
}

pub(super) async fn contacts_before(
    conn: &mut Conn,
    organisation: OrganisationId,
    before: ContactId,
    limit: i64,
) -> Result<Vec<ContactId>, DeskError> {
    let args = args![organisation, before, limit];
    Ok(conn.query(CONTACTS_BEFORE, args, |row| row.get(0)).await?)
}

pub(super) async fn contacts_of_before(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    before: ContactId,
    limit: i64,
) -> Result<Vec<ContactId>, DeskError> {
    let args = args![organisation, patient, before, limit];
    Ok(conn
        .query(CONTACTS_OF_BEFORE, args, |row| row.get(0))
        .await?)
}

pub(super) async fn patients_before(
    conn: &mut Conn,
    organisation: OrganisationId,
    before: PatientId,
    limit: i64,
) -> Result<Vec<PatientId>, DeskError> {
    let args = args![organisation, before, limit];
    Ok(conn.query(PATIENTS_BEFORE, args, |row| row.get(0)).await?)
}

/// `false` when the contact has no such address.
pub(super) async fn delete_point(
    conn: &mut Conn,
    organisation: OrganisationId,
    kind: &str,
    blind: &[u8; 16],
    contact: ContactId,
) -> Result<bool, DeskError> {
    let args = args![organisation, kind, blind, contact];
    Ok(conn.execute(DELETE_POINT, args).await? == 1)
}

pub(super) async fn contacts_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Vec<ContactRow>, DeskError> {
    Ok(conn
        .query(CONTACTS_OF, args![organisation, patient], contact_row)
        .await?)
}

/// An address as stored.
pub(super) struct PointRow {
    pub kind: String,
    pub blind: Vec<u8>,
    pub value: Vec<u8>,
    pub bounced_at: Option<Timestamp>,
    pub held_until: Option<Timestamp>,
    /// Since when it is the patient's for whom the contact stands, or else the contact's.
    pub since: Timestamp,
}

pub(super) async fn points(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Vec<PointRow>, DeskError> {
    Ok(conn
        .query(POINTS, args![organisation, contact], |row| {
            Ok(PointRow {
                kind: row.get(0)?,
                blind: row.get(1)?,
                value: row.get(2)?,
                bounced_at: row.get(3)?,
                held_until: row.get(4)?,
                since: row.get(5)?,
            })
        })
        .await?)
}

/// A patient's columns, sealed.
pub(super) struct PatientRow {
    pub id: PatientId,
    pub key: DataKeyId,
    pub name: Vec<u8>,
    pub birth_date: Option<Vec<u8>>,
    pub mrn: Option<Vec<u8>>,
    pub mrn_blind: Option<Vec<u8>>,
    pub name_birth_blind: Option<Vec<u8>>,
    pub locale: Option<String>,
    pub secure_link: bool,
    /// Of a row that is read; changed by [`label`] alone.
    pub labels: Labels,
    pub version: i64,
    pub created_at: Timestamp,
}

impl PatientRow {
    /// Who may see it.
    pub const fn about(&self) -> About {
        About {
            patient: Some(self.id),
            labels: self.labels,
            ..About::NOBODY
        }
    }
}

/// `false` when they changed meanwhile.
pub(super) async fn label(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
    version: i64,
    labels: Labels,
) -> Result<bool, DeskError> {
    let bits = labels.bits();
    let args = args![organisation, id, version, bits];
    Ok(conn.execute(LABEL, args).await? == 1)
}

pub(super) async fn insert_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &PatientRow,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_PATIENT,
        args![
            organisation,
            row.id,
            row.key,
            row.name,
            row.birth_date,
            row.mrn,
            row.mrn_blind,
            row.name_birth_blind,
            row.locale,
            row.secure_link,
            row.created_at
        ],
    )
    .await?;
    Ok(())
}

/// `false` when they changed meanwhile.
pub(super) async fn update_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &PatientRow,
) -> Result<bool, DeskError> {
    let changed = conn
        .execute(
            UPDATE_PATIENT,
            args![
                organisation,
                row.id,
                row.version,
                row.name,
                row.birth_date,
                row.mrn,
                row.mrn_blind,
                row.name_birth_blind,
                row.locale,
                row.secure_link
            ],
        )
        .await?;
    Ok(changed == 1)
}

pub(super) async fn patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<Option<PatientRow>, DeskError> {
    Ok(conn
        .query_opt(PATIENT, args![organisation, id], |row| {
            Ok(PatientRow {
                id: row.get(0)?,
                key: row.get(1)?,
                name: row.get(2)?,
                birth_date: row.get(3)?,
                mrn: row.get(4)?,
                mrn_blind: None,
                name_birth_blind: None,
                locale: row.get(5)?,
                secure_link: row.get(6)?,
                labels: Labels::from_bits(row.get(9)?),
                version: row.get(7)?,
                created_at: row.get(8)?,
            })
        })
        .await?)
}

pub(super) async fn by_mrn(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8; 16],
) -> Result<Option<PatientId>, DeskError> {
    Ok(conn
        .query_opt(BY_MRN, args![organisation, blind], |row| row.get(0))
        .await?)
}

pub(super) async fn by_name_birth(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8; 16],
) -> Result<Vec<PatientId>, DeskError> {
    Ok(conn
        .query(BY_NAME_BIRTH, args![organisation, blind], |row| row.get(0))
        .await?)
}

pub(super) async fn take_ack(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8; 16],
    now: Timestamp,
) -> Result<bool, DeskError> {
    let day_before = now.plus_seconds(-24 * 3600);
    let row = args![organisation, "email", blind, now, day_before];
    Ok(conn.execute(TAKE_ACK, row).await? == 1)
}

pub(super) async fn take_warning(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8; 16],
    now: Timestamp,
    pause: i64,
) -> Result<bool, DeskError> {
    let before = now.plus_seconds(-pause);
    let row = args![organisation, "email", blind, now, before];
    Ok(conn.execute(TAKE_WARNING, row).await? == 1)
}

pub(super) async fn take_send(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8; 16],
    now: Timestamp,
    cap: i64,
) -> Result<bool, DeskError> {
    let hour = now.micros() / 3_600_000_000;
    let args = args![organisation, "email", blind, hour, cap];
    if conn.execute(TAKE_SEND, args).await? == 1 {
        return Ok(true);
    }
    let args = args![organisation, "email", blind];
    Ok(conn.query_opt(IS_POINT, args, |_| Ok(())).await?.is_none())
}

pub(super) async fn bounced(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8; 16],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(BOUNCED, args![organisation, "email", blind, at])
        .await?;
    Ok(())
}
