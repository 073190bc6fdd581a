//! Whose account it is that the provider speaks of, and what its groups give.

use super::Decided;
use super::enter::denied;
use super::model::Said;
use super::settings::{Named, Opened};
use super::store::{self, PersonRow};
use super::trouble::Trouble;
use crate::audit_log::NewEntry;
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::staff::model::StaffView;
use crate::staff::service::{give_role, is_the_last, lock_out, staff_changed};
use crate::staff::{ADMINISTRATOR, provision, roles, sessions, store as people};
use crate::work::Work;
use serde::{Deserialize, Serialize};

/// What the command came to: who it is, or why nobody.
#[derive(Serialize, Deserialize)]
pub(super) enum Found {
    Is(StaffId),
    Nobody(Trouble),
}

/// The provider may have been removed, switched off or given other rules since it was asked: then its word is no longer one.
/// It stays as it is until the caller's command is done.
pub(in crate::staff) async fn still_is(work: &mut Work<'_>, named: Named) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if store::hold_provider(work, organisation).await? == Some(named) {
        return Ok(());
    }
    Err(DeskError::Gone)
}

/// Finds or makes the account, with the role that it is to have, in the caller's command.
pub(super) async fn found(
    work: &mut Work<'_>,
    opened: &Opened,
    said: &Said,
    decided: Decided,
) -> Result<Found, DeskError> {
    still_is(work, opened.named()).await?;
    Ok(match whom(work, opened, said, decided).await? {
        Ok(staff) => {
            work.audit(NewEntry::new("sso.show", "staff", staff));
            Found::Is(staff)
        }
        Err((staff, trouble)) => {
            work.audit(denied(staff, trouble));
            Found::Nobody(trouble)
        }
    })
}

/// The role that the groups give, or why none.
pub(super) fn given<'a>(
    work: &Work<'_>,
    opened: &'a Opened,
    said: &Said,
) -> Result<Result<&'a str, Trouble>, DeskError> {
    let clinic = work.app.directory.of(work.ctx.organisation)?;
    let rules = &opened.view.rules;
    let Some(groups) = said.groups(&rules.groups_claim) else {
        return Ok(Err(Trouble::GroupsUnsaid));
    };
    let role = rules.role_of(&groups, |code| clinic.role(code).is_some());
    Ok(role.ok_or(Trouble::NoGroup))
}

type Refusal = (Option<StaffId>, Trouble);

