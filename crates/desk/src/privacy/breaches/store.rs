//! SQL of incidents.

use super::model::{
    Act, Assessment, Breach, Conclusion, Counted, Counts, Data, DoneDuty, Duty, Exception, Listed,
    Part, Person, Place, Query, Risk, State, Told, Whose,
};
use crate::error::DeskError;
use crate::ids::{
    BreachId, BreachLetterId, BreachPersonId, ContactId, MessageId, OrganisationId, PatientId,
    StaffId, TicketId,
};
use crate::privacy::requests::Law;
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use std::collections::{BTreeMap, HashMap};

/// The columns of an incident, in the order that [`breach`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, key_id, law, part, state, discovered_at, title, story, kinds, opened_by, opened_at, residents, risks, \
             words, conclusion, exception, high_risk, assessed_by, assessed_at, signed_by, signed_at, query, taken_by, \
             taken_at, sent_by, sent_at, closed_by, closed_at, version, residents_of FROM breaches ",
            $rest
        )
    };
}

/// The columns of somebody on a list, in the order that [`person`] reads.
macro_rules! select_person {
    ($rest:literal) => {
        concat!(
            "SELECT id, patient_id, by_hand, seen, first_at, last_at, added_by, added_at, reason, removed_by, removed_at, \
             removed, told, told_at, ticket_id, message_id, contact_id FROM breach_people ",
            $rest
        )
    };
}

