//! SQL of raw mails.

use crate::error::DeskError;
use crate::ids::{
    BlobId, DataKeyId, InboundMailId, MailboxId, MessageId, OrganisationId, TicketId,
};
use crate::records::{self, blobs};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Adds a raw mail.
    INSERT = "INSERT INTO inbound_mails (organisation_id, id, mailbox_id, key_id, envelope, raw, blob_id, size, state, attempts, \
        leased_until, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'received', 0, 0, $9)";
    /// Whether a mail waits that nobody works on.
    ANY_WAITING = "SELECT 1 FROM inbound_mails WHERE state = 'received' AND leased_until <= $1 LIMIT 1";
    /// Takes mails that nobody has tried yet. Until somebody sees its end, a try counts as interrupted.
    CLAIM_FRESH = "UPDATE inbound_mails SET leased_until = $2, interrupted = interrupted + 1 \
        WHERE state = 'received' AND leased_until <= $1 AND (organisation_id, id) IN (SELECT organisation_id, id \
        FROM inbound_mails WHERE state = 'received' AND leased_until <= $1 AND attempts = 0 AND interrupted = 0 \
        ORDER BY received_at LIMIT $3) \
        RETURNING organisation_id, id, mailbox_id, key_id, envelope, raw, blob_id, size, attempts, interrupted - 1, received_at";
    /// Takes one mail that was tried before: whichever was cut off least, so that the one that ends the process is last.
    CLAIM_AGAIN = "UPDATE inbound_mails SET leased_until = $2, interrupted = interrupted + 1 \
        WHERE state = 'received' AND leased_until <= $1 AND (organisation_id, id) IN (SELECT organisation_id, id \
        FROM inbound_mails WHERE state = 'received' AND leased_until <= $1 AND attempts + interrupted > 0 \
        ORDER BY interrupted, received_at LIMIT 1) \
        RETURNING organisation_id, id, mailbox_id, key_id, envelope, raw, blob_id, size, attempts, interrupted - 1, received_at";
    /// Puts a mail back until an instant.
    RELEASE = "UPDATE inbound_mails SET leased_until = $3, attempts = $4, interrupted = $5, error = $6 \
        WHERE organisation_id = $1 AND id = $2 AND state = 'received'";
    /// Frees every mail that an ended process was working on.
    RELEASE_ALL = "UPDATE inbound_mails SET leased_until = 0 WHERE state = 'received' AND leased_until > 0";
    /// Where a mail stands.
    STATE = "SELECT state, error FROM inbound_mails WHERE organisation_id = $1 AND id = $2";
    /// Says what became of a mail.
    FINISH = "UPDATE inbound_mails SET state = $3, error = $4, ticket_id = $5, message_id = $6 WHERE organisation_id = $1 \
        AND id = $2 AND state = 'received'";
    /// Says that nothing comes of a mail; what it was goes.
    IGNORE = "UPDATE inbound_mails SET state = 'ignored', error = $3, envelope = $4, raw = NULL, blob_id = NULL \
        WHERE organisation_id = $1 AND id = $2 AND state = 'received'";
}

/// A mail to be kept.
pub(super) struct NewRow<'a> {
    pub id: InboundMailId,
    pub mailbox: Option<MailboxId>,
    pub key: DataKeyId,
    pub envelope: &'a [u8],
    pub raw: Option<&'a [u8]>,
    pub blob: Option<BlobId>,
    pub size: i64,
    pub at: Timestamp,
}

/// A mail somebody works on.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub organisation: OrganisationId,
    pub id: InboundMailId,
    pub mailbox: Option<MailboxId>,
    pub key: DataKeyId,
    pub envelope: Vec<u8>,
    pub raw: Option<Vec<u8>>,
    pub blob: Option<BlobId>,
    pub size: i64,
    /// How often it went wrong before this time.
    pub attempts: i64,
    /// How often in a row before this time it was begun and nobody saw its end.
    pub interrupted: i64,
    pub received_at: Timestamp,
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &NewRow<'_>,
) -> Result<(), DeskError> {
    let args = args![
        organisation,
        row.id,
        row.mailbox,
        row.key,
        row.envelope,
        row.raw,
        row.blob,
        row.size,
        row.at
    ];
    conn.execute(INSERT, args).await?;
    Ok(())
}

