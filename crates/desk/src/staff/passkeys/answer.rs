//! Looking at what a browser signed, and taking it.

use super::party::{self, Kept, Said, Signed};
use super::{Place, question, store};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::staff::notices::{self, What};
use crate::staff::{sessions, store as people};
use crate::work::Work;
use bedside_vault::secret::content_hash;
use futures_util::FutureExt;
use store::Row;

/// Longest answer that is looked at, in bytes. Devices make some hundred; keys with certificates some thousand.
const LONGEST: usize = 64 * 1024;

/// What a browser sent.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The number of the question.
    pub number: &'a str,
    /// What the browser's own function gave back, as JSON.
    pub signed: &'a str,
}

impl<'a> Answer<'a> {
    /// The text to read; [`wrong`] where nobody's device makes such a one.
    pub(super) fn text(&self) -> Result<&'a str, DeskError> {
        if self.signed.len() > LONGEST || self.number.len() > 64 {
            return Err(wrong());
        }
        Ok(self.signed)
    }
}

/// What was sent does not fit, whatever it is.
pub(in crate::staff) fn wrong() -> DeskError {
    DeskError::invalid("passkey", "wrong_passkey", "This passkey does not fit.")
}

fn stopped() -> DeskError {
    DeskError::Conflict {
        code: "passkey_stopped",
        text: "This passkey was stopped: there may be a copy of it.",
    }
}

/// A signature that is right, and counts once it is taken.
pub(in crate::staff) struct Checked {
    pub organisation: OrganisationId,
    pub staff: StaffId,
    row: Row,
    /// The key as it is kept from now on.
    credential: String,
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
    let text = answer.text()?;
    let Kept::Show(kept) = question::take(app, place, answer.number).await? else {
        return Err(wrong());
    };
    let said = Said::read(text)?;
    let hash = content_hash(said.key());
    let found = store::by_credential(&mut app.read().await?, &hash).await?;
    let (organisation, staff, row) = found.ok_or_else(wrong)?;
    let whose = said.person();
    // Who is at the door is whom the device says; a key that is asked for by its number need not say so.
    let named = whose.map_or(of.is_some(), |whose| whose == staff.uuid().as_bytes());
    let theirs = of.is_none_or(|who| who == (organisation, staff));
    let signed = if named && theirs {
        party::shown(&app.config.public_url, kept, &said, row.key()?)
    } else {
        Err(wrong())
    };
    match signed {
        Ok(Signed::Right(_) | Signed::Copied) if row.passkey.stopped_at.is_some() => {
            refused(app, place, (organisation, staff), None).await?;
            Err(stopped())
        }
        Ok(Signed::Right(key)) => Ok(Checked {
            organisation,
            staff,
            credential: serde_json::to_string(&key)?,
            row,
        }),
        Ok(Signed::Copied) => {
            refused(app, place, (organisation, staff), Some(row)).await?;
            Err(stopped())
        }
        Err(error) => {
            refused(app, place, (organisation, staff), None).await?;
            Err(error)
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
        Place::Door(_) | Place::Half(_) => "session.open",
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
    let used = (checked.row.passkey.id, checked.row.uses);
    if store::use_key(work, organisation, used, &checked.credential, now).await? {
        return Ok(());
    }
    Err(wrong())
}
