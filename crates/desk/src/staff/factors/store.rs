//! SQL of the second factors and their recovery codes.

use super::Factor;
use crate::error::DeskError;
use crate::ids::{DataKeyId, OrganisationId, StaffId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Keeps an app's secret; nothing where somebody has one already.
    INSERT_FACTOR = "INSERT INTO second_factors (organisation_id, staff_id, key_id, secret, last_step, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
    /// Somebody's secret.
    FACTOR = "SELECT key_id, secret FROM second_factors WHERE organisation_id = $1 AND staff_id = $2";
    /// Since when somebody has an app, how many passkeys they have, how many recovery codes are left, and how many of the
    /// passkeys work.
    FACTOR_STATE = "SELECT f.created_at, (SELECT COUNT(*) FROM passkeys k WHERE k.organisation_id = p.organisation_id \
        AND k.owner_id = p.id), (SELECT COUNT(*) FROM recovery_codes r WHERE r.organisation_id = p.organisation_id \
        AND r.staff_id = p.id), (SELECT COUNT(*) FROM passkeys k WHERE k.organisation_id = p.organisation_id \
        AND k.owner_id = p.id AND k.stopped_at IS NULL) FROM staff p LEFT JOIN second_factors f ON f.organisation_id = p.organisation_id \
        AND f.staff_id = p.id WHERE p.organisation_id = $1 AND p.id = $2";
    /// Takes the code of a time step that is later than every one before.
    TAKE_STEP = "UPDATE second_factors SET last_step = $3 WHERE organisation_id = $1 AND staff_id = $2 AND last_step < $3";
    /// Forgets an app's secret.
    DELETE_FACTOR = "DELETE FROM second_factors WHERE organisation_id = $1 AND staff_id = $2";
    /// Keeps a recovery code.
    INSERT_CODE = "INSERT INTO recovery_codes (organisation_id, staff_id, code_hash) VALUES ($1, $2, $3)";
    /// Uses a recovery code.
    TAKE_CODE = "DELETE FROM recovery_codes WHERE organisation_id = $1 AND staff_id = $2 AND code_hash = $3";
    /// Forgets all recovery codes of somebody.
    DELETE_CODES = "DELETE FROM recovery_codes WHERE organisation_id = $1 AND staff_id = $2";
}

/// `false` where they have one already.
pub(in crate::staff) async fn insert_factor(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    (key, secret): (DataKeyId, &[u8]),
    step: i64,
    at: Timestamp,
) -> Result<bool, DeskError> {
    let values = args![organisation, staff, key, secret, step, at];
    Ok(conn.execute(INSERT_FACTOR, values).await? == 1)
}

/// Somebody's secret, and what it is sealed with.
pub(in crate::staff) async fn factor(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<Option<(DataKeyId, Vec<u8>)>, DeskError> {
    Ok(conn
        .query_opt(FACTOR, args![organisation, staff], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(in crate::staff) async fn state(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<Option<Factor>, DeskError> {
    Ok(conn
        .query_opt(FACTOR_STATE, args![organisation, staff], |row| {
            Ok(Factor {
                app_since: row.get(0)?,
                passkeys: row.get(1)?,
                codes_left: row.get(2)?,
                passkeys_work: row.get::<i64>(3)? > 0,
            })
        })
        .await?
        .filter(|factor| factor.app_since.is_some() || factor.passkeys > 0))
}

/// Whether somebody has an app or a passkey. One that was stopped counts: else a copy of it would make a password enough.
pub(in crate::staff) async fn has_one(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<bool, DeskError> {
    Ok(state(conn, organisation, staff).await?.is_some())
}

/// `false` where this code, or a later one, was taken before.
pub(in crate::staff) async fn take_step(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    step: i64,
) -> Result<bool, DeskError> {
    let values = args![organisation, staff, step];
    Ok(conn.execute(TAKE_STEP, values).await? == 1)
}

/// Forgets the secret.
pub(in crate::staff) async fn delete(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_FACTOR, args![organisation, staff])
        .await?;
    Ok(())
}

pub(in crate::staff) async fn insert_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    hash: &[u8; 32],
) -> Result<(), DeskError> {
    conn.execute(INSERT_CODE, args![organisation, staff, hash])
        .await?;
    Ok(())
}

/// `false` where it is none of theirs, or was used.
pub(in crate::staff) async fn take_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    hash: &[u8; 32],
) -> Result<bool, DeskError> {
    let values = args![organisation, staff, hash];
    Ok(conn.execute(TAKE_CODE, values).await? == 1)
}

pub(in crate::staff) async fn delete_codes(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_CODES, args![organisation, staff])
        .await?;
    Ok(())
}
