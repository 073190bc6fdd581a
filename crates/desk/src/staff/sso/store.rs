//! SQL of single sign-on.

use super::model::{ProviderView, Rules};
use crate::error::DeskError;
use crate::ids::{DataKeyId, OrganisationId, SsoProviderId, StaffId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// An organisation's provider.
    PROVIDER = "SELECT id, issuer, client, key_id, secret, button, rules, enabled, version FROM sso_providers \
        WHERE organisation_id = $1";
    /// Keeps a provider; nothing where there is one already.
    INSERT_PROVIDER = "INSERT INTO sso_providers (organisation_id, id, issuer, client, key_id, secret, button, rules, enabled, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1) ON CONFLICT DO NOTHING";
    /// Changes a provider, unless it changed meanwhile.
    UPDATE_PROVIDER = "UPDATE sso_providers SET issuer = $3, client = $4, secret = $5, button = $6, rules = $7, enabled = $8, \
        version = version + 1 WHERE organisation_id = $1 AND version = $2";
    /// Which provider people can sign in at, and the version of its settings; held until the caller is done.
    HOLD_PROVIDER = "SELECT id, version FROM sso_providers WHERE organisation_id = $1 AND enabled = 1 FOR NO KEY UPDATE";
    /// Everybody who belongs to the provider.
    PEOPLE = "SELECT staff_id FROM sso_people WHERE organisation_id = $1 ORDER BY staff_id";
    /// Forgets a provider.
    DELETE_PROVIDER = "DELETE FROM sso_providers WHERE organisation_id = $1";
    /// The providers that people can sign in at.
    DOORS = "SELECT organisation_id, button FROM sso_providers WHERE enabled = 1 ORDER BY organisation_id";
    /// Who this is.
    BY_SUBJECT = "SELECT staff_id FROM sso_people WHERE organisation_id = $1 AND issuer = $2 AND subject = $3";
    /// Whom of the provider somebody is.
    OF_PERSON = "SELECT issuer, subject, ended_at, linked_at FROM sso_people WHERE organisation_id = $1 AND staff_id = $2";
    /// The same, as it stays until the end of the transaction.
    HOLD_PERSON = "SELECT issuer, subject, ended_at, linked_at FROM sso_people WHERE organisation_id = $1 AND staff_id = $2 \
        FOR NO KEY UPDATE";
    /// Connects somebody, once.
    INSERT_PERSON = "INSERT INTO sso_people (organisation_id, staff_id, issuer, subject, linked_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT DO NOTHING";
    /// Keeps that the groups give no role, or that they do again.
    END_PERSON = "UPDATE sso_people SET ended_at = $3 WHERE organisation_id = $1 AND staff_id = $2";
    /// Makes the lock somebody else's, where the groups had set it.
    TAKE_LOCK = "UPDATE sso_people SET ended_at = NULL WHERE organisation_id = $1 AND staff_id = $2 AND ended_at IS NOT NULL";
    /// Forgets whom of the provider somebody is.
    DELETE_PERSON = "DELETE FROM sso_people WHERE organisation_id = $1 AND staff_id = $2";
    /// Forgets it of everybody.
    DELETE_PEOPLE = "DELETE FROM sso_people WHERE organisation_id = $1";
    /// The rules of the provider that somebody belongs to, where people can sign in at it.
    RULES_OF_PERSON = "SELECT sso_providers.rules FROM sso_people JOIN sso_providers \
        ON sso_providers.organisation_id = sso_people.organisation_id \
        WHERE sso_people.organisation_id = $1 AND sso_people.staff_id = $2 AND sso_providers.enabled = 1";
    /// Keeps what a browser was sent away with.
    INSERT_QUESTION = "INSERT INTO sso_questions (place_hash, organisation_id, state, expires_at) VALUES ($1, $2, $3, $4)";
    /// Uses it up.
    TAKE_QUESTION = "DELETE FROM sso_questions WHERE place_hash = $1 AND expires_at > $2 RETURNING organisation_id, state";
    /// Forgets those that nobody came back with.
    FORGET_QUESTIONS = "DELETE FROM sso_questions WHERE expires_at < $1";
}

/// A provider as stored.
pub(super) struct ProviderRow {
    pub id: SsoProviderId,
    pub key: DataKeyId,
    pub secret: Vec<u8>,
    pub view: ProviderView,
}

fn rules(row: &Row<'_>, column: usize) -> Result<Rules, DbError> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| DbError::Column {
        column,
        reason: error.to_string(),
    })
}

