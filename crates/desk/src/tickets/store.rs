//! SQL of the tickets.

use super::model::{Status, StoredTicket, Ticket, Urgency, View};
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId, QueueId, StaffId, TicketId};
use crate::records::{About, Labels};
use crate::sla::Clocks;
use crate::triage::StoredWhy;
use bedside_db::{Conn, DbError, Row, Statement, Timestamp, Value, args, statements};

/// The columns of a ticket, in the order that [`ticket`] reads. One text, so that lists and single reads agree.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT t.id, t.number, t.key_id, t.contact_id, t.patient_id, t.mailbox_id, t.queue_id, t.assignee_id, \
             t.category, t.urgency, t.safety, t.status, t.sub_status_id, t.channel, t.locale, t.triage, \
             t.first_response_due, t.next_response_due, t.resolution_due, t.first_responded_at, t.waiting_since, \
             t.snoozed_until, t.resolved_at, t.merged_into, t.message_count, t.last_message_at, t.last_message_by, \
             t.created_at, t.updated_at, t.version, t.subject, t.fields, (SELECT COUNT(*) FROM ticket_tags a \
             WHERE a.organisation_id = t.organisation_id AND a.ticket_id = t.id), t.paused_at, \
             COALESCE(t.patient_id, (SELECT c.patient_id FROM contacts c \
             WHERE c.organisation_id = t.organisation_id AND c.id = t.contact_id)), \
             COALESCE((SELECT p.labels FROM patients p WHERE p.organisation_id = t.organisation_id AND p.id = \
             COALESCE(t.patient_id, (SELECT c.patient_id FROM contacts c WHERE c.organisation_id = t.organisation_id \
             AND c.id = t.contact_id))), 0) | t.labels, t.emptied_at, t.labels FROM tickets t ",
            $rest
        )
    };
}

