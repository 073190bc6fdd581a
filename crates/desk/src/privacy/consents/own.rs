//! What whoever is signed in to the patients' own pages reads of it, and says: for themself, or for whom they act.
//!
//! A no takes one press and no more than being known at all; a yes is for an address of whoever presses, and for what a
//! press is enough for ([`Purpose::by_press`]).

use super::model::{
    Channel, Decision, MAX_TEXT, Mark, Purpose, Question, Source, Why, Word, decide,
};
use super::rules;
use super::service::{Said, keep, meant, sealed, words_of, wrong};
use super::view::{Stand, Standing, told};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, OUT_OF_SCOPE};
use crate::error::DeskError;
use crate::identity;
use crate::ids::{ContactId, OrganisationId, PatientId};
use crate::patients::{self, OnFile};
use crate::privacy::{erasure, speaks};
use crate::records::{self, Group};
use crate::representatives;
use crate::work::Work;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use bedside_db::{Conn, Timestamp};
use bedside_web::Locale;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;

/// Somebody with whom data is shared, by a yes that stands.
#[derive(Clone, Debug)]
pub struct Party {
    /// What they are known by.
    pub mark: String,
    /// Who.
    pub name: String,
}

impl Party {
    /// Whether this is their mark.
    pub fn is(&self, mark: &str) -> bool {
        is_same(&self.mark, mark)
    }
}

/// Whether two marks are the same, without telling by the time it takes how much of them is.
fn is_same(one: &str, other: &str) -> bool {
    verify_slices_are_equal(one.as_bytes(), other.as_bytes()).is_ok()
}

/// A way for which a yes can be pressed.
#[derive(Clone, Debug)]
pub struct Offer {
    /// By which way.
    pub channel: Channel,
    /// What the address is known by.
    pub mark: String,
    /// The address.
    pub address: String,
}

impl Offer {
    /// Whether this is the address's mark.
    pub fn is(&self, mark: &str) -> bool {
        is_same(&self.mark, mark)
    }
}

/// One purpose.
#[derive(Clone, Debug)]
pub struct OwnPurpose {
    /// For what.
    pub purpose: Purpose,
    /// What stands, by way and address, or by third party; empty for whoever may only say no.
    pub stands: Vec<Stand>,
    /// To whom data is given.
    pub parties: Vec<Party>,
    /// Where a yes can be pressed.
    pub offers: Vec<Offer>,
}

/// What whoever is signed in reads of what they said.
#[derive(Clone, Debug)]
pub struct OwnStanding {
    /// Whether it says what stands: not to somebody whose address is new, who can say no all the same.
    pub whole: bool,
    /// By purpose.
    pub purposes: Vec<OwnPurpose>,
}

/// A word of whoever is signed in.
#[derive(Clone, Debug)]
pub struct OwnWord {
    /// For what; none of a no to everything.
    pub purpose: Option<Purpose>,
    /// Yes, by this way at the address with this mark; none of a no, which is for every way.
    pub yes: Option<(Channel, String)>,
    /// The third party, by its mark, that a no is about alone.
    pub party: Option<String>,
    /// The very words that they were shown; at most [`MAX_TEXT`] characters.
    pub text: String,
    /// The language of the words.
    pub locale: Locale,
}

/// The addresses that somebody is shown of a patient: their own, and those of the patient themself.
async fn seen(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (me, patient): (ContactId, PatientId),
) -> Result<Vec<OnFile>, DeskError> {
    let mut points = patients::on_file_of_contact(app, conn, organisation, me).await?;
    for one in patients::on_file(app, conn, organisation, patient).await? {
        let whose = (one.contact, patient);
        if one.contact != me && representatives::is_themself(conn, organisation, whose).await? {
            points.push(one);
        }
    }
    Ok(points)
}

/// What stands for whoever is signed in, or for whom they act. `point` is the address that they are in by.
///
/// # Errors
/// As [`Ctx::authorize_own`].
pub async fn own(app: &App, ctx: &Ctx, point: &[u8]) -> Result<OwnStanding, DeskError> {
    speaks(ctx)?;
    let (me, organisation) = (ctx.signed_in()?, ctx.organisation);
    let bare = |purpose| OwnPurpose {
        purpose,
        stands: Vec::new(),
        parties: Vec::new(),
        offers: Vec::new(),
    };
    if me.may(Group::Records).is_err() {
        return Ok(OwnStanding {
            whole: false,
            purposes: Purpose::ALL.iter().copied().map(bare).collect(),
        });
    }
    let (leave, patient) = records::open_mine(app, ctx, Group::Records, "consent.own").await?;
    let mut conn = app.read().await?;
    let mut points = seen(app, &mut conn, organisation, (me.contact, patient)).await?;
    // What a patient asked to be reached by may be kept from the very person who acts for them.
    let way = patients::chosen_way(&mut conn, organisation, patient).await?;
    if me.acting.is_some() && way.is_some() {
        points.retain(|one| one.contact == me.contact);
    }
    let mine: Vec<OnFile> = points
        .iter()
        .filter(|one| one.contact == me.contact)
        .cloned()
        .collect();
    if me.may(Group::Contact).is_err() {
        for one in points.iter_mut().filter(|one| one.contact != me.contact) {
            one.value = identity::mask(&one.value);
        }
    }
    let whose = (organisation, patient);
    let standing = told(&leave, &mut conn, whose, &points, app.now()).await?;
    let purposes = Purpose::ALL.iter().copied().map(|purpose| {
        let of = standing.stands.iter().filter(|one| one.purpose == purpose);
        let stands: Vec<Stand> = of.cloned().collect();
        OwnPurpose {
            parties: parties(&standing, &stands, purpose),
            offers: offers(&stands, &mine, (purpose, point), app.now()),
            stands,
            purpose,
        }
    });
    Ok(OwnStanding {
        whole: true,
        purposes: purposes.collect(),
    })
}

