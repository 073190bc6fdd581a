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
use crate::records::{self, Label, Labels, Opened, restricted};
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use serde_json::json;
use std::collections::HashSet;

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
            let lost = old.labels.without(labels);
            if !ctx.sees(lost) {
                return Err(DeskError::Forbidden);
            }
            if !store::label(work, organisation, id, version, labels).await? {
                return Err(DeskError::Stale {
                    version: old.version,
                    changed: vec!["patient".to_owned()],
                });
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

/// Patients as a list shows them to a reader: of one whose record is kept from them, that there is one.
pub(super) struct Listed<'a> {
    pub app: &'a App,
    pub ctx: &'a Ctx,
    pub leave: &'a Opened,
    pub open: HashSet<PatientId>,
}

impl<'a> Listed<'a> {
    pub(super) async fn new(
        app: &'a App,
        conn: &mut Conn,
        ctx: &'a Ctx,
        leave: &'a Opened,
    ) -> Result<Self, DeskError> {
        let open = restricted::opened_now(app, conn, ctx).await?;
        Ok(Self {
            app,
            ctx,
            leave,
            open,
        })
    }

    pub(super) async fn patient(
        &self,
        conn: &mut Conn,
        id: PatientId,
    ) -> Result<PatientView, DeskError> {
        let view = patient_in(self.app, self.leave, conn, self.ctx.organisation, id).await?;
        if self.ctx.sees(view.labels) || self.open.contains(&id) {
            return Ok(view);
        }
        Ok(PatientView {
            id,
            name: String::new(),
            birth_date: None,
            mrn: None,
            locale: None,
            secure_link: false,
            labels: Labels::NONE,
            restricted: true,
            version: 0,
            created_at: Timestamp::from_micros(0),
            contacts: Vec::new(),
        })
    }
}