statements! {
    /// The next ticket number.
    NEXT_NUMBER = "UPDATE counters SET ticket_number = ticket_number + 1 WHERE organisation_id = $1 RETURNING ticket_number";
    /// Adds a ticket.
    INSERT = "INSERT INTO tickets (organisation_id, id, number, key_id, contact_id, patient_id, mailbox_id, queue_id, \
        assignee_id, category, urgency, safety, status, active, rank, channel, locale, subject, fields, triage, due_at, \
        first_response_due, next_response_due, resolution_due, waiting_since, message_count, last_message_at, \
        last_message_by, created_at, updated_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
        $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $29, 1)";
    /// Writes back what can change, unless it changed meanwhile.
    UPDATE = "UPDATE tickets SET patient_id = $4, queue_id = $5, assignee_id = $6, category = $7, urgency = $8, \
        status = $9, sub_status_id = $10, active = $11, rank = $12, due_at = $13, first_response_due = $14, \
        next_response_due = $15, resolution_due = $16, first_responded_at = $17, waiting_since = $18, \
        snoozed_until = $19, resolved_at = $20, merged_into = $21, message_count = $22, last_message_at = $23, \
        last_message_by = $24, updated_at = $25, subject = $26, fields = $27, locale = $28, safety = $29, triage = $30, \
        paused_at = $31, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $3";
    /// A contact's requests of nobody yet are those of a patient, save those in one queue.
    ADOPT = "UPDATE tickets SET patient_id = $3, updated_at = $5, version = version + 1 WHERE organisation_id = $1 \
        AND contact_id = $2 AND patient_id IS NULL AND queue_id <> $4 RETURNING id, version";
    /// A contact's requests are not those of this patient.
    DISOWN = "UPDATE tickets SET patient_id = NULL, updated_at = $4, version = version + 1 WHERE organisation_id = $1 \
        AND contact_id = $2 AND patient_id = $3 RETURNING id, version";
    /// One ticket.
    ONE = select!("WHERE t.organisation_id = $1 AND t.id = $2");
    /// One ticket, which nobody else changes until the command ends.
    LOCKED = select!("WHERE t.organisation_id = $1 AND t.id = $2 FOR NO KEY UPDATE OF t");
    /// One ticket by its number.
    BY_NUMBER = select!("WHERE t.organisation_id = $1 AND t.number = $2");
    /// Active ones of a queue.
    IN_QUEUE = select!("WHERE t.organisation_id = $1 AND t.queue_id = $2 AND t.active = 1 \
        AND (t.rank, t.due_at, t.id) > ($3, $4, $5) ORDER BY t.rank, t.due_at, t.id LIMIT $6");
    /// Active ones of a person.
    OF_ASSIGNEE = select!("WHERE t.organisation_id = $1 AND t.assignee_id = $2 AND t.active = 1 \
        AND (t.rank, t.due_at, t.id) > ($3, $4, $5) ORDER BY t.rank, t.due_at, t.id LIMIT $6");
    /// All active ones.
    ACTIVE = select!("WHERE t.organisation_id = $1 AND t.active = 1 \
        AND (t.rank, t.due_at, t.id) > ($2, $3, $4) ORDER BY t.rank, t.due_at, t.id LIMIT $5");
    /// Active crises.
    CRISES = select!("WHERE t.organisation_id = $1 AND t.active = 1 AND t.rank = 0 \
        AND (t.due_at, t.id) > ($2, $3) ORDER BY t.due_at, t.id LIMIT $4");
    /// Resolved and closed ones.
    DONE = select!("WHERE t.organisation_id = $1 AND t.active = 0 \
        AND (t.updated_at, t.id) < ($2, $3) ORDER BY t.updated_at DESC, t.id DESC LIMIT $4");
    /// Active ones with a status.
    ACTIVE_STATUS = select!("WHERE t.organisation_id = $1 AND t.active = 1 AND t.status = $2 \
        AND (t.rank, t.due_at, t.id) > ($3, $4, $5) ORDER BY t.rank, t.due_at, t.id LIMIT $6");
    /// Ended ones with a status.
    DONE_STATUS = select!("WHERE t.organisation_id = $1 AND t.active = 0 AND t.status = $2 \
        AND (t.updated_at, t.id) < ($3, $4) ORDER BY t.updated_at DESC, t.id DESC LIMIT $5");
    /// Those of a contact.
    OF_CONTACT = select!("WHERE t.organisation_id = $1 AND t.contact_id = $2 AND t.id < $3 ORDER BY t.id DESC LIMIT $4");
    /// Those of a patient.
    OF_PATIENT = select!("WHERE t.organisation_id = $1 AND t.patient_id = $2 AND t.id < $3 ORDER BY t.id DESC LIMIT $4");
    /// Those with a tag.
    TAGGED = select!("JOIN ticket_tags g ON g.organisation_id = t.organisation_id AND g.ticket_id = t.id \
        WHERE t.organisation_id = $1 AND g.tag_id = $2 AND t.id < $3 ORDER BY t.id DESC LIMIT $4");
    /// Those that a person follows.
    FOLLOWED = select!("JOIN ticket_followers f ON f.organisation_id = t.organisation_id AND f.ticket_id = t.id \
        WHERE t.organisation_id = $1 AND f.staff_id = $2 AND t.id < $3 ORDER BY t.id DESC LIMIT $4");
    /// Active ones of a queue, from the end towards the beginning.
    IN_QUEUE_BACK = select!("WHERE t.organisation_id = $1 AND t.queue_id = $2 AND t.active = 1 \
        AND (t.rank, t.due_at, t.id) < ($3, $4, $5) ORDER BY t.rank DESC, t.due_at DESC, t.id DESC LIMIT $6");
    /// Active ones of a person, backwards.
    OF_ASSIGNEE_BACK = select!("WHERE t.organisation_id = $1 AND t.assignee_id = $2 AND t.active = 1 \
        AND (t.rank, t.due_at, t.id) < ($3, $4, $5) ORDER BY t.rank DESC, t.due_at DESC, t.id DESC LIMIT $6");
    /// All active ones, backwards.
    ACTIVE_BACK = select!("WHERE t.organisation_id = $1 AND t.active = 1 \
        AND (t.rank, t.due_at, t.id) < ($2, $3, $4) ORDER BY t.rank DESC, t.due_at DESC, t.id DESC LIMIT $5");
    /// Active crises, backwards.
    CRISES_BACK = select!("WHERE t.organisation_id = $1 AND t.active = 1 AND t.rank = 0 \
        AND (t.due_at, t.id) < ($2, $3) ORDER BY t.due_at DESC, t.id DESC LIMIT $4");
    /// Active ones with a status, backwards.
    ACTIVE_STATUS_BACK = select!("WHERE t.organisation_id = $1 AND t.active = 1 AND t.status = $2 \
        AND (t.rank, t.due_at, t.id) < ($3, $4, $5) ORDER BY t.rank DESC, t.due_at DESC, t.id DESC LIMIT $6");
    /// Ended ones with a status, backwards.
    DONE_STATUS_BACK = select!("WHERE t.organisation_id = $1 AND t.active = 0 AND t.status = $2 \
        AND (t.updated_at, t.id) > ($3, $4) ORDER BY t.updated_at, t.id LIMIT $5");
    /// Resolved and closed ones, backwards.
    DONE_BACK = select!("WHERE t.organisation_id = $1 AND t.active = 0 \
        AND (t.updated_at, t.id) > ($2, $3) ORDER BY t.updated_at, t.id LIMIT $4");
    /// Those of a contact, backwards.
    OF_CONTACT_BACK = select!("WHERE t.organisation_id = $1 AND t.contact_id = $2 AND t.id > $3 ORDER BY t.id LIMIT $4");
    /// Those of a patient, backwards.
    OF_PATIENT_BACK = select!("WHERE t.organisation_id = $1 AND t.patient_id = $2 AND t.id > $3 ORDER BY t.id LIMIT $4");
    /// Those with a tag, backwards.
    TAGGED_BACK = select!("JOIN ticket_tags g ON g.organisation_id = t.organisation_id AND g.ticket_id = t.id \
        WHERE t.organisation_id = $1 AND g.tag_id = $2 AND t.id > $3 ORDER BY t.id LIMIT $4");
    /// Those that a person follows, backwards.
    FOLLOWED_BACK = select!("JOIN ticket_followers f ON f.organisation_id = t.organisation_id AND f.ticket_id = t.id \
        WHERE t.organisation_id = $1 AND f.staff_id = $2 AND t.id > $3 ORDER BY t.id LIMIT $4");
    /// Active ones of a queue, counted up to a limit.
    COUNT_QUEUE = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets WHERE organisation_id = $1 AND queue_id = $2 \
        AND active = 1 LIMIT $3) AS few";
    /// Active ones of a person, counted up to a limit.
    COUNT_ASSIGNEE = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets WHERE organisation_id = $1 AND assignee_id = $2 \
        AND active = 1 LIMIT $3) AS few";
    /// Active crises, counted up to a limit.
    COUNT_CRISES = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM tickets WHERE organisation_id = $1 AND active = 1 \
        AND rank = 0 LIMIT $2) AS few";
    /// Links two tickets.
    ADD_LINK = "INSERT INTO ticket_links (organisation_id, ticket_id, other_id, kind) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// Links from a ticket.
    LINKS_FROM = "SELECT l.kind, t.id, t.number, t.status FROM ticket_links l JOIN tickets t \
        ON t.organisation_id = l.organisation_id AND t.id = l.other_id WHERE l.organisation_id = $1 AND l.ticket_id = $2";
    /// Links to a ticket.
    LINKS_TO = "SELECT l.kind, t.id, t.number, t.status FROM ticket_links l JOIN tickets t \
        ON t.organisation_id = l.organisation_id AND t.id = l.ticket_id WHERE l.organisation_id = $1 AND l.other_id = $2";
    /// Follows.
    FOLLOW = "INSERT INTO ticket_followers (organisation_id, ticket_id, staff_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    /// Follows no more.
    UNFOLLOW = "DELETE FROM ticket_followers WHERE organisation_id = $1 AND ticket_id = $2 AND staff_id = $3";
    /// Whoever follows one ticket follows another too.
    FOLLOW_TOO = "INSERT INTO ticket_followers (organisation_id, ticket_id, staff_id) SELECT organisation_id, $3, staff_id \
        FROM ticket_followers WHERE organisation_id = $1 AND ticket_id = $2 ON CONFLICT DO NOTHING";
    /// Who follows.
    FOLLOWERS = "SELECT staff_id FROM ticket_followers WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY staff_id";
}