/// With whom data is shared by a yes that stands.
fn parties(standing: &Standing, stands: &[Stand], purpose: Purpose) -> Vec<Party> {
    let mut found: Vec<Party> = Vec::new();
    for said in &standing.history {
        let stands = stands.iter().any(|one| one.why == Why::Given(said.word.id));
        if let (true, Some(mark), Some(name)) = (stands, said.word.party, &said.party)
            && said.word.purpose == Some(purpose)
        {
            found.push(Party {
                mark: HEXLOWER.encode(&mark),
                name: name.clone(),
            });
        }
    }
    found
}

/// Where a yes can be pressed: at the address that they are in by, and at their own numbers, where there is no yes and one is
/// needed.
fn offers(
    stands: &[Stand],
    mine: &[OnFile],
    (purpose, point): (Purpose, &[u8]),
    now: Timestamp,
) -> Vec<Offer> {
    if !purpose.by_press() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for channel in rules::channels(purpose) {
        for one in mine.iter().filter(|one| takes(one, channel, point, now)) {
            let here = |stand: &&Stand| {
                stand.channel == Some(channel) && stand.at.as_deref() == Some(one.value.as_str())
            };
            if stands
                .iter()
                .find(here)
                .is_some_and(|stand| !stand.why.may() && stand.why != Why::Restricted)
            {
                found.push(Offer {
                    channel,
                    mark: HEXLOWER.encode(&one.blind),
                    address: one.value.clone(),
                });
            }
        }
    }
    found
}

/// Whether a yes for this way can be pressed at an address of whoever presses: mail alone shows by being in that it is theirs,
/// and a number that is new is not theirs for sure yet.
fn takes(one: &OnFile, channel: Channel, point: &[u8], now: Timestamp) -> bool {
    if !channel.has_address() || channel.point_kind() != Some(one.kind.as_str()) {
        return false;
    }
    match channel {
        Channel::Email => one.blind == point,
        _ => one.held_until.is_none_or(|until| until <= now),
    }
}

/// Whether this no stands already: said as far, and no yes after it.
fn is_said(words: &[Word], no: &Word) -> bool {
    let covers = |one: &&Word| {
        one.decision != Decision::Given
            && (one.patient, one.contact) == (no.patient, no.contact)
            && one.channel.is_none()
            && (one.purpose.is_none() || one.purpose == no.purpose)
            && (one.party.is_none() || one.party == no.party)
    };
    let last = words
        .iter()
        .filter(covers)
        .map(|one| (one.at, one.id))
        .max();
    let Some(last) = last else {
        return false;
    };
    !words
        .iter()
        .any(|one| takes_back(no, one) && (one.at, one.id) > last)
}

/// Whether a no ends this yes.
fn takes_back(no: &Word, yes: &Word) -> bool {
    yes.decision == Decision::Given
        && yes.patient == no.patient
        && (no.purpose.is_none() || yes.purpose == no.purpose)
        && (no.party.is_none() || yes.party == no.party)
}

/// What is meant by a mark: the third party whose yes stands.
async fn party_of(
    app: &App,
    ctx: &Ctx,
    new: &OwnWord,
) -> Result<Option<(Mark, String)>, DeskError> {
    let Some(mark) = &new.party else {
        return Ok(None);
    };
    let found = own(app, ctx, &[]).await?.purposes.into_iter();
    let mut found = found
        .filter(|one| Some(one.purpose) == new.purpose)
        .flat_map(|one| one.parties);
    let found = found.find(|one| one.is(mark));
    let unknown = || wrong("party", "unknown", "Nothing is shared with them.");
    let party = found.ok_or_else(unknown)?;
    let bytes = HEXLOWER.decode(party.mark.as_bytes()).ok();
    let mark = bytes.and_then(|bytes| bytes.try_into().ok());
    Ok(Some((mark.ok_or_else(unknown)?, party.name)))
}

