//! SQL of provisioning.

use super::calls::Call;
use crate::error::DeskError;
use crate::ids::{OrganisationId, ProvisionedGroupId, StaffId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use uuid::Uuid;

statements! {
    /// One that the provider told of, or took away since; it stays until the end of the transaction.
    PERSON_HELD = "SELECT staff_id, user_name, user_key, external_id, given_name, family_name, active, by_hand, ended_at, \
        created_at, changed_at, version FROM provisioned_people WHERE organisation_id = $1 AND staff_id = $2 FOR NO KEY UPDATE";
    /// Everybody whom the provider tells of.
    PEOPLE = "SELECT staff_id, user_name, user_key, external_id, given_name, family_name, active, by_hand, ended_at, \
        created_at, changed_at, version FROM provisioned_people WHERE organisation_id = $1 AND user_key IS NOT NULL \
        ORDER BY staff_id";
    /// One of them.
    PERSON = "SELECT staff_id, user_name, user_key, external_id, given_name, family_name, active, by_hand, ended_at, \
        created_at, changed_at, version FROM provisioned_people WHERE organisation_id = $1 AND staff_id = $2 \
        AND user_key IS NOT NULL";
    /// Who has this name there.
    PERSON_BY_NAME = "SELECT staff_id, user_name, user_key, external_id, given_name, family_name, active, by_hand, ended_at, \
        created_at, changed_at, version FROM provisioned_people WHERE organisation_id = $1 AND user_key = $2";
    /// Who has this number there.
    PERSON_BY_EXTERNAL = "SELECT staff_id, user_name, user_key, external_id, given_name, family_name, active, by_hand, ended_at, \
        created_at, changed_at, version FROM provisioned_people WHERE organisation_id = $1 AND external_id = $2";
    /// Adds or changes one.
    PUT_PERSON = "INSERT INTO provisioned_people (organisation_id, staff_id, user_name, user_key, external_id, given_name, \
        family_name, active, by_hand, ended_at, created_at, changed_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1) \
        ON CONFLICT (organisation_id, staff_id) DO UPDATE SET user_name = excluded.user_name, user_key = excluded.user_key, \
        external_id = excluded.external_id, given_name = excluded.given_name, family_name = excluded.family_name, \
        active = excluded.active, by_hand = excluded.by_hand, ended_at = excluded.ended_at, \
        changed_at = excluded.changed_at, version = provisioned_people.version + 1";
    /// A group, which stays until the end of the transaction.
    GROUP_HELD = "SELECT id, name, external_id, role, created_at, changed_at, version FROM provisioned_groups \
        WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// A group.
    GROUP = "SELECT id, name, external_id, role, created_at, changed_at, version FROM provisioned_groups \
        WHERE organisation_id = $1 AND id = $2";
    /// All groups.
    GROUPS = "SELECT id, name, external_id, role, created_at, changed_at, version FROM provisioned_groups \
        WHERE organisation_id = $1 ORDER BY id";
    /// The group with this name.
    GROUP_BY_NAME = "SELECT id, name, external_id, role, created_at, changed_at, version FROM provisioned_groups \
        WHERE organisation_id = $1 AND name_key = $2";
    /// The group with this number.
    GROUP_BY_EXTERNAL = "SELECT id, name, external_id, role, created_at, changed_at, version FROM provisioned_groups \
        WHERE organisation_id = $1 AND external_id = $2";
    /// Adds or changes one.
    PUT_GROUP = "INSERT INTO provisioned_groups (organisation_id, id, name, name_key, external_id, role, created_at, \
        changed_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 1) \
        ON CONFLICT (organisation_id, id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, \
        external_id = excluded.external_id, role = excluded.role, changed_at = excluded.changed_at, \
        version = provisioned_groups.version + 1";
    /// Removes a group.
    DELETE_GROUP = "DELETE FROM provisioned_groups WHERE organisation_id = $1 AND id = $2";
    /// Who is in a group.
    MEMBERS = "SELECT staff_id FROM provisioned_members WHERE organisation_id = $1 AND group_id = $2 ORDER BY staff_id";
    /// Puts somebody into a group whom the provider told of.
    ADD_MEMBER = "INSERT INTO provisioned_members (organisation_id, group_id, staff_id) \
        SELECT p.organisation_id, $2, p.staff_id FROM provisioned_people p \
        WHERE p.organisation_id = $1 AND p.staff_id = $3 AND p.user_key IS NOT NULL";
    /// Takes somebody out of it.
    REMOVE_MEMBER = "DELETE FROM provisioned_members WHERE organisation_id = $1 AND group_id = $2 AND staff_id = $3";
    /// Empties it.
    REMOVE_MEMBERS = "DELETE FROM provisioned_members WHERE organisation_id = $1 AND group_id = $2";
    /// Takes somebody out of all.
    LEAVE_ALL = "DELETE FROM provisioned_members WHERE organisation_id = $1 AND staff_id = $2";
    /// The roles that somebody's groups give.
    ROLES_OF = "SELECT g.role FROM provisioned_members m JOIN provisioned_groups g \
        ON g.organisation_id = m.organisation_id AND g.id = m.group_id \
        WHERE m.organisation_id = $1 AND m.staff_id = $2 AND g.role IS NOT NULL";
    /// How many are in each group.
    SIZES = "SELECT group_id, COUNT(*) FROM provisioned_members WHERE organisation_id = $1 GROUP BY group_id";
    /// The role of whoever is in no group that has one.
    RULE = "SELECT default_role FROM provisioning_rules WHERE organisation_id = $1";
    /// The organisation's row, which stays its own until the end of the transaction.
    HOLD = "INSERT INTO provisioning_rules (organisation_id, default_role) VALUES ($1, NULL) \
        ON CONFLICT (organisation_id) DO UPDATE SET default_role = provisioning_rules.default_role";
    /// Sets it.
    PUT_RULE = "INSERT INTO provisioning_rules (organisation_id, default_role) VALUES ($1, $2) \
        ON CONFLICT (organisation_id) DO UPDATE SET default_role = excluded.default_role";
    /// Notes a message.
    NOTE = "INSERT INTO provisioning_calls (organisation_id, id, at, what, outcome) VALUES ($1, $2, $3, $4, $5)";
    /// The last messages, the newest first.
    CALLS = "SELECT at, what, outcome FROM provisioning_calls WHERE organisation_id = $1 ORDER BY id DESC LIMIT $2";
    /// Forgets all but the newest.
    FORGET_CALLS = "DELETE FROM provisioning_calls WHERE organisation_id = $1 AND id IN (SELECT id FROM provisioning_calls \
        WHERE organisation_id = $1 ORDER BY id DESC LIMIT 100 OFFSET $2)";
}

/// Takes the organisation's turn: whatever else is told or chosen waits until this transaction is done.
pub(super) async fn hold(conn: &mut Conn, organisation: OrganisationId) -> Result<(), DeskError> {
    conn.execute(HOLD, args![organisation]).await?;
    Ok(())
}

/// Somebody whom the provider told of.
#[derive(Clone, Debug)]
pub(super) struct PersonRow {
    pub id: StaffId,
    pub user_name: String,
    /// None once the provider took them away.
    pub user_key: Option<String>,
    pub external_id: Option<String>,
    pub given_name: String,
    pub family_name: String,
    pub active: bool,
    pub by_hand: bool,
    pub ended_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    pub version: i64,
}

fn person(row: &Row<'_>) -> Result<PersonRow, DbError> {
    Ok(PersonRow {
        id: row.get(0)?,
        user_name: row.get(1)?,
        user_key: row.get(2)?,
        external_id: row.get(3)?,
        given_name: row.get(4)?,
        family_name: row.get(5)?,
        active: row.get(6)?,
        by_hand: row.get(7)?,
        ended_at: row.get(8)?,
        created_at: row.get(9)?,
        changed_at: row.get(10)?,
        version: row.get(11)?,
    })
}

pub(super) async fn person_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<PersonRow>, DeskError> {
    Ok(conn
        .query_opt(PERSON_HELD, args![organisation, id], person)
        .await?)
}

pub(super) async fn people(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<PersonRow>, DeskError> {
    Ok(conn.query(PEOPLE, args![organisation], person).await?)
}

pub(super) async fn person_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<PersonRow>, DeskError> {
    Ok(conn
        .query_opt(PERSON, args![organisation, id], person)
        .await?)
}

pub(super) async fn person_by_name(
    conn: &mut Conn,
    organisation: OrganisationId,
    key: &str,
) -> Result<Option<PersonRow>, DeskError> {
    Ok(conn
        .query_opt(PERSON_BY_NAME, args![organisation, key], person)
        .await?)
}

pub(super) async fn person_by_external(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: &str,
) -> Result<Option<PersonRow>, DeskError> {
    Ok(conn
        .query_opt(PERSON_BY_EXTERNAL, args![organisation, id], person)
        .await?)
}

pub(super) async fn put_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &PersonRow,
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(
        PUT_PERSON,
        args![
            organisation,
            row.id,
            row.user_name,
            row.user_key,
            row.external_id,
            row.given_name,
            row.family_name,
            row.active,
            row.by_hand,
            row.ended_at,
            at
        ],
    )
    .await?;
    Ok(())
}

/// A group as stored.
#[derive(Clone, Debug)]
pub(super) struct GroupRow {
    pub id: ProvisionedGroupId,
    pub name: String,
    pub external_id: Option<String>,
    pub role: Option<String>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    pub version: i64,
}

fn group(row: &Row<'_>) -> Result<GroupRow, DbError> {
    Ok(GroupRow {
        id: row.get(0)?,
        name: row.get(1)?,
        external_id: row.get(2)?,
        role: row.get(3)?,
        created_at: row.get(4)?,
        changed_at: row.get(5)?,
        version: row.get(6)?,
    })
}

pub(super) async fn group_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ProvisionedGroupId,
) -> Result<Option<GroupRow>, DeskError> {
    Ok(conn
        .query_opt(GROUP_HELD, args![organisation, id], group)
        .await?)
}

