//! The letters to everybody on the list: their words, the batch that sends them, and what is printed.

use super::model::{MAX_LINE, Told, Whose, limited, said};
use super::service::{held, is_lost, keep, person, sealing};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::codes::codes;
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{BreachId, BreachPersonId, OrganisationId};
use crate::jobs::{Done, Handler};
use crate::patients::{self, Requester};
use crate::records::{self, Purpose, Scope, restricted};
use crate::representatives;
use crate::tickets;
use crate::timeline;
use crate::work::Job;
use bedside_db::Conn;
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashMap;

/// Letters that are written before the job looks whether it goes on.
const BATCH: i64 = 50;

codes! {
    /// How letters go.
    Way {
        /// By mail behind a link where there is an address, printed else.
        Mail = "mail",
        /// All of them printed.
        Print = "print",
    }
}

/// What a letter has to say (45 CFR 164.404(c)(1)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// What happened, when, and when it was found.
    pub happened: String,
    /// Which kinds of data.
    pub data: String,
    /// What people should do.
    pub protect: String,
    /// What the clinic does.
    pub doing: String,
    /// Whom to ask: a telephone number free of charge, a mail address, a page or a postal address.
    pub contact: String,
}

impl Letter {
    /// Its parts with the ends of their texts' keys, in their order.
    pub const fn parts(&self) -> [(&'static str, &String); 5] {
        [
            ("happened", &self.happened),
            ("data", &self.data),
            ("protect", &self.protect),
            ("doing", &self.doing),
            ("contact", &self.contact),
        ]
    }

    /// The whole letter in a language, as it goes out: Markdown. It names nobody.
    pub fn text(&self, locale: Locale, clinic: &str) -> String {
        let t = Texts::new(locale);
        let mut text = t.with("breach-letter-intro", "clinic", clinic).into_owned();
        for (name, words) in self.parts() {
            let heading = format!("breach-letter-{name}");
            text.push_str("\n\n**");
            text.push_str(t.text(&heading));
            text.push_str("**\n\n");
            text.push_str(words.trim());
        }
        text.push_str("\n\n");
        text.push_str(clinic);
        text
    }
}

/// A letter to be printed.
pub struct PrintedLetter {
    /// To whom.
    pub name: String,
    /// Where it is posted, of whoever chose letters to one place.
    pub place: Option<String>,
    /// In which language.
    pub locale: Locale,
    /// Its words.
    pub letter: Letter,
}

/// Writes the letter in one language, in place of the words before. What went out stays as it was.
///
/// # Errors
/// [`DeskError::Invalid`] for a part that is missing or too long; [`DeskError::Conflict`] once the incident is closed.
pub async fn write_letter(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    locale: Locale,
    letter: Letter,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    for (field, words) in letter.parts() {
        said(field, words)?;
    }
    limited("contact", &letter.contact, 5 * MAX_LINE)?;
    let words = serde_json::to_string(&letter)?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let breach = held(work, id, version).await?;
            breach.may_change()?;
            let key = sealing(work, &breach).await?;
            let row = work.app.id();
            let sealed = key.text("breach_letters", "words", row, &words);
            let words = (locale.tag(), sealed.as_slice());
            store::put_letter(work, organisation, (id, row), words, (by, now)).await?;
            keep(
                work,
                &breach,
                "breach.letter",
                &json!({ "locale": locale.tag() }),
            )
            .await
        }
        .boxed()
    })
    .await
}

async fn written(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BreachId,
) -> Result<HashMap<Locale, Letter>, DeskError> {
    let breach = store::one(conn, organisation, id).await?;
    let breach = breach.ok_or(DeskError::NotFound)?;
    let key = records::sealing(app, conn, organisation, breach.key).await?;
    let mut all = HashMap::new();
    for (row, locale, sealed) in store::letters(conn, organisation, id).await? {
        let Ok(locale) = locale.parse() else { continue };
        let text = key.open_text("breach_letters", "words", row, &sealed)?;
        all.insert(locale, serde_json::from_str(&text)?);
    }
    Ok(all)
}

