//! SQL of the ratings.

use super::model::{Count, Place};
use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, OrganisationId, QueueId, StaffId, TicketId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// A ticket's rating.
    ONE = "SELECT ticket_id, queue_id, key_id, staff_id, score, comment, created_at, updated_at FROM ratings \
        WHERE organisation_id = $1 AND ticket_id = $2";
    /// Ratings before a place, newest first.
    NEWEST = "SELECT ticket_id, queue_id, key_id, staff_id, score, comment, created_at, updated_at FROM ratings \
        WHERE organisation_id = $1 AND (created_at, ticket_id) < ($2, $3) ORDER BY created_at DESC, ticket_id DESC LIMIT $4";
    /// The same, those that call for a look.
    LOW = "SELECT ticket_id, queue_id, key_id, staff_id, score, comment, created_at, updated_at FROM ratings \
        WHERE organisation_id = $1 AND score <= 3 AND (created_at, ticket_id) < ($2, $3) \
        ORDER BY created_at DESC, ticket_id DESC LIMIT $4";
    /// Adds a rating.
    INSERT = "INSERT INTO ratings (organisation_id, ticket_id, contact_id, queue_id, key_id, staff_id, score, comment, \
        created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING";
    /// Changes a rating that still has the score that was read; a comment that is left out stays.
    UPDATE = "UPDATE ratings SET contact_id = $4, score = $5, comment = COALESCE($6, comment), updated_at = $7 \
        WHERE organisation_id = $1 AND ticket_id = $2 AND score = $3";
    /// Counts a rating on its day.
    COUNT = "INSERT INTO rating_days (organisation_id, day, queue_id, answers, positive, score_sum) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, day, queue_id) DO UPDATE SET \
        answers = rating_days.answers + excluded.answers, positive = rating_days.positive + excluded.positive, \
        score_sum = rating_days.score_sum + excluded.score_sum";
    /// Counts it for the person who had the request.
    COUNT_PERSON = "INSERT INTO rating_people (organisation_id, day, staff_id, answers, positive, score_sum) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, day, staff_id) DO UPDATE SET \
        answers = rating_people.answers + excluded.answers, positive = rating_people.positive + excluded.positive, \
        score_sum = rating_people.score_sum + excluded.score_sum";
    /// Counts of some days by day and queue.
    DAYS = "SELECT day, queue_id, answers, positive, score_sum FROM rating_days \
        WHERE organisation_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, queue_id";
    /// Counts of some days by day and person.
    PEOPLE = "SELECT day, staff_id, answers, positive, score_sum FROM rating_people \
        WHERE organisation_id = $1 AND day >= $2 AND day <= $3 ORDER BY day, staff_id";
}

/// A rating as stored.
pub(super) struct RatingRow {
    pub ticket: TicketId,
    pub queue: QueueId,
    pub key: DataKeyId,
    pub staff: Option<StaffId>,
    pub score: i64,
    pub comment: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn rating(row: &Row<'_>) -> Result<RatingRow, DbError> {
    Ok(RatingRow {
        ticket: row.get(0)?,
        queue: row.get(1)?,
        key: row.get(2)?,
        staff: row.get(3)?,
        score: row.get(4)?,
        comment: row.get(5)?,
        created_at: row.get(6)?,
        updated_at: row.get(7)?,
    })
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Option<RatingRow>, DeskError> {
    Ok(conn
        .query_opt(ONE, args![organisation, ticket], rating)
        .await?)
}

/// Those before `place`, newest first; `low` for scores up to 3 alone.
pub(super) async fn newest(
    conn: &mut Conn,
    organisation: OrganisationId,
    low: bool,
    (at, ticket): Place,
    limit: i64,
) -> Result<Vec<RatingRow>, DeskError> {
    let statement = if low { LOW } else { NEWEST };
    Ok(conn
        .query(statement, args![organisation, at, ticket, limit], rating)
        .await?)
}

/// What a person said.
pub(super) struct Said<'a> {
    pub ticket: TicketId,
    pub contact: ContactId,
    pub score: i64,
    pub comment: Option<&'a Vec<u8>>,
    pub at: Timestamp,
}

/// `false` when there is a rating already.
pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    (queue, key, staff): (QueueId, DataKeyId, Option<StaffId>),
    said: &Said<'_>,
) -> Result<bool, DeskError> {
    let values = args![
        organisation,
        said.ticket,
        said.contact,
        queue,
        key,
        staff,
        said.score,
        said.comment,
        said.at
    ];
    Ok(conn.execute(INSERT, values).await? == 1)
}

/// `false` when the score is no longer `old`.
pub(super) async fn update(
    conn: &mut Conn,
    organisation: OrganisationId,
    old: i64,
    said: &Said<'_>,
) -> Result<bool, DeskError> {
    let values = args![
        organisation,
        said.ticket,
        old,
        said.contact,
        said.score,
        said.comment,
        said.at
    ];
    Ok(conn.execute(UPDATE, values).await? == 1)
}

pub(super) async fn count(
    conn: &mut Conn,
    organisation: OrganisationId,
    (day, queue, staff): (i64, QueueId, Option<StaffId>),
    change: Count,
) -> Result<(), DeskError> {
    let Count {
        answers,
        positive,
        score_sum,
    } = change;
    conn.execute(
        COUNT,
        args![organisation, day, queue, answers, positive, score_sum],
    )
    .await?;
    if let Some(staff) = staff {
        conn.execute(
            COUNT_PERSON,
            args![organisation, day, staff, answers, positive, score_sum],
        )
        .await?;
    }
    Ok(())
}

fn counted(row: &Row<'_>) -> Result<Count, DbError> {
    Ok(Count {
        answers: row.get(2)?,
        positive: row.get(3)?,
        score_sum: row.get(4)?,
    })
}

pub(super) async fn days(
    conn: &mut Conn,
    organisation: OrganisationId,
    from_day: i64,
    to_day: i64,
) -> Result<Vec<(i64, QueueId, Count)>, DeskError> {
    Ok(conn
        .query(DAYS, args![organisation, from_day, to_day], |row| {
            Ok((row.get(0)?, row.get(1)?, counted(row)?))
        })
        .await?)
}

pub(super) async fn people(
    conn: &mut Conn,
    organisation: OrganisationId,
    from_day: i64,
    to_day: i64,
) -> Result<Vec<(StaffId, Count)>, DeskError> {
    Ok(conn
        .query(PEOPLE, args![organisation, from_day, to_day], |row| {
            Ok((row.get(1)?, counted(row)?))
        })
        .await?)
}
