//! What the staff's passkeys show, and taking it.

use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::passkeys::keys::{self as store, Row};
use crate::passkeys::{self, Answer, Door, Owner, Place, wrong};
use crate::staff::notices::{self, What};
use crate::staff::{sessions, store as people};
use crate::work::Work;
use futures_util::FutureExt;

/// A signature that is right, and counts once it is taken.
pub(in crate::staff) struct Checked {
    pub organisation: OrganisationId,
    pub staff: StaffId,
    key: passkeys::Checked,
}

/// Looks at an answer. `of` is who it has to be, where that is known. Whatever does not fit is [`wrong`], and written into the
/// log of whose key it is; [`DeskError::Gone`] where the question is over; [`DeskError::Conflict`] with `passkey_stopped` where
/// the key may have a copy, which stops it.
pub(in crate::staff) async fn check(
    app: &App,
    place: Place<'_>,
    answer: Answer<'_>,
    of: Option<(OrganisationId, StaffId)>,
) -> Result<Checked, DeskError> {
    let of = of.map(|(organisation, staff)| (organisation, Owner::Staff(staff)));
    match passkeys::check(app, (Door::Staff, place), answer, of).await {
        Ok(key) => {
            let Owner::Staff(staff) = key.owner else {
                return Err(wrong());
            };
            Ok(Checked {
                organisation: key.organisation,
                staff,
                key,
            })
        }
        Err(why) => {
            if let Some((organisation, Owner::Staff(staff))) = why.tried {
                refused(app, place, (organisation, staff), why.copied).await?;
            }
            Err(why.error)
        }
    }
}

/// Writes a refusal into the log of whose key it is, and stops the key that is given: with it end all sessions of its person.
async fn refused(
    app: &App,
    place: Place<'_>,
    (organisation, staff): (OrganisationId, StaffId),
    copied: Option<Row>,
) -> Result<(), DeskError> {
    let action = match place {
        Place::Inside(_) | Place::New(_) => "session.confirm",
        Place::Door(_) | Place::Portal(_) | Place::Half(_) => "session.open",
    };
    let ctx = Ctx {
        actor: Actor::Visitor,
        ..Ctx::system(organisation, "sign-in", Source::Page)
    };
    app.command(&ctx, move |work| {
        async move {
            work.audit(NewEntry::new(action, "staff", staff).outcome(Outcome::Denied));
            if let Some(row) = copied {
                let now = work.now;
                // Held, so that nobody comes in by the copy at this moment.
                people::held(work, organisation, staff).await?;
                if store::stop(work, organisation, row.passkey.id, now).await? {
                    // Whichever of the two signed first is in, and nobody knows which of them it was.
                    sessions::store::delete_sessions_of(work, organisation, staff).await?;
                    work.audit(NewEntry::new("passkey.stop", "staff", staff));
                    notices::tell(work, staff, What::PasskeyStopped).await?;
                }
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Takes what was checked, in the caller's command. [`wrong`] where the key was removed, stopped or used meanwhile, or its
/// person is let in no more.
pub(in crate::staff) async fn take(
    work: &mut Work<'_>,
    checked: &Checked,
) -> Result<(), DeskError> {
    let (organisation, now) = (checked.organisation, work.now);
    // Held, so that nobody comes in with what is taken from them at this moment.
    let person = people::held(work, organisation, checked.staff).await?;
    if person.is_none_or(|person| person.disabled_at.is_some()) {
        return Err(wrong());
    }
    checked.key.take(work, now).await
}
