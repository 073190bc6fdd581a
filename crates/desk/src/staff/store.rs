//! SQL of the staff, their sessions and the API tokens.

use super::model::StaffView;
use crate::error::DeskError;
use crate::ids::{ApiTokenId, OrganisationId, StaffId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Adds somebody.
    INSERT = "INSERT INTO staff (organisation_id, id, email, name, role, locale, created_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT DO NOTHING";
    /// Everybody.
    LIST = "SELECT id, email, name, role, locale, disabled_at, version FROM staff WHERE organisation_id = $1 ORDER BY name, id";
    /// One.
    ONE = "SELECT id, email, name, role, locale, disabled_at, version FROM staff WHERE organisation_id = $1 AND id = $2";
    /// Who signs in with this address, in whichever organisation.
    BY_EMAIL = "SELECT organisation_id, id, password_hash FROM staff WHERE email = $1 AND disabled_at IS NULL ORDER BY created_at LIMIT 5";
    /// Sets a password.
    SET_PASSWORD = "UPDATE staff SET password_hash = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// Changes a role.
    SET_ROLE = "UPDATE staff SET role = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2 AND version = $4";
    /// Ends the invitations of somebody that nobody used yet.
    DELETE_INVITATIONS_OF = "DELETE FROM staff_links WHERE organisation_id = $1 AND staff_id = $2 AND reusable = 0";
    /// Ends the links somebody could come in by.
    DELETE_LINKS_OF = "DELETE FROM staff_links WHERE organisation_id = $1 AND staff_id = $2";
    /// Lets somebody in no more.
    DISABLE = "UPDATE staff SET disabled_at = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// Lets somebody in again.
    ENABLE = "UPDATE staff SET disabled_at = NULL, version = version + 1 WHERE organisation_id = $1 AND id = $2 \
        AND disabled_at IS NOT NULL";
    /// Who sets the desk up and can come in; held, so that two of them can't lock each other out at once.
    ADMINISTRATORS = "SELECT id FROM staff WHERE organisation_id = $1 AND role = 'administrator' AND disabled_at IS NULL \
        ORDER BY id FOR NO KEY UPDATE";
    /// Opens a session.
    INSERT_SESSION = "INSERT INTO sessions (token_hash, organisation_id, staff_id, created_at, seen_at, expires_at) \
        VALUES ($1, $2, $3, $4, $4, $5)";
    /// A session with its person.
    SESSION = "SELECT s.organisation_id, s.staff_id, s.seen_at, s.expires_at, p.name, p.role, p.locale FROM sessions s \
        JOIN staff p ON p.organisation_id = s.organisation_id AND p.id = s.staff_id \
        WHERE s.token_hash = $1 AND p.disabled_at IS NULL";
    /// Notes that a session is used.
    TOUCH_SESSION = "UPDATE sessions SET seen_at = $2 WHERE token_hash = $1";
    /// Ends a session.
    DELETE_SESSION = "DELETE FROM sessions WHERE token_hash = $1";
    /// Forgets sessions that ended by themselves.
    FORGET_SESSIONS = "DELETE FROM sessions WHERE expires_at < $1";
    /// Forgets links that let nobody in any more.
    FORGET_LINKS = "DELETE FROM staff_links WHERE expires_at < $1";
    /// Ends all sessions of a person.
    DELETE_SESSIONS_OF = "DELETE FROM sessions WHERE organisation_id = $1 AND staff_id = $2";
    /// Adds a link that lets somebody in.
    INSERT_LINK = "INSERT INTO staff_links (token_hash, organisation_id, staff_id, reusable, expires_at) VALUES ($1, $2, $3, $4, $5)";
    /// Uses a link.
    USE_LINK = "UPDATE staff_links SET used_at = $2 WHERE token_hash = $1 AND expires_at > $2 \
        AND (used_at IS NULL OR reusable = 1) RETURNING organisation_id, staff_id, reusable";
    /// Changes the language of somebody's pages.
    SET_LOCALE = "UPDATE staff SET locale = $3 WHERE organisation_id = $1 AND id = $2";
    /// One more try for an address; gives back how many there were and when the one before was. On PostgreSQL the row
    /// stays locked, so that tries at once are counted one after the other.
    ADD_FAILURE = "INSERT INTO sign_in_failures (address_hash, failures, last_at) VALUES ($1, 1, $2) \
        ON CONFLICT (address_hash) DO UPDATE SET failures = sign_in_failures.failures + 1 RETURNING failures, last_at";
    /// When the newest try was.
    DATE_FAILURE = "UPDATE sign_in_failures SET last_at = $2 WHERE address_hash = $1";
    /// A right password forgets the wrong ones.
    CLEAR_FAILURES = "DELETE FROM sign_in_failures WHERE address_hash = $1";
    /// Forgets wrong passwords that cost no waiting any more.
    FORGET_FAILURES = "DELETE FROM sign_in_failures WHERE last_at < $1";
    /// Adds an API token.
    INSERT_TOKEN = "INSERT INTO api_tokens (organisation_id, id, name, token_hash, scopes, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// The token with this hash.
    TOKEN = "SELECT organisation_id, id, scopes, expires_at FROM api_tokens WHERE token_hash = $1 AND revoked_at IS NULL";
    /// All tokens.
    TOKENS = "SELECT id, name, scopes, created_at, expires_at, revoked_at FROM api_tokens WHERE organisation_id = $1 ORDER BY id";
    /// Takes a token back.
    REVOKE_TOKEN = "UPDATE api_tokens SET revoked_at = $3 WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL";
}

