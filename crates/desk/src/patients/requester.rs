//! Whoever a request comes from: known by an address, or new.

use super::model::PointKind;
use super::service::sealing_of;
use super::store::{self, RequesterRow};
use super::ways;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{self, ContactId, OrganisationId, PatientId};
use crate::privacy::erasure;
use crate::records::{self, Sealing};
use crate::work::Work;
use bedside_codecs::mail::address::Address;
use bedside_db::Conn;
use bedside_vault::{BlindKind, normalise};
use bedside_web::Locale;

/// Whoever a request comes from, ready to be used by the command that keeps it.
#[derive(Clone)]
pub struct Requester {
    /// The contact; new ones are not stored yet.
    pub contact: ContactId,
    /// The patient they stand for.
    pub patient: Option<PatientId>,
    /// Seals what they write: the patient's key where there is a patient, else the contact's.
    pub sealing: Sealing,
    /// Language they prefer.
    pub locale: Option<Locale>,
    /// The mail address they are written to, and its blind index: the one they use here, or the only one that may be used.
    pub email: Option<(String, [u8; 16])>,
    /// Rows of a contact that is new.
    new: Option<NewContact>,
}

#[derive(Clone)]
struct NewContact {
    /// Seals name and addresses: the contact's own key.
    sealing: Sealing,
    name: Option<Vec<u8>>,
    points: Vec<(PointKind, [u8; 16], Vec<u8>)>,
    locale: Option<Locale>,
}

/// Blind index of a mail address, to look it up; the error says that it is none. What is to be kept comes through
/// [`point`], which asks for more.
pub(crate) fn email_blind(
    app: &App,
    organisation: OrganisationId,
    address: &str,
) -> Result<[u8; 16], DeskError> {
    let normal = normalise::email(address)
        .map_err(|_| DeskError::invalid("email", "invalid", "This is not a mail address."))?;
    Ok(app
        .keyring
        .of(organisation)?
        .blind
        .index(BlindKind::Email, &normal))
}

/// Blind index of a telephone number; without a country code it is read as a North American one.
pub(super) fn phone_blind(
    app: &App,
    organisation: OrganisationId,
    number: &str,
) -> Result<[u8; 16], DeskError> {
    let normal = normalise::phone(number, "1")
        .map_err(|_| DeskError::invalid("phone", "invalid", "This is not a telephone number."))?;
    Ok(app
        .keyring
        .of(organisation)?
        .blind
        .index(BlindKind::Phone, &normal))
}

/// An address that is to be kept: its blind index, and the address as it is kept. Refused when no mail could be sent there.
pub(super) fn point(
    app: &App,
    organisation: OrganisationId,
    kind: PointKind,
    text: &str,
) -> Result<([u8; 16], String), DeskError> {
    match kind {
        PointKind::Email => {
            let address = Address::parse(text.trim())?;
            let blind = email_blind(app, organisation, address.as_str())?;
            Ok((blind, address.as_str().to_owned()))
        }
        PointKind::Phone => Ok((
            phone_blind(app, organisation, text)?,
            text.trim().to_owned(),
        )),
    }
}

/// The requester with this mail address, known or new. Looks only; the command that uses it calls
/// [`Requester::store`].
pub async fn requester_by_email(
    app: &App,
    organisation: OrganisationId,
    address: &str,
    name: Option<&str>,
    locale: Option<Locale>,
) -> Result<Requester, DeskError> {
    let (blind, address) = point(app, organisation, PointKind::Email, address)?;
    let mut found = requester_at(
        app,
        organisation,
        (PointKind::Email, blind, &address),
        name,
        locale,
    )
    .await?;
    // Whoever asked to be reached in one way only is written to there, and not where they wrote from.
    let barred = found.patient.is_some() && ways::is_barred(app, organisation, &address).await?;
    found.email = if barred {
        ways::way_to(app, &mut app.read().await?, organisation, found.contact).await?
    } else {
        Some((address, blind))
    };
    Ok(found)
}

/// The requester with this telephone number, known or new; as [`requester_by_email`].
pub async fn requester_by_phone(
    app: &App,
    organisation: OrganisationId,
    number: &str,
    name: Option<&str>,
    locale: Option<Locale>,
) -> Result<Requester, DeskError> {
    let (blind, number) = point(app, organisation, PointKind::Phone, number)?;
    requester_at(
        app,
        organisation,
        (PointKind::Phone, blind, &number),
        name,
        locale,
    )
    .await
}

async fn requester_at(
    app: &App,
    organisation: OrganisationId,
    (kind, blind, value): (PointKind, [u8; 16], &str),
    name: Option<&str>,
    locale: Option<Locale>,
) -> Result<Requester, DeskError> {
    let mut conn = app.read().await?;
    if let Some(row) = store::by_point(&mut conn, organisation, kind.code(), &blind).await? {
        return known(app, &mut conn, organisation, row).await;
    }
    let contact: ContactId = app.id();
    let sealing = Sealing::fresh(app);
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    Ok(Requester {
        contact,
        patient: None,
        locale,
        email: None,
        new: Some(NewContact {
            name: name.map(|name| sealing.text("contacts", "name", contact, name)),
            points: vec![(
                kind,
                blind,
                sealing.text("contact_points", "value", contact, value),
            )],
            locale,
            sealing: sealing.clone(),
        }),
        sealing,
    })
}

