//! SQL of the notices.

use super::acknowledge::Source;
use super::model::{Notice, State, Text, Texts};
use crate::error::DeskError;
use crate::ids::{AcknowledgementId, NoticeId, OrganisationId, PatientId, StaffId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use bedside_web::Locale;

statements! {
    /// Begins a draft.
    INSERT = "INSERT INTO notices (organisation_id, id, code, number, state, made_by, made_at, version) \
        VALUES ($1, $2, $3, $4, 'draft', $5, $6, 1) ON CONFLICT DO NOTHING";
    /// One version.
    ONE = "SELECT id, code, number, state, published_at, published_by, version FROM notices \
        WHERE organisation_id = $1 AND id = $2";
    /// One version, which nobody else changes until the command ends.
    HELD = "SELECT id, code, number, state, published_at, published_by, version FROM notices \
        WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// One version by its number.
    NUMBERED = "SELECT id, code, number, state, published_at, published_by, version FROM notices \
        WHERE organisation_id = $1 AND code = $2 AND number = $3";
    /// Versions of every notice, the newest of each first.
    LIST = "SELECT id, code, number, state, published_at, published_by, version FROM notices \
        WHERE organisation_id = $1 ORDER BY code, number DESC LIMIT $2";
    /// Versions of one notice, the newest first.
    OF_CODE = "SELECT id, code, number, state, published_at, published_by, version FROM notices \
        WHERE organisation_id = $1 AND code = $2 ORDER BY number DESC LIMIT $3";
    /// A draft is changed, unless it was meanwhile.
    TOUCH_DRAFT = "UPDATE notices SET version = version + 1 WHERE organisation_id = $1 AND id = $2 AND version = $3 \
        AND state = 'draft'";
    /// Publishes a draft, unless it changed meanwhile.
    PUBLISH = "UPDATE notices SET state = 'published', published_by = $4, published_at = $5, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $3 AND state = 'draft'";
    /// Throws a draft away.
    DISCARD = "DELETE FROM notices WHERE organisation_id = $1 AND id = $2 AND state = 'draft'";
    /// The words of a version.
    TEXTS = "SELECT locale, title, body, changes FROM notice_texts WHERE organisation_id = $1 AND notice_id = $2";
    /// Keeps the words in one language.
    PUT_TEXT = "INSERT INTO notice_texts (organisation_id, notice_id, locale, title, body, changes) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, notice_id, locale) \
        DO UPDATE SET title = excluded.title, body = excluded.body, changes = excluded.changes";
    /// Throws the words of a draft away.
    DELETE_TEXTS = "DELETE FROM notice_texts WHERE organisation_id = $1 AND notice_id = $2";
    /// Keeps that a patient was given a version.
    ACKNOWLEDGE = "INSERT INTO notice_acknowledgements (organisation_id, id, patient_id, notice_id, locale, text_hash, source, \
        recorded_by, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// What a patient was given, the newest first.
    ACKNOWLEDGED = "SELECT a.id, a.locale, a.text_hash, a.source, a.recorded_by, a.at, n.id, n.code, n.number, n.state, \
        n.published_at, n.published_by, n.version FROM notice_acknowledgements a JOIN notices n \
        ON n.organisation_id = a.organisation_id AND n.id = a.notice_id \
        WHERE a.organisation_id = $1 AND a.patient_id = $2 ORDER BY a.id DESC LIMIT $3";
}

fn notice_at(row: &Row<'_>, first: usize) -> Result<Notice, DbError> {
    let state: String = row.get(first + 3)?;
    Ok(Notice {
        id: row.get(first)?,
        code: row.get(first + 1)?,
        number: row.get(first + 2)?,
        state: State::from_code(&state).ok_or_else(|| DbError::unknown_code(first + 3))?,
        published_at: row.get(first + 4)?,
        published_by: row.get(first + 5)?,
        version: row.get(first + 6)?,
    })
}

fn notice(row: &Row<'_>) -> Result<Notice, DbError> {
    notice_at(row, 0)
}

/// `false` when there is a draft of this notice already.
pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, code, number): (NoticeId, &str, i64),
    (by, at): (Option<StaffId>, Timestamp),
) -> Result<bool, DeskError> {
    let args = args![organisation, id, code, number, by, at];
    Ok(conn.execute(INSERT, args).await? == 1)
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: NoticeId,
) -> Result<Option<Notice>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], notice).await?)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: NoticeId,
) -> Result<Option<Notice>, DeskError> {
    Ok(conn
        .query_opt(HELD, args![organisation, id], notice)
        .await?)
}

