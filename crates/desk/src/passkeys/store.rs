//! SQL of the passkeys, and of what browsers are asked to sign.

use super::{Owner, Passkey};
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PasskeyId, StaffId};
use bedside_db::{Conn, DbError, Timestamp, args, statements};
use webauthn_rs::prelude::Passkey as Key;

statements! {
    /// Keeps what a browser was asked.
    INSERT_QUESTION = "INSERT INTO passkey_questions (place_hash, state, expires_at) VALUES ($1, $2, $3)";
    /// Uses it up.
    TAKE_QUESTION = "DELETE FROM passkey_questions WHERE place_hash = $1 AND expires_at > $2 RETURNING state";
    /// Forgets those that nobody answered.
    FORGET_QUESTIONS = "DELETE FROM passkey_questions WHERE expires_at < $1";
    /// Keeps a key; nothing where a device's number is known already.
    INSERT = "INSERT INTO passkeys (organisation_id, id, owner, owner_id, point_blind, name, credential_hash, credential, uses, \
        created_at, mark) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10) ON CONFLICT DO NOTHING";
    /// Somebody's keys.
    OF_PERSON = "SELECT id, name, created_at, used_at, stopped_at, credential, uses, point_blind, mark FROM passkeys \
        WHERE organisation_id = $1 AND owner_id = $2 ORDER BY id";
    /// Keys of before there were marks.
    WITHOUT_MARK = "SELECT id, name, created_at, used_at, stopped_at, credential, uses, point_blind, mark, owner, owner_id \
        FROM passkeys WHERE organisation_id = $1 AND mark IS NULL ORDER BY id";
    /// Gives one its mark.
    SET_MARK = "UPDATE passkeys SET mark = $3 WHERE organisation_id = $1 AND id = $2 AND mark IS NULL";
    /// A key by what its device calls it, in whichever organisation.
    BY_CREDENTIAL = "SELECT id, name, created_at, used_at, stopped_at, credential, uses, point_blind, mark, organisation_id, owner, owner_id \
        FROM passkeys \
        WHERE credential_hash = $1";
    /// Writes a use down; nothing where the key was used, stopped or removed since it was read.
    USE = "UPDATE passkeys SET credential = $4, used_at = $5, mark = $6, uses = uses + 1 WHERE organisation_id = $1 AND id = $2 \
        AND uses = $3 AND stopped_at IS NULL";
    /// Lets a key let nobody in any more.
    STOP = "UPDATE passkeys SET stopped_at = $3 WHERE organisation_id = $1 AND id = $2 AND stopped_at IS NULL";
    /// Gives a key another name.
    RENAME = "UPDATE passkeys SET name = $4 WHERE organisation_id = $1 AND owner_id = $2 AND id = $3";
    /// Forgets a key.
    DELETE = "DELETE FROM passkeys WHERE organisation_id = $1 AND owner_id = $2 AND id = $3";
    /// Forgets all keys of somebody.
    DELETE_ALL = "DELETE FROM passkeys WHERE organisation_id = $1 AND owner_id = $2";
    /// Forgets the keys that somebody made under one address.
    DELETE_BY_POINT = "DELETE FROM passkeys WHERE organisation_id = $1 AND owner_id = $2 AND point_blind = $3";
}

/// A key as stored.
pub(crate) struct Row {
    pub passkey: Passkey,
    /// What the library checks it by, as JSON.
    pub credential: String,
    /// How often it was used.
    pub uses: i64,
    /// The address under which a patient made it, by its blind index; none for the staff.
    pub point: Option<Vec<u8>>,
    /// The keyed mark over all of that; none for one of before.
    pub mark: Option<Vec<u8>>,
}

impl Row {
    pub fn key(&self) -> Result<Key, DeskError> {
        Ok(serde_json::from_str(&self.credential)?)
    }
}

fn row(row: &bedside_db::Row<'_>) -> Result<Row, DbError> {
    Ok(Row {
        passkey: Passkey {
            id: row.get(0)?,
            name: row.get(1)?,
            created_at: row.get(2)?,
            used_at: row.get(3)?,
            stopped_at: row.get(4)?,
        },
        credential: row.get(5)?,
        uses: row.get(6)?,
        point: row.get(7)?,
        mark: row.get(8)?,
    })
}