/// Keeps what whoever is signed in says, for themself or for whom they act. It counts at once; what stands already is not kept
/// again. `point` is the address that they are in by.
///
/// # Errors
/// As [`Ctx::authorize_own`]; [`DeskError::Invalid`] for a yes that can't be pressed, and words that are missing or too long.
pub async fn say_own(app: &App, ctx: &Ctx, point: &[u8], new: OwnWord) -> Result<(), DeskError> {
    let patient = match new.yes {
        Some(_) => ctx.authorize_own(Group::Records)?,
        None => speaks(ctx)?,
    };
    let me = ctx.signed_in()?;
    check(&new)?;
    // Whoever is known by a new address says no for their own addresses, and nothing for anybody else's.
    let whole = me.may(Group::Records).is_ok();
    let party = party_of(app, ctx, &new).await?;
    let (id, point) = (app.id(), point.to_vec());
    app.command(ctx, move |work| {
        async move {
            let (app, organisation) = (work.app.clone(), work.ctx.organisation);
            erasure::hold_patient(work, patient).await?;
            patients::hold_contact(work, me.contact).await?;
            if me.acting.is_some() {
                still_acts(work, (me.contact, patient)).await?;
            }
            let mut word = Word {
                id,
                at: work.now,
                purpose: new.purpose,
                channel: None,
                decision: Decision::Refused,
                patient: Some(patient),
                contact: (!whole).then_some(me.contact),
                point: None,
                party: party.as_ref().map(|(mark, _)| *mark),
            };
            let mut said = Said {
                text: new.text.trim().to_owned(),
                address: None,
                party: party.map(|(_, name)| name),
            };
            let before = words_of(work, organisation, word.patient, Some(me.contact)).await?;
            let again = if let Some((channel, mark)) = &new.yes {
                let mine = (me.contact, point.as_slice());
                let there = address(work, mine, (*channel, mark.as_str())).await?;
                word.decision = Decision::Given;
                word.contact = Some(me.contact);
                word.channel = Some(*channel);
                word.point = there.blind[..].try_into().ok();
                said.address = Some(there.value);
                is_given(&before, &word)
            } else {
                if before.iter().any(|one| takes_back(&word, one)) {
                    word.decision = Decision::Withdrawn;
                }
                is_said(&before, &word)
            };
            if again {
                work.audit(NewEntry::new("consent.again", "patient", patient));
                return Ok(());
            }
            let sealing = patients::sealing_of(&app, work, organisation, patient).await?;
            let row = sealed(&sealing, word, &said, (new.locale, Source::Portal))?;
            keep(work, row).await.map(drop)
        }
        .boxed()
    })
    .await
}

/// Whether a word can be said here at all.
fn check(new: &OwnWord) -> Result<(), DeskError> {
    let count = new.text.trim().chars().count();
    if count == 0 || count > MAX_TEXT {
        return Err(wrong(
            "text",
            "invalid",
            "The words that were shown are missing, or too long.",
        ));
    }
    let Some((channel, _)) = &new.yes else {
        return Ok(());
    };
    let purpose = new.purpose.filter(|one| one.by_press());
    let purpose = purpose.ok_or_else(|| {
        wrong(
            "purpose",
            "invalid",
            "A yes to this is signed: please ask us.",
        )
    })?;
    if !channel.has_address() || rules::rule(purpose, Some(*channel)).is_none() {
        return Err(wrong(
            "channel",
            "invalid",
            "This purpose is not carried by this channel.",
        ));
    }
    Ok(())
}

/// Whether whoever acts for somebody still may, now that the command holds both.
async fn still_acts(work: &mut Work<'_>, whose: (ContactId, PatientId)) -> Result<(), DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let scope = representatives::scope_of(&app, work, organisation, whose, now).await?;
    if scope.has(Group::Records) {
        return Ok(());
    }
    Err(DeskError::Conflict {
        code: OUT_OF_SCOPE,
        text: "What you may do for this person does not reach that far.",
    })
}

/// The address of whoever presses that a yes is for, as it is theirs now.
async fn address(
    work: &mut Work<'_>,
    (me, point): (ContactId, &[u8]),
    (channel, mark): (Channel, &str),
) -> Result<OnFile, DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let mut mine = patients::on_file_of_contact(&app, work, organisation, me).await?;
    mine.retain(|one| takes(one, channel, point, now));
    meant(&mine, Some(channel), mark).cloned()
}

/// Whether this yes stands already.
fn is_given(words: &[Word], yes: &Word) -> bool {
    let Some(purpose) = yes.purpose else {
        return false;
    };
    let question = Question {
        purpose,
        channel: yes.channel,
        patient: yes.patient,
        contact: yes.contact,
        point: yes.point,
        party: None,
        now: yes.at,
    };
    let without = rules::rule(purpose, yes.channel).map(|rule| rule.without);
    matches!(decide(words, &question, without), Why::Given(_))
}
