//! SQL of the ratings.

use super::model::QueueSummary;
use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, OrganisationId, QueueId, TicketId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// A ticket's rating.
    ONE = "SELECT queue_id, key_id, score, comment, created_at, updated_at FROM ratings \
        WHERE organisation_id = $1 AND ticket_id = $2";
    /// Adds a rating.
    INSERT = "INSERT INTO ratings (organisation_id, ticket_id, contact_id, queue_id, key_id, score, comment, created_at, \
        updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING";
    /// Changes a rating that still has the score that was read; a comment that is left out stays.
    UPDATE = "UPDATE ratings SET contact_id = $4, score = $5, comment = COALESCE($6, comment), updated_at = $7 \
        WHERE organisation_id = $1 AND ticket_id = $2 AND score = $3";
    /// Counts a rating on its day.
    COUNT = "INSERT INTO rating_days (organisation_id, day, queue_id, answers, positive, score_sum) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, day, queue_id) DO UPDATE SET \
        answers = rating_days.answers + excluded.answers, positive = rating_days.positive + excluded.positive, \
        score_sum = rating_days.score_sum + excluded.score_sum";
    /// Counts of some days by queue.
    SUMMARY = "SELECT queue_id, CAST(SUM(answers) AS BIGINT), CAST(SUM(positive) AS BIGINT), CAST(SUM(score_sum) AS BIGINT) \
        FROM rating_days WHERE organisation_id = $1 AND day >= $2 AND day <= $3 GROUP BY queue_id ORDER BY queue_id";
}

/// A rating as stored.
pub(super) struct RatingRow {
    pub queue: QueueId,
    pub key: DataKeyId,
    pub score: i64,
    pub comment: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Option<RatingRow>, DeskError> {
    Ok(conn
        .query_opt(ONE, args![organisation, ticket], |row| {
            Ok(RatingRow {
                queue: row.get(0)?,
                key: row.get(1)?,
                score: row.get(2)?,
                comment: row.get(3)?,
                created_at: row.get(4)?,
                updated_at: row.get(5)?,
            })
        })
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
    (queue, key): (QueueId, DataKeyId),
    said: &Said<'_>,
) -> Result<bool, DeskError> {
    let values = args![
        organisation,
        said.ticket,
        said.contact,
        queue,
        key,
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
    (day, queue): (i64, QueueId),
    (answers, positive, sum): (i64, i64, i64),
) -> Result<(), DeskError> {
    conn.execute(
        COUNT,
        args![organisation, day, queue, answers, positive, sum],
    )
    .await?;
    Ok(())
}

pub(super) async fn summary(
    conn: &mut Conn,
    organisation: OrganisationId,
    from_day: i64,
    to_day: i64,
) -> Result<Vec<QueueSummary>, DeskError> {
    Ok(conn
        .query(SUMMARY, args![organisation, from_day, to_day], |row| {
            Ok(QueueSummary {
                queue: row.get(0)?,
                answers: row.get(1)?,
                positive: row.get(2)?,
                score_sum: row.get(3)?,
            })
        })
        .await?)
}
