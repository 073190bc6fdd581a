//! Who was given which version.

use super::model::{Notice, PRIVACY, shown};
use super::service::{current, numbered};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::codes::codes;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{AcknowledgementId, PatientId, StaffId};
use crate::privacy::erasure;
use crate::records::{self, About, Purpose, restricted};
use bedside_db::Timestamp;
use bedside_web::Locale;
use futures_util::FutureExt;
use serde_json::json;

/// What a patient's page shows of them.
const SHOWN: i64 = 50;

codes! {
    /// How a patient was given a notice.
    #[schema(as = NoticeSource)]
    Source {
        /// They read it on a page and said so.
        Page = "page",
        /// Somebody of the staff told them on the telephone.
        Phone = "phone",
        /// They signed for it on paper.
        Paper = "paper",
    }
}

impl Source {
    /// Key of the text that says it.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Page => "notice-by-page",
            Self::Phone => "notice-by-phone",
            Self::Paper => "notice-by-paper",
        }
    }
}

/// That a patient was given a version of a notice.
#[derive(Clone, Debug)]
pub struct NewAcknowledgement {
    /// Of which notice.
    pub code: String,
    /// Which version; the one in force when absent.
    pub number: Option<i64>,
    /// The language they were shown it in. Without words in it they were shown the clinic's own.
    pub locale: Locale,
    /// How.
    pub source: Source,
}

/// That a patient was given a version, as it is kept.
#[derive(Clone, Debug)]
pub struct AcknowledgementView {
    /// Its id.
    pub id: AcknowledgementId,
    /// Which version.
    pub notice: Notice,
    /// The language.
    pub locale: String,
    /// SHA-256 of title and text, in hexadecimal digits.
    pub text_hash: String,
    /// How.
    pub source: Source,
    /// Who of the staff kept it.
    pub recorded_by: Option<StaffId>,
    /// When.
    pub at: Timestamp,
}

/// Whether a patient was given the notice of privacy practices.
#[derive(Clone, Debug)]
pub struct Told {
    /// The version in force; none before one was published.
    pub current: Option<Notice>,
    /// What they were given last.
    pub last: Option<AcknowledgementView>,
}

impl Told {
    /// Whether they were given the version that is in force.
    pub fn is_current(&self) -> bool {
        let last = self.last.as_ref().map(|one| one.notice.id);
        self.current.is_some() && self.current.as_ref().map(|one| one.id) == last
    }
}

/// Keeps that a patient was given a notice.
///
/// # Errors
/// [`DeskError::NotFound`] for a version that is not published, or a patient who is not there.
pub async fn acknowledge(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    new: NewAcknowledgement,
) -> Result<AcknowledgementId, DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    let (organisation, now) = (ctx.organisation, app.now());
    let about = {
        let mut conn = app.read().await?;
        let about = restricted::about_patient(&mut conn, organisation, patient).await?;
        let admitted = records::admit(&mut conn, ctx, about.unwrap_or_default(), now).await;
        restricted::noted(app, ctx, admitted).await?;
        about
    };
    let given = match new.number {
        Some(number) => numbered(app, organisation, &new.code, number).await?,
        None => current(app, organisation, &new.code).await?,
    };
    let given = given
        .filter(|_| about.is_some())
        .ok_or(DeskError::NotFound)?;
    let own = app.directory.of(organisation)?.locale;
    let seen = shown(&given.texts, new.locale, own).ok_or(DeskError::NotFound)?;
    let (locale, hash, id, source) = (seen.locale, seen.text.hash(), app.id(), new.source);
    app.command(ctx, move |work| {
        async move {
            let (by, now) = (work.ctx.actor.staff(), work.now);
            erasure::hold_patient(work, patient).await?;
            let row = (id, patient, given.notice.id);
            store::acknowledge(work, organisation, row, (locale, &hash), (source, by, now)).await?;
            let entry = NewEntry::new("notice.acknowledge", "patient", patient);
            work.audit(entry.detail(&json!({
                "notice": given.notice.code,
                "number": given.notice.number,
                "language": locale.tag(),
                "source": source.code(),
            })));
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// What a patient was given, newest first, at most 50.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient.
pub async fn acknowledgements(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
) -> Result<Vec<AcknowledgementView>, DeskError> {
    let organisation = ctx.organisation;
    let about = restricted::about_patient(&mut app.read().await?, organisation, patient).await?;
    records::open_about(
        app,
        ctx,
        Permission::PatientsRead,
        Purpose::Operations,
        about.unwrap_or(About::NOBODY),
        NewEntry::new("notice.acknowledged", "patient", patient),
    )
    .await?;
    if about.is_none() {
        return Err(DeskError::NotFound);
    }
    let rows = store::acknowledged(&mut app.read().await?, organisation, patient, SHOWN).await?;
    Ok(rows.into_iter().map(view).collect())
}

fn view(row: store::Given) -> AcknowledgementView {
    AcknowledgementView {
        id: row.id,
        notice: row.notice,
        locale: row.locale,
        text_hash: row.text_hash,
        source: row.source,
        recorded_by: row.recorded_by,
        at: row.at,
    }
}

/// Whether a patient was given the notice of privacy practices, for their page: the caller has shown the patient.
pub async fn told(app: &App, ctx: &Ctx, patient: PatientId) -> Result<Told, DeskError> {
    ctx.authorize(Permission::PatientsRead)?;
    let organisation = ctx.organisation;
    let found = super::service::published(app, organisation, PRIVACY).await?;
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, organisation, patient).await?;
    records::admit(&mut conn, ctx, about.unwrap_or_default(), app.now()).await?;
    let rows = store::acknowledged(&mut conn, organisation, patient, SHOWN).await?;
    let mut rows = rows.into_iter().filter(|row| row.notice.code == PRIVACY);
    Ok(Told {
        current: found.into_iter().next(),
        last: rows.next().map(view),
    })
}
