//! What an identity provider, or whoever maps its groups, does to people: the same as by hand, in the caller's command.
//!
//! A token that may provision gives what the mapping says, whoever made the mapping held it. A colleague who changes the
//! mapping hands on no more than they have, and touches nobody who may do more.

use super::model::{NewStaff, StaffView};
use super::notices::{self, What};
use super::role::{ADMINISTRATOR, NO_ROLE, Reach};
use super::service::{end_ways_in, lock_out, not_the_last, role_given, staff_changed};
use super::{sessions, sso, store};
use crate::audit_log::NewEntry;
use crate::context::{Actor, Permission};
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::work::Work;
use bedside_db::Timestamp;
use bedside_web::Locale;

/// What is known of somebody beside what they may do.
#[derive(Clone, Debug)]
pub struct About {
    /// Mail address they sign in with.
    pub email: String,
    /// Name that colleagues and patients see.
    pub name: String,
    /// Language of their pages.
    pub locale: Locale,
}

impl About {
    /// The same in its normal form: [`DeskError::Invalid`] where the address or the name can't be used.
    pub fn checked(self) -> Result<Self, DeskError> {
        let new = NewStaff {
            email: self.email,
            name: self.name,
            role: String::new(),
            locale: self.locale,
        };
        Ok(Self {
            email: new.checked_email()?,
            name: new.name.trim().to_owned(),
            locale: new.locale,
        })
    }
}

fn may(work: &Work<'_>) -> Result<(), DeskError> {
    work.ctx.authorize(match work.ctx.actor {
        Actor::Token { .. } => Permission::PeopleProvision,
        _ => Permission::StaffManage,
    })
}

/// What the role opens, which stays as it is until the command is done; [`NO_ROLE`] opens nothing. None where there is no
/// such role.
pub async fn reach_of(work: &mut Work<'_>, code: &str) -> Result<Option<Reach>, DeskError> {
    may(work)?;
    if code == NO_ROLE {
        return Ok(Some(Reach::NOTHING));
    }
    let organisation = work.ctx.organisation;
    let found = store::hold_role(work, organisation, code).await?;
    Ok(found.map(|(reach, _)| reach))
}

/// Refuses where a colleague would hand on, or take from, more than they have, or change what they are themselves.
fn in_reach(work: &Work<'_>, id: StaffId, reach: &Reach) -> Result<(), DeskError> {
    match work.ctx.actor {
        Actor::Token { .. } => Ok(()),
        _ if work.ctx.actor.staff() == Some(id) => Err(DeskError::Conflict {
            code: "own_role",
            text: "Ask another administrator to change your role.",
        }),
        _ => work.ctx.hands_on(reach),
    }
}

/// Somebody who stays as they are until the command is done.
pub async fn held(work: &mut Work<'_>, id: StaffId) -> Result<StaffView, DeskError> {
    may(work)?;
    let organisation = work.ctx.organisation;
    store::held(work, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)
}

/// The same by their address.
pub async fn held_by_email(
    work: &mut Work<'_>,
    email: &str,
) -> Result<Option<StaffView>, DeskError> {
    may(work)?;
    let organisation = work.ctx.organisation;
    store::held_by_email(work, organisation, email).await
}

/// Adds somebody who has no role yet and can't come in.
pub async fn add_provisioned(work: &mut Work<'_>, about: &About) -> Result<StaffView, DeskError> {
    may(work)?;
    let (organisation, now) = (work.ctx.organisation, work.now);
    let person = StaffView {
        id: work.app.id(),
        email: about.email.clone(),
        name: about.name.clone(),
        role: NO_ROLE.to_owned(),
        locale: about.locale.tag().to_owned(),
        disabled_at: Some(now),
        second_factor_since: None,
        version: 1,
    };
    if !store::insert(work, organisation, &person, now).await? {
        return Err(taken());
    }
    store::disable(work, organisation, person.id, now).await?;
    work.audit(NewEntry::new("staff.create", "staff", person.id));
    staff_changed(work);
    held(work, person.id).await
}