pub(crate) async fn insert_question(
    conn: &mut Conn,
    hash: &[u8; 32],
    state: &str,
    expires: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(INSERT_QUESTION, args![hash, state, expires])
        .await?;
    Ok(())
}

/// None where there is none, or its time is over.
pub(crate) async fn take_question(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<String>, DeskError> {
    Ok(conn
        .query_opt(TAKE_QUESTION, args![hash, now], |row| row.get(0))
        .await?)
}

pub(crate) async fn forget_questions(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET_QUESTIONS, args![before]).await?;
    Ok(())
}

/// `false` where the key is known already.
pub(crate) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    owner: Owner,
    row: &Row,
    (hash, mark): (&[u8; 32], &[u8]),
) -> Result<bool, DeskError> {
    let (kind, owner) = (owner.kind(), owner.id());
    let values = args![
        organisation,
        row.passkey.id,
        kind,
        owner,
        row.point,
        row.passkey.name,
        hash,
        row.credential,
        row.passkey.created_at,
        mark
    ];
    Ok(conn.execute(INSERT, values).await? == 1)
}

pub(crate) async fn of_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    owner: Owner,
) -> Result<Vec<Row>, DeskError> {
    Ok(conn
        .query(OF_PERSON, args![organisation, owner.id()], row)
        .await?)
}

/// Whose it is: the kind in this column, the id in the next one.
fn owner(found: &bedside_db::Row<'_>, column: usize) -> Result<Owner, DbError> {
    Ok(match found.get::<String>(column)?.as_str() {
        "contact" => Owner::Contact(found.get::<ContactId>(column + 1)?),
        _ => Owner::Staff(found.get::<StaffId>(column + 1)?),
    })
}

pub(super) async fn without_mark(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<(Owner, Row)>, DeskError> {
    Ok(conn
        .query(WITHOUT_MARK, args![organisation], |found| {
            Ok((owner(found, 9)?, row(found)?))
        })
        .await?)
}

pub(super) async fn set_mark(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PasskeyId,
    mark: &[u8],
) -> Result<(), DeskError> {
    conn.execute(SET_MARK, args![organisation, id, mark])
        .await?;
    Ok(())
}

pub(crate) async fn by_credential(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<Option<(OrganisationId, Owner, Row)>, DeskError> {
    let read = |found: &bedside_db::Row<'_>| -> Result<_, DbError> {
        Ok((found.get(9)?, owner(found, 10)?, row(found)?))
    };
    Ok(conn.query_opt(BY_CREDENTIAL, args![hash], read).await?)
}

/// `false` where it changed since it was read; `uses` is what was read.
pub(crate) async fn use_key(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, uses): (PasskeyId, i64),
    (credential, mark): (&str, &[u8]),
    at: Timestamp,
) -> Result<bool, DeskError> {
    let values = args![organisation, id, uses, credential, at, mark];
    Ok(conn.execute(USE, values).await? == 1)
}

/// `false` where it was stopped before.
pub(crate) async fn stop(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PasskeyId,
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn.execute(STOP, args![organisation, id, at]).await? == 1)
}

pub(crate) async fn rename(
    conn: &mut Conn,
    organisation: OrganisationId,
    owner: Owner,
    id: PasskeyId,
    name: &str,
) -> Result<bool, DeskError> {
    let owner = owner.id();
    let values = args![organisation, owner, id, name];
    Ok(conn.execute(RENAME, values).await? == 1)
}

pub(crate) async fn delete(
    conn: &mut Conn,
    organisation: OrganisationId,
    owner: Owner,
    id: PasskeyId,
) -> Result<bool, DeskError> {
    let owner = owner.id();
    let values = args![organisation, owner, id];
    Ok(conn.execute(DELETE, values).await? == 1)
}

pub(crate) async fn delete_all(
    conn: &mut Conn,
    organisation: OrganisationId,
    owner: Owner,
) -> Result<(), DeskError> {
    conn.execute(DELETE_ALL, args![organisation, owner.id()])
        .await?;
    Ok(())
}

pub(crate) async fn delete_by_point(
    conn: &mut Conn,
    organisation: OrganisationId,
    owner: Owner,
    point: &[u8],
) -> Result<(), DeskError> {
    conn.execute(DELETE_BY_POINT, args![organisation, owner.id(), point])
        .await?;
    Ok(())
}
