//! Labels of patients: who sets them, and what lists show of those who have some.

use super::model::PatientView;
use super::service::patient_in;
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::PatientId;
use crate::records::{self, About, Label, Labels, Opened, Sight};
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use serde_json::json;

/// Gives a patient exactly these labels; `version` is the one the caller saw. Anybody who may change the patient can add
/// a label, and may not see them any more afterwards; taking one away needs the permission for it, which having opened
/// the record for a reason doesn't give.
pub async fn label_patient(
    app: &App,
    ctx: &Ctx,
    id: PatientId,
    version: i64,
    labels: Labels,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    let organisation = ctx.organisation;
    app.command(ctx, move |work| {
        async move {
            let old = store::patient(work, organisation, id)
                .await?
                .ok_or(DeskError::NotFound)?;
            let (ctx, now) = (work.ctx.clone(), work.now);
            records::admit(work, &ctx, old.about(), now).await?;
            if old.version != version {
                return Err(stale(old.version));
            }
            let lost = old.labels.without(labels);
            if !ctx.sees(lost) {
                return Err(DeskError::Forbidden);
            }
            if !store::label(work, organisation, id, version, labels).await? {
                return Err(stale(old.version + 1));
            }
            let codes = |labels: Labels| labels.list().map(Label::code).collect::<Vec<_>>();
            work.audit(NewEntry::new("patient.label", "patient", id).detail(
                &json!({ "added": codes(labels.without(old.labels)), "removed": codes(lost) }),
            ));
            work.event(kind::PEOPLE_CHANGED, None, None, &json!({}));
            Ok(())
        }
        .boxed()
    })
    .await
}

fn stale(version: i64) -> DeskError {
    DeskError::Stale {
        version,
        changed: vec!["patient".to_owned()],
    }
}

/// A patient as a list shows them to a reader: of one whose record is kept from them, that there is one, to whoever could
/// open it for a reason; to anybody else nothing.
pub(super) async fn listed(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    conn: &mut Conn,
    id: PatientId,
) -> Result<Option<PatientView>, DeskError> {
    let view = patient_in(app, leave, conn, ctx.organisation, id).await?;
    let about = About {
        patient: Some(id),
        labels: view.labels,
        ..About::NOBODY
    };
    match records::admit(conn, ctx, about, app.now()).await {
        Ok(()) => Ok(Some(view)),
        Err(DeskError::Restricted { can_open, .. }) => Ok(can_open.then(|| PatientView {
            id,
            name: String::new(),
            birth_date: None,
            mrn: None,
            unidentified: false,
            sight: Sight::ALL,
            locale: None,
            secure_link: false,
            only_by: None,
            labels: Labels::NONE,
            restricted: true,
            version: 0,
            created_at: Timestamp::from_micros(0),
            contacts: Vec::new(),
        })),
        Err(error) => Err(error),
    }
}
