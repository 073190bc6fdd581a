//! The notice as whoever is signed in to the patients' own pages reads it, and that they have read it: for themself, or for
//! whom they act.

use super::acknowledge::Source;
use super::model::{PRIVACY, shown};
use super::service::{Published, current, numbered, published};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{AcknowledgementId, NoticeId, OrganisationId, PatientId};
use crate::privacy::{erasure, speaks};
use bedside_db::{Conn, Timestamp};
use bedside_web::Locale;
use futures_util::FutureExt;
use serde_json::json;

/// Versions that are looked at, the newest that somebody was given.
const LOOKED_AT: i64 = 50;

/// The notice of privacy practices that is in force, for whoever is signed in.
#[derive(Clone, Debug)]
pub struct OwnNotice {
    /// It.
    pub notice: Published,
    /// When they were given it; none where they were not yet.
    pub since: Option<Timestamp>,
}

/// When a patient was given a version first; none where they were not.
async fn given(
    conn: &mut Conn,
    organisation: OrganisationId,
    (patient, notice): (PatientId, NoticeId),
) -> Result<Option<Timestamp>, DeskError> {
    let rows = store::acknowledged(conn, organisation, patient, LOOKED_AT).await?;
    let of = rows.iter().filter(|row| row.notice.id == notice);
    Ok(of.map(|row| row.at).min())
}

/// The notice that is in force, and whether whoever is signed in, or for whom they act, was given it; none before one was
/// published.
///
/// # Errors
/// As [`Ctx::authorize_own`].
pub async fn own(app: &App, ctx: &Ctx) -> Result<Option<OwnNotice>, DeskError> {
    let patient = speaks(ctx)?;
    let organisation = ctx.organisation;
    let Some(notice) = current(app, organisation, PRIVACY).await? else {
        return Ok(None);
    };
    let whose = (patient, notice.notice.id);
    let since = given(&mut app.read().await?, organisation, whose).await?;
    Ok(Some(OwnNotice { notice, since }))
}

/// Whether a notice is in force that whoever is signed in, or for whom they act, was not given. Nobody is asked who may not
/// say so.
pub async fn is_unread(app: &App, ctx: &Ctx) -> Result<bool, DeskError> {
    let Ok(patient) = speaks(ctx) else {
        return Ok(false);
    };
    let all = published(app, ctx.organisation, PRIVACY).await?;
    let Some(newest) = all.first() else {
        return Ok(false);
    };
    let whose = (patient, newest.id);
    let since = given(&mut app.read().await?, ctx.organisation, whose).await?;
    Ok(since.is_none())
}

/// Keeps that whoever is signed in, or for whom they act, has read a version in this language; once for each version.
///
/// # Errors
/// [`DeskError::NotFound`] for a version that is not published, or as [`Ctx::authorize_own`].
pub async fn acknowledge_own(
    app: &App,
    ctx: &Ctx,
    number: i64,
    locale: Locale,
) -> Result<(), DeskError> {
    let patient = speaks(ctx)?;
    let organisation = ctx.organisation;
    let read = numbered(app, organisation, PRIVACY, number).await?;
    let read = read.ok_or(DeskError::NotFound)?;
    let clinics = app.directory.of(organisation)?.locale;
    let seen = shown(&read.texts, locale, clinics).ok_or(DeskError::NotFound)?;
    let (locale, hash, notice) = (seen.locale, seen.text.hash(), read.notice.id);
    let id: AcknowledgementId = app.id();
    app.command(ctx, move |work| {
        async move {
            let now = work.now;
            erasure::hold_patient(work, patient).await?;
            let before = given(work, organisation, (patient, notice)).await?;
            let detail = json!({
                "notice": PRIVACY,
                "number": number,
                "language": locale.tag(),
                "source": Source::Page.code(),
            });
            if before.is_some() {
                let entry = NewEntry::new("notice.again", "patient", patient);
                work.audit(entry.detail(&detail));
                return Ok(());
            }
            let (row, how) = ((id, patient, notice), (Source::Page, None, now));
            store::acknowledge(work, organisation, row, (locale, &hash), how).await?;
            let entry = NewEntry::new("notice.acknowledge", "patient", patient);
            work.audit(entry.detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await
}
