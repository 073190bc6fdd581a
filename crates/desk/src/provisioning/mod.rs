//! People and groups as the clinic's identity provider tells of them (SCIM 2.0, RFC 7643 and 7644; the protocol itself is
//! in `scim`). Owns `provisioned_people`, `provisioned_groups`, `provisioned_members`, `provisioning_rules` and
//! `provisioning_calls`.
//!
//! A person is an account of `staff` with a row here beside it. The provider reaches those alone; an account that a
//! colleague made is out of its sight until it tells of somebody with the same mail address, and is taken over then.
//! [`model::role_of`] says the role: it comes from the groups that an administrator gave one, or is the one for whoever is
//! in none of these; without a role nobody comes in. An account that was taken over keeps the role it has until the first
//! such group comes.
//!
//! Invariants: all that follows from one message happens in one command; who is put out has no session, link, token or
//! stream left; the last administrator is not touched; what a colleague locked stays locked, whatever the provider says
//! (`ended_at` tells the one from the other); who comes back in has no password or passkey of before; single sign-on changes
//! nothing for whom the provider tells of ([`decides`]). What an organisation's provider tells, and what is chosen for its
//! groups, happens one after the other ([`turn`]): names and numbers are somebody's alone, and a role that is chosen meets
//! everybody whom it concerns. Locks are taken in one order: that turn, a group, the account, what stands beside it here.

mod calls;
mod groups;
mod model;
mod people;
mod rules;
mod settle;
mod store;

pub use calls::{Call, calls, note};
pub use groups::{Group, GroupTold, add_group, change_group, group, groups, remove_group};
pub use model::{BASE, MAX_GROUPS, MAX_MEMBERS, Seek};
pub use people::{Person, PersonTold, add_person, change_person, people, person, remove_person};
pub use rules::{Choice, Mapped, Rules, choose, rules};
pub use store::ALL as STATEMENTS;

use crate::context::{Actor, Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::work::Work;
use bedside_db::Conn;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// What a message was made on, where it says so (`If-Match`).
pub type Expected = Option<i64>;

fn authorize(ctx: &Ctx) -> Result<(), DeskError> {
    ctx.authorize(match ctx.actor {
        Actor::Token { .. } => Permission::PeopleProvision,
        _ => Permission::StaffManage,
    })
}

fn expect(expected: Expected, version: i64) -> Result<(), DeskError> {
    match expected {
        Some(seen) if seen != version => Err(DeskError::Stale {
            version,
            changed: Vec::new(),
        }),
        _ => Ok(()),
    }
}

/// Waits, in the caller's command, until nothing else is told or chosen in the organisation.
async fn turn(work: &mut Work<'_>) -> Result<OrganisationId, DeskError> {
    let organisation = work.ctx.organisation;
    store::hold(work, organisation).await?;
    Ok(organisation)
}

/// Whether the provider says what this account may do: it tells of them. Whoever holds the account holds the answer.
pub fn decides(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> BoxFuture<'_, Result<bool, DeskError>> {
    async move {
        let told = store::person_of(conn, organisation, id).await?;
        Ok(told.is_some())
    }
    .boxed()
}