/// Changes somebody's address, name and language. With another address their sessions end, and what was sent to the old one.
pub async fn change_about(
    work: &mut Work<'_>,
    person: &StaffView,
    about: &About,
) -> Result<(), DeskError> {
    may(work)?;
    let organisation = work.ctx.organisation;
    let told = (
        about.email.as_str(),
        about.name.as_str(),
        about.locale.tag(),
    );
    if told == (&person.email, &person.name, &person.locale) {
        return Ok(());
    }
    not_the_last(work, person.id).await?;
    if about.email != person.email {
        if store::held_by_email(work, organisation, &about.email)
            .await?
            .is_some()
        {
            return Err(taken());
        }
        sessions::store::delete_sessions_of(work, organisation, person.id).await?;
        sessions::store::delete_links_of(work, organisation, person.id).await?;
    }
    if !store::set_about(work, organisation, person.id, told).await? {
        return Err(taken());
    }
    if about.email != person.email && person.disabled_at.is_none() {
        notices::tell(work, person.id, What::Address).await?;
    }
    staff_changed(work);
    Ok(())
}

/// Gives somebody another role, or [`NO_ROLE`], with all that goes with a new role (see [`super::change_role`]).
/// [`DeskError::Conflict`] with `last_administrator` for the last of those.
pub async fn give_role(
    work: &mut Work<'_>,
    person: &StaffView,
    role: &str,
) -> Result<(), DeskError> {
    if role == person.role {
        return may(work);
    }
    // A role that is gone opens nothing.
    let old = reach_of(work, &person.role)
        .await?
        .unwrap_or(Reach::NOTHING);
    let new = reach_of(work, role).await?.ok_or(DeskError::NotFound)?;
    in_reach(work, person.id, &old)?;
    in_reach(work, person.id, &new)?;
    if role != ADMINISTRATOR {
        not_the_last(work, person.id).await?;
    }
    let organisation = work.ctx.organisation;
    let now = held(work, person.id).await?;
    store::set_role(work, organisation, person.id, role, now.version).await?;
    role_given(work, person, role, !old.holds(&new)).await?;
    Ok(())
}

/// Lets somebody in no more: the same as [`super::disable`]. Since when; none where they were locked out before.
pub async fn put_out(
    work: &mut Work<'_>,
    person: &StaffView,
) -> Result<Option<Timestamp>, DeskError> {
    let reach = reach_of(work, &person.role).await?;
    in_reach(work, person.id, &reach.unwrap_or(Reach::NOTHING))?;
    if person.disabled_at.is_some() {
        return Ok(None);
    }
    lock_out(work, person.id).await?;
    Ok(Some(work.now))
}

/// Makes a lock that single sign-on's groups had set the provisioning's, so that no group lifts it; one that a colleague set
/// stays theirs. Since when it stands.
pub async fn take_lock(
    work: &mut Work<'_>,
    person: &StaffView,
) -> Result<Option<Timestamp>, DeskError> {
    may(work)?;
    let organisation = work.ctx.organisation;
    let taken = sso::store::take_lock(work, organisation, person.id).await?;
    Ok(person.disabled_at.filter(|_| taken))
}

/// Lets somebody in again who was put out, with nothing of what they came in by before: meanwhile the address may have
/// become somebody else's.
pub async fn let_in(work: &mut Work<'_>, id: StaffId) -> Result<(), DeskError> {
    may(work)?;
    let organisation = work.ctx.organisation;
    end_ways_in(work, id).await?;
    if store::enable(work, organisation, id).await? {
        work.audit(NewEntry::new("staff.enable", "staff", id));
        staff_changed(work);
    }
    Ok(())
}

const fn taken() -> DeskError {
    DeskError::Conflict {
        code: "address_taken",
        text: "Somebody has this address already.",
    }
}

/// Refuses to touch the last administrator: [`DeskError::Conflict`] with `last_administrator`.
pub async fn spared(work: &mut Work<'_>, person: &StaffView) -> Result<(), DeskError> {
    may(work)?;
    not_the_last(work, person.id).await
}