pub(super) async fn group_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ProvisionedGroupId,
) -> Result<Option<GroupRow>, DeskError> {
    Ok(conn
        .query_opt(GROUP, args![organisation, id], group)
        .await?)
}

pub(super) async fn groups(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<GroupRow>, DeskError> {
    Ok(conn.query(GROUPS, args![organisation], group).await?)
}

pub(super) async fn group_by_name(
    conn: &mut Conn,
    organisation: OrganisationId,
    key: &str,
) -> Result<Option<GroupRow>, DeskError> {
    Ok(conn
        .query_opt(GROUP_BY_NAME, args![organisation, key], group)
        .await?)
}

pub(super) async fn group_by_external(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: &str,
) -> Result<Option<GroupRow>, DeskError> {
    Ok(conn
        .query_opt(GROUP_BY_EXTERNAL, args![organisation, id], group)
        .await?)
}

pub(super) async fn put_group(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &GroupRow,
    at: Timestamp,
) -> Result<(), DeskError> {
    let key = super::model::key(&row.name);
    let values = args![
        organisation,
        row.id,
        row.name,
        key,
        row.external_id,
        row.role,
        at
    ];
    conn.execute(PUT_GROUP, values).await?;
    Ok(())
}

pub(super) async fn delete_group(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ProvisionedGroupId,
) -> Result<(), DeskError> {
    conn.execute(REMOVE_MEMBERS, args![organisation, id])
        .await?;
    conn.execute(DELETE_GROUP, args![organisation, id]).await?;
    Ok(())
}

pub(super) async fn members(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ProvisionedGroupId,
) -> Result<Vec<StaffId>, DeskError> {
    Ok(conn
        .query(MEMBERS, args![organisation, id], |row| row.get(0))
        .await?)
}

/// `false` where the provider told of no such person.
pub(super) async fn add_member(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ProvisionedGroupId,
    person: StaffId,
) -> Result<bool, DeskError> {
    let done = conn
        .execute(ADD_MEMBER, args![organisation, id, person])
        .await?;
    Ok(done == 1)
}

pub(super) async fn remove_member(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ProvisionedGroupId,
    person: StaffId,
) -> Result<(), DeskError> {
    conn.execute(REMOVE_MEMBER, args![organisation, id, person])
        .await?;
    Ok(())
}

pub(super) async fn leave_all(
    conn: &mut Conn,
    organisation: OrganisationId,
    person: StaffId,
) -> Result<(), DeskError> {
    conn.execute(LEAVE_ALL, args![organisation, person]).await?;
    Ok(())
}

pub(super) async fn roles_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    person: StaffId,
) -> Result<Vec<String>, DeskError> {
    Ok(conn
        .query(ROLES_OF, args![organisation, person], |row| row.get(0))
        .await?)
}