fn ticket(row: &Row<'_>) -> Result<StoredTicket, DbError> {
    Ok(StoredTicket {
        ticket: Ticket {
            id: row.get(0)?,
            number: row.get(1)?,
            key: row.get(2)?,
            contact: row.get(3)?,
            patient: row.get(4)?,
            about: About::at(row, 34)?.in_queue(row.get(6)?),
            mailbox: row.get(5)?,
            queue: row.get(6)?,
            assignee: row.get(7)?,
            category: row.get(8)?,
            urgency: row.coded(9, Urgency::from_code)?,
            safety: row.get(10)?,
            status: row.coded(11, Status::from_code)?,
            sub_status: row.get(12)?,
            channel: row.get(13)?,
            locale: row.coded(14, |tag| tag.parse().ok())?,
            triage: StoredWhy::from_text(row.get(15)?),
            clocks: Clocks {
                first_response: row.get(16)?,
                next_response: row.get(17)?,
                resolution: row.get(18)?,
            },
            first_responded_at: row.get(19)?,
            waiting_since: row.get(20)?,
            snoozed_until: row.get(21)?,
            paused_at: row.get(33)?,
            resolved_at: row.get(22)?,
            merged_into: row.get(23)?,
            message_count: row.get(24)?,
            last_message_at: row.get(25)?,
            last_message_by: row.get(26)?,
            created_at: row.get(27)?,
            updated_at: row.get(28)?,
            emptied_at: row.get(36)?,
            labels: Labels::from_bits(row.get(37)?),
            version: row.get(29)?,
        },
        subject: row.get(30)?,
        fields: row.get(31)?,
        tagged: row.get::<i64>(32)? > 0,
    })
}