/// The letters of an incident, for whoever looks at it ([`super::view`] has told the log).
pub async fn letters(
    app: &App,
    ctx: &Ctx,
    id: BreachId,
) -> Result<HashMap<Locale, Letter>, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    written(app, &mut app.read().await?, ctx.organisation, id).await
}

/// The letter in a language, to look at before it goes.
pub async fn letter_of(
    app: &App,
    ctx: &Ctx,
    id: BreachId,
    locale: Locale,
) -> Result<Letter, DeskError> {
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    records::open(app, ctx, may, purpose, "breach.read", "breach", id).await?;
    let mut all = written(app, &mut app.read().await?, ctx.organisation, id).await?;
    all.remove(&locale).ok_or(DeskError::NotFound)
}

/// Sends the letters of one incident.
#[derive(Serialize, Deserialize)]
struct SendLetters {
    breach: BreachId,
}

impl Job for SendLetters {
    const KIND: &'static str = "breach.letters";
}

/// What the job runner does for incidents.
pub fn handlers() -> Vec<Handler> {
    vec![Handler {
        kind: SendLetters::KIND,
        run: |app, organisation, payload| {
            async move {
                let SendLetters { breach } = serde_json::from_str(&payload)?;
                go_on(&app, organisation, breach).await
            }
            .boxed()
        },
        // Whoever is left over stands on the page as somebody whose letter is being written; letting letters go again goes on.
        given_up: |_, _, _| async { Ok(()) }.boxed(),
    }]
}

/// Lets letters go to everybody on the list who waits, and goes on with a batch that was cut off.
///
/// # Errors
/// [`DeskError::Conflict`] before two persons have said that it is a breach, and with `no_letter` while there is none in the
/// clinic's own language.
pub async fn send(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    way: Way,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let mut breach = held(work, id, version).await?;
            breach.may_send()?;
            let letters = store::letters(work, organisation, id).await?;
            let own = clinic.locale.tag();
            if !letters.iter().any(|(_, locale, _)| locale == own) {
                return Err(DeskError::Conflict {
                    code: "no_letter",
                    text: "Write the letter in the clinic's own language first.",
                });
            }
            let to = match way {
                Way::Mail => Told::Queued,
                Way::Print => Told::Print,
            };
            let count = store::queue(work, organisation, id, to).await?;
            let job = SendLetters { breach: id };
            work.enqueue(&job, Some(&id.to_string()), now).await?;
            breach.sent = Some((by, now));
            let detail = json!({ "count": count, "how": way.code() });
            keep(work, &breach, "breach.send", &detail).await
        }
        .boxed()
    })
    .await
}

