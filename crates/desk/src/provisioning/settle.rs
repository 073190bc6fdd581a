//! What follows for somebody's account from what the provider says and what their groups give.

use super::model::{Offer, role_of};
use super::store::{self, PersonRow};
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::staff::{self, NO_ROLE, StaffView};
use crate::work::Work;

/// The role that somebody is to have; none where nothing gives them one.
async fn meant(
    work: &mut Work<'_>,
    row: &PersonRow,
    account: &StaffView,
) -> Result<(String, bool), DeskError> {
    let organisation = work.ctx.organisation;
    let mut offers = Vec::new();
    for role in store::roles_of(work, organisation, row.id).await? {
        offers.extend(offer(work, role).await?);
    }
    if let Some(offer) = role_of(&offers) {
        return Ok((offer.role.clone(), false));
    }
    if row.by_hand {
        return Ok((account.role.clone(), true));
    }
    let default = match store::rule(work, organisation).await? {
        Some(role) => offer(work, role).await?,
        None => None,
    };
    Ok((
        default.map_or(NO_ROLE.to_owned(), |offer| offer.role),
        false,
    ))
}

/// What the role gives; nothing where it is gone.
async fn offer(work: &mut Work<'_>, role: String) -> Result<Option<Offer>, DeskError> {
    let Some(reach) = staff::reach_of(work, &role).await? else {
        return Ok(None);
    };
    let clinic = work.app.directory.of(work.ctx.organisation)?;
    let position = clinic.role(&role).map_or(i64::MAX, |role| role.position);
    Ok(Some(Offer {
        role,
        reach,
        position,
    }))
}

/// Brings somebody's account in line, and says in `row` how it stands; the caller stores that.
pub(super) async fn settle(work: &mut Work<'_>, row: &mut PersonRow) -> Result<(), DeskError> {
    let account = staff::held(work, row.id).await?;
    let (role, by_hand) = meant(work, row, &account).await?;
    row.by_hand = by_hand;
    let wanted = row.active && row.user_key.is_some() && role != NO_ROLE;
    row.ended_at = staff::take_lock(work, &account).await?.or(row.ended_at);
    // Out first: it leaves nothing open for the time in which the role changes, and needs no news of it.
    if !wanted {
        row.ended_at = staff::put_out(work, &account).await?.or(row.ended_at);
    }
    let account = staff::held(work, row.id).await?;
    staff::give_role(work, &account, &role).await?;
    if wanted && account.disabled_at.is_some() && account.disabled_at == row.ended_at {
        staff::let_in(work, row.id).await?;
        row.ended_at = None;
    }
    Ok(())
}

/// The same for somebody whose groups changed.
pub(super) async fn settle_again(work: &mut Work<'_>, id: StaffId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    staff::held(work, id).await?;
    let found = store::person_held(work, organisation, id).await?;
    if let Some(mut row) = found.filter(|row| row.user_key.is_some()) {
        settle(work, &mut row).await?;
        store::put_person(work, organisation, &row, now).await?;
    }
    Ok(())
}