fn person(row: &Row<'_>) -> Result<StaffView, DbError> {
    Ok(StaffView {
        id: row.get(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        role: row.get(3)?,
        locale: row.get(4)?,
        disabled_at: row.get(5)?,
        version: row.get(6)?,
    })
}

/// `false` when somebody has this address already.
pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    person: &StaffView,
    at: Timestamp,
) -> Result<bool, DeskError> {
    let done = conn
        .execute(
            INSERT,
            args![
                organisation,
                person.id,
                person.email,
                person.name,
                person.role,
                person.locale,
                at
            ],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn list(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<StaffView>, DeskError> {
    Ok(conn.query(LIST, args![organisation], person).await?)
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<StaffView>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], person).await?)
}

pub(super) async fn by_email(
    conn: &mut Conn,
    email: &str,
) -> Result<Vec<(OrganisationId, StaffId, Option<String>)>, DeskError> {
    Ok(conn
        .query(BY_EMAIL, args![email], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}

pub(super) async fn set_password(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
    hash: &str,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(SET_PASSWORD, args![organisation, id, hash])
        .await?
        == 1)
}

/// `false` when they changed meanwhile.
pub(super) async fn set_role(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
    role: &str,
    version: i64,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(SET_ROLE, args![organisation, id, role, version])
        .await?
        == 1)
}

pub(super) async fn delete_invitations_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_INVITATIONS_OF, args![organisation, id])
        .await?;
    Ok(())
}

pub(super) async fn delete_links_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_LINKS_OF, args![organisation, id])
        .await?;
    Ok(())
}

pub(super) async fn disable(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn.execute(DISABLE, args![organisation, id, at]).await? == 1)
}

/// `false` when they can come in already.
pub(super) async fn enable(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(ENABLE, args![organisation, id]).await? == 1)
}

pub(super) async fn administrators(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<StaffId>, DeskError> {
    Ok(conn
        .query(ADMINISTRATORS, args![organisation], |row| row.get(0))
        .await?)
}

pub(super) async fn insert_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    organisation: OrganisationId,
    staff: StaffId,
    at: Timestamp,
    expires: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_SESSION,
        args![hash, organisation, staff, at, expires],
    )
    .await?;
    Ok(())
}

/// A session as stored, with its person.
pub(super) struct SessionRow {
    pub organisation: OrganisationId,
    pub staff: StaffId,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub name: String,
    pub role: String,
    pub locale: String,
}

