//! SQL of patients who sign in.

use super::sessions::OpenSession;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId, PortalCodeId, SessionId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Keeps that a code was asked for, whether somebody has the address or not.
    INSERT_CODE = "INSERT INTO portal_codes (organisation_id, id, subject, browser_hash, contact_id, point_blind, locale, tries, \
        made_at, expires_at, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, '')";
    /// Codes for one address.
    CODES_SINCE = "SELECT COUNT(*) FROM portal_codes WHERE organisation_id = $1 AND subject = $2 AND made_at > $3";
    /// Takes one of the tries of a browser's code.
    TRY_CODE = "UPDATE portal_codes SET tries = tries + 1 WHERE browser_hash = $1 AND ended = '' AND tries < $2 \
        AND expires_at > $3 RETURNING organisation_id, id, contact_id, point_blind, locale";
    /// Uses a code.
    USE_CODE = "UPDATE portal_codes SET ended = 'used' WHERE organisation_id = $1 AND id = $2 AND ended = ''";
    /// A code that waits to be sent.
    OPEN_CODE = "SELECT point_blind, expires_at FROM portal_codes WHERE organisation_id = $1 AND id = $2 AND ended = '' \
        AND point_blind IS NOT NULL";
    /// Opens a session.
    INSERT_SESSION = "INSERT INTO portal_sessions (token_hash, organisation_id, id, contact_id, point_blind, patient_id, \
        acting_for, locale, method, device, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)";
    /// A session.
    SESSION = "SELECT organisation_id, id, contact_id, point_blind, patient_id, acting_for, locale, created_at, seen_at \
        FROM portal_sessions WHERE token_hash = $1";
    /// Notes that a session is used.
    TOUCH = "UPDATE portal_sessions SET seen_at = $2 WHERE token_hash = $1";
    /// Says for whom somebody writes now.
    ACT_FOR = "UPDATE portal_sessions SET acting_for = $2 WHERE token_hash = $1";
    /// The same by the session's number.
    ACT_FOR_IN = "UPDATE portal_sessions SET acting_for = $4 WHERE organisation_id = $1 AND contact_id = $2 AND id = $3";
    /// Keeps the language of a session.
    SPEAK = "UPDATE portal_sessions SET locale = $4 WHERE organisation_id = $1 AND contact_id = $2 AND id = $3";
    /// Ends a session.
    DELETE = "DELETE FROM portal_sessions WHERE token_hash = $1";
    /// Ends one session of a contact.
    DELETE_ONE = "DELETE FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $2 AND id = $3";
    /// Ends all sessions of a contact but one.
    DELETE_OTHERS = "DELETE FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $2 AND id <> $3";
    /// An open session of a contact, held until the caller is done.
    HOLD_SESSION = "SELECT 1 FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $2 AND id = $3 FOR NO KEY UPDATE";
    /// Ends all sessions of a contact.
    DELETE_ALL = "DELETE FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $2";
    /// Open sessions of a contact.
    OPEN = "SELECT id, method, device, created_at, seen_at FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $2 \
        AND created_at > $3 AND seen_at > $4 ORDER BY created_at DESC LIMIT 50";
    /// Whether somebody came in with this browser and system lately.
    KNOWS_DEVICE = "SELECT 1 FROM portal_devices WHERE organisation_id = $1 AND contact_id = $2 AND device = $3 AND seen_at > $4";
    /// Notes a browser and system.
    KNOW_DEVICE = "INSERT INTO portal_devices (organisation_id, contact_id, device, seen_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organisation_id, contact_id, device) DO UPDATE SET seen_at = excluded.seen_at";
    /// Ends all sessions of a contact that are by one address.
    DELETE_BY_POINT = "DELETE FROM portal_sessions WHERE organisation_id = $1 AND contact_id = $2 AND point_blind = $3";
    /// Notes that somebody came in by this address in a browser.
    KNOW_BROWSER = "INSERT INTO portal_browsers (browser_hash, organisation_id, contact_id, point_blind, seen_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (browser_hash, organisation_id, contact_id, point_blind) \
        DO UPDATE SET seen_at = excluded.seen_at";
    /// Whether somebody came in by this address in a browser.
    KNOWS_BROWSER = "SELECT 1 FROM portal_browsers WHERE browser_hash = $1 AND organisation_id = $2 AND contact_id = $3 \
        AND point_blind = $4 AND seen_at > $5";
    /// Forgets the browsers of a contact.
    DELETE_BROWSERS = "DELETE FROM portal_browsers WHERE organisation_id = $1 AND contact_id = $2";
    /// Forgets those in which they came in by one address.
    DELETE_BROWSERS_BY_POINT = "DELETE FROM portal_browsers WHERE organisation_id = $1 AND contact_id = $2 AND point_blind = $3";
    /// Forgets browsers that nobody came in with for long.
    FORGET_BROWSERS = "DELETE FROM portal_browsers WHERE seen_at < $1";
    /// Forgets old sessions.
    FORGET_SESSIONS = "DELETE FROM portal_sessions WHERE created_at < $1";
    /// Forgets old codes.
    FORGET_CODES = "DELETE FROM portal_codes WHERE expires_at < $1";
    /// Forgets devices that nobody came in with for long.
    FORGET_DEVICES = "DELETE FROM portal_devices WHERE seen_at < $1";
}

