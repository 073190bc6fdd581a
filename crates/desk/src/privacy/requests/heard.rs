//! Words with what is asked by law may be a cry for help. Whoever takes such a request in has its words heard here first,
//! whatever else is wrong with it: where anybody may be in danger or is a worry, they go to the staff as a message too.

use super::service::may_enter;
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId, TicketId};
use crate::links;
use crate::patients::{self, Requester};
use crate::portal::requests as own;
use crate::representatives;
use crate::tickets::{self, Answer, NewTicket, Unheard};
use crate::timeline::{self, MAX_BODY};
use bedside_language::{Channel, Level};

/// The name of such words among the external ids: the same words about one patient are heard once a day.
const EXTERNAL: &str = "privacy_words";
const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;
/// Worries of one person that are heard in an hour. Danger is heard always.
const WORRIES: u32 = 10;
/// Times an hour that one person, or another system, brings worrying words of one patient. By then the requests that stand
/// open say enough; what comes beyond is refused and said to be, never left out in silence. Danger is heard always.
const LETTERS: u32 = 20;

/// Where words went that are a worry or more.
#[derive(Clone, Copy, Debug)]
pub struct Heard {
    /// The request that holds them.
    pub ticket: TicketId,
    /// Whether somebody may be in danger.
    pub danger: bool,
}

/// How these words worry, if they do, in the light of what was written before by `who`, and by all who write for the same
/// patient.
async fn worry(
    app: &App,
    ctx: &Ctx,
    who: (ContactId, Option<PatientId>),
    (channel, words): (Channel, &str),
) -> Result<Option<Level>, DeskError> {
    if words.trim().is_empty() {
        return Ok(None);
    }
    let unheard = Unheard {
        channel,
        subject: "",
        body: words,
        called: &[],
        hint: ctx.locale,
        known: Some(who),
    };
    let level = tickets::level_of(app, ctx.organisation, &unheard).await?;
    Ok((level != Level::None).then_some(level))
}

/// Hears what somebody wrote on their own pages, where it is a worry.
pub async fn hear_own(app: &App, ctx: &Ctx, words: &str) -> Result<Option<Heard>, DeskError> {
    let me = ctx.signed_in()?;
    let who = (me.contact, me.patient());
    let Some(level) = worry(app, ctx, who, (Channel::Portal, words)).await? else {
        return Ok(None);
    };
    let (key, danger) = (("worry", me.contact.uuid()), level == Level::Emergency);
    if app.caps.take(key, WORRIES, app.now()).is_err() && !danger {
        return Ok(None);
    }
    let said = Said {
        requester: own::requester(app, ctx).await?,
        channel: Channel::Portal,
        shown: links::shown_by(me.contact, own::as_whom(&me)),
        whose: format!("own {} {:?}", me.contact, me.patient()),
        danger,
    };
    said.open(app, ctx, words).await.map(Some)
}

/// Hears what the staff, or another system, wrote down of a patient's words, where it is a worry. Whoever may enter what is
/// asked by law needs no leave to write requests for it.
///
/// # Errors
/// [`DeskError::Restricted`] for a patient whose labels keep them from the actor, [`DeskError::NotFound`] for none, and
/// [`DeskError::RateLimited`] beyond twenty times an hour of one actor and one patient, where nobody may be in danger.
pub async fn hear_of(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    words: &str,
) -> Result<Option<Heard>, DeskError> {
    may_enter(ctx)?;
    // Whoever they come from is asked below: here it is the patient's history that counts.
    let who = (app.id(), Some(patient));
    let Some(level) = worry(app, ctx, who, (Channel::Phone, words)).await? else {
        return Ok(None);
    };
    patients::admit(app, ctx, None, Some(patient)).await?;
    let (brought, danger) = (
        ("letter", ctx.actor.uuid(), patient.uuid()),
        level == Level::Emergency,
    );
    if let Err(too_often) = app.caps.take(brought, LETTERS, app.now())
        && !danger
    {
        return Err(too_often);
    }
    let said = Said {
        requester: themself(app, ctx.organisation, patient).await?,
        channel: Channel::Phone,
        shown: None,
        whose: format!("of {patient}"),
        danger,
    };
    said.open(app, ctx, words).await.map(Some)
}

/// The patient, not whoever acts for them: by a contact that is themselves, with a mail address where there is one; else
/// without an address, and theirs all the same.
async fn themself(
    app: &App,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Requester, DeskError> {
    let own = {
        let mut conn = app.read().await?;
        let mut own = Vec::new();
        for contact in patients::contacts_of(&mut conn, organisation, patient).await? {
            if representatives::is_themself(&mut conn, organisation, (contact, patient)).await? {
                own.push(contact);
            }
        }
        own
    };
    let mut first = None;
    for contact in own {
        let found = patients::requester_of_contact(app, organisation, contact).await?;
        if found.email.is_some() {
            return Ok(found);
        }
        first.get_or_insert(found);
    }
    if let Some(first) = first {
        return Ok(first);
    }
    patients::requester_without_address(app)
        .for_patient(app, organisation, patient)
        .await
}

struct Said {
    requester: Requester,
    channel: Channel,
    shown: Option<tickets::Also>,
    whose: String,
    danger: bool,
}

impl Said {
    /// Opens a request, or finds the one where the words were heard today.
    async fn open(self, app: &App, ctx: &Ctx, words: &str) -> Result<Heard, DeskError> {
        let (organisation, danger) = (ctx.organisation, self.danger);
        let day = app.now().micros() / DAY_MICROS;
        let delivery = format!("{day} {} {words:?}", self.whose);
        if let Some(ticket) = known(app, organisation, &delivery).await? {
            return Ok(Heard { ticket, danger });
        }
        let end = words.floor_char_boundary(MAX_BODY);
        let mut new = NewTicket::new(self.requester, self.channel, "", &words[..end]);
        new.said = (end < words.len()).then(|| words.to_owned());
        new.locale = Some(ctx.locale);
        new.answer = Answer::Warning;
        new.external = Some((EXTERNAL, delivery.clone()));
        new.also = self.shown;
        // The form's own number is that of what is asked with these words.
        let ctx = Ctx {
            once: None,
            ..ctx.clone()
        };
        let ticket = match tickets::create_admitted(app, &ctx, new).await {
            Err(DeskError::Conflict {
                code: "duplicate", ..
            }) => known(app, organisation, &delivery)
                .await?
                .ok_or(DeskError::NotFound)?,
            opened => opened?.id,
        };
        Ok(Heard { ticket, danger })
    }
}

async fn known(
    app: &App,
    organisation: OrganisationId,
    delivery: &str,
) -> Result<Option<TicketId>, DeskError> {
    let known = timeline::known_external(app, organisation, EXTERNAL, delivery).await?;
    Ok(known.and_then(|(ticket, _)| ticket))
}
