//! Who can come in and what each may do, for whoever looks at it from time to time; and the end of it.

use super::model::StaffView;
use super::role::{NO_ROLE, Reach};
use super::service::lock_out;
use super::store::{self, TokenRow};
use super::tokens;
use crate::audit_log::NewEntry;
use crate::context::Permissions;
use crate::error::DeskError;
use crate::ids::{ApiTokenId, OrganisationId, StaffId};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};

/// Whose access it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// A person of the staff.
    Person(StaffId),
    /// An API token.
    Token(ApiTokenId),
}

/// What somebody, or another system, can come in with.
#[derive(Clone, Debug)]
pub struct Access {
    /// Whose.
    pub whose: Whose,
    /// The person's name, or what the token is for.
    pub name: String,
    /// Code of a person's role; empty for a token.
    pub role: String,
    /// What it opens.
    pub reach: Reach,
    /// Whether a person has a second factor.
    pub second_factor: bool,
    /// Who made a token.
    pub made_by: Option<StaffId>,
    /// Until when a token works.
    pub expires_at: Option<Timestamp>,
    /// Changes whenever what it opens does.
    pub version: String,
}

fn of_person(person: StaffView, role: Option<(Reach, i64)>) -> Access {
    let (reach, version) = role.unwrap_or((Reach::NOTHING, 0));
    Access {
        whose: Whose::Person(person.id),
        name: person.name,
        reach,
        version: format!("{}.{version}", person.version),
        role: person.role,
        second_factor: person.second_factor_since.is_some(),
        made_by: None,
        expires_at: None,
    }
}

fn of_token(token: TokenRow, made_by: Option<StaffId>) -> Access {
    Access {
        whose: Whose::Token(token.id),
        name: token.name,
        role: String::new(),
        reach: tokens::reach(Permissions::known(&token.scopes), token.queues),
        second_factor: false,
        made_by,
        expires_at: token.expires_at,
        version: "1".to_owned(),
    }
}

fn is_let_in(person: &StaffView) -> bool {
    person.disabled_at.is_none() && person.role != NO_ROLE
}

fn works(token: &TokenRow, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|at| at > now)
}

/// Everybody who is let in at `now`, and every token that works: people by name, then tokens.
pub async fn accesses(
    conn: &mut Conn,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<Vec<Access>, DeskError> {
    let roles = store::roles(conn, organisation).await?;
    let mut found = Vec::new();
    for person in store::list(conn, organisation).await? {
        if is_let_in(&person) {
            let role = roles.iter().find(|role| role.code == person.role);
            let role = role.map(|role| (role.reach(), role.version));
            found.push(of_person(person, role));
        }
    }
    found.sort_by_cached_key(|one| one.name.to_lowercase());
    let makers = store::token_makers(conn, organisation).await?;
    for token in store::tokens(conn, organisation).await? {
        if works(&token, now) {
            let made_by = makers.get(&token.id).copied();
            found.push(of_token(token, made_by));
        }
    }
    Ok(found)
}

/// One of them, as it stays until the caller's command is done; none where it has ended.
pub async fn held_access(work: &mut Work<'_>, whose: Whose) -> Result<Option<Access>, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    match whose {
        Whose::Person(id) => {
            let person = store::held(work, organisation, id).await?;
            let Some(person) = person.filter(is_let_in) else {
                return Ok(None);
            };
            let role = store::hold_role(work, organisation, &person.role).await?;
            Ok(Some(of_person(person, role)))
        }
        Whose::Token(id) => {
            let found = store::held_token(work, organisation, id).await?;
            let found = found.filter(|(token, _)| works(token, now));
            Ok(found.map(|(token, made_by)| of_token(token, made_by)))
        }
    }
}

/// Ends an access in the caller's command, as [`super::disable`] and [`super::revoke_token`] do. Whoever calls has decided
/// that it may be ended by whoever asks. [`DeskError::Conflict`] with `last_administrator` for the last of those, and
/// [`DeskError::NotFound`] for what has ended already.
pub async fn end_access(work: &mut Work<'_>, whose: Whose) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    match whose {
        Whose::Person(id) => {
            let person = store::held(work, organisation, id).await?;
            if person.is_none_or(|person| person.disabled_at.is_some()) {
                return Err(DeskError::NotFound);
            }
            lock_out(work, id).await
        }
        Whose::Token(id) => {
            if !store::revoke_token(work, organisation, id, now).await? {
                return Err(DeskError::NotFound);
            }
            work.audit(NewEntry::new("token.revoke", "token", id));
            Ok(())
        }
    }
}
