//! SQL of what was told of ends.

use super::model::Ending;
use crate::error::DeskError;
use crate::ids::{EndingId, OrganisationId};
use bedside_db::{Conn, args, statements};
use std::collections::HashMap;

statements! {
    /// What was told of each.
    TOLD = "SELECT subject_id, ends_at, step FROM renewals WHERE organisation_id = $1 ORDER BY subject_id";
    /// Keeps that a step was told; nothing where it was told before.
    TELL = "INSERT INTO renewals (organisation_id, subject_id, ends_at, step) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (organisation_id, subject_id) DO UPDATE SET ends_at = excluded.ends_at, step = excluded.step \
        WHERE renewals.ends_at <> excluded.ends_at OR renewals.step > excluded.step";
}

/// The end as it is kept: 0 for none.
fn kept(ending: &Ending) -> i64 {
    ending.ends_at.map_or(0, bedside_db::Timestamp::micros)
}

/// Whether `step` of this end was told, by what [`told`] gave.
pub(super) fn was_told(told: &HashMap<EndingId, (i64, i64)>, ending: &Ending, step: i64) -> bool {
    told.get(&ending.id)
        .is_some_and(|(end, last)| *end == kept(ending) && *last <= step)
}

pub(super) async fn told(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<HashMap<EndingId, (i64, i64)>, DeskError> {
    let rows = conn
        .query(TOLD, args![organisation], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

/// `false` when somebody told it meanwhile.
pub(super) async fn tell(
    conn: &mut Conn,
    organisation: OrganisationId,
    ending: &Ending,
    step: i64,
) -> Result<bool, DeskError> {
    let ends_at = kept(ending);
    let values = args![organisation, ending.id, ends_at, step];
    Ok(conn.execute(TELL, values).await? == 1)
}
