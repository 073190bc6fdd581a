//! SQL of the exceptions of information blocking.

use crate::error::DeskError;
use crate::ids::{OrganisationId, PrivacyRequestId};
use bedside_db::{Conn, DbError, Row, args, statements};
use jiff::civil::Date;

statements! {
    /// The exception that is named for a request.
    NAMED_EXCEPTION = "SELECT exception, exception_told_on FROM privacy_requests WHERE organisation_id = $1 AND id = $2";
    /// Names one, or takes it back.
    NAME_EXCEPTION = "UPDATE privacy_requests SET exception = $4, exception_told_on = $5, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $3";
    /// Requests that are not closed with one of which nobody was told yet.
    UNTOLD_EXCEPTIONS = "SELECT id, received_on, exception FROM privacy_requests WHERE organisation_id = $1 \
        AND state <> 'closed' AND exception IS NOT NULL AND exception_told_on IS NULL ORDER BY due_at, id";
}

fn day(row: &Row<'_>, column: usize) -> Result<Option<Date>, DbError> {
    let text: Option<String> = row.get(column)?;
    let read = |text: String| text.parse().map_err(|_| DbError::unknown_code(column));
    text.map(read).transpose()
}

pub(super) async fn named(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
) -> Result<Option<(String, Option<Date>)>, DeskError> {
    let read = |row: &Row<'_>| {
        let code: Option<String> = row.get(0)?;
        let told_on = day(row, 1)?;
        Ok::<_, DbError>(code.map(|code| (code, told_on)))
    };
    let args = args![organisation, id];
    let found = conn.query_opt(NAMED_EXCEPTION, args, read).await?;
    Ok(found.flatten())
}

/// Says whether it was still what was read.
pub(super) async fn name(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, version): (PrivacyRequestId, i64),
    code: Option<&str>,
    told_on: Option<Date>,
) -> Result<bool, DeskError> {
    let told_on = told_on.map(|day| day.to_string());
    let args = args![organisation, id, version, code, told_on];
    Ok(conn.execute(NAME_EXCEPTION, args).await? == 1)
}

/// Id, day of receipt, where what stands there is one, and code of each.
pub(super) async fn untold(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<(PrivacyRequestId, Option<Date>, String)>, DeskError> {
    let read = |row: &Row<'_>| {
        let received = day(row, 1).ok().flatten();
        Ok::<_, DbError>((row.get(0)?, received, row.get(2)?))
    };
    let args = args![organisation];
    Ok(conn.query(UNTOLD_EXCEPTIONS, args, read).await?)
}