/// A code to be kept.
pub(super) struct NewCode {
    pub id: PortalCodeId,
    pub subject: [u8; 32],
    pub browser: [u8; 32],
    pub contact: Option<ContactId>,
    pub point: Option<Vec<u8>>,
    pub locale: &'static str,
    pub expires_at: Timestamp,
}

pub(super) async fn insert_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &NewCode,
    now: Timestamp,
) -> Result<(), DeskError> {
    let row = args![
        organisation,
        code.id,
        code.subject,
        code.browser,
        code.contact,
        code.point,
        code.locale,
        now,
        code.expires_at
    ];
    conn.execute(INSERT_CODE, row).await?;
    Ok(())
}

pub(super) async fn codes_since(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 32],
    since: Timestamp,
) -> Result<i64, DeskError> {
    let args = args![organisation, subject, since];
    let count: Option<i64> = conn.query_opt(CODES_SINCE, args, |row| row.get(0)).await?;
    Ok(count.unwrap_or_default())
}

/// A code that is tried.
pub(super) struct Tried {
    pub organisation: OrganisationId,
    pub id: PortalCodeId,
    pub contact: Option<ContactId>,
    pub point: Option<Vec<u8>>,
    pub locale: String,
}

/// None where its time or its tries are over.
pub(super) async fn try_code(
    conn: &mut Conn,
    browser: &[u8; 32],
    most: i64,
    now: Timestamp,
) -> Result<Option<Tried>, DeskError> {
    let read = |row: &Row<'_>| -> Result<Tried, DbError> {
        Ok(Tried {
            organisation: row.get(0)?,
            id: row.get(1)?,
            contact: row.get(2)?,
            point: row.get(3)?,
            locale: row.get(4)?,
        })
    };
    let args = args![browser, most, now];
    Ok(conn.query_opt(TRY_CODE, args, read).await?)
}

/// `false` where it is used already.
pub(super) async fn use_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PortalCodeId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(USE_CODE, args![organisation, id]).await? == 1)
}

/// To which address a code goes, and until when it works.
pub(super) async fn open_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PortalCodeId,
) -> Result<Option<(Vec<u8>, Timestamp)>, DeskError> {
    let args = args![organisation, id];
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(conn.query_opt(OPEN_CODE, args, read).await?)
}

/// A session to be opened.
pub(super) struct NewSession {
    pub hash: [u8; 32],
    pub id: SessionId,
    pub contact: ContactId,
    pub point: Vec<u8>,
    pub patient: Option<PatientId>,
    pub acting: Option<PatientId>,
    pub locale: &'static str,
    pub method: &'static str,
    pub device: String,
}

pub(super) async fn insert_session(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &NewSession,
    now: Timestamp,
) -> Result<(), DeskError> {
    let row = args![
        new.hash,
        organisation,
        new.id,
        new.contact,
        new.point,
        new.patient,
        new.acting,
        new.locale,
        new.method,
        new.device,
        now
    ];
    conn.execute(INSERT_SESSION, row).await?;
    Ok(())
}

/// A session as stored.
pub(super) struct SessionRow {
    pub organisation: OrganisationId,
    pub id: SessionId,
    pub contact: ContactId,
    pub point: Vec<u8>,
    pub patient: Option<PatientId>,
    pub acting: Option<PatientId>,
    pub locale: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
}

pub(super) async fn session(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<Option<SessionRow>, DeskError> {
    let read = |row: &Row<'_>| -> Result<SessionRow, DbError> {
        Ok(SessionRow {
            organisation: row.get(0)?,
            id: row.get(1)?,
            contact: row.get(2)?,
            point: row.get(3)?,
            patient: row.get(4)?,
            acting: row.get(5)?,
            locale: row.get(6)?,
            created_at: row.get(7)?,
            seen_at: row.get(8)?,
        })
    };
    Ok(conn.query_opt(SESSION, args![hash], read).await?)
}

pub(super) async fn touch_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(TOUCH, args![hash, now]).await?;
    Ok(())
}

pub(super) async fn act_for(
    conn: &mut Conn,
    hash: &[u8; 32],
    patient: Option<PatientId>,
) -> Result<(), DeskError> {
    conn.execute(ACT_FOR, args![hash, patient]).await?;
    Ok(())
}