/// Writes some letters. Each is one command that sends it and says so on the list, so that a batch which was cut off goes on
/// with whoever is left, and writes to nobody twice.
async fn go_on(app: &App, organisation: OrganisationId, id: BreachId) -> Result<Done, DeskError> {
    let (people, letters) = {
        let mut conn = app.read_newest().await?;
        let breach = store::one(&mut conn, organisation, id).await?;
        // Sent back to be assessed, or closed, meanwhile: who is left over waits until letters are let go again.
        if breach.is_none_or(|breach| breach.may_send().is_err()) {
            return Ok(Done::Finished);
        }
        let people = store::queued(&mut conn, organisation, id, BATCH).await?;
        (people, written(app, &mut conn, organisation, id).await?)
    };
    if people.is_empty() {
        return Ok(Done::Finished);
    }
    let ctx = Ctx::system(organisation, "breach", Source::Job);
    for (person, whose) in people {
        match mail_one(app, &ctx, (id, person, whose), &letters).await {
            // Taken off the list, or told, meanwhile.
            Ok(()) | Err(DeskError::Conflict { code: "told", .. }) => {}
            Err(DeskError::Conflict { .. } | DeskError::NotFound | DeskError::Gone) => {
                to_print(app, &ctx, id, person, Told::Queued).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Done::Again(app.now()))
}

fn notified(whose: Whose) -> NewEntry {
    match whose {
        Whose::Patient(patient) => NewEntry::new("breach.notify", "patient", patient),
        Whose::Contact(contact) => NewEntry::new("breach.notify", "contact", contact),
    }
}

/// To whom a letter goes by mail: the patient themselves, or else somebody who may hear all that the patient may (45 CFR
/// 164.404(d)(1), 164.502(g)). [`DeskError::Conflict`] where mail reaches neither.
async fn recipient(
    app: &App,
    organisation: OrganisationId,
    whose: Whose,
) -> Result<Requester, DeskError> {
    let patient = match whose {
        Whose::Patient(patient) => patient,
        Whose::Contact(contact) => {
            return patients::requester_of_contact(app, organisation, contact).await;
        }
    };
    let mut conn = app.read().await?;
    let unreached = DeskError::Conflict {
        code: "no_address",
        text: "There is no address that mail reaches.",
    };
    if let Some(chosen) = patients::chosen_way(&mut conn, organisation, patient).await? {
        // There and nowhere else; who is reached by telephone or post gets it printed (45 CFR 164.522(b)).
        let contact = patients::mailed_at(&mut conn, organisation, patient, &chosen).await?;
        return patients::requester_of_contact(app, organisation, contact.ok_or(unreached)?).await;
    }
    let mut instead = None;
    for contact in patients::contacts_of(&mut conn, organisation, patient).await? {
        let found = patients::requester_of_contact(app, organisation, contact).await?;
        if found.email.is_none() {
            continue;
        }
        let both = (contact, patient);
        if representatives::is_themself(&mut conn, organisation, both).await? {
            return Ok(found);
        }
        let scope =
            representatives::scope_of(app, &mut conn, organisation, both, app.now()).await?;
        if scope == Scope::ALL {
            instead.get_or_insert(found);
        }
    }
    instead.ok_or(unreached)
}

const TOLD: DeskError = DeskError::Conflict {
    code: "told",
    text: "They are told already.",
};

async fn mail_one(
    app: &App,
    ctx: &Ctx,
    (id, person, whose): (BreachId, BreachPersonId, Whose),
    letters: &HashMap<Locale, Letter>,
) -> Result<(), DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let requester = recipient(app, ctx.organisation, whose).await?;
    let wanted = requester.locale.unwrap_or(clinic.locale);
    let locale = if letters.contains_key(&wanted) {
        wanted
    } else {
        clinic.locale
    };
    let letter = letters.get(&locale).ok_or(DeskError::NotFound)?;
    let subject = Texts::new(locale).text("breach-letter-subject").to_owned();
    let new = tickets::Letter {
        requester,
        subject,
        body: letter.text(locale, &clinic.name),
        locale,
    };
    let also: tickets::Also = Box::new(move |work, ticket, message| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let letter = Some((ticket, message));
            let steps = (Told::Queued, Told::Mailed);
            if !store::tell(work, organisation, (id, person), steps, now, letter).await? {
                return Err(TOLD);
            }
            let detail = json!({ "breach": id, "ticket": ticket });
            work.audit(notified(whose).detail(&detail));
            Ok(())
        }
        .boxed()
    });
    tickets::letter(app, ctx, new, also).await.map(drop)
}