pub(super) async fn provider(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Option<ProviderRow>, DeskError> {
    Ok(conn
        .query_opt(PROVIDER, args![organisation], |row| {
            Ok(ProviderRow {
                id: row.get(0)?,
                key: row.get(3)?,
                secret: row.get(4)?,
                view: ProviderView {
                    issuer: row.get(1)?,
                    client: row.get(2)?,
                    button: row.get(5)?,
                    rules: rules(row, 6)?,
                    enabled: row.get(7)?,
                    version: row.get(8)?,
                },
            })
        })
        .await?)
}

/// Adds it, or changes the one of this version; `false` when it changed meanwhile.
pub(super) async fn put_provider(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &ProviderRow,
) -> Result<bool, DeskError> {
    let view = &row.view;
    let rules = serde_json::to_string(&view.rules)?;
    let done = if view.version == 0 {
        let values = args![
            organisation,
            row.id,
            view.issuer,
            view.client,
            row.key,
            row.secret,
            view.button,
            rules,
            view.enabled
        ];
        conn.execute(INSERT_PROVIDER, values).await?
    } else {
        let values = args![
            organisation,
            view.version,
            view.issuer,
            view.client,
            row.secret,
            view.button,
            rules,
            view.enabled
        ];
        conn.execute(UPDATE_PROVIDER, values).await?
    };
    Ok(done == 1)
}

pub(super) async fn delete_provider(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_PROVIDER, args![organisation]).await?;
    Ok(())
}

pub(super) async fn doors(conn: &mut Conn) -> Result<Vec<(OrganisationId, String)>, DeskError> {
    Ok(conn
        .query(DOORS, args![], |row| Ok((row.get(0)?, row.get(1)?)))
        .await?)
}

pub(super) async fn hold_provider(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Option<(SsoProviderId, i64)>, DeskError> {
    Ok(conn
        .query_opt(HOLD_PROVIDER, args![organisation], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn people(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<StaffId>, DeskError> {
    Ok(conn
        .query(PEOPLE, args![organisation], |row| row.get(0))
        .await?)
}

/// Whom of the provider somebody is.
pub(super) struct PersonRow {
    issuer: String,
    subject: String,
    /// Since when no group gives them a role.
    pub ended_at: Option<Timestamp>,
    /// Since when they are connected.
    pub linked_at: Timestamp,
}

impl PersonRow {
    /// Whether it is this account, by issuer and subject.
    pub fn is(&self, account: (&str, &str)) -> bool {
        (&*self.issuer, &*self.subject) == account
    }
}

fn person(row: &Row<'_>) -> Result<PersonRow, DbError> {
    Ok(PersonRow {
        issuer: row.get(0)?,
        subject: row.get(1)?,
        ended_at: row.get(2)?,
        linked_at: row.get(3)?,
    })
}

/// Whose account it is.
pub(super) async fn by_subject(
    conn: &mut Conn,
    organisation: OrganisationId,
    (issuer, subject): (&str, &str),
) -> Result<Option<StaffId>, DeskError> {
    Ok(conn
        .query_opt(BY_SUBJECT, args![organisation, issuer, subject], |row| {
            row.get(0)
        })
        .await?)
}

pub(super) async fn of_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<Option<PersonRow>, DeskError> {
    Ok(conn
        .query_opt(OF_PERSON, args![organisation, staff], person)
        .await?)
}

pub(super) async fn hold_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<Option<PersonRow>, DeskError> {
    Ok(conn
        .query_opt(HOLD_PERSON, args![organisation, staff], person)
        .await?)
}

/// `false` where either of them is somebody else's already.
pub(super) async fn insert_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    (issuer, subject): (&str, &str),
    at: Timestamp,
) -> Result<bool, DeskError> {
    let values = args![organisation, staff, issuer, subject, at];
    Ok(conn.execute(INSERT_PERSON, values).await? == 1)
}

pub(in crate::staff) async fn end_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    at: Option<Timestamp>,
) -> Result<(), DeskError> {
    conn.execute(END_PERSON, args![organisation, staff, at])
        .await?;
    Ok(())
}

/// `false` where it was not the groups that locked them out.
pub(in crate::staff) async fn take_lock(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<bool, DeskError> {
    let values = args![organisation, staff];
    Ok(conn.execute(TAKE_LOCK, values).await? == 1)
}

/// `false` where nobody of the provider is them.
pub(super) async fn delete_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<bool, DeskError> {
    let values = args![organisation, staff];
    Ok(conn.execute(DELETE_PERSON, values).await? == 1)
}

pub(super) async fn delete_people(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_PEOPLE, args![organisation]).await?;
    Ok(())
}

pub(super) async fn rules_of_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<Option<Rules>, DeskError> {
    Ok(conn
        .query_opt(RULES_OF_PERSON, args![organisation, staff], |row| {
            rules(row, 0)
        })
        .await?)
}

pub(super) async fn insert_question(
    conn: &mut Conn,
    hash: &[u8; 32],
    organisation: OrganisationId,
    state: &str,
    expires: Timestamp,
) -> Result<(), DeskError> {
    let values = args![hash, organisation, state, expires];
    conn.execute(INSERT_QUESTION, values).await?;
    Ok(())
}

pub(super) async fn take_question(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(OrganisationId, String)>, DeskError> {
    Ok(conn
        .query_opt(TAKE_QUESTION, args![hash, now], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(in crate::staff) async fn forget_questions(
    conn: &mut Conn,
    before: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(FORGET_QUESTIONS, args![before]).await?;
    Ok(())
}
