//! Keeping a word, and the one question.

use super::model::{
    Channel, Decision, MAX_PARTY, MAX_TEXT, Mark, Purpose, Question, Source, Why, Word, decide,
};
use super::objection::under;
use super::rules;
use super::store::{self, Stored};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{ConsentId, ContactId, OrganisationId, PatientId};
use crate::patients::{self, OnFile, Requester};
use crate::privacy::{erasure, notices, requests};
use crate::records::{self, Sealing, restricted};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_web::Locale;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Words of one person that are looked at, the newest.
pub(super) const MOST: i64 = 500;

/// Seconds within which the same word, written again, is the same word.
const AGAIN: i64 = 24 * 3600;

/// A patient's word that somebody keeps for them.
#[derive(Clone, Debug)]
pub struct NewConsent {
    /// For what; none of a no to everything that the channel carries.
    pub purpose: Option<Purpose>,
    /// By which way; none of a use that is no message, and of a no to every way.
    pub channel: Option<Channel>,
    /// Yes or no.
    pub decision: Decision,
    /// The address that it is about, one on file; a yes by mail, text message or telephone is for one.
    pub address: Option<String>,
    /// With whom data is shared; at most [`MAX_PARTY`] characters.
    pub party: Option<String>,
    /// The very words that the patient was shown or read; at most [`MAX_TEXT`] characters.
    pub text: String,
    /// Their language.
    pub locale: Locale,
    /// How they said it.
    pub source: Source,
}

/// What is kept sealed.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Said {
    /// The very words.
    pub text: String,
    /// The address that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// With whom data is shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
}

impl Said {
    /// Reads what was sealed; nothing of words that went with somebody's record.
    pub(super) fn read(text: &str) -> Result<Self, DeskError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        Ok(serde_json::from_str(text)?)
    }
}

fn wrong(field: &'static str, code: &'static str, text: &'static str) -> DeskError {
    DeskError::invalid(field, code, text)
}

/// Whether a word can be said at all, before anything is looked up.
fn check(new: &NewConsent) -> Result<(), DeskError> {
    let yes = new.decision == Decision::Given;
    let count = new.text.trim().chars().count();
    if count == 0 {
        return Err(wrong(
            "text",
            "required",
            "Keep the words that the patient was shown.",
        ));
    }
    if count > MAX_TEXT {
        return Err(wrong(
            "text",
            "too_long",
            "Please use at most 4,000 characters.",
        ));
    }
    let Some(purpose) = new.purpose else {
        if yes {
            return Err(wrong("purpose", "required", "A yes is for one purpose."));
        }
        return Ok(());
    };
    let ways = rules::channels(purpose);
    match new.channel {
        None if yes && !ways.is_empty() => {
            return Err(wrong("channel", "required", "A yes is for one channel."));
        }
        Some(channel) if !ways.contains(&channel) => {
            return Err(wrong(
                "channel",
                "invalid",
                "This purpose is not carried by this channel.",
            ));
        }
        _ => {}
    }
    let party = new.party.as_deref().map_or("", str::trim);
    if party.chars().count() > MAX_PARTY {
        return Err(wrong(
            "party",
            "too_long",
            "Please use at most 200 characters.",
        ));
    }
    let shared = matches!(purpose, Purpose::Sharing | Purpose::Part2);
    if yes && shared && party.is_empty() {
        return Err(wrong(
            "party",
            "required",
            "Say with whom the data is shared.",
        ));
    }
    if !shared && !party.is_empty() {
        return Err(wrong(
            "party",
            "invalid",
            "Only sharing names a third party.",
        ));
    }
    Ok(())
}

/// What a third party is known by.
pub(super) fn party_mark(
    app: &App,
    organisation: OrganisationId,
    party: &str,
) -> Result<Mark, DeskError> {
    let words: Vec<&str> = party.split_whitespace().collect();
    let folded = words.join(" ").to_lowercase();
    let vault = app.keyring.of(organisation)?;
    let signed = vault.identity.sign(&[b"consent/party", folded.as_bytes()]);
    let mut mark = Mark::default();
    mark.copy_from_slice(&signed[..16]);
    Ok(mark)
}

/// The address on file that is meant.
fn meant<'a>(
    points: &'a [OnFile],
    channel: Option<Channel>,
    address: &str,
) -> Result<&'a OnFile, DeskError> {
    let kind = channel.and_then(Channel::point_kind);
    let same = |one: &&OnFile| {
        kind.is_none_or(|kind| one.kind == kind)
            && (one.value.eq_ignore_ascii_case(address)
                || data_encoding::HEXLOWER.encode(&one.blind) == address)
    };
    points.iter().find(same).ok_or_else(|| {
        wrong(
            "address",
            "unknown",
            "This address is not on file for the patient.",
        )
    })
}

