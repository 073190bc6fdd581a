//! SQL of the organisations and their settings.

use super::model::{Category, CustomField, Queue, SavedReply, SlaPolicy, SubStatus, Template};
use crate::error::DeskError;
use crate::field_group::FieldGroup;
use crate::ids::{OrganisationId, QueueId, SavedReplyId, SlaPolicyId};
use crate::names::Names;
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Adds an organisation.
    INSERT = "INSERT INTO organisations (id, slug, name, time_zone, locale, wrapped_keys, settings, version, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8)";
    /// Its counters.
    INSERT_COUNTERS = "INSERT INTO counters (organisation_id, ticket_number, event_sequence) VALUES ($1, $2, 0)";
    /// All organisations.
    ORGANISATIONS = "SELECT id, slug, name, time_zone, locale, settings, version, wrapped_keys FROM organisations ORDER BY id";
    /// Changes an organisation's settings, unless they changed meanwhile.
    UPDATE = "UPDATE organisations SET name = $3, time_zone = $4, locale = $5, settings = $6, version = version + 1 \
        WHERE id = $1 AND version = $2";
    /// Queues in order.
    QUEUES = "SELECT id, code, names, purpose, position, version FROM queues \
        WHERE organisation_id = $1 AND archived_at IS NULL ORDER BY position, code";
    /// Adds or changes a queue.
    PUT_QUEUE = "INSERT INTO queues (organisation_id, id, code, names, purpose, position, version) \
        VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (organisation_id, id) DO UPDATE SET \
        code = excluded.code, names = excluded.names, purpose = excluded.purpose, position = excluded.position, \
        version = queues.version + 1 WHERE queues.version = $7";
    /// Puts a queue away.
    ARCHIVE_QUEUE = "UPDATE queues SET archived_at = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// Categories in order.
    CATEGORIES = "SELECT code, names, queue_id, clinical, position, version FROM categories \
        WHERE organisation_id = $1 ORDER BY position, code";
    /// Adds or changes a category.
    PUT_CATEGORY = "INSERT INTO categories (organisation_id, code, names, queue_id, clinical, position, version) \
        VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (organisation_id, code) DO UPDATE SET names = excluded.names, \
        queue_id = excluded.queue_id, clinical = excluded.clinical, position = excluded.position, \
        version = categories.version + 1 WHERE categories.version = $7";
    /// Policies.
    POLICIES = "SELECT id, category, urgency, first_response_minutes, next_response_minutes, resolution_minutes, always, \
        version FROM sla_policies WHERE organisation_id = $1 ORDER BY category, urgency";
    /// Adds or changes a policy.
    PUT_POLICY = "INSERT INTO sla_policies (organisation_id, id, category, urgency, first_response_minutes, \
        next_response_minutes, resolution_minutes, always, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1) \
        ON CONFLICT (organisation_id, id) DO UPDATE SET category = excluded.category, urgency = excluded.urgency, \
        first_response_minutes = excluded.first_response_minutes, next_response_minutes = excluded.next_response_minutes, \
        resolution_minutes = excluded.resolution_minutes, always = excluded.always, version = sla_policies.version + 1 \
        WHERE sla_policies.version = $9";
    /// Removes a policy.
    DELETE_POLICY = "DELETE FROM sla_policies WHERE organisation_id = $1 AND id = $2";
    /// Finer states.
    SUB_STATUSES = "SELECT id, status, names, version FROM sub_statuses WHERE organisation_id = $1 AND archived_at IS NULL ORDER BY id";
    /// Adds or changes a finer state.
    PUT_SUB_STATUS = "INSERT INTO sub_statuses (organisation_id, id, status, names, version) VALUES ($1, $2, $3, $4, 1) \
        ON CONFLICT (organisation_id, id) DO UPDATE SET status = excluded.status, names = excluded.names, \
        version = sub_statuses.version + 1 WHERE sub_statuses.version = $5";
    /// Puts a finer state away.
    ARCHIVE_SUB_STATUS = "UPDATE sub_statuses SET archived_at = $3 WHERE organisation_id = $1 AND id = $2";
    /// Clinic's own fields.
    FIELDS = "SELECT code, names, kind, choices, position, version, field_group FROM custom_fields \
        WHERE organisation_id = $1 AND archived_at IS NULL ORDER BY position, code";
    /// Adds or changes a field; one that was put away comes back.
    PUT_FIELD = "INSERT INTO custom_fields (organisation_id, code, names, kind, choices, position, version, field_group) \
        VALUES ($1, $2, $3, $4, $5, $6, 1, $8) ON CONFLICT (organisation_id, code) DO UPDATE SET names = excluded.names, \
        kind = excluded.kind, choices = excluded.choices, position = excluded.position, archived_at = NULL, \
        field_group = excluded.field_group, version = custom_fields.version + 1 WHERE custom_fields.version = $7 OR custom_fields.archived_at IS NOT NULL";
    /// Puts a field away.
    ARCHIVE_FIELD = "UPDATE custom_fields SET archived_at = $3 WHERE organisation_id = $1 AND code = $2";
    /// Texts of automatic mails.
    TEMPLATES = "SELECT code, locale, subject, body, version FROM templates WHERE organisation_id = $1";
    /// Adds or changes a text.
    PUT_TEMPLATE = "INSERT INTO templates (organisation_id, code, locale, subject, body, version, updated_at) \
        VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT (organisation_id, code, locale) DO UPDATE SET \
        subject = excluded.subject, body = excluded.body, version = templates.version + 1, \
        updated_at = excluded.updated_at WHERE templates.version = $7";
    /// Texts that staff reuse.
    SAVED_REPLIES = "SELECT id, code, locale, title, body, version FROM saved_replies WHERE organisation_id = $1 \
        ORDER BY code, locale";
    /// Adds or changes a text that staff reuse.
    PUT_SAVED_REPLY = "INSERT INTO saved_replies (organisation_id, id, code, locale, title, body, version) \
        VALUES ($1, $2, $3, $4, $5, $6, 1) ON CONFLICT (organisation_id, id) DO UPDATE SET code = excluded.code, \
        locale = excluded.locale, title = excluded.title, body = excluded.body, version = saved_replies.version + 1 \
        WHERE saved_replies.version = $7";
    /// Removes a text that staff reuse.
    DELETE_SAVED_REPLY = "DELETE FROM saved_replies WHERE organisation_id = $1 AND id = $2";
}

