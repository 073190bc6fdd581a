//! What stands, and the history, for whoever may see the patient.

use super::model::{Channel, Decision, Purpose, Question, Source, Why, Word, decide};
use super::objection::under;
use super::rules;
use super::service::{MOST, Said};
use super::store::{self, Stored};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::field_group::FieldGroup;
use crate::identity;
use crate::ids::{ContactId, OrganisationId, PatientId, StaffId};
use crate::patients::{self, OnFile};
use crate::privacy::requests;
use crate::records::{self, About, Opened, Purpose as For, restricted};
use bedside_db::{Conn, Timestamp};
use data_encoding::HEXLOWER;

/// One word, opened.
#[derive(Clone, Debug)]
pub struct ConsentView {
    /// It.
    pub word: Word,
    /// Whether it is a contact's no of another patient's matters: it counts here as well, and its words stay in that one's
    /// record. Then no more is told than for what, by which way and when.
    pub of_another: bool,
    /// The very words that were shown, or that they wrote.
    pub text: String,
    /// SHA-256 of them, in hexadecimal digits.
    pub text_hash: String,
    /// The address that it is about; masked for whoever doesn't see addresses.
    pub address: Option<String>,
    /// With whom data is shared.
    pub party: Option<String>,
    /// Their language.
    pub locale: String,
    /// How they said it.
    pub source: Source,
    /// Who of the staff kept it.
    pub recorded_by: Option<StaffId>,
}

/// What stands for one purpose.
#[derive(Clone, Debug)]
pub struct Stand {
    /// For what.
    pub purpose: Purpose,
    /// By which way, at which address, or with whom; none of a use that is no message and names nobody.
    pub channel: Option<Channel>,
    /// The address, or the third party.
    pub at: Option<String>,
    /// Whether it may be done, and why.
    pub why: Why,
    /// Where the law says what it needs.
    pub section: &'static str,
}

/// All that a patient's page shows.
pub struct Standing {
    /// What stands, by purpose and channel.
    pub stands: Vec<Stand>,
    /// Every word, newest first, at most 500.
    pub history: Vec<ConsentView>,
}

fn shown(leave: &Opened, address: &str) -> String {
    if leave.shows(FieldGroup::Contact) {
        return address.to_owned();
    }
    identity::mask(address)
}

/// The addresses of a patient that a yes can be for: their mark in hexadecimal digits, kind, and the address as the reader
/// sees it. The caller has shown the patient.
pub async fn addresses(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
) -> Result<Vec<(String, String, String)>, DeskError> {
    ctx.authorize(Permission::PatientsRead)?;
    let whole = ctx.permissions().has(Permission::FieldsContact);
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, ctx.organisation, patient).await?;
    records::admit(&mut conn, ctx, about.unwrap_or_default(), app.now()).await?;
    let points = patients::on_file(app, &mut conn, ctx.organisation, patient).await?;
    let seen = |one: OnFile| {
        let value = if whole {
            one.value
        } else {
            identity::mask(&one.value)
        };
        (HEXLOWER.encode(&one.blind), one.kind, value)
    };
    Ok(points.into_iter().map(seen).collect())
}

/// What a patient said yes and no to.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient.
pub async fn standing(app: &App, ctx: &Ctx, patient: PatientId) -> Result<Standing, DeskError> {
    let organisation = ctx.organisation;
    let about = restricted::about_patient(&mut app.read().await?, organisation, patient).await?;
    let leave = records::open_about(
        app,
        ctx,
        Permission::PatientsRead,
        For::Operations,
        about.unwrap_or(About::NOBODY),
        NewEntry::new("consent.read", "patient", patient),
    )
    .await?;
    if about.is_none() {
        return Err(DeskError::NotFound);
    }
    let mut conn = app.read().await?;
    let points = patients::on_file(app, &mut conn, organisation, patient).await?;
    told(
        &leave,
        &mut conn,
        (organisation, patient),
        &points,
        app.now(),
    )
    .await
}