async fn to_print(
    app: &App,
    ctx: &Ctx,
    id: BreachId,
    person: BreachPersonId,
    from: Told,
) -> Result<(), DeskError> {
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let steps = (from, Told::Print);
            store::tell(work, organisation, (id, person), steps, now, None).await?;
            work.audit(NewEntry::new("breach.print", "breach", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The letter to somebody on the list, to be printed.
///
/// # Errors
/// [`DeskError::NotFound`] for nobody, and who was taken off or erased; [`DeskError::Conflict`] before letters may go.
pub async fn printed(
    app: &App,
    ctx: &Ctx,
    id: BreachId,
    who: BreachPersonId,
) -> Result<PrintedLetter, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let organisation = ctx.organisation;
    let mut conn = app.read().await?;
    let may_send = match store::one(&mut conn, organisation, id).await? {
        Some(breach) => breach.may_send(),
        None => Err(DeskError::NotFound),
    };
    let row = store::one_person(&mut conn, organisation, id, who).await?;
    let row = row.filter(|row| row.removed.is_none());
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    let Some(whose) = row.and_then(|row| row.whose).filter(|_| may_send.is_ok()) else {
        // Who asked for what is not to be had stands in the log too.
        records::open(app, ctx, may, purpose, "breach.read", "breach", id).await?;
        return Err(may_send.err().unwrap_or(DeskError::NotFound));
    };
    let about = match whose {
        Whose::Patient(patient) => {
            restricted::about_patient(&mut conn, organisation, patient).await?
        }
        Whose::Contact(contact) => {
            restricted::about_contact(&mut conn, organisation, contact).await?
        }
    };
    let admitted = records::admit(&mut conn, ctx, about.unwrap_or_default(), app.now()).await;
    restricted::noted(app, ctx, admitted).await?;
    let clinic = app.directory.of(organisation)?;
    let (name, place, wanted) = match whose {
        Whose::Patient(patient) => {
            let leave = records::open(app, ctx, may, purpose, "breach.printed", "patient", patient);
            let leave = leave.await?;
            let view = patients::patient_in(app, &leave, &mut conn, organisation, patient).await?;
            let place = patients::place_of(app, &mut conn, organisation, patient).await?;
            (view.name, place, view.locale)
        }
        Whose::Contact(contact) => {
            records::open(app, ctx, may, purpose, "breach.printed", "contact", contact).await?;
            let view = patients::open_contact(app, &mut conn, organisation, contact).await?;
            let address = view.email().or(view.phone()).map(str::to_owned);
            let name = view.name.or(address).unwrap_or_default();
            (name, None, view.locale)
        }
    };
    let mut letters = written(app, &mut conn, organisation, id).await?;
    let wanted = wanted.as_deref().and_then(|tag| tag.parse().ok());
    let locale = wanted
        .filter(|locale| letters.contains_key(locale))
        .unwrap_or(clinic.locale);
    Ok(PrintedLetter {
        name,
        place,
        letter: letters.remove(&locale).ok_or(DeskError::NotFound)?,
        locale,
    })
}

/// Keeps that a printed letter was posted: of whoever has no address for mail, and of whose mail did not arrive.
///
/// # Errors
/// [`DeskError::Conflict`] with `told` for who was told otherwise.
pub async fn posted(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    who: BreachPersonId,
) -> Result<(), DeskError> {
    person(ctx)?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let breach = held(work, id, version).await?;
            breach.may_send()?;
            let row = store::one_person(work, organisation, id, who).await?;
            let row = row.ok_or(DeskError::NotFound)?;
            let from = match (row.told, row.letter) {
                (Told::Print, _) => Told::Print,
                (Told::Mailed, Some((_, message))) => {
                    let state = timeline::state_of(work, organisation, message).await?;
                    if !is_lost(state) {
                        return Err(TOLD);
                    }
                    Told::Mailed
                }
                _ => return Err(TOLD),
            };
            let steps = (from, Told::Posted);
            if !store::tell(work, organisation, (id, who), steps, now, row.letter).await? {
                return Err(TOLD);
            }
            if let Some(whose) = row.whose {
                let detail = json!({ "breach": id, "how": Way::Print.code() });
                work.audit(notified(whose).detail(&detail));
            }
            keep(work, &breach, "breach.posted", &json!({})).await
        }
        .boxed()
    })
    .await
}