pub(super) async fn sizes(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<(ProvisionedGroupId, i64)>, DeskError> {
    Ok(conn
        .query(SIZES, args![organisation], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

/// None where nobody set it.
pub(super) async fn rule(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Option<String>, DeskError> {
    Ok(conn
        .query_opt(RULE, args![organisation], |row| row.get(0))
        .await?
        .flatten())
}

pub(super) async fn put_rule(
    conn: &mut Conn,
    organisation: OrganisationId,
    role: Option<&str>,
) -> Result<(), DeskError> {
    conn.execute(PUT_RULE, args![organisation, role]).await?;
    Ok(())
}

pub(super) async fn note(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: Uuid,
    call: &Call,
    keep: i64,
) -> Result<(), DeskError> {
    let values = args![organisation, id, call.at, call.what, call.outcome];
    conn.execute(NOTE, values).await?;
    conn.execute(FORGET_CALLS, args![organisation, keep])
        .await?;
    Ok(())
}

pub(super) async fn calls(
    conn: &mut Conn,
    organisation: OrganisationId,
    most: i64,
) -> Result<Vec<Call>, DeskError> {
    Ok(conn
        .query(CALLS, args![organisation, most], |row| {
            Ok(Call {
                at: row.get(0)?,
                what: row.get(1)?,
                outcome: row.get(2)?,
            })
        })
        .await?)
}