statements! {
    /// Opens an incident.
    INSERT = "INSERT INTO breaches (organisation_id, id, key_id, law, part, state, discovered_at, title, story, kinds, \
        opened_by, opened_at, high_risk, version) VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, 0, 1)";
    /// One incident.
    ONE = select!("WHERE organisation_id = $1 AND id = $2");
    /// One incident, which nobody else changes until the command ends.
    HELD = select!("WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE");
    /// Those that are not closed and were discovered in a span, discovered first, after a place.
    OPEN_ONES = select!("WHERE organisation_id = $1 AND state <> 'closed' AND (discovered_at, id) > ($2, $3) \
        AND discovered_at >= $4 AND discovered_at < $5 ORDER BY discovered_at, id LIMIT $6");
    /// Ids of those that are not closed.
    OPEN_IDS = "SELECT id FROM breaches WHERE organisation_id = $1 AND state <> 'closed' ORDER BY id";
    /// Those that are closed and were discovered in a span, closed last first, before a place.
    CLOSED_ONES = select!("WHERE organisation_id = $1 AND state = 'closed' AND (closed_at, id) < ($2, $3) \
        AND discovered_at >= $4 AND discovered_at < $5 ORDER BY closed_at DESC, id DESC LIMIT $6");
    /// Writes back what can change, unless it changed meanwhile.
    UPDATE = "UPDATE breaches SET part = $4, state = $5, discovered_at = $6, title = $7, story = $8, kinds = $9, \
        residents = $10, risks = $11, words = $12, conclusion = $13, exception = $14, high_risk = $15, assessed_by = $16, \
        assessed_at = $17, signed_by = $18, signed_at = $19, query = $20, taken_by = $21, taken_at = $22, sent_by = $23, \
        sent_at = $24, closed_by = $25, closed_at = $26, residents_of = $27, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $3";
    /// Puts somebody on the list.
    INSERT_PERSON = "INSERT INTO breach_people (organisation_id, id, breach_id, patient_id, contact_id, by_hand, seen, first_at, \
        last_at, added_by, added_at, reason, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'waiting')";
    /// Brings what the log says of somebody up to date.
    SEEN = "UPDATE breach_people SET seen = $4, first_at = $5, last_at = $6 WHERE organisation_id = $1 AND breach_id = $2 \
        AND id = $3";
    /// Puts somebody back who was taken off.
    RESTORE = "UPDATE breach_people SET removed_by = NULL, removed_at = NULL, removed = NULL, reason = $4 \
        WHERE organisation_id = $1 AND breach_id = $2 AND id = $3 AND removed_at IS NOT NULL";
    /// People on a list, in order.
    PEOPLE = select_person!("WHERE organisation_id = $1 AND breach_id = $2 AND id > $3 ORDER BY id LIMIT $4");
    /// One of them.
    PERSON = select_person!("WHERE organisation_id = $1 AND breach_id = $2 AND id = $3");
    /// Everybody who is or was on a list and is not erased; who stands for a patient by now is that patient.
    LISTED = "SELECT b.id, COALESCE(b.patient_id, c.patient_id), b.contact_id, b.by_hand, b.removed_at FROM breach_people b \
        LEFT JOIN contacts c ON c.organisation_id = b.organisation_id AND c.id = b.contact_id \
        WHERE b.organisation_id = $1 AND b.breach_id = $2 AND (b.patient_id IS NOT NULL OR b.contact_id IS NOT NULL) \
        ORDER BY b.id";
    /// How many are told how far.
    COUNTS = "SELECT told, COUNT(*) FROM breach_people WHERE organisation_id = $1 AND breach_id = $2 AND removed_at IS NULL \
        GROUP BY told";
    /// Takes somebody off the list.
    REMOVE = "UPDATE breach_people SET removed_by = $4, removed_at = $5, removed = $6 WHERE organisation_id = $1 \
        AND breach_id = $2 AND id = $3 AND removed_at IS NULL AND told IN ('waiting', 'print')";
    /// Lets letters go to whoever waits.
    QUEUE = "UPDATE breach_people SET told = $3 WHERE organisation_id = $1 AND breach_id = $2 AND told = 'waiting' \
        AND removed_at IS NULL AND (patient_id IS NOT NULL OR contact_id IS NOT NULL)";
    /// Some whose letter is to be written.
    QUEUED = "SELECT id, patient_id, contact_id FROM breach_people WHERE organisation_id = $1 AND breach_id = $2 \
        AND told = 'queued' AND removed_at IS NULL AND (patient_id IS NOT NULL OR contact_id IS NOT NULL) ORDER BY id LIMIT $3";
    /// Says how far somebody is told, once.
    TELL = "UPDATE breach_people SET told = $5, told_at = $6, ticket_id = $7, message_id = $8 WHERE organisation_id = $1 \
        AND breach_id = $2 AND id = $3 AND told = $4 AND removed_at IS NULL";
    /// Letters that went into requests.
    MAILED = "SELECT message_id FROM breach_people WHERE organisation_id = $1 AND breach_id = $2 \
        AND told = 'mailed' AND removed_at IS NULL AND message_id IS NOT NULL";
    /// Writes the letter in one language.
    PUT_LETTER = "INSERT INTO breach_letters (organisation_id, id, breach_id, locale, words, written_by, written_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Takes the earlier words away.
    DROP_LETTER = "DELETE FROM breach_letters WHERE organisation_id = $1 AND breach_id = $2 AND locale = $3";
    /// The letters of an incident.
    LETTERS = "SELECT id, locale, words FROM breach_letters WHERE organisation_id = $1 AND breach_id = $2 ORDER BY locale";
    /// Says that somebody was told, again where that did not hold any more.
    PUT_DUTY = "INSERT INTO breach_duties (organisation_id, breach_id, duty, done_on, done_by, done_at, people) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (organisation_id, breach_id, duty) DO UPDATE SET \
        done_on = excluded.done_on, done_by = excluded.done_by, done_at = excluded.done_at, people = excluded.people";
    /// Who was told.
    DUTIES = "SELECT duty, done_on, done_by, people FROM breach_duties WHERE organisation_id = $1 AND breach_id = $2";
}

