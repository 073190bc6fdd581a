//! Finding patients by exact values, over keyed blind indexes.

use super::labels::listed;
use super::model::{PatientView, PointKind};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::identity;
use crate::ids::{OrganisationId, PatientId, TicketId};
use crate::records::{self, About, Purpose, Sight};
use bedside_vault::{BlindKind, normalise};

/// Patients by an exact value: record number, mail address, telephone number, or name with birth date.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Medical record number.
    pub mrn: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Full name and birth date (`YYYY-MM-DD`).
    pub name_and_birth_date: Option<(String, String)>,
}

impl Wanted {
    /// Refuses values of a group of fields that the actor doesn't see: an answer tells whether they are somebody's, and who
    /// asks often enough has them all.
    fn authorize(&self, ctx: &Ctx) -> Result<(), DeskError> {
        if self.mrn.is_some() || self.name_and_birth_date.is_some() {
            ctx.authorize(Permission::FieldsIdentifiers)?;
        }
        if self.email.is_some() || self.phone.is_some() {
            ctx.authorize(Permission::FieldsContact)?;
        }
        Ok(())
    }
}

/// Patients that one look shows.
pub(crate) const MOST: usize = 20;

/// Finds patients by exact values; every one that matches any of them, at most [`MOST`]. Whom it found stands in the audit
/// log of each. [`DeskError::Forbidden`] where a value is of a group of fields that the actor doesn't see.
pub async fn find_patients(
    app: &App,
    ctx: &Ctx,
    wanted: &Wanted,
) -> Result<Vec<PatientView>, DeskError> {
    find_beside(app, ctx, wanted, None).await
}

/// The same for whoever looks for somebody in a conversation: what whoever is on the line has to say is not before them.
pub async fn find_beside(
    app: &App,
    ctx: &Ctx,
    wanted: &Wanted,
    conversation: Option<TicketId>,
) -> Result<Vec<PatientView>, DeskError> {
    wanted.authorize(ctx)?;
    let organisation = ctx.organisation;
    let may = Permission::PatientsRead;
    let sight = match conversation {
        Some(ticket) if ctx.authorize(may).is_ok() => {
            identity::sight_of_search(app, ctx, ticket).await?
        }
        _ => Sight::ALL,
    };
    let opened = records::open_about(
        app,
        ctx,
        may,
        Purpose::Treatment,
        About::NOBODY.within(sight),
        NewEntry::new("patient.search", "organisation", organisation),
    )
    .await?;
    let ids = matching(app, organisation, wanted).await?;
    let mut found = Vec::new();
    let mut conn = app.read().await?;
    for id in ids.into_iter().take(MOST) {
        found.extend(listed(app, ctx, &opened, &mut conn, id).await?);
    }
    let told = found.iter().filter(|one| !one.restricted);
    let told = told.map(|one| NewEntry::new("patient.found", "patient", one.id));
    let told: Vec<_> = told
        .map(|entry| entry.purpose(Purpose::Treatment.code()))
        .collect();
    if !told.is_empty() {
        app.audit_all(ctx, told).await?;
    }
    Ok(found)
}

/// Ids of the patients that match any of the values, whoever may see them.
pub(crate) async fn matching(
    app: &App,
    organisation: OrganisationId,
    wanted: &Wanted,
) -> Result<Vec<PatientId>, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let mut ids: Vec<PatientId> = Vec::new();
    {
        let mut conn = app.read().await?;
        if let Some(Ok(mrn)) = wanted.mrn.as_deref().map(normalise::mrn) {
            ids.extend(
                store::by_mrn(
                    &mut conn,
                    organisation,
                    &vault.blind.index(BlindKind::Mrn, &mrn),
                )
                .await?,
            );
        }
        let email = wanted
            .email
            .as_deref()
            .and_then(|text| normalise::email(text).ok());
        let phone = wanted
            .phone
            .as_deref()
            .and_then(|text| normalise::phone(text, "1").ok());
        for (kind, value) in [(PointKind::Email, email), (PointKind::Phone, phone)] {
            let Some(value) = value else { continue };
            let blind = vault.blind.index(kind.blind(), &value);
            let found = store::by_point(&mut conn, organisation, kind.code(), &blind).await?;
            ids.extend(found.and_then(|row| row.patient));
        }
        let both = wanted.name_and_birth_date.as_ref();
        if let Some(Ok(both)) = both.map(|(name, date)| normalise::name_and_birth_date(name, date))
        {
            let blind = vault.blind.index(BlindKind::NameAndBirthDate, &both);
            ids.extend(store::by_name_birth(&mut conn, organisation, &blind).await?);
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}