/// The row of an organisation.
pub(super) struct OrganisationRow {
    pub id: OrganisationId,
    pub slug: String,
    pub name: String,
    pub time_zone: String,
    pub locale: String,
    pub settings: String,
    pub version: i64,
    pub wrapped_keys: Vec<u8>,
}

pub(super) async fn organisations(conn: &mut Conn) -> Result<Vec<OrganisationRow>, DeskError> {
    Ok(conn
        .query(ORGANISATIONS, args![], |row| {
            Ok(OrganisationRow {
                id: row.get(0)?,
                slug: row.get(1)?,
                name: row.get(2)?,
                time_zone: row.get(3)?,
                locale: row.get(4)?,
                settings: row.get(5)?,
                version: row.get(6)?,
                wrapped_keys: row.get(7)?,
            })
        })
        .await?)
}

pub(super) async fn insert(
    conn: &mut Conn,
    row: &OrganisationRow,
    first_number: i64,
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT,
        args![
            row.id,
            row.slug,
            row.name,
            row.time_zone,
            row.locale,
            row.wrapped_keys,
            row.settings,
            at
        ],
    )
    .await?;
    conn.execute(INSERT_COUNTERS, args![row.id, first_number])
        .await?;
    Ok(())
}

/// `false` when the settings changed meanwhile.
pub(super) async fn update(conn: &mut Conn, row: &OrganisationRow) -> Result<bool, DeskError> {
    let changed = conn
        .execute(
            UPDATE,
            args![
                row.id,
                row.version,
                row.name,
                row.time_zone,
                row.locale,
                row.settings
            ],
        )
        .await?;
    Ok(changed == 1)
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    serde_json::from_str(&row.get::<String>(column)?).map_err(|error| DbError::Column {
        column,
        reason: error.to_string(),
    })
}