fn some<T>(
    row: &Row<'_>,
    column: usize,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, DbError> {
    let code: Option<String> = row.get(column)?;
    code.map(|code| read(&code).ok_or_else(|| DbError::unknown_code(column)))
        .transpose()
}

fn did(row: &Row<'_>, by: usize, at: usize) -> Result<Option<(StaffId, Timestamp)>, DbError> {
    let (by, at): (Option<StaffId>, Option<Timestamp>) = (row.get(by)?, row.get(at)?);
    Ok(by.zip(at))
}

fn assessment(row: &Row<'_>) -> Result<Option<Assessment>, DbError> {
    let (Some(risks), Some(words), Some(conclusion), Some((by, at))) = (
        row.get::<Option<String>>(12)?,
        row.get::<Option<Vec<u8>>>(13)?,
        some(row, 14, Conclusion::from_code)?,
        did(row, 17, 18)?,
    ) else {
        return Ok(None);
    };
    let risks: Vec<Risk> = risks.split(' ').filter_map(Risk::from_code).collect();
    Ok(Some(Assessment {
        risks: risks.try_into().map_err(|_| DbError::unknown_code(12))?,
        words,
        conclusion,
        exception: some(row, 15, Exception::from_code)?,
        high_risk: row.get(16)?,
        by,
        at,
    }))
}

fn breach(row: &Row<'_>) -> Result<Breach, DbError> {
    let query: Option<String> = row.get(21)?;
    let query: Option<Vec<Query>> = query
        .map(|text| serde_json::from_str(&text).map_err(|_| DbError::unknown_code(21)))
        .transpose()?;
    let kinds: String = row.get(8)?;
    Ok(Breach {
        id: row.get(0)?,
        key: row.get(1)?,
        law: row.coded(2, Law::from_code)?,
        part: row.coded(3, Part::from_code)?,
        state: row.coded(4, State::from_code)?,
        discovered_at: row.get(5)?,
        title: row.get(6)?,
        story: row.get(7)?,
        data: kinds.split(' ').filter_map(Data::from_code).collect(),
        opened: (row.get(9)?, row.get(10)?),
        residents: row
            .get::<Option<i64>>(11)?
            .zip(row.get::<Option<i64>>(29)?)
            .map(|(most, of)| Counted { most, of }),
        assessment: assessment(row)?,
        signed: did(row, 19, 20)?,
        taken: query
            .zip(did(row, 22, 23)?)
            .map(|(query, (by, at))| (query, by, at)),
        sent: did(row, 24, 25)?,
        closed: did(row, 26, 27)?,
        version: row.get(28)?,
    })
}

fn codes_of(data: &[Data]) -> String {
    let codes: Vec<_> = data.iter().map(|one| one.code()).collect();
    codes.join(" ")
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Breach,
) -> Result<(), DeskError> {
    let kinds = codes_of(&new.data);
    let (law, part) = (new.law.code(), new.part.code());
    let columns = args![
        organisation,
        new.id,
        new.key,
        law,
        part,
        new.discovered_at,
        *new.title,
        *new.story,
        kinds,
        new.opened.0,
        new.opened.1
    ];
    conn.execute(INSERT, columns).await?;
    Ok(())
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BreachId,
) -> Result<Option<Breach>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], breach).await?)
}