/// Keeps a patient's word. It counts at once.
///
/// # Errors
/// [`DeskError::Invalid`] for a word that can't be said: a yes to everything, a way that doesn't carry the purpose, an
/// address that is not on file, words that are missing or too long.
pub async fn record(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    new: NewConsent,
) -> Result<ConsentId, DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    check(&new)?;
    if matches!(new.source, Source::StopWord | Source::Unsubscribe) {
        return Err(wrong(
            "source",
            "invalid",
            "Only the desk itself hears this.",
        ));
    }
    let (organisation, now) = (ctx.organisation, app.now());
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, organisation, patient).await?;
    let admitted = records::admit(&mut conn, ctx, about.unwrap_or_default(), now).await;
    restricted::noted(app, ctx, admitted).await?;
    let sealing = patients::sealing_of(app, &mut conn, organisation, patient).await?;
    let address = new.address.as_deref().map(str::trim);
    let point = match address.filter(|address| !address.is_empty()) {
        Some(address) => {
            let points = patients::on_file(app, &mut conn, organisation, patient).await?;
            Some(meant(&points, new.channel, address)?.clone())
        }
        None => None,
    };
    drop(conn);
    let needs_address =
        new.decision == Decision::Given && new.channel.is_some_and(Channel::has_address);
    if needs_address && point.is_none() {
        return Err(wrong(
            "address",
            "required",
            "A yes is for one address: choose it.",
        ));
    }
    let party = new
        .party
        .as_deref()
        .map(str::trim)
        .filter(|one| !one.is_empty());
    let party_mark = party
        .map(|party| party_mark(app, organisation, party))
        .transpose()?;
    let mark = point.as_ref().map(|one| Mark::try_from(&one.blind[..]));
    let word = Word {
        id: app.id(),
        at: now,
        purpose: new.purpose,
        channel: new.channel,
        decision: new.decision,
        patient: Some(patient),
        contact: point.as_ref().map(|one| one.contact),
        point: mark
            .transpose()
            .map_err(|_| DeskError::Internal("an address without its mark".to_owned()))?,
        party: party_mark,
    };
    let said = Said {
        text: new.text.trim().to_owned(),
        address: point.map(|one| one.value),
        party: party.map(str::to_owned),
    };
    let row = sealed(&sealing, word, &said, (new.locale, new.source))?;
    app.command(ctx, move |work| {
        async move { keep(work, row).await }.boxed()
    })
    .await
}

pub(super) fn sealed(
    sealing: &Sealing,
    word: Word,
    said: &Said,
    (locale, source): (Locale, Source),
) -> Result<Stored, DeskError> {
    let json = serde_json::to_string(said)?;
    Ok(Stored {
        said: sealing.text("consents", "said", word.id, &json),
        text_hash: notices::text_hash(&said.text),
        key: sealing.id,
        locale: locale.tag().to_owned(),
        source,
        recorded_by: None,
        word,
    })
}

/// Writes a word in the caller's command.
pub(super) async fn keep(work: &mut Work<'_>, mut row: Stored) -> Result<ConsentId, DeskError> {
    let organisation = work.ctx.organisation;
    if let Some(patient) = row.word.patient {
        erasure::hold_patient(work, patient).await?;
    }
    if let Some(contact) = row.word.contact {
        patients::hold_contact(work, contact).await?;
    }
    row.word.at = work.now;
    row.recorded_by = work.ctx.actor.staff();
    store::insert(work, organisation, &row).await?;
    let kept = row.word;
    let entry = match (kept.patient, kept.contact) {
        (Some(patient), _) => NewEntry::new("consent.record", "patient", patient),
        (None, Some(contact)) => NewEntry::new("consent.record", "contact", contact),
        (None, None) => NewEntry::new("consent.record", "consent", kept.id),
    };
    work.audit(entry.detail(&json!({
        "purpose": kept.purpose.map_or("all", Purpose::code),
        "channel": kept.channel.map_or("all", Channel::code),
        "decision": kept.decision.code(),
        "source": row.source.code(),
    })));
    work.event(kind::PEOPLE_CHANGED, None, None, &json!({}));
    Ok(kept.id)
}