/// Whose account it is, with the role that the groups give it. Where that is decided elsewhere, who it is and nothing more.
/// What was changed for whoever does not come in stays changed.
async fn whom(
    work: &mut Work<'_>,
    opened: &Opened,
    said: &Said,
    decided: Decided,
) -> Result<Result<StaffId, Refusal>, DeskError> {
    let organisation = work.ctx.organisation;
    let given = given(work, opened, said)?;
    let (person, is_ended) = match known(work, opened, said).await? {
        Some((person, row)) => (person, row.ended_at.is_some()),
        None => match first_time(work, opened, (said, given), decided).await? {
            Ok(person) => (person, false),
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    let staff = person.id;
    let refused = |trouble| Ok(Err((Some(staff), trouble)));
    if decided(work, organisation, staff).await? {
        return match person.disabled_at {
            Some(_) => refused(Trouble::Disabled),
            None => Ok(Ok(staff)),
        };
    }
    let role = match given {
        Ok(role) => role,
        Err(lacking) => {
            if lacking == Trouble::NoGroup {
                end(work, &person).await?;
            } else {
                // A mapping that broke must not lock a whole clinic out, one by one.
                sessions::store::delete_sessions_of(work, organisation, staff).await?;
            }
            return refused(lacking);
        }
    };
    if person.disabled_at.is_some() {
        // Who was locked by an administrator stays so; who was locked here is let in again by the groups.
        if !is_ended {
            return refused(Trouble::Disabled);
        }
        provision::let_in(work, staff).await?;
    }
    if is_ended {
        store::end_person(work, organisation, staff, None).await?;
    }
    if person.role == role {
        return Ok(Ok(staff));
    }
    if person.role == ADMINISTRATOR && is_the_last(work, staff).await? {
        sessions::store::delete_sessions_of(work, organisation, staff).await?;
        return refused(Trouble::LastAdministrator);
    }
    let new = roles::held(work, role).await?;
    // A role that is gone opens nothing.
    let clinic = work.app.directory.of(organisation)?;
    let opens_more = match clinic.role(&person.role) {
        Some(old) => !old.reach().holds(&new),
        None => true,
    };
    // Letting somebody in again counted their version up.
    let person = people::held(work, organisation, staff).await?;
    let version = person.ok_or(DeskError::NotFound)?.version;
    give_role(work, staff, (role, version), opens_more).await?;
    Ok(Ok(staff))
}

/// Who came in by this account of the provider before; they and what connects them stay as they are until the command is
/// done. The person is held first, as everywhere: two commands that hold these the other way round wait for each other.
async fn known(
    work: &mut Work<'_>,
    opened: &Opened,
    said: &Said,
) -> Result<Option<(StaffView, PersonRow)>, DeskError> {
    let organisation = work.ctx.organisation;
    let account = opened.account(said);
    let Some(staff) = store::by_subject(work, organisation, account).await? else {
        return Ok(None);
    };
    let person = people::held(work, organisation, staff).await?;
    let person = person.ok_or(DeskError::NotFound)?;
    let row = store::hold_person(work, organisation, staff).await?;
    // Who was disconnected at this moment begins anew.
    let row = row.filter(|row| row.is(account)).ok_or(DeskError::Gone)?;
    Ok(Some((person, row)))
}

/// Finds or makes the account of somebody who was not here before.
async fn first_time(
    work: &mut Work<'_>,
    opened: &Opened,
    (said, given): (&Said, Result<&str, Trouble>),
    decided: Decided,
) -> Result<Result<StaffView, Refusal>, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let account = opened.account(said);
    let Some(email) = said.verified_email() else {
        return Ok(Err((None, Trouble::Unverified)));
    };
    let known = people::held_by_email(work, organisation, &email).await?;
    let is_decided = match &known {
        Some(person) => decided(work, organisation, person.id).await?,
        None => false,
    };
    let role = match given {
        Ok(role) => role,
        Err(_) if is_decided => "",
        Err(lacking) => return Ok(Err((None, lacking))),
    };
    let person = match known {
        Some(person) => {
            let row = store::hold_person(work, organisation, person.id).await?;
            if row.is_some() {
                return Ok(Err((Some(person.id), Trouble::OtherSubject)));
            }
            if person.disabled_at.is_some() {
                return Ok(Err((Some(person.id), Trouble::Disabled)));
            }
            person
        }
        None if opened.view.rules.makes_accounts => {
            let clinic = work.app.directory.of(organisation)?;
            let person = StaffView {
                id: work.app.id(),
                name: said.name(&email),
                email,
                role: role.to_owned(),
                locale: clinic.locale.tag().to_owned(),
                disabled_at: None,
                second_factor_since: None,
                version: 1,
            };
            roles::held(work, role).await?;
            if !people::insert(work, organisation, &person, now).await? {
                return Ok(Err((None, Trouble::OtherSubject)));
            }
            let told = serde_json::json!({ "role": role, "method": "sso" });
            work.audit(NewEntry::new("staff.create", "staff", person.id).detail(&told));
            staff_changed(work);
            person
        }
        None => return Ok(Err((None, Trouble::NotInvited))),
    };
    if !store::insert_person(work, organisation, person.id, account, now).await? {
        return Ok(Err((Some(person.id), Trouble::OtherSubject)));
    }
    work.audit(NewEntry::new("sso.link", "staff", person.id));
    Ok(Ok(person))
}

/// Locks somebody out whom no group gives a role any more, until one does. The last administrator's account stays, or nobody
/// could set the desk up; their sessions and links end.
async fn end(work: &mut Work<'_>, person: &StaffView) -> Result<(), DeskError> {
    let (organisation, now, staff) = (work.ctx.organisation, work.now, person.id);
    if person.disabled_at.is_some() {
        return Ok(());
    }
    if person.role == ADMINISTRATOR && is_the_last(work, staff).await? {
        sessions::store::delete_sessions_of(work, organisation, staff).await?;
        return sessions::store::delete_links_of(work, organisation, staff).await;
    }
    lock_out(work, staff).await?;
    store::end_person(work, organisation, staff, Some(now)).await
}