pub(super) async fn any_waiting(conn: &mut Conn, now: Timestamp) -> Result<bool, DeskError> {
    Ok(conn
        .query_opt(ANY_WAITING, args![now], |_| Ok(()))
        .await?
        .is_some())
}

/// Fresh mails, at most `limit`; or else one that was tried before, alone.
pub(super) async fn claim(
    conn: &mut Conn,
    now: Timestamp,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<Claimed>, DeskError> {
    let read = |row: &bedside_db::Row<'_>| {
        Ok(Claimed {
            organisation: row.get(0)?,
            id: row.get(1)?,
            mailbox: row.get(2)?,
            key: row.get(3)?,
            envelope: row.get(4)?,
            raw: row.get(5)?,
            blob: row.get(6)?,
            size: row.get(7)?,
            attempts: row.get(8)?,
            interrupted: row.get(9)?,
            received_at: row.get(10)?,
        })
    };
    let mut claimed = conn
        .query(CLAIM_FRESH, args![now, until, limit], read)
        .await?;
    if claimed.is_empty() {
        claimed = conn.query(CLAIM_AGAIN, args![now, until], read).await?;
    }
    claimed.sort_by_key(|mail| mail.id);
    Ok(claimed)
}

/// What a mail that is put back has behind it.
#[derive(Clone, Copy)]
pub(super) struct Behind {
    /// See [`Claimed::attempts`].
    pub attempts: i64,
    /// See [`Claimed::interrupted`].
    pub interrupted: i64,
    /// What went wrong last, as a code.
    pub error: Option<&'static str>,
}

pub(super) async fn release(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: InboundMailId,
    until: Timestamp,
    behind: Behind,
) -> Result<(), DeskError> {
    let Behind {
        attempts,
        interrupted,
        error,
    } = behind;
    let args = args![organisation, id, until, attempts, interrupted, error];
    conn.execute(RELEASE, args).await?;
    Ok(())
}

pub(super) async fn release_all(conn: &mut Conn) -> Result<u64, DeskError> {
    Ok(conn.execute(RELEASE_ALL, args![]).await?)
}

/// Where a stored mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nobody has tried it to its end yet.
    Waits,
    /// It was left out because it was here already.
    Known,
    /// Anything else.
    Taken,
}

pub(super) async fn standing(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: InboundMailId,
) -> Result<Standing, DeskError> {
    let found = conn
        .query_opt(STATE, args![organisation, id], |row| {
            Ok((row.get::<String>(0)?, row.get::<Option<String>>(1)?))
        })
        .await?;
    let found = found
        .as_ref()
        .map(|(state, error)| (state.as_str(), error.as_deref()));
    Ok(match found {
        Some(("received", None)) => Standing::Waits,
        Some(("ignored", Some("duplicate"))) => Standing::Known,
        _ => Standing::Taken,
    })
}

/// `false` when somebody else finished it.
pub(super) async fn finish(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: InboundMailId,
    (state, error): (&str, Option<&str>),
    ticket: Option<TicketId>,
    message: Option<MessageId>,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(
            FINISH,
            args![organisation, id, state, error, ticket, message],
        )
        .await?
        == 1)
}

/// Finishes a mail of which nothing comes, and forgets what it said: no request and nobody would lead to it any more.
/// `false` when somebody else finished it.
pub(super) async fn ignore(
    conn: &mut Conn,
    mail: &Claimed,
    why: &'static str,
) -> Result<bool, DeskError> {
    let (organisation, nothing): (_, &[u8]) = (mail.organisation, &[]);
    let args = args![organisation, mail.id, why, nothing];
    if conn.execute(IGNORE, args).await? == 0 {
        return Ok(false);
    }
    if let Some(blob) = mail.blob {
        blobs::remove(conn, organisation, blob).await?;
    }
    records::forget_key(conn, organisation, mail.key).await?;
    Ok(true)
}