/// Says no for a contact at one of their addresses, in the caller's command; none when that stands already. What somebody
/// writes in words is kept once a day, also where it stands. `text` is what they were shown, or what they wrote.
pub(crate) async fn leave_in(
    work: &mut Work<'_>,
    requester: &Requester,
    point: Option<(Mark, String)>,
    purpose: Option<Purpose>,
    (text, locale, source): (&str, Locale, Source),
) -> Result<Option<ConsentId>, DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let channel = Some(Channel::Email);
    let words = words_of(
        work,
        organisation,
        requester.patient,
        Some(requester.contact),
    )
    .await?;
    // Who writes it again is told again: nobody shall think that nobody heard.
    let lately = |id: ConsentId| {
        let said = words.iter().find(|word| word.id == id);
        said.is_some_and(|word| now.seconds_since(word.at) < AGAIN)
    };
    let stands = |purpose: Purpose| {
        let question = Question {
            purpose,
            channel,
            patient: requester.patient,
            contact: Some(requester.contact),
            point: point.as_ref().map(|(mark, _)| *mark),
            party: None,
            now,
        };
        let why = decide(
            &words,
            &question,
            rules::rule(purpose, channel).map(|one| one.without),
        );
        match why {
            Why::Withdrawn(id) | Why::Refused(id) => source != Source::StopWord || lately(id),
            Why::NoSuchWay => true,
            Why::Given(_) | Why::NotNeeded | Why::NeverGiven | Why::Restricted => false,
        }
    };
    let every = Purpose::ALL.iter().copied();
    if purpose.map_or_else(|| every.clone().all(stands), stands) {
        return Ok(None);
    }
    let no = Word {
        id: app.id(),
        at: now,
        purpose,
        channel,
        decision: Decision::Withdrawn,
        patient: requester.patient,
        contact: Some(requester.contact),
        point: point.as_ref().map(|(mark, _)| *mark),
        party: None,
    };
    let said = Said {
        text: text.chars().take(MAX_TEXT).collect(),
        address: point.map(|(_, address)| address),
        party: None,
    };
    let row = sealed(&requester.sealing, no, &said, (locale, source))?;
    keep(work, row).await.map(Some)
}

pub(super) async fn words_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: Option<PatientId>,
    contact: Option<ContactId>,
) -> Result<Vec<Word>, DeskError> {
    let mut words: Vec<Word> = Vec::new();
    if let Some(patient) = patient {
        let found = store::of_patient(conn, organisation, patient, MOST).await?;
        words.extend(found.iter().map(|one| one.word));
    }
    if let Some(contact) = contact {
        let found = store::of_contact(conn, organisation, contact, MOST).await?;
        words.extend(found.iter().map(|one| one.word));
    }
    Ok(words)
}

/// Whom a question is about.
#[derive(Clone, Copy, Debug)]
pub enum Whom<'a> {
    /// A patient, for a use of their data that is no message; with the third party, where it is about one.
    Patient(PatientId, Option<&'a str>),
    /// Whoever has this mail address now.
    Address(&'a str),
}

/// Whether the desk may do this, as things stand at `now`, with the reason. An address that is nobody's gets nothing.
pub async fn may(
    app: &App,
    organisation: OrganisationId,
    (purpose, channel): (Purpose, Option<Channel>),
    whom: Whom<'_>,
    now: Timestamp,
) -> Result<Why, DeskError> {
    let mut conn = app.read().await?;
    may_in(app, &mut conn, organisation, (purpose, channel), whom, now).await
}

/// [`may`] as the caller's command sees it: what is about to be done is asked for in the same breath.
pub(crate) async fn may_in(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (purpose, channel): (Purpose, Option<Channel>),
    whom: Whom<'_>,
    now: Timestamp,
) -> Result<Why, DeskError> {
    let mut question = Question {
        purpose,
        channel,
        patient: None,
        contact: None,
        point: None,
        party: None,
        now,
    };
    match whom {
        Whom::Patient(patient, party) => {
            question.patient = Some(patient);
            let mark = party.map(|party| party_mark(app, organisation, party));
            question.party = mark.transpose()?;
        }
        Whom::Address(address) => {
            let owner = patients::owner_of_address(app, conn, organisation, address).await?;
            let Some((contact, patient)) = owner else {
                return Ok(Why::NoSuchWay);
            };
            question.patient = patient;
            question.contact = Some(contact);
            question.point = Some(patients::email_blind(app, organisation, address)?);
        }
    }
    let words = words_of(conn, organisation, question.patient, question.contact).await?;
    let without = rules::rule(purpose, channel).map(|rule| rule.without);
    let why = decide(&words, &question, without);
    let restricted = match question.patient {
        Some(patient) => requests::is_kept_to(conn, organisation, patient, now).await?,
        None => false,
    };
    Ok(under(why, purpose, restricted))
}

/// Where the news goes that such mails have ended, and in which language.
pub(crate) struct Confirmation {
    /// The address.
    pub address: String,
    /// The language.
    pub locale: Locale,
    /// When it ended.
    pub at: Timestamp,
}

/// What is told of a no that somebody wrote; none when its address is not theirs any more.
pub(crate) async fn confirmation_of(
    app: &App,
    organisation: OrganisationId,
    id: ConsentId,
) -> Result<Option<Confirmation>, DeskError> {
    let mut conn = app.read().await?;
    let Some(row) = store::one(&mut conn, organisation, id).await? else {
        return Ok(None);
    };
    let sealing = records::sealing(app, &mut conn, organisation, row.key).await?;
    drop(conn);
    let said = sealing.open_text("consents", "said", id, &row.said)?;
    let said = Said::read(&said)?;
    let Some(address) = said.address else {
        return Ok(None);
    };
    let owner = patients::contact_of_address(app, organisation, &address).await?;
    if owner.is_none() || owner != row.word.contact {
        return Ok(None);
    }
    Ok(Some(Confirmation {
        address,
        locale: row.locale.parse().unwrap_or_default(),
        at: row.word.at,
    }))
}
