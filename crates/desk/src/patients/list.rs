//! Lists of patients and contacts, newest first.

use super::labels::listed;
use super::model::{ContactView, PatientView};
use super::service::{admit_in, contact_in};
use super::store;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{ContactId, PatientId};
use crate::records::{self, Opened, Purpose};
use uuid::Uuid;

/// Rows of one page at most.
const MOST: i64 = 101;

async fn leave(app: &App, ctx: &Ctx, action: &'static str) -> Result<Opened, DeskError> {
    records::open(
        app,
        ctx,
        Permission::PatientsRead,
        Purpose::Operations,
        action,
        "organisation",
        ctx.organisation,
    )
    .await
}

/// The newest patients before `before`, at most `limit` (1 to 101).
pub async fn list_patients(
    app: &App,
    ctx: &Ctx,
    before: Option<PatientId>,
    limit: i64,
) -> Result<Vec<PatientView>, DeskError> {
    let leave = leave(app, ctx, "patient.list").await?;
    let before = before.unwrap_or(PatientId::from_uuid(Uuid::max()));
    let limit = limit.clamp(1, MOST);
    let mut conn = app.read().await?;
    let ids = store::patients_before(&mut conn, ctx.organisation, before, limit).await?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(listed(app, ctx, &leave, &mut conn, id).await?);
    }
    Ok(found)
}

/// The newest contacts before `before`, of one patient alone if one is named; at most `limit` (1 to 101).
pub async fn list_contacts(
    app: &App,
    ctx: &Ctx,
    patient: Option<PatientId>,
    before: Option<ContactId>,
    limit: i64,
) -> Result<Vec<ContactView>, DeskError> {
    let leave = leave(app, ctx, "contact.list").await?;
    let before = before.unwrap_or(ContactId::from_uuid(Uuid::max()));
    let limit = limit.clamp(1, MOST);
    let organisation = ctx.organisation;
    let ids = {
        let mut conn = app.read().await?;
        match patient {
            Some(patient) => {
                store::contacts_of_before(&mut conn, organisation, patient, before, limit).await?
            }
            None => store::contacts_before(&mut conn, organisation, before, limit).await?,
        }
    };
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        match admit_in(&mut app.read().await?, ctx, app.now(), Some(id), None).await {
            Ok(()) => found.push(contact_in(app, &leave, organisation, id).await?),
            // Whoever stands for a patient whom the reader may not see is left out.
            Err(DeskError::Restricted { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