pub(super) async fn queues(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<Queue>, DeskError> {
    Ok(conn
        .query(QUEUES, args![organisation], |row| {
            Ok(Queue {
                id: row.get(0)?,
                code: row.get(1)?,
                names: json(row, 2)?,
                purpose: row.get(3)?,
                position: row.get(4)?,
                version: row.get(5)?,
            })
        })
        .await?)
}

/// `false` when it changed meanwhile: `queue.version` is the version the caller saw (0 for a new one).
pub(super) async fn put_queue(
    conn: &mut Conn,
    organisation: OrganisationId,
    queue: &Queue,
) -> Result<bool, DeskError> {
    let names = serde_json::to_string(&queue.names)?;
    let done = conn
        .execute(
            PUT_QUEUE,
            args![
                organisation,
                queue.id,
                queue.code,
                names,
                queue.purpose,
                queue.position,
                queue.version
            ],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn archive_queue(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: QueueId,
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(ARCHIVE_QUEUE, args![organisation, id, at])
        .await?
        == 1)
}

pub(super) async fn categories(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<Category>, DeskError> {
    Ok(conn
        .query(CATEGORIES, args![organisation], |row| {
            Ok(Category {
                code: row.get(0)?,
                names: json(row, 1)?,
                queue_id: row.get(2)?,
                clinical: row.get(3)?,
                position: row.get(4)?,
                version: row.get(5)?,
            })
        })
        .await?)
}

/// `false` when it changed meanwhile.
pub(super) async fn put_category(
    conn: &mut Conn,
    organisation: OrganisationId,
    category: &Category,
) -> Result<bool, DeskError> {
    let names = serde_json::to_string(&category.names)?;
    let done = conn
        .execute(
            PUT_CATEGORY,
            args![
                organisation,
                category.code,
                names,
                category.queue_id,
                category.clinical,
                category.position,
                category.version
            ],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn policies(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<SlaPolicy>, DeskError> {
    Ok(conn
        .query(POLICIES, args![organisation], |row| {
            Ok(SlaPolicy {
                id: row.get(0)?,
                category: row.get(1)?,
                urgency: row.get(2)?,
                first_response_minutes: row.get(3)?,
                next_response_minutes: row.get(4)?,
                resolution_minutes: row.get(5)?,
                always: row.get(6)?,
                version: row.get(7)?,
            })
        })
        .await?)
}

/// `false` when it changed meanwhile.
pub(super) async fn put_policy(
    conn: &mut Conn,
    organisation: OrganisationId,
    policy: &SlaPolicy,
) -> Result<bool, DeskError> {
    let done = conn
        .execute(
            PUT_POLICY,
            args![
                organisation,
                policy.id,
                policy.category,
                policy.urgency,
                policy.first_response_minutes,
                policy.next_response_minutes,
                policy.resolution_minutes,
                policy.always,
                policy.version
            ],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn delete_policy(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: SlaPolicyId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(DELETE_POLICY, args![organisation, id]).await? == 1)
}

pub(super) async fn sub_statuses(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<SubStatus>, DeskError> {
    Ok(conn
        .query(SUB_STATUSES, args![organisation], |row| {
            Ok(SubStatus {
                id: row.get(0)?,
                status: row.get(1)?,
                names: json(row, 2)?,
                version: row.get(3)?,
            })
        })
        .await?)
}

/// `false` when it changed meanwhile.
pub(super) async fn put_sub_status(
    conn: &mut Conn,
    organisation: OrganisationId,
    sub: &SubStatus,
) -> Result<bool, DeskError> {
    let names = serde_json::to_string(&sub.names)?;
    let done = conn
        .execute(
            PUT_SUB_STATUS,
            args![organisation, sub.id, sub.status, names, sub.version],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn archive_sub_status(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: crate::ids::SubStatusId,
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(ARCHIVE_SUB_STATUS, args![organisation, id, at])
        .await?
        == 1)
}

pub(super) async fn fields(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<CustomField>, DeskError> {
    Ok(conn
        .query(FIELDS, args![organisation], |row| {
            Ok(CustomField {
                code: row.get(0)?,
                names: json::<Names>(row, 1)?,
                kind: row.get(2)?,
                choices: json(row, 3)?,
                position: row.get(4)?,
                version: row.get(5)?,
                group: FieldGroup::from_code(&row.get::<String>(6)?),
            })
        })
        .await?)
}

/// `false` when it changed meanwhile.
pub(super) async fn put_field(
    conn: &mut Conn,
    organisation: OrganisationId,
    field: &CustomField,
) -> Result<bool, DeskError> {
    let names = serde_json::to_string(&field.names)?;
    let choices = serde_json::to_string(&field.choices)?;
    let done = conn
        .execute(
            PUT_FIELD,
            args![
                organisation,
                field.code,
                names,
                field.kind,
                choices,
                field.position,
                field.version,
                field.group.map_or("", FieldGroup::code)
            ],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn archive_field(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &str,
    at: Timestamp,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(ARCHIVE_FIELD, args![organisation, code, at])
        .await?
        == 1)
}

pub(super) async fn templates(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<((String, String), Template)>, DeskError> {
    Ok(conn
        .query(TEMPLATES, args![organisation], |row| {
            Ok((
                (row.get(0)?, row.get(1)?),
                Template {
                    subject: row.get(2)?,
                    body: row.get(3)?,
                    version: row.get(4)?,
                },
            ))
        })
        .await?)
}

/// `false` when it changed meanwhile.
pub(super) async fn put_template(
    conn: &mut Conn,
    organisation: OrganisationId,
    code: &str,
    locale: &str,
    template: &Template,
    at: Timestamp,
) -> Result<bool, DeskError> {
    let done = conn
        .execute(
            PUT_TEMPLATE,
            args![
                organisation,
                code,
                locale,
                template.subject,
                template.body,
                at,
                template.version
            ],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn saved_replies(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<SavedReply>, DeskError> {
    Ok(conn
        .query(SAVED_REPLIES, args![organisation], |row| {
            Ok(SavedReply {
                id: row.get(0)?,
                code: row.get(1)?,
                locale: row.get(2)?,
                title: row.get(3)?,
                body: row.get(4)?,
                version: row.get(5)?,
            })
        })
        .await?)
}

/// `false` when it changed meanwhile.
pub(super) async fn put_saved_reply(
    conn: &mut Conn,
    organisation: OrganisationId,
    reply: &SavedReply,
) -> Result<bool, DeskError> {
    let done = conn
        .execute(
            PUT_SAVED_REPLY,
            args![
                organisation,
                reply.id,
                reply.code,
                reply.locale,
                reply.title,
                reply.body,
                reply.version
            ],
        )
        .await?;
    Ok(done == 1)
}

pub(super) async fn delete_saved_reply(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: SavedReplyId,
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(DELETE_SAVED_REPLY, args![organisation, id])
        .await?
        == 1)
}