pub(super) async fn open_ids(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<BreachId>, DeskError> {
    let of = args![organisation];
    Ok(conn.query(OPEN_IDS, of, |row| row.get(0)).await?)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BreachId,
) -> Result<Option<Breach>, DeskError> {
    Ok(conn
        .query_opt(HELD, args![organisation, id], breach)
        .await?)
}

/// Incidents that were discovered in a span, after a place in the order of their list.
pub(super) async fn list(
    conn: &mut Conn,
    organisation: OrganisationId,
    closed: bool,
    (at, id): Place,
    (from, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<Breach>, DeskError> {
    let statement = if closed { CLOSED_ONES } else { OPEN_ONES };
    let args = args![organisation, at, id, from, until, limit];
    Ok(conn.query(statement, args, breach).await?)
}

/// Writes an incident back; says whether it was still what was read.
pub(super) async fn update(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Breach,
) -> Result<bool, DeskError> {
    let kinds = codes_of(&new.data);
    let one = new.assessment.as_ref();
    let risks = one.map(|one| one.risks.map(Risk::code).join(" "));
    let words = one.map(|one| &one.words);
    let conclusion = one.map(|one| one.conclusion.code());
    let exception = one.and_then(|one| one.exception).map(Exception::code);
    let high_risk = one.is_some_and(|one| one.high_risk);
    let (assessed_by, assessed_at) = one.map(|one| (one.by, one.at)).unzip();
    let (signed_by, signed_at) = new.signed.unzip();
    let query = new.taken.as_ref().map(|(query, _, _)| query);
    let query = query.map(serde_json::to_string).transpose()?;
    let (taken_by, taken_at) = new.taken.as_ref().map(|(_, by, at)| (*by, *at)).unzip();
    let (sent_by, sent_at) = new.sent.unzip();
    let (closed_by, closed_at) = new.closed.unzip();
    let (part, state) = (new.part.code(), new.state.code());
    let (residents, residents_of) = new.residents.map(|one| (one.most, one.of)).unzip();
    let columns = args![
        organisation,
        new.id,
        new.version,
        part,
        state,
        new.discovered_at,
        *new.title,
        *new.story,
        kinds,
        residents,
        risks,
        words,
        conclusion,
        exception,
        high_risk,
        assessed_by,
        assessed_at,
        signed_by,
        signed_at,
        query,
        taken_by,
        taken_at,
        sent_by,
        sent_at,
        closed_by,
        closed_at,
        residents_of
    ];
    Ok(conn.execute(UPDATE, columns).await? == 1)
}

fn whose(patient: Option<PatientId>, contact: Option<ContactId>) -> Option<Whose> {
    patient.map(Whose::Patient).or(contact.map(Whose::Contact))
}

fn person(row: &Row<'_>) -> Result<Person, DbError> {
    let seen: String = row.get(3)?;
    let seen: BTreeMap<String, i64> =
        serde_json::from_str(&seen).map_err(|_| DbError::unknown_code(3))?;
    let acts = seen
        .into_iter()
        .filter_map(|(code, count)| Some((Act::from_code(&code)?, count)));
    let removed = match did(row, 9, 10)? {
        Some((by, at)) => Some((by, at, row.get(11)?)),
        None => None,
    };
    Ok(Person {
        id: row.get(0)?,
        whose: whose(row.get(1)?, row.get(16)?),
        by_hand: row.get(2)?,
        seen: acts.collect(),
        first: row.get(4)?,
        last: row.get(5)?,
        added: (row.get(6)?, row.get(7)?),
        reason: row.get(8)?,
        removed,
        told: row.coded(12, Told::from_code)?,
        told_at: row.get(13)?,
        letter: row
            .get::<Option<TicketId>>(14)?
            .zip(row.get::<Option<MessageId>>(15)?),
    })
}

fn seen_of(acts: &BTreeMap<Act, i64>) -> Result<String, DeskError> {
    let seen: BTreeMap<&str, i64> = acts
        .iter()
        .map(|(act, count)| (act.code(), *count))
        .collect();
    Ok(serde_json::to_string(&seen)?)
}

/// Puts somebody on the list who is not on it.
pub(super) async fn insert_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
    new: &Person,
) -> Result<(), DeskError> {
    let seen = seen_of(&new.seen)?;
    let (patient, contact) = match new.whose {
        Some(Whose::Patient(patient)) => (Some(patient), None),
        Some(Whose::Contact(contact)) => (None, Some(contact)),
        None => (None, None),
    };
    let columns = args![
        organisation,
        new.id,
        breach,
        patient,
        contact,
        new.by_hand,
        seen,
        new.first,
        new.last,
        new.added.0,
        new.added.1,
        new.reason
    ];
    conn.execute(INSERT_PERSON, columns).await?;
    Ok(())
}

/// Brings what the log says of somebody up to date.
pub(super) async fn update_seen(
    conn: &mut Conn,
    organisation: OrganisationId,
    (breach, id): (BreachId, BreachPersonId),
    (acts, first, last): (&BTreeMap<Act, i64>, Option<Timestamp>, Option<Timestamp>),
) -> Result<(), DeskError> {
    let seen = seen_of(acts)?;
    let args = args![organisation, breach, id, seen, first, last];
    conn.execute(SEEN, args).await?;
    Ok(())
}

pub(super) async fn restore(
    conn: &mut Conn,
    organisation: OrganisationId,
    (breach, id): (BreachId, BreachPersonId),
    reason: &[u8],
) -> Result<bool, DeskError> {
    let args = args![organisation, breach, id, reason];
    Ok(conn.execute(RESTORE, args).await? == 1)
}

pub(super) async fn people(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
    after: BreachPersonId,
    limit: i64,
) -> Result<Vec<Person>, DeskError> {
    let args = args![organisation, breach, after, limit];
    Ok(conn.query(PEOPLE, args, person).await?)
}

pub(super) async fn one_person(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
    id: BreachPersonId,
) -> Result<Option<Person>, DeskError> {
    let args = args![organisation, breach, id];
    Ok(conn.query_opt(PERSON, args, person).await?)
}

/// Everybody who is or was on a list and is not erased, as whoever they are today.
pub(super) async fn listed(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
) -> Result<HashMap<Whose, Listed>, DeskError> {
    let read = |row: &Row<'_>| {
        let removed: Option<Timestamp> = row.get(4)?;
        let one = Listed {
            id: row.get(0)?,
            by_hand: row.get(3)?,
            removed: removed.is_some(),
        };
        Ok((whose(row.get(1)?, row.get(2)?), one))
    };
    let mut all = HashMap::new();
    for (whose, one) in conn
        .query(LISTED, args![organisation, breach], read)
        .await?
    {
        // Somebody may be there twice by now: as a patient, and as the contact that became theirs.
        let Some(whose) = whose else { continue };
        let known = all.entry(whose).or_insert(one);
        if known.removed && !one.removed {
            *known = one;
        }
    }
    Ok(all)
}

pub(super) async fn counts(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
) -> Result<Counts, DeskError> {
    let read =
        |row: &Row<'_>| Ok::<(Told, i64), DbError>((row.coded(0, Told::from_code)?, row.get(1)?));
    let mut counts = Counts::default();
    for (told, count) in conn
        .query(COUNTS, args![organisation, breach], read)
        .await?
    {
        match told {
            Told::Waiting => counts.waiting = count,
            Told::Queued => counts.queued = count,
            Told::Mailed => counts.mailed = count,
            Told::Print => counts.print = count,
            Told::Posted => counts.posted = count,
            Told::Gone => counts.gone = count,
        }
    }
    Ok(counts)
}

pub(super) async fn remove(
    conn: &mut Conn,
    organisation: OrganisationId,
    (breach, id): (BreachId, BreachPersonId),
    (by, at): (StaffId, Timestamp),
    words: &[u8],
) -> Result<bool, DeskError> {
    let args = args![organisation, breach, id, by, at, words];
    Ok(conn.execute(REMOVE, args).await? == 1)
}

/// Lets letters go to whoever waits; says to how many.
pub(super) async fn queue(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
    to: Told,
) -> Result<u64, DeskError> {
    Ok(conn
        .execute(QUEUE, args![organisation, breach, to.code()])
        .await?)
}

pub(super) async fn queued(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
    limit: i64,
) -> Result<Vec<(BreachPersonId, Whose)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, whose(row.get(1)?, row.get(2)?)));
    let args = args![organisation, breach, limit];
    let found = conn.query(QUEUED, args, read).await?;
    Ok(found
        .into_iter()
        .filter_map(|(id, whose)| Some((id, whose?)))
        .collect())
}

