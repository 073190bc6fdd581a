//! SQL of the staff, their sessions and the API tokens.

use super::model::StaffView;
use super::role::{ADMINISTRATOR, Queues, Reach, Role, SecondFactor};
use crate::context::{Permission, Permissions};
use crate::error::DeskError;
use crate::ids::{ApiTokenId, OrganisationId, StaffId};
use crate::names::Names;
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use std::collections::HashMap;
use std::sync::Arc;

/// Organisations of one desk that an address is looked for in.
const LOOKS: usize = 5;

statements! {
    /// Adds somebody.
    INSERT = "INSERT INTO staff (organisation_id, id, email, name, role, locale, created_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT DO NOTHING";
    /// Everybody.
    LIST = "SELECT id, email, name, role, locale, disabled_at, version, COALESCE((SELECT f.created_at FROM second_factors f \
        WHERE f.organisation_id = staff.organisation_id AND f.staff_id = staff.id), (SELECT MIN(k.created_at) FROM passkeys k \
        WHERE k.organisation_id = staff.organisation_id AND k.owner_id = staff.id)) \
        FROM staff WHERE organisation_id = $1 ORDER BY name, id";
    /// One.
    ONE = "SELECT id, email, name, role, locale, disabled_at, version, COALESCE((SELECT f.created_at FROM second_factors f \
        WHERE f.organisation_id = staff.organisation_id AND f.staff_id = staff.id), (SELECT MIN(k.created_at) FROM passkeys k \
        WHERE k.organisation_id = staff.organisation_id AND k.owner_id = staff.id)) \
        FROM staff WHERE organisation_id = $1 AND id = $2";
    /// Who signs in with this address, in whichever organisation.
    BY_EMAIL = "SELECT organisation_id, id, password_hash FROM staff WHERE email = $1 AND disabled_at IS NULL ORDER BY created_at LIMIT 5";
    /// Who has this address in an organisation, and stays as they are until the end of the transaction.
    HELD_BY_EMAIL = "SELECT id, email, name, role, locale, disabled_at, version, COALESCE((SELECT f.created_at FROM second_factors f \
        WHERE f.organisation_id = staff.organisation_id AND f.staff_id = staff.id), (SELECT MIN(k.created_at) FROM passkeys k \
        WHERE k.organisation_id = staff.organisation_id AND k.owner_id = staff.id)) \
        FROM staff WHERE organisation_id = $1 AND email = $2 \
        FOR NO KEY UPDATE";
    /// Changes address, name and language.
    SET_ABOUT = "UPDATE staff SET email = $3, name = $4, locale = $5, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2";
    /// What somebody's password is held against.
    PASSWORD_OF = "SELECT password_hash FROM staff WHERE organisation_id = $1 AND id = $2";
    /// Sets a password.
    SET_PASSWORD = "UPDATE staff SET password_hash = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// In how many organisations the address that is known in the most of them is.
    MOST_OF_AN_ADDRESS = "SELECT COUNT(*) AS many FROM staff WHERE disabled_at IS NULL GROUP BY email ORDER BY many DESC LIMIT 1";
    /// Changes a role.
    SET_ROLE = "UPDATE staff SET role = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2 AND version = $4";
    /// Lets somebody in no more.
    DISABLE = "UPDATE staff SET disabled_at = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// Lets somebody in again.
    ENABLE = "UPDATE staff SET disabled_at = NULL, version = version + 1 WHERE organisation_id = $1 AND id = $2 \
        AND disabled_at IS NOT NULL";
    /// Who sets the desk up and can come in; held, so that two of them can't lock each other out at once.
    ADMINISTRATORS = "SELECT id FROM staff WHERE organisation_id = $1 AND role = 'administrator' AND disabled_at IS NULL \
        ORDER BY id FOR NO KEY UPDATE";
    /// Changes the language of somebody's pages.
    SET_LOCALE = "UPDATE staff SET locale = $3 WHERE organisation_id = $1 AND id = $2";
    /// Roles in order.
    ROLES = "SELECT code, names, about, permissions, clinical, called, idle_minutes, session_minutes, position, version, \
        second_factor, queues FROM roles WHERE organisation_id = $1 ORDER BY position, code";
    /// Adds or changes a role.
    PUT_ROLE = "INSERT INTO roles (organisation_id, code, names, about, permissions, clinical, called, idle_minutes, \
        session_minutes, position, version, second_factor, queues) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $12, $13) \
        ON CONFLICT (organisation_id, code) DO UPDATE SET names = excluded.names, about = excluded.about, \
        permissions = excluded.permissions, clinical = excluded.clinical, called = excluded.called, \
        idle_minutes = excluded.idle_minutes, session_minutes = excluded.session_minutes, \
        position = excluded.position, second_factor = excluded.second_factor, \
        queues = excluded.queues, version = roles.version + 1 WHERE roles.version = $11";
    /// Whether somebody has a role, also somebody who can't come in now.
    ROLE_IS_HELD = "SELECT id FROM staff WHERE organisation_id = $1 AND role = $2 LIMIT 1";
    /// A role that stays as it is until the end of the transaction.
    HOLD_ROLE = "SELECT permissions, clinical, version, queues FROM roles WHERE organisation_id = $1 AND code = $2 \
        FOR NO KEY UPDATE";
    /// Somebody who stays as they are until the end of the transaction.
    HELD = "SELECT id, email, name, role, locale, disabled_at, version, COALESCE((SELECT f.created_at FROM second_factors f \
        WHERE f.organisation_id = staff.organisation_id AND f.staff_id = staff.id), (SELECT MIN(k.created_at) FROM passkeys k \
        WHERE k.organisation_id = staff.organisation_id AND k.owner_id = staff.id)) \
        FROM staff WHERE organisation_id = $1 AND id = $2 \
        FOR NO KEY UPDATE";
    /// Takes somebody's password away: they come in by a link next.
    CLEAR_PASSWORD = "UPDATE staff SET password_hash = NULL, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// What a token may do; it stays until the end of the transaction.
    TOKEN_REACH = "SELECT scopes, queues FROM api_tokens WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// A token with whoever made it; it stays until the end of the transaction.
    HELD_TOKEN = "SELECT id, name, scopes, queues, created_at, expires_at, revoked_at, created_by FROM api_tokens \
        WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// Removes a role.
    DELETE_ROLE = "DELETE FROM roles WHERE organisation_id = $1 AND code = $2";
    /// Adds an API token.
    INSERT_TOKEN = "INSERT INTO api_tokens (organisation_id, id, name, token_hash, scopes, created_at, expires_at, queues, \
        created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// The token with this hash, with whoever made it and the version of their role.
    TOKEN = "SELECT t.organisation_id, t.id, t.scopes, t.queues, t.expires_at, p.role, p.disabled_at, r.version FROM api_tokens t \
        LEFT JOIN staff p ON p.organisation_id = t.organisation_id AND p.id = t.created_by \
        LEFT JOIN roles r ON r.organisation_id = p.organisation_id AND r.code = p.role \
        WHERE t.token_hash = $1 AND t.revoked_at IS NULL";
    /// All tokens.
    TOKENS = "SELECT id, name, scopes, queues, created_at, expires_at, revoked_at FROM api_tokens WHERE organisation_id = $1 ORDER BY id";
    /// Who made which token.
    TOKEN_MAKERS = "SELECT id, created_by FROM api_tokens WHERE organisation_id = $1 AND created_by IS NOT NULL ORDER BY id";
    /// Takes a token back.
    REVOKE_TOKEN = "UPDATE api_tokens SET revoked_at = $3 WHERE organisation_id = $1 AND id = $2 AND revoked_at IS NULL";
    /// Takes back all that somebody made.
    REVOKE_TOKENS_OF = "UPDATE api_tokens SET revoked_at = $3 WHERE organisation_id = $1 AND created_by = $2 \
        AND revoked_at IS NULL RETURNING id, scopes";
    /// What the tokens of somebody may do that were not taken back.
    SCOPES_OF = "SELECT scopes, expires_at FROM api_tokens WHERE organisation_id = $1 AND created_by = $2 AND revoked_at IS NULL";
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
        second_factor_since: row.get(7)?,
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

/// In how many organisations the address that is known in the most of them is; at least one.
pub(super) async fn most_of_an_address(conn: &mut Conn) -> Result<usize, DeskError> {
    let most: Option<i64> = conn
        .query_opt(MOST_OF_AN_ADDRESS, args![], |row| row.get(0))
        .await?;
    Ok(most.map_or(1, |most| usize::try_from(most).unwrap_or(1).clamp(1, LOOKS)))
}

/// None where they have no password.
pub(super) async fn password_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<String>, DeskError> {
    Ok(conn
        .query_opt(PASSWORD_OF, args![organisation, id], |row| row.get(0))
        .await?
        .flatten())
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

/// An API token as stored.
pub(super) struct TokenRow {
    pub id: ApiTokenId,
    pub name: String,
    pub scopes: String,
    pub queues: Queues,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

pub(super) async fn insert_token(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &TokenRow,
    hash: &[u8; 32],
    by: Option<StaffId>,
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
            row.expires_at,
            row.queues.text(),
            by
        ],
    )
    .await?;
    Ok(())
}

/// A token that works, as it is needed at the door.
pub(super) struct TokenAtDoor {
    pub organisation: OrganisationId,
    pub id: ApiTokenId,
    pub scopes: String,
    pub queues: Queues,
    pub expires_at: Option<Timestamp>,
    /// The role of whoever made it; none for those of the desk itself.
    pub maker: Option<String>,
    /// The version of that role; none where the role is gone.
    pub role_version: Option<i64>,
    /// Whether whoever made it is locked out.
    pub is_locked: bool,
}

pub(super) async fn token(
    conn: &mut Conn,
    hash: &[u8; 32],
) -> Result<Option<TokenAtDoor>, DeskError> {
    Ok(conn
        .query_opt(TOKEN, args![hash], |row| {
            Ok(TokenAtDoor {
                organisation: row.get(0)?,
                id: row.get(1)?,
                scopes: row.get(2)?,
                queues: queues(row, 3)?,
                expires_at: row.get(4)?,
                maker: row.get(5)?,
                is_locked: row.get::<Option<Timestamp>>(6)?.is_some(),
                role_version: row.get(7)?,
            })
        })
        .await?)
}

pub(super) async fn tokens(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<TokenRow>, DeskError> {
    Ok(conn.query(TOKENS, args![organisation], token_row).await?)
}

fn token_row(row: &Row<'_>) -> Result<TokenRow, DbError> {
    Ok(TokenRow {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: row.get(2)?,
        queues: queues(row, 3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        revoked_at: row.get(6)?,
    })
}

/// One, and who made it.
pub(super) async fn held_token(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ApiTokenId,
) -> Result<Option<(TokenRow, Option<StaffId>)>, DeskError> {
    let found = |row: &Row<'_>| Ok((token_row(row)?, row.get(7)?));
    Ok(conn
        .query_opt(HELD_TOKEN, args![organisation, id], found)
        .await?)
}

pub(super) async fn token_makers(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<HashMap<ApiTokenId, StaffId>, DeskError> {
    let makers = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let found = conn
        .query(TOKEN_MAKERS, args![organisation], makers)
        .await?;
    Ok(found.into_iter().collect())
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

/// Which ones, and what they could do.
pub(super) async fn revoke_tokens_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    by: StaffId,
    at: Timestamp,
) -> Result<Vec<(ApiTokenId, String)>, DeskError> {
    Ok(conn
        .query(REVOKE_TOKENS_OF, args![organisation, by, at], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

/// The scopes and the end of each token of somebody that was not taken back.
pub(super) async fn scopes_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    by: StaffId,
) -> Result<Vec<(String, Option<Timestamp>)>, DeskError> {
    Ok(conn
        .query(SCOPES_OF, args![organisation, by], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn roles(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<Arc<Role>>, DeskError> {
    let names = |row: &Row<'_>, column| {
        let text: String = row.get(column)?;
        serde_json::from_str::<Names>(&text).map_err(|error| DbError::Column {
            column,
            reason: error.to_string(),
        })
    };
    Ok(conn
        .query(ROLES, args![organisation], |row| {
            let code: String = row.get(0)?;
            Ok(Arc::new(Role {
                names: names(row, 1)?,
                about: names(row, 2)?,
                permissions: permissions(&code, &row.get::<String>(3)?),
                clinical: row.get(4)?,
                called: row.get(5)?,
                idle_minutes: row.get(6)?,
                session_minutes: row.get(7)?,
                position: row.get(8)?,
                version: row.get(9)?,
                second_factor: SecondFactor::of_number(row.get(10)?),
                queues: queues(row, 11)?,
                code,
            }))
        })
        .await?)
}

/// `false` when it changed meanwhile: `role.version` is the version the caller saw (0 for a new one).
pub(super) async fn put_role(
    conn: &mut Conn,
    organisation: OrganisationId,
    role: &Role,
) -> Result<bool, DeskError> {
    let names = serde_json::to_string(&role.names)?;
    let about = serde_json::to_string(&role.about)?;
    let permissions = role.permissions.codes();
    let done = conn
        .execute(
            PUT_ROLE,
            args![
                organisation,
                role.code,
                names,
                about,
                permissions,
                role.clinical,
                role.called,
                role.idle_minutes,
                role.session_minutes,
                role.position,
                role.version,
                role.second_factor.number(),
                role.queues.text()
            ],
        )
        .await?;
    Ok(done == 1)
}

/// What a role opens, and its version.
pub(super) async fn hold_role(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &str,
) -> Result<Option<(Reach, i64)>, DeskError> {
    Ok(conn
        .query_opt(HOLD_ROLE, args![organisation, code], |row| {
            let reach = Reach {
                permissions: permissions(code, &row.get::<String>(0)?),
                clinical: row.get(1)?,
                queues: queues(row, 3)?,
            };
            Ok((reach, row.get(2)?))
        })
        .await?)
}

fn queues(row: &Row<'_>, column: usize) -> Result<Queues, DbError> {
    let text: Option<String> = row.get(column)?;
    Ok(Queues::from_text(text.as_deref()))
}

/// What is stored for the role `code`.
fn permissions(code: &str, codes: &str) -> Permissions {
    if code == ADMINISTRATOR {
        return Permissions::of(Permission::ALL);
    }
    Permissions::known(codes)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<StaffView>, DeskError> {
    Ok(conn
        .query_opt(HELD, args![organisation, id], person)
        .await?)
}

pub(super) async fn held_by_email(
    conn: &mut Conn,
    organisation: OrganisationId,
    email: &str,
) -> Result<Option<StaffView>, DeskError> {
    Ok(conn
        .query_opt(HELD_BY_EMAIL, args![organisation, email], person)
        .await?)
}

/// `false` where somebody got the address at this moment: the transaction is good for nothing then.
pub(super) async fn set_about(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
    (email, name, locale): (&str, &str, &str),
) -> Result<bool, DeskError> {
    let values = args![organisation, id, email, name, locale];
    match conn.execute(SET_ABOUT, values).await {
        Err(DbError::Conflict(_)) => Ok(false),
        done => Ok(done? == 1),
    }
}

pub(super) async fn clear_password(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<(), DeskError> {
    conn.execute(CLEAR_PASSWORD, args![organisation, id])
        .await?;
    Ok(())
}

/// What a token may do, as its codes, and where.
pub(super) async fn token_reach(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ApiTokenId,
) -> Result<Option<(String, Queues)>, DeskError> {
    Ok(conn
        .query_opt(TOKEN_REACH, args![organisation, id], |row| {
            Ok((row.get(0)?, queues(row, 1)?))
        })
        .await?)
}

pub(super) async fn role_is_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &str,
) -> Result<bool, DeskError> {
    let holder = conn
        .query_opt(ROLE_IS_HELD, args![organisation, code], |row| {
            row.get::<StaffId>(0)
        })
        .await?;
    Ok(holder.is_some())
}

pub(super) async fn delete_role(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &str,
) -> Result<(), DeskError> {
    conn.execute(DELETE_ROLE, args![organisation, code]).await?;
    Ok(())
}