/// A session by its number, of this contact.
pub(super) type Named = (OrganisationId, ContactId, SessionId);

/// `false` where there is no such session.
pub(super) async fn act_for_in(
    conn: &mut Conn,
    (organisation, contact, id): Named,
    patient: Option<PatientId>,
) -> Result<bool, DeskError> {
    let args = args![organisation, contact, id, patient];
    Ok(conn.execute(ACT_FOR_IN, args).await? == 1)
}

pub(super) async fn speak(
    conn: &mut Conn,
    (organisation, contact, id): Named,
    locale: &str,
) -> Result<(), DeskError> {
    let args = args![organisation, contact, id, locale];
    conn.execute(SPEAK, args).await?;
    Ok(())
}

pub(super) async fn delete_session(conn: &mut Conn, hash: &[u8; 32]) -> Result<(), DeskError> {
    conn.execute(DELETE, args![hash]).await?;
    Ok(())
}

/// `false` where there is no such session.
pub(super) async fn delete_one(
    conn: &mut Conn,
    (organisation, contact, id): Named,
) -> Result<bool, DeskError> {
    let args = args![organisation, contact, id];
    Ok(conn.execute(DELETE_ONE, args).await? == 1)
}

pub(super) async fn delete_others(
    conn: &mut Conn,
    (organisation, contact, id): Named,
) -> Result<(), DeskError> {
    let args = args![organisation, contact, id];
    conn.execute(DELETE_OTHERS, args).await?;
    Ok(())
}

pub(super) async fn hold_session(
    conn: &mut Conn,
    (organisation, contact, id): Named,
) -> Result<bool, DeskError> {
    let args = args![organisation, contact, id];
    Ok(conn
        .query_opt(HOLD_SESSION, args, |_| Ok(()))
        .await?
        .is_some())
}

pub(super) async fn delete_all(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_ALL, args![organisation, contact])
        .await?;
    conn.execute(DELETE_BROWSERS, args![organisation, contact])
        .await?;
    Ok(())
}

/// Sessions, and the browsers that were known for it.
pub(super) async fn delete_by_point(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, point): (ContactId, &[u8]),
) -> Result<(), DeskError> {
    for statement in [DELETE_BY_POINT, DELETE_BROWSERS_BY_POINT] {
        conn.execute(statement, args![organisation, contact, point])
            .await?;
    }
    Ok(())
}

pub(super) async fn know_browser(
    conn: &mut Conn,
    organisation: OrganisationId,
    (browser, contact, point): (&[u8; 32], ContactId, &[u8]),
    now: Timestamp,
) -> Result<(), DeskError> {
    let row = args![browser, organisation, contact, point, now];
    conn.execute(KNOW_BROWSER, row).await?;
    Ok(())
}

pub(super) async fn knows_browser(
    conn: &mut Conn,
    organisation: OrganisationId,
    (browser, contact, point): (&[u8; 32], ContactId, &[u8]),
    since: Timestamp,
) -> Result<bool, DeskError> {
    let args = args![browser, organisation, contact, point, since];
    let known = conn.query_opt(KNOWS_BROWSER, args, |_| Ok(())).await?;
    Ok(known.is_some())
}

/// Sessions opened and used since these instants, the newest first.
pub(super) async fn open_sessions(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    (opened, seen): (Timestamp, Timestamp),
) -> Result<Vec<OpenSession>, DeskError> {
    let read = |row: &Row<'_>| -> Result<OpenSession, DbError> {
        Ok(OpenSession {
            id: row.get(0)?,
            method: row.get(1)?,
            device: row.get(2)?,
            created_at: row.get(3)?,
            seen_at: row.get(4)?,
        })
    };
    let args = args![organisation, contact, opened, seen];
    Ok(conn.query(OPEN, args, read).await?)
}

pub(super) async fn knows_device(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, device): (ContactId, &str),
    since: Timestamp,
) -> Result<bool, DeskError> {
    let args = args![organisation, contact, device, since];
    let known = conn.query_opt(KNOWS_DEVICE, args, |_| Ok(())).await?;
    Ok(known.is_some())
}

pub(super) async fn know_device(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, device): (ContactId, &str),
    now: Timestamp,
) -> Result<(), DeskError> {
    let args = args![organisation, contact, device, now];
    conn.execute(KNOW_DEVICE, args).await?;
    Ok(())
}

pub(super) async fn forget(
    conn: &mut Conn,
    sessions: Timestamp,
    codes: Timestamp,
    devices: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(FORGET_SESSIONS, args![sessions]).await?;
    conn.execute(FORGET_CODES, args![codes]).await?;
    conn.execute(FORGET_DEVICES, args![devices]).await?;
    conn.execute(FORGET_BROWSERS, args![devices]).await?;
    Ok(())
}