pub(super) async fn session(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<Option<SessionRow>, DeskError> {
    Ok(conn
        .query_opt(SESSION, args![hash], |row| {
            Ok(SessionRow {
                organisation: row.get(0)?,
                staff: row.get(1)?,
                seen_at: row.get(2)?,
                expires_at: row.get(3)?,
                name: row.get(4)?,
                role: row.get(5)?,
                locale: row.get(6)?,
            })
        })
        .await?)
}

pub(super) async fn touch_session(
    conn: &mut Conn,
    hash: &[u8; 32],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(TOUCH_SESSION, args![hash, at]).await?;
    Ok(())
}

pub(super) async fn delete_session(conn: &mut Conn, hash: &[u8; 32]) -> Result<(), DeskError> {
    conn.execute(DELETE_SESSION, args![hash]).await?;
    Ok(())
}

pub(super) async fn delete_sessions_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_SESSIONS_OF, args![organisation, staff])
        .await?;
    Ok(())
}

pub(super) async fn insert_link(
    conn: &mut Conn,
    hash: &[u8; 32],
    organisation: OrganisationId,
    staff: StaffId,
    reusable: bool,
    expires: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_LINK,
        args![hash, organisation, staff, reusable, expires],
    )
    .await?;
    Ok(())
}

pub(super) async fn use_link(
    conn: &mut Conn,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<(OrganisationId, StaffId, bool)>, DeskError> {
    Ok(conn
        .query_opt(USE_LINK, args![hash, now], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}

pub(super) async fn set_locale(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
    locale: &str,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(SET_LOCALE, args![organisation, id, locale])
        .await?
        == 1)
}

/// Counts one more try: gives back which it is, and when the one before was.
pub(super) async fn add_failure(
    conn: &mut Conn,
    hash: &[u8; 32],
    at: Timestamp,
) -> Result<(i64, Timestamp), DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let counted = conn.query_one(ADD_FAILURE, args![hash, at], read).await?;
    date_failure(conn, hash, at).await?;
    Ok(counted)
}

/// From when on the wait after a try counts.
pub(super) async fn date_failure(
    conn: &mut Conn,
    hash: &[u8; 32],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(DATE_FAILURE, args![hash, at]).await?;
    Ok(())
}

pub(super) async fn clear_failures(conn: &mut Conn, hash: &[u8; 32]) -> Result<(), DeskError> {
    conn.execute(CLEAR_FAILURES, args![hash]).await?;
    Ok(())
}

/// An API token as stored.
pub(super) struct TokenRow {
    pub id: ApiTokenId,
    pub name: String,
    pub scopes: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

pub(super) async fn insert_token(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &TokenRow,
    hash: &[u8; 32],
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_TOKEN,
        args![
            organisation,
            row.id,
            row.name,
            hash,
            row.scopes,
            row.created_at,
            row.expires_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn token(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<Option<(OrganisationId, ApiTokenId, String, Option<Timestamp>)>, DeskError> {
    Ok(conn
        .query_opt(TOKEN, args![hash], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .await?)
}

pub(super) async fn tokens(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<TokenRow>, DeskError> {
    Ok(conn
        .query(TOKENS, args![organisation], |row| {
            Ok(TokenRow {
                id: row.get(0)?,
                name: row.get(1)?,
                scopes: row.get(2)?,
                created_at: row.get(3)?,
                expires_at: row.get(4)?,
                revoked_at: row.get(5)?,
            })
        })
        .await?)
}

pub(super) async fn revoke_token(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ApiTokenId,
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(REVOKE_TOKEN, args![organisation, id, at])
        .await?
        == 1)
}

/// Forgets sessions and links that ended before `before`, and wrong passwords of the day before that.
pub(super) async fn forget_expired(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET_SESSIONS, args![before]).await?;
    conn.execute(FORGET_LINKS, args![before]).await?;
    let day_before = before.plus_seconds(-24 * 3600);
    conn.execute(FORGET_FAILURES, args![day_before]).await?;
    Ok(())
}
