//! SQL of looks at what a conversation does not show yet.

use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId, TicketId};
use bedside_db::{Conn, Row, Timestamp, args, statements};

statements! {
    /// Keeps a look.
    INSERT_PEEK = "INSERT INTO identity_peeks (organisation_id, ticket_id, staff_id, at, until) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (organisation_id, ticket_id, staff_id, at) DO UPDATE SET until = excluded.until";
    /// Whether somebody was there in a conversation since then: something was shown to the staff or failed, somebody of the
    /// staff wrote down what was said, or it came by a channel by which they are there. One question for every page of a
    /// request, so it reads the messages as well, which are another part's.
    PRESENT = "SELECT 1 FROM identity_evidence WHERE organisation_id = $1 AND ticket_id = $2 AND made_at > $3 \
        AND staff_id IS NOT NULL UNION ALL \
        SELECT 1 FROM identity_failures WHERE organisation_id = $1 AND ticket_id = $2 AND at > $3 UNION ALL \
        SELECT 1 FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND created_at > $3 AND kind = 'inbound' \
        AND (written_by IS NOT NULL OR channel IN ('phone', 'video', 'sms', 'chat')) LIMIT 1";
    /// Until when somebody's newest look at a conversation lasts.
    PEEK = "SELECT until FROM identity_peeks WHERE organisation_id = $1 AND ticket_id = $2 AND staff_id = $3 AND at > $4 \
        ORDER BY at DESC LIMIT 1";
    /// Who looked how often, and when last; the most first.
    PEEKS = "SELECT staff_id, COUNT(*), MAX(at) FROM identity_peeks WHERE organisation_id = $1 AND at > $2 GROUP BY staff_id \
        ORDER BY COUNT(*) DESC, staff_id LIMIT 100";
    /// Forgets looks that are counted no more.
    FORGET_PEEKS = "DELETE FROM identity_peeks WHERE at < $1";
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, staff): (TicketId, StaffId),
    (at, until): (Timestamp, Timestamp),
) -> Result<(), DeskError> {
    let row = args![organisation, ticket, staff, at, until];
    conn.execute(INSERT_PEEK, row).await?;
    Ok(())
}

pub(super) async fn present(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    since: Timestamp,
) -> Result<bool, DeskError> {
    let wanted = args![organisation, ticket, since];
    let found = conn.query_opt(PRESENT, wanted, |_| Ok(())).await?;
    Ok(found.is_some())
}

pub(super) async fn until(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, staff): (TicketId, StaffId),
    since: Timestamp,
) -> Result<Option<Timestamp>, DeskError> {
    let wanted = args![organisation, ticket, staff, since];
    Ok(conn.query_opt(PEEK, wanted, |row| row.get(0)).await?)
}

pub(super) async fn counted(
    conn: &mut Conn,
    organisation: OrganisationId,
    since: Timestamp,
) -> Result<Vec<(StaffId, i64, Timestamp)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let wanted = args![organisation, since];
    Ok(conn.query(PEEKS, wanted, read).await?)
}

pub(super) async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET_PEEKS, args![before]).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::PRESENT;
    use crate::records::is_live;
    use bedside_language::Channel;

    #[test]
    fn the_channels_by_which_somebody_is_there_are_those_of_the_rule() {
        let (_, listed) = PRESENT.dollar.split_once("channel IN (").unwrap();
        let (listed, _) = listed.split_once(')').unwrap();
        let mut listed: Vec<&str> = listed
            .split(", ")
            .map(|one| one.trim_matches('\''))
            .collect();
        let codes = Channel::ALL.iter().map(|channel| channel.code());
        let mut live: Vec<&str> = codes.filter(|code| is_live(code)).collect();
        listed.sort_unstable();
        live.sort_unstable();
        assert_eq!(listed, live);
    }
}