pub(super) async fn next_number(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<i64, DeskError> {
    let args = args![organisation];
    Ok(conn.query_one(NEXT_NUMBER, args, |row| row.get(0)).await?)
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    stored: &StoredTicket,
) -> Result<(), DeskError> {
    let t = &stored.ticket;
    conn.execute(
        INSERT,
        args![
            organisation,
            t.id,
            t.number,
            t.key,
            t.contact,
            t.patient,
            t.mailbox,
            t.queue,
            t.assignee,
            t.category,
            t.urgency.code(),
            t.safety,
            t.status.code(),
            t.status.is_active(),
            t.rank(),
            t.channel,
            t.locale.tag(),
            stored.subject,
            stored.fields,
            t.triage.text(),
            t.due_at(),
            t.clocks.first_response,
            t.clocks.next_response,
            t.clocks.resolution,
            t.waiting_since,
            t.message_count,
            t.last_message_at,
            t.last_message_by,
            t.created_at
        ],
    )
    .await?;
    Ok(())
}

/// Writes back a ticket that was read as version `stored.ticket.version`; `false` when it changed meanwhile.
pub(super) async fn update(
    conn: &mut Conn,
    organisation: OrganisationId,
    stored: &StoredTicket,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let t = &stored.ticket;
    let changed = conn
        .execute(
            UPDATE,
            args![
                organisation,
                t.id,
                t.version,
                t.patient,
                t.queue,
                t.assignee,
                t.category,
                t.urgency.code(),
                t.status.code(),
                t.sub_status,
                t.status.is_active(),
                t.rank(),
                t.due_at(),
                t.clocks.first_response,
                t.clocks.next_response,
                t.clocks.resolution,
                t.first_responded_at,
                t.waiting_since,
                t.snoozed_until,
                t.resolved_at,
                t.merged_into,
                t.message_count,
                t.last_message_at,
                t.last_message_by,
                now,
                stored.subject,
                stored.fields,
                t.locale.tag(),
                t.safety,
                t.triage.text(),
                t.paused_at
            ],
        )
        .await?;
    Ok(changed == 1)
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Option<StoredTicket>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], ticket).await?)
}