/// What stands of a patient's words at these addresses, with everything that was said.
pub(super) async fn told(
    leave: &Opened,
    conn: &mut Conn,
    (organisation, patient): (OrganisationId, PatientId),
    points: &[OnFile],
    now: Timestamp,
) -> Result<Standing, DeskError> {
    let mut rows = store::of_patient(conn, organisation, patient, MOST).await?;
    let mut people: Vec<ContactId> = points.iter().map(|one| one.contact).collect();
    people.sort_unstable();
    people.dedup();
    for contact in people {
        let theirs = store::of_contact(conn, organisation, contact, MOST).await?;
        // A yes that they said for another patient is that one's; a no is their own.
        let own = |one: &Stored| {
            one.word.patient.is_none()
                || (one.word.patient != Some(patient) && one.word.decision != Decision::Given)
        };
        rows.extend(theirs.into_iter().filter(own));
    }
    rows.sort_unstable_by_key(|one| std::cmp::Reverse((one.word.at, one.word.id)));
    rows.truncate(usize::try_from(MOST).unwrap_or_default());
    let words: Vec<Word> = rows.iter().map(|one| one.word).collect();
    let mut history = Vec::with_capacity(rows.len());
    for row in rows {
        let of_another = row.word.patient.is_some_and(|whose| whose != patient);
        history.push(if of_another {
            ConsentView::of_another(&row)
        } else {
            opened(leave, conn, row).await?
        });
    }
    let question = |purpose, channel| Question {
        purpose,
        channel,
        patient: Some(patient),
        contact: None,
        point: None,
        party: None,
        now,
    };
    let mut stands = Vec::new();
    for purpose in Purpose::ALL.iter().copied() {
        let ways = rules::channels(purpose);
        if ways.is_empty() {
            of_use(&words, &history, question(purpose, None), &mut stands);
        }
        for channel in ways {
            let whole = question(purpose, Some(channel));
            let Some(kind) = channel.point_kind() else {
                stands.push(stand(&words, &whole, None));
                continue;
            };
            for one in points.iter().filter(|one| one.kind == kind) {
                let asked = Question {
                    contact: Some(one.contact),
                    point: one.blind[..].try_into().ok(),
                    ..whole
                };
                stands.push(stand(&words, &asked, Some(shown(leave, &one.value))));
            }
        }
    }
    let restricted = requests::is_kept_to(conn, organisation, patient, now).await?;
    for one in &mut stands {
        one.why = under(one.why, one.purpose, restricted);
    }
    Ok(Standing { stands, history })
}

/// What stands of a use that is no message: with each third party that was named, or in general.
fn of_use(words: &[Word], history: &[ConsentView], question: Question, stands: &mut Vec<Stand>) {
    let mut seen = Vec::new();
    for one in history
        .iter()
        .filter(|one| one.word.purpose == Some(question.purpose) && !one.of_another)
    {
        let Some(party) = one.word.party.filter(|party| !seen.contains(party)) else {
            continue;
        };
        seen.push(party);
        let asked = Question {
            party: Some(party),
            ..question
        };
        stands.push(stand(words, &asked, one.party.clone()));
    }
    if seen.is_empty() {
        stands.push(stand(words, &question, None));
    }
}

fn stand(words: &[Word], question: &Question, at: Option<String>) -> Stand {
    let rule = rules::rule(question.purpose, question.channel);
    Stand {
        purpose: question.purpose,
        channel: question.channel,
        at,
        why: decide(words, question, rule.map(|rule| rule.without)),
        section: rule.map_or("", |rule| rule.section.as_str()),
    }
}

async fn opened(leave: &Opened, conn: &mut Conn, row: Stored) -> Result<ConsentView, DeskError> {
    let place = ("consents", "said");
    let said = match leave
        .text(conn, row.key, place, row.word.id, &row.said)
        .await
    {
        // Its words went with somebody's record.
        Err(DeskError::Gone) => Said::default(),
        said => Said::read(&said?)?,
    };
    Ok(ConsentView {
        word: row.word,
        of_another: false,
        text: said.text,
        text_hash: row.text_hash,
        address: said.address.map(|address| shown(leave, &address)),
        party: said.party,
        locale: row.locale,
        source: row.source,
        recorded_by: row.recorded_by,
    })
}

impl ConsentView {
    fn of_another(row: &Stored) -> Self {
        Self {
            word: row.word,
            of_another: true,
            text: String::new(),
            text_hash: String::new(),
            address: None,
            party: None,
            locale: String::new(),
            source: row.source,
            recorded_by: None,
        }
    }

    /// Whether it is a yes.
    pub fn is_yes(&self) -> bool {
        self.word.decision == Decision::Given
    }
}
