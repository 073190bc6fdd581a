//! Writing for somebody else, while that is in force.

use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{PatientId, SessionId};
use crate::patients;
use crate::records::{self, Scope};
use crate::representatives::{self, Relationship};
use bedside_db::Timestamp;
use futures_util::FutureExt;

/// Somebody for whom whoever is in acts.
#[derive(Clone, Debug)]
pub struct ActsFor {
    /// Who.
    pub patient: PatientId,
    /// Their name.
    pub name: String,
    /// What whoever is in is to them.
    pub relationship: Relationship,
    /// For what.
    pub scope: Scope,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// Everybody for whom whoever is in acts now, with their names.
pub async fn acts_for(app: &App, ctx: &Ctx) -> Result<Vec<ActsFor>, DeskError> {
    let (me, organisation) = (ctx.signed_in()?, ctx.organisation);
    let mut conn = app.read().await?;
    let acts =
        representatives::acts_for(app, &mut conn, organisation, me.contact, app.now()).await?;
    if acts.is_empty() {
        return Ok(Vec::new());
    }
    drop(conn);
    let leave = records::open_own(app, ctx, "acting.list", "contact", me.contact).await?;
    let mut conn = app.read().await?;
    let mut found = Vec::with_capacity(acts.len());
    for one in acts {
        found.push(ActsFor {
            patient: one.patient,
            name: patients::name_in(&leave, &mut conn, organisation, one.patient).await?,
            relationship: one.relationship,
            scope: one.scope,
            until: one.until,
        });
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The name of whom whoever is in acts for now.
pub async fn acting_name(app: &App, ctx: &Ctx) -> Result<Option<String>, DeskError> {
    let Some(patient) = ctx.signed_in()?.acting else {
        return Ok(None);
    };
    let leave = records::open_own(app, ctx, "acting.read", "patient", patient).await?;
    let mut conn = app.read().await?;
    let name = patients::name_in(&leave, &mut conn, ctx.organisation, patient).await?;
    Ok(Some(name))
}

/// Goes on for `patient`, or for oneself. [`DeskError::NotFound`] for anybody for whom whoever is in does not act now: it
/// reads the same whether there is such a patient or not.
pub async fn act_for(
    app: &App,
    ctx: &Ctx,
    session: SessionId,
    patient: Option<PatientId>,
) -> Result<(), DeskError> {
    let (me, organisation) = (ctx.signed_in()?, ctx.organisation);
    app.command(ctx, move |work| {
        async move {
            let (app, now) = (work.app.clone(), work.now);
            if let Some(patient) = patient {
                let acts =
                    representatives::acts_for(&app, work, organisation, me.contact, now).await?;
                if !acts.iter().any(|one| one.patient == patient) {
                    return Err(DeskError::NotFound);
                }
            }
            if !store::act_for_in(work, (organisation, me.contact, session), patient).await? {
                return Err(DeskError::Unauthorized);
            }
            let entry = match patient {
                Some(patient) => NewEntry::new("acting.begin", "patient", patient),
                None => NewEntry::new("acting.end", "contact", me.contact),
            };
            work.audit(entry.purpose("access"));
            Ok(())
        }
        .boxed()
    })
    .await
}