/// A new requester of whom nothing is known, for what came in without a sender.
pub fn requester_without_address(app: &App) -> Requester {
    let sealing = Sealing::fresh(app);
    Requester {
        contact: app.id(),
        patient: None,
        locale: None,
        email: None,
        new: Some(NewContact {
            name: None,
            points: Vec::new(),
            locale: None,
            sealing: sealing.clone(),
        }),
        sealing,
    }
}

/// The requester behind a contact's id.
pub async fn requester_of_contact(
    app: &App,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<Requester, DeskError> {
    ids::somebody(organisation, id)?;
    let mut conn = app.read().await?;
    let row = store::by_contact(&mut conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let mut found = known(app, &mut conn, organisation, row).await?;
    found.email = ways::way_to(app, &mut conn, organisation, id).await?;
    Ok(found)
}

/// Everybody who stands for a patient, the first of them first.
pub(crate) async fn contacts_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<Vec<ContactId>, DeskError> {
    let all = store::contacts_of(conn, organisation, id).await?;
    Ok(all.into_iter().map(|row| row.id).collect())
}

/// The requester who stands for a patient: the first of their contacts.
pub async fn requester_of_patient(
    app: &App,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<Requester, DeskError> {
    let first = {
        let mut conn = app.read().await?;
        store::patient(&mut conn, organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        store::contacts_of(&mut conn, organisation, id)
            .await?
            .into_iter()
            .next()
    };
    let none = DeskError::Conflict {
        code: "no_contact",
        text: "This patient has no contact to answer to.",
    };
    requester_of_contact(app, organisation, first.ok_or(none)?.id).await
}

async fn known(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    row: RequesterRow,
) -> Result<Requester, DeskError> {
    let key = row.patient_key.unwrap_or(row.contact_key);
    Ok(Requester {
        contact: row.contact,
        patient: row.patient,
        sealing: records::sealing(app, conn, organisation, key).await?,
        locale: row.locale.and_then(|tag| tag.parse().ok()),
        email: None,
        new: None,
    })
}

/// Nobody erases the contact until the command ends.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such contact, or none any more.
pub(crate) async fn hold_contact(work: &mut Work<'_>, contact: ContactId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if store::hold_contact(work, organisation, contact).await? {
        Ok(())
    } else {
        Err(DeskError::NotFound)
    }
}

impl Requester {
    /// Keeps a new contact, in the command that uses it; holds one who is known, so that nobody erases them until it ends.
    /// [`DeskError::Unavailable`] when another command kept the same address a moment earlier, or erased whose it was: the
    /// caller looks again.
    pub async fn store(&self, work: &mut Work<'_>) -> Result<(), DeskError> {
        let (organisation, now) = (work.ctx.organisation, work.now);
        let Some(new) = &self.new else {
            return match hold_contact(work, self.contact).await {
                Err(DeskError::NotFound) => Err(DeskError::Unavailable(
                    "whoever wrote was erased a moment ago".to_owned(),
                )),
                held => held,
            };
        };
        if let Some(patient) = self.patient {
            erasure::hold_patient(work, patient).await?;
        }
        new.sealing.store(work).await?;
        let locale = new.locale.map(Locale::tag);
        let (contact, key) = (self.contact, new.sealing.id);
        let (row, name) = ((contact, key, None), new.name.as_ref());
        store::insert_contact(work, organisation, row, name, locale, false, now).await?;
        for (kind, blind, value) in &new.points {
            if !store::insert_point(
                work,
                organisation,
                kind.code(),
                blind,
                (contact, value),
                (now, None),
            )
            .await?
            {
                return Err(DeskError::Unavailable(
                    "the same new address came twice at once".to_owned(),
                ));
            }
        }
        Ok(())
    }

    /// The same with the name they gave, where they are new and gave one.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        if let Some(new) = &mut self.new
            && !name.trim().is_empty()
        {
            let sealed = new
                .sealing
                .text("contacts", "name", self.contact, name.trim());
            new.name = Some(sealed);
        }
        self
    }

    /// The same person writing for this patient, whom they act for: what they write is sealed with that patient's key.
    pub(crate) async fn for_patient(
        self,
        app: &App,
        organisation: OrganisationId,
        patient: PatientId,
    ) -> Result<Self, DeskError> {
        let mut conn = app.read().await?;
        Ok(Self {
            patient: Some(patient),
            sealing: sealing_of(app, &mut conn, organisation, patient).await?,
            ..self
        })
    }

    /// The same person without the patient they stand for, for words that may be somebody else's: sealed with the contact's
    /// own key, and nobody's until the staff say whose.
    pub async fn without_patient(
        self,
        app: &App,
        organisation: OrganisationId,
    ) -> Result<Self, DeskError> {
        if self.patient.is_none() {
            return Ok(self);
        }
        let mut conn = app.read().await?;
        let row = store::by_contact(&mut conn, organisation, self.contact)
            .await?
            .ok_or(DeskError::NotFound)?;
        Ok(Self {
            patient: None,
            sealing: records::sealing(app, &mut conn, organisation, row.contact_key).await?,
            ..self
        })
    }

    /// Whether this contact is not stored yet.
    pub const fn is_new(&self) -> bool {
        self.new.is_some()
    }
}