/// The same, held for the rest of the command.
pub(super) async fn locked(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Option<StoredTicket>, DeskError> {
    Ok(conn
        .query_opt(LOCKED, args![organisation, id], ticket)
        .await?)
}

pub(super) async fn by_number(
    conn: &mut Conn,
    organisation: OrganisationId,
    number: i64,
) -> Result<Option<StoredTicket>, DeskError> {
    Ok(conn
        .query_opt(BY_NUMBER, args![organisation, number], ticket)
        .await?)
}

/// Where a list goes on: rank and due time (or time of change), and the id behind which to go on.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// Rank of the last row.
    pub rank: i64,
    /// Due time, or time of change, of the last row.
    pub at: Timestamp,
    /// Id of the last row.
    pub id: TicketId,
}

impl Position {
    const START: Self = Self {
        rank: -1,
        at: Timestamp::from_micros(i64::MIN),
        id: TicketId::from_bytes([0; 16]),
    };
    const END: Self = Self {
        rank: i64::MAX,
        at: Timestamp::from_micros(i64::MAX),
        id: TicketId::from_bytes([255; 16]),
    };
}

pub(super) async fn list(
    conn: &mut Conn,
    organisation: OrganisationId,
    view: &View,
    after: Option<Position>,
    limit: i64,
) -> Result<Vec<StoredTicket>, DeskError> {
    let first = after.unwrap_or(Position::START);
    let last = after.unwrap_or(Position::END);
    let mut run =
        async |statement: Statement, args: &[Value<'_>]| conn.query(statement, args, ticket).await;
    Ok(match view {
        View::Queue(queue) => {
            run(
                IN_QUEUE,
                args![organisation, queue, first.rank, first.at, first.id, limit],
            )
            .await?
        }
        View::Assignee(staff) => {
            run(
                OF_ASSIGNEE,
                args![organisation, staff, first.rank, first.at, first.id, limit],
            )
            .await?
        }
        View::Active => {
            run(
                ACTIVE,
                args![organisation, first.rank, first.at, first.id, limit],
            )
            .await?
        }
        View::Crisis => run(CRISES, args![organisation, first.at, first.id, limit]).await?,
        View::Done => run(DONE, args![organisation, last.at, last.id, limit]).await?,
        View::Status(status) if status.is_active() => {
            let code = status.code();
            run(
                ACTIVE_STATUS,
                args![organisation, code, first.rank, first.at, first.id, limit],
            )
            .await?
        }
        View::Status(status) => {
            run(
                DONE_STATUS,
                args![organisation, status.code(), last.at, last.id, limit],
            )
            .await?
        }
        View::Contact(contact) => {
            run(OF_CONTACT, args![organisation, contact, last.id, limit]).await?
        }
        View::Patient(patient) => {
            run(OF_PATIENT, args![organisation, patient, last.id, limit]).await?
        }
        View::Tag(tag) => run(TAGGED, args![organisation, tag, last.id, limit]).await?,
        View::Follower(staff) => run(FOLLOWED, args![organisation, staff, last.id, limit]).await?,
    })
}

/// The rows before `before`, in the list's order.
pub(super) async fn list_before(
    conn: &mut Conn,
    organisation: OrganisationId,
    view: &View,
    before: Position,
    limit: i64,
) -> Result<Vec<StoredTicket>, DeskError> {
    let Position { rank, at, id } = before;
    let mut run =
        async |statement: Statement, args: &[Value<'_>]| conn.query(statement, args, ticket).await;
    let mut rows = match view {
        View::Queue(queue) => {
            run(
                IN_QUEUE_BACK,
                args![organisation, queue, rank, at, id, limit],
            )
            .await?
        }
        View::Assignee(staff) => {
            run(
                OF_ASSIGNEE_BACK,
                args![organisation, staff, rank, at, id, limit],
            )
            .await?
        }
        View::Active => run(ACTIVE_BACK, args![organisation, rank, at, id, limit]).await?,
        View::Crisis => run(CRISES_BACK, args![organisation, at, id, limit]).await?,
        View::Status(status) if status.is_active() => {
            let code = status.code();
            run(
                ACTIVE_STATUS_BACK,
                args![organisation, code, rank, at, id, limit],
            )
            .await?
        }
        View::Status(status) => {
            run(
                DONE_STATUS_BACK,
                args![organisation, status.code(), at, id, limit],
            )
            .await?
        }
        View::Done => run(DONE_BACK, args![organisation, at, id, limit]).await?,
        View::Contact(contact) => {
            run(OF_CONTACT_BACK, args![organisation, contact, id, limit]).await?
        }
        View::Patient(patient) => {
            run(OF_PATIENT_BACK, args![organisation, patient, id, limit]).await?
        }
        View::Tag(tag) => run(TAGGED_BACK, args![organisation, tag, id, limit]).await?,
        View::Follower(staff) => run(FOLLOWED_BACK, args![organisation, staff, id, limit]).await?,
    };
    rows.reverse();
    Ok(rows)
}

/// How many a view holds, counted up to `limit`: a list never counts a whole table.
pub(super) async fn count(
    conn: &mut Conn,
    organisation: OrganisationId,
    view: &View,
    limit: i64,
) -> Result<i64, DeskError> {
    let read = |row: &Row<'_>| row.get(0);
    Ok(match view {
        View::Queue(queue) => {
            conn.query_one(COUNT_QUEUE, args![organisation, queue, limit], read)
                .await?
        }
        View::Assignee(staff) => {
            conn.query_one(COUNT_ASSIGNEE, args![organisation, staff, limit], read)
                .await?
        }
        View::Crisis => {
            conn.query_one(COUNT_CRISES, args![organisation, limit], read)
                .await?
        }
        _ => 0,
    })
}

pub(super) async fn add_link(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    to: TicketId,
    kind: &str,
) -> Result<bool, DeskError> {
    let args = args![organisation, from, to, kind];
    Ok(conn.execute(ADD_LINK, args).await? == 1)
}

/// (kind as seen from `id`, other ticket, number, status).
pub(super) async fn links(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Vec<(String, TicketId, i64, Status)>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<String>(0)?,
            row.get(1)?,
            row.get(2)?,
            row.coded(3, Status::from_code)?,
        ))
    };
    let mut links = conn
        .query(LINKS_FROM, args![organisation, id], read)
        .await?;
    for (kind, other, number, status) in conn.query(LINKS_TO, args![organisation, id], read).await?
    {
        let kind = match kind.as_str() {
            "merged_into" => "merged_from",
            "split_from" => "split_into",
            _ => "related",
        };
        links.push((kind.to_owned(), other, number, status));
    }
    Ok(links)
}

