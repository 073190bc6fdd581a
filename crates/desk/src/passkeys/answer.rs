//! Looking at what a browser signed.

use super::mark;
use super::party::{self, Kept, Said, Signed};
use super::store::{self, Row};
use super::{Door, Owner, Place, question};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::security_log;
use bedside_db::Conn;
use bedside_db::Timestamp;
use bedside_vault::secret::content_hash;

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
pub(crate) fn wrong() -> DeskError {
    DeskError::invalid("passkey", "wrong_passkey", "This passkey does not fit.")
}

fn stopped() -> DeskError {
    DeskError::Conflict {
        code: "passkey_stopped",
        text: "This passkey was stopped: there may be a copy of it.",
    }
}

/// A signature that is right, and counts once it is taken.
pub(crate) struct Checked {
    /// In which organisation.
    pub organisation: OrganisationId,
    /// Whose key it is.
    pub owner: Owner,
    /// The key as it was read.
    pub row: Row,
    /// The key as it is kept from now on, and its mark.
    credential: String,
    mark: Vec<u8>,
}

impl Checked {
    /// Writes the use down, in the caller's command, which holds the key's person. [`wrong`] where the key was removed,
    /// stopped or used meanwhile.
    pub(crate) async fn take(&self, conn: &mut Conn, now: Timestamp) -> Result<(), DeskError> {
        let used = (self.row.passkey.id, self.row.uses);
        if store::use_key(
            conn,
            self.organisation,
            used,
            (&self.credential, &self.mark),
            now,
        )
        .await?
        {
            return Ok(());
        }
        Err(wrong())
    }
}

/// Why an answer lets nobody in.
pub(crate) struct Refused {
    /// What is said: [`wrong`], [`DeskError::Gone`] where the question is over, or [`DeskError::Conflict`] with
    /// `passkey_stopped`.
    pub error: DeskError,
    /// Whose key was tried, where it is one of this door: it belongs into the log.
    pub tried: Option<(OrganisationId, Owner)>,
    /// The key to stop, because there may be a copy of it.
    pub copied: Option<Row>,
}

impl From<DeskError> for Refused {
    fn from(error: DeskError) -> Self {
        Self {
            error,
            tried: None,
            copied: None,
        }
    }
}

/// Looks at an answer at a door. `of` is who it has to be, where that is known. A key of another door is as unknown as any
/// that is not ours.
pub(crate) async fn check(
    app: &App,
    (door, place): (Door, Place<'_>),
    answer: Answer<'_>,
    of: Option<(OrganisationId, Owner)>,
) -> Result<Checked, Refused> {
    let text = answer.text()?;
    let Kept::Show(kept) = question::take(app, place, answer.number).await? else {
        return Err(wrong().into());
    };
    let said = Said::read(text)?;
    let hash = content_hash(said.key());
    let mut conn = app.read().await?;
    let found = store::by_credential(&mut conn, &hash).await?;
    drop(conn);
    let found = found.filter(|(_, owner, _)| owner.door() == door);
    let (organisation, owner, row) = found.ok_or_else(wrong)?;
    if !mark::fits(app, organisation, owner, &row)? {
        security_log::passkey_altered(row.passkey.id);
        return Err(wrong().into());
    }
    let whose = said.person();
    // Who is at the door is whom the device says; a key that is asked for by its number need not say so.
    let named = whose.map_or(of.is_some(), |whose| whose == owner.id().as_bytes());
    let theirs = of.is_none_or(|who| who == (organisation, owner));
    let signed = if named && theirs {
        party::shown(&app.config.public_url, kept, &said, row.key()?)
    } else {
        Err(wrong())
    };
    let refused = |error, copied| Refused {
        error,
        tried: Some((organisation, owner)),
        copied,
    };
    match signed {
        Ok(Signed::Right(_) | Signed::Copied) if row.passkey.stopped_at.is_some() => {
            Err(refused(stopped(), None))
        }
        Ok(Signed::Right(key)) => {
            let credential = serde_json::to_string(&key).map_err(DeskError::from)?;
            Ok(Checked {
                organisation,
                owner,
                mark: mark::of(app, organisation, owner, &row, &credential)?,
                credential,
                row,
            })
        }
        Ok(Signed::Copied) => Err(refused(stopped(), Some(row))),
        Err(error) => Err(refused(error, None)),
    }
}
