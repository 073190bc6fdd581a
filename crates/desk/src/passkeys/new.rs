//! Making a key.

use super::mark;
use super::party::{self, Kept};
use super::store::{self, Row};
use super::{Answer, Asked, MAX_PASSKEYS, Owner, Passkey, Place, question, wrong};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId};
use crate::names;
use crate::work::Work;
use bedside_vault::secret::content_hash;

fn too_many() -> DeskError {
    DeskError::Conflict {
        code: "too_many_passkeys",
        text: "You have as many passkeys as one can have. Remove one first.",
    }
}

/// Asks the browser of this session to make a key for `owner`, whom their device shows under `label` and `name`.
/// [`DeskError::Conflict`] with `too_many_passkeys`, or with `no_passkeys` where the desk's address can't have any.
pub(crate) async fn ask_new(
    app: &App,
    organisation: OrganisationId,
    (owner, session): (Owner, SessionId),
    (label, name): (&str, &str),
) -> Result<Asked, DeskError> {
    let rows = store::of_person(&mut app.read().await?, organisation, owner).await?;
    if rows.len() >= MAX_PASSKEYS {
        return Err(too_many());
    }
    let others = rows.iter().map(Row::key).collect::<Result<Vec<_>, _>>()?;
    let clinic = app.directory.of(organisation)?;
    let who = (owner.id(), label, name);
    let asked = party::ask_new(&app.config.public_url, &clinic.name, who, &others)?;
    question::keep(app, Place::New(session), asked).await
}

/// A key that a browser made, not kept yet.
pub(crate) struct Made {
    row: Row,
    hash: [u8; 32],
}

/// The key that the browser of this session made, under a name. [`DeskError::Gone`] where the question is over,
/// [`DeskError::Invalid`] with `wrong_passkey` or `bad_name`.
pub(crate) async fn made(
    app: &App,
    session: SessionId,
    name: &str,
    answer: Answer<'_>,
) -> Result<Made, DeskError> {
    let name = names::checked(name)?.to_owned();
    let text = answer.text()?;
    let Kept::New(kept) = question::take(app, Place::New(session), answer.number).await? else {
        return Err(wrong());
    };
    let key = party::made(&app.config.public_url, &kept, text)?;
    Ok(Made {
        hash: content_hash(key.cred_id().as_ref()),
        row: Row {
            credential: serde_json::to_string(&key)?,
            uses: 0,
            point: None,
            mark: None,
            passkey: Passkey {
                id: app.id(),
                name,
                created_at: app.now(),
                used_at: None,
                stopped_at: None,
            },
        },
    })
}

/// Keeps it in the caller's command, which holds its person; `point` is the address that a patient is in by.
/// [`DeskError::Conflict`] with `passkey_taken` or `too_many_passkeys`.
pub(crate) async fn keep(
    work: &mut Work<'_>,
    owner: Owner,
    point: Option<Vec<u8>>,
    made: Made,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let others = store::of_person(work, organisation, owner).await?;
    if others.len() >= MAX_PASSKEYS {
        return Err(too_many());
    }
    let row = Row { point, ..made.row };
    let mark = mark::of(&work.app, organisation, owner, &row, &row.credential)?;
    if store::insert(work, organisation, owner, &row, (&made.hash, &mark)).await? {
        return Ok(());
    }
    Err(DeskError::Conflict {
        code: "passkey_taken",
        text: "This passkey is known here already.",
    })
}