pub(super) async fn follow(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
    staff: StaffId,
    on: bool,
) -> Result<(), DeskError> {
    let args = args![organisation, id, staff];
    conn.execute(if on { FOLLOW } else { UNFOLLOW }, args)
        .await?;
    Ok(())
}

pub(super) async fn follow_too(
    conn: &mut Conn,
    organisation: OrganisationId,
    from: TicketId,
    into: TicketId,
) -> Result<(), DeskError> {
    let args = args![organisation, from, into];
    conn.execute(FOLLOW_TOO, args).await?;
    Ok(())
}

pub(super) async fn followers(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Vec<StaffId>, DeskError> {
    let args = args![organisation, id];
    Ok(conn.query(FOLLOWERS, args, |row| row.get(0)).await?)
}

/// The requests of a contact of whom nobody knew the patient are those of `patient`, save those in the queue `but`. Gives
/// back which ones, with their versions now.
pub(super) async fn adopt(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    (patient, but): (PatientId, QueueId),
    now: Timestamp,
) -> Result<Vec<(TicketId, i64)>, DeskError> {
    let values = args![organisation, contact, patient, but, now];
    Ok(conn.query(ADOPT, values, version).await?)
}

/// The requests of a contact are not those of `patient`. Gives back which ones, with their versions now.
pub(super) async fn disown(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    patient: PatientId,
    now: Timestamp,
) -> Result<Vec<(TicketId, i64)>, DeskError> {
    let values = args![organisation, contact, patient, now];
    Ok(conn.query(DISOWN, values, version).await?)
}

fn version(row: &Row<'_>) -> Result<(TicketId, i64), DbError> {
    Ok((row.get(0)?, row.get(1)?))
}
