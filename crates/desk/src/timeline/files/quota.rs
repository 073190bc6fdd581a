//! How many files somebody may bring in a day.

use super::store::{self, Amount};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId};
use bedside_db::Timestamp;
use futures_util::FutureExt;

/// Files that one person may bring in a day by one way.
pub const MAX_FILES: i64 = 50;
/// Bytes of them.
pub const MAX_BYTES: i64 = 300 * 1024 * 1024;
/// Code of the error for somebody who has none left.
pub const OVER_QUOTA: &str = "too_many_files_today";

const DAY: i64 = 24 * 3600;
const MOST: Amount = Amount {
    files: MAX_FILES,
    bytes: MAX_BYTES,
};

/// The way in by which files are brought. Each has a quota of its own: on the open form anybody can type any address, and
/// must not use up what its owner has behind their links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The open form.
    Form,
    /// A link of one's own, or one's own pages.
    Own,
}

impl Way {
    const fn code(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Own => "own",
        }
    }
}

const fn a_day_before(now: Timestamp) -> Timestamp {
    now.plus_seconds(-DAY)
}

/// Takes files of these `sizes` from the day of `contact`, which begins with the first of them, before anything of them is
/// stored: whatever becomes of their message, the disk held them. The row is held while it is counted, so that what comes
/// at the same moment is counted one after the other.
///
/// # Errors
/// [`DeskError::Conflict`] with [`OVER_QUOTA`]; then nothing was taken.
pub async fn take(
    app: &App,
    organisation: OrganisationId,
    (contact, way): (ContactId, Way),
    sizes: impl Iterator<Item = usize>,
) -> Result<(), DeskError> {
    let none = Amount { files: 0, bytes: 0 };
    let more = sizes.fold(none, |all, size| Amount {
        files: all.files.saturating_add(1),
        bytes: all
            .bytes
            .saturating_add(i64::try_from(size).unwrap_or(i64::MAX)),
    });
    if more.files == 0 {
        return Ok(());
    }
    let fits = more.files <= MOST.files && more.bytes <= MOST.bytes;
    let (now, whose) = (app.now(), (contact, way.code()));
    let when = (now, a_day_before(now));
    let taken = fits
        && app
            .db
            .write(move |tx| {
                async move { store::take(tx, organisation, whose, more, MOST, when).await }.boxed()
            })
            .await?;
    if taken {
        Ok(())
    } else {
        Err(DeskError::Conflict {
            code: OVER_QUOTA,
            text: "These are more files than one person can send in a day. Send them tomorrow, or call.",
        })
    }
}

/// Forgets days that are over.
pub async fn forget(app: &App) -> Result<(), DeskError> {
    let before = a_day_before(app.now());
    app.db
        .write(move |tx| async move { store::forget(tx, before).await }.boxed())
        .await
}