pub(super) async fn numbered(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &str,
    number: i64,
) -> Result<Option<Notice>, DeskError> {
    let args = args![organisation, code, number];
    Ok(conn.query_opt(NUMBERED, args, notice).await?)
}

pub(super) async fn list(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<Vec<Notice>, DeskError> {
    Ok(conn.query(LIST, args![organisation, limit], notice).await?)
}

pub(super) async fn of_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &str,
    limit: i64,
) -> Result<Vec<Notice>, DeskError> {
    let args = args![organisation, code, limit];
    Ok(conn.query(OF_CODE, args, notice).await?)
}

/// `false` when it changed meanwhile, or is no draft any more.
pub(super) async fn touch(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: NoticeId,
    version: i64,
) -> Result<bool, DeskError> {
    let args = args![organisation, id, version];
    Ok(conn.execute(TOUCH_DRAFT, args).await? == 1)
}

/// `false` when it changed meanwhile, or is no draft any more.
pub(super) async fn publish(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, version): (NoticeId, i64),
    (by, at): (Option<StaffId>, Timestamp),
) -> Result<bool, DeskError> {
    let args = args![organisation, id, version, by, at];
    Ok(conn.execute(PUBLISH, args).await? == 1)
}

/// `false` when it is no draft.
pub(super) async fn discard(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: NoticeId,
) -> Result<bool, DeskError> {
    let args = args![organisation, id];
    if conn.execute(DISCARD, args).await? == 0 {
        return Ok(false);
    }
    conn.execute(DELETE_TEXTS, args![organisation, id]).await?;
    Ok(true)
}

pub(super) async fn texts(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: NoticeId,
) -> Result<Texts, DeskError> {
    let read = |row: &Row<'_>| {
        let tag: String = row.get(0)?;
        let text = Text {
            title: row.get(1)?,
            body: row.get(2)?,
            changes: row.get(3)?,
        };
        Ok((tag, text))
    };
    let rows = conn.query(TEXTS, args![organisation, id], read).await?;
    let known = |(tag, text): (String, Text)| Some((tag.parse::<Locale>().ok()?, text));
    Ok(rows.into_iter().filter_map(known).collect())
}

pub(super) async fn put_text(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, locale): (NoticeId, Locale),
    text: &Text,
) -> Result<(), DeskError> {
    let tag = locale.tag();
    let args = args![organisation, id, tag, text.title, text.body, text.changes];
    conn.execute(PUT_TEXT, args).await?;
    Ok(())
}

/// That a patient was given a version, as stored.
pub(super) struct Given {
    pub id: AcknowledgementId,
    pub locale: String,
    pub text_hash: String,
    pub source: Source,
    pub recorded_by: Option<StaffId>,
    pub at: Timestamp,
    pub notice: Notice,
}

pub(super) async fn acknowledge(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, patient, notice): (AcknowledgementId, PatientId, NoticeId),
    (locale, text_hash): (Locale, &str),
    (source, by, at): (Source, Option<StaffId>, Timestamp),
) -> Result<(), DeskError> {
    let (tag, source) = (locale.tag(), source.code());
    let args = args![
        organisation,
        id,
        patient,
        notice,
        tag,
        text_hash,
        source,
        by,
        at
    ];
    conn.execute(ACKNOWLEDGE, args).await?;
    Ok(())
}

pub(super) async fn acknowledged(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<Given>, DeskError> {
    let read = |row: &Row<'_>| {
        let source: String = row.get(3)?;
        Ok(Given {
            id: row.get(0)?,
            locale: row.get(1)?,
            text_hash: row.get(2)?,
            source: Source::from_code(&source).ok_or_else(|| DbError::unknown_code(3))?,
            recorded_by: row.get(4)?,
            at: row.get(5)?,
            notice: notice_at(row, 6)?,
        })
    };
    let args = args![organisation, patient, limit];
    Ok(conn.query(ACKNOWLEDGED, args, read).await?)
}