/// Says how far somebody is told now, if they are still as far as `from`.
pub(super) async fn tell(
    conn: &mut Conn,
    organisation: OrganisationId,
    (breach, id): (BreachId, BreachPersonId),
    (from, to): (Told, Told),
    at: Timestamp,
    letter: Option<(TicketId, MessageId)>,
) -> Result<bool, DeskError> {
    let (ticket, message) = letter.unzip();
    let (from, to) = (from.code(), to.code());
    let args = args![organisation, breach, id, from, to, at, ticket, message];
    Ok(conn.execute(TELL, args).await? == 1)
}

pub(super) async fn mailed(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
) -> Result<Vec<MessageId>, DeskError> {
    let read = |row: &Row<'_>| row.get(0);
    Ok(conn
        .query(MAILED, args![organisation, breach], read)
        .await?)
}

pub(super) async fn put_letter(
    conn: &mut Conn,
    organisation: OrganisationId,
    (breach, id): (BreachId, BreachLetterId),
    (locale, words): (&str, &[u8]),
    (by, at): (StaffId, Timestamp),
) -> Result<(), DeskError> {
    conn.execute(DROP_LETTER, args![organisation, breach, locale])
        .await?;
    let args = args![organisation, id, breach, locale, words, by, at];
    conn.execute(PUT_LETTER, args).await?;
    Ok(())
}

/// Id, language and sealed words of each letter.
pub(super) async fn letters(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
) -> Result<Vec<(BreachLetterId, String, Vec<u8>)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    Ok(conn
        .query(LETTERS, args![organisation, breach], read)
        .await?)
}

pub(super) async fn put_duty(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
    done: DoneDuty,
    at: Timestamp,
) -> Result<(), DeskError> {
    let (duty, on) = (done.duty.code(), done.on.to_string());
    let args = args![organisation, breach, duty, on, done.by, at, done.people];
    conn.execute(PUT_DUTY, args).await?;
    Ok(())
}

pub(super) async fn duties(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
) -> Result<Vec<DoneDuty>, DeskError> {
    let read = |row: &Row<'_>| {
        let on: String = row.get(1)?;
        Ok::<DoneDuty, DbError>(DoneDuty {
            duty: row.coded(0, Duty::from_code)?,
            on: on.parse().map_err(|_| DbError::unknown_code(1))?,
            by: row.get(2)?,
            people: row.get(3)?,
        })
    };
    Ok(conn
        .query(DUTIES, args![organisation, breach], read)
        .await?)
}
