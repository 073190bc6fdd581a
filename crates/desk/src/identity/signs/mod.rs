//! What tells a caller who may play a part, beside their words: what went before in the conversation, and what several
//! conversations tell together. Owns `identity_tries`.
//!
//! Invariants: a try is kept as keyed marks alone, whether there is such a patient or not, and is forgotten within days; of
//! another conversation nothing is told but that there is a sign; signs raise what is asked for and lower nothing.

mod store;

use super::by_hand;
use super::flags::{Across, Past, noticed};
use super::locks::Subjects;
use super::model::{DAY, Standing};
use super::saying::whom;
use super::seen::standing_in;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{EvidenceId, OrganisationId, PatientId, TicketId};
use crate::patients;
use crate::records::Class;
use crate::tickets::{self, model::Ticket};
use crate::timeline::MessageKind;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use store::TryRow;

pub use store::ALL as STATEMENTS;

/// Days for which an earlier lock is a sign.
pub(super) const LOCK_SIGN_DAYS: i64 = 30;
/// Days within which conversations tell something together.
pub const SIGN_DAYS: i64 = 7;
/// Newest messages in which a sign is looked for before an address changes.
const READ: i64 = 101;
/// Newest marks of a contact's tries that are looked at: a try has three at most.
const MARKS: i64 = 100;

/// Until when nothing can be shown in this conversation, and what went before in it and in others. `standing` is what the
/// actor sees of it.
pub async fn lock_of(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    standing: &Standing,
) -> Result<(Option<Timestamp>, Past), DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let mut conn = app.read().await?;
    let about = (ticket, whom(ticket, standing));
    past_of(app, &mut conn, ctx.organisation, about).await
}

/// Whether there is a red flag, for the desk's own rule: it reads what the patient's side wrote last.
pub(crate) async fn raised(app: &App, ctx: &Ctx, ticket: &Ticket) -> Result<bool, DeskError> {
    raised_when(app, ctx, ticket, false).await
}

/// The same where a record is asked for, whatever the words are.
pub(crate) async fn raised_for_record(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
) -> Result<bool, DeskError> {
    raised_when(app, ctx, ticket, true).await
}

async fn raised_when(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    record: bool,
) -> Result<bool, DeskError> {
    let (organisation, now) = (ctx.organisation, app.now());
    let mut past = {
        let mut conn = app.read().await?;
        let (_, standing) = standing_in(app, &mut conn, organisation, ticket, now).await?;
        let about = (ticket, whom(ticket, &standing));
        let (_, past) = past_of(app, &mut conn, organisation, about).await?;
        past
    };
    past.asks_record |= record;
    let desk = Ctx::system(organisation, "identity", ctx.source);
    let only = Some(MessageKind::Inbound);
    let theirs = tickets::messages(app, &desk, ticket.id, only, None, READ).await?;
    let words = theirs.iter().map(|one| one.body.as_str());
    Ok(!noticed(&app.knowledge().pretexts, words, &past).is_empty())
}

async fn past_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, patient): (&Ticket, Option<PatientId>),
) -> Result<(Option<Timestamp>, Past), DeskError> {
    let now = app.now();
    let subjects = Subjects::of(app, organisation, ticket)?;
    let lock = subjects.last_lock(conn, organisation).await?;
    let day_ago = now.plus_seconds(-DAY);
    let month_ago = now.plus_seconds(-LOCK_SIGN_DAYS * DAY);
    let past = Past {
        patients: store::patients_of(conn, organisation, ticket.contact, day_ago).await?,
        code_failed: code_failed(conn, organisation, ticket, day_ago).await?,
        locked: lock.is_some_and(|(since, _)| since > month_ago),
        asks_record: asks_record(&ticket.category),
        across: across(conn, organisation, (ticket, patient), now).await?,
        by_hand: by_hand::by_hand(conn, organisation, ticket.id, now).await?,
    };
    let until = lock.map(|(_, until)| until).filter(|until| *until > now);
    Ok((until, past))
}

/// Whether a code failed in a conversation, in what went into it, or where its contact showed anything. Codes and evidence stay
/// with the request that they were for, so that nothing that was shown in it opens another one.
async fn code_failed(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: &Ticket,
    since: Timestamp,
) -> Result<bool, DeskError> {
    for one in tickets::with_merged(conn, organisation, ticket.id).await? {
        let here = (one, ticket.contact);
        if store::codes_failed(conn, organisation, here, since).await? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether what is asked for in a request of this category is a record, a bill or a payment.
fn asks_record(category: &str) -> bool {
    matches!(
        Class::usual(category, false),
        Class::Records | Class::Billing
    )
}

/// What other conversations tell: of whoever asks, of whom they ask about, and of everybody who was tried here.
async fn across(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, patient): (&Ticket, Option<PatientId>),
    now: Timestamp,
) -> Result<Across, DeskError> {
    let since = now.plus_seconds(-SIGN_DAYS * DAY);
    let here = (ticket.id, ticket.contact);
    let (others, others_failed) = store::tries_of_others(conn, organisation, here, since).await?;
    let tries = store::tries_of_contact(conn, organisation, ticket.contact, since, MARKS).await?;
    let new_address = match patient {
        Some(patient) => {
            patients::address_changed_since(conn, organisation, patient, since).await?
        }
        None => false,
    };
    Ok(Across {
        others,
        others_failed,
        people: people(&tries),
        failed_in: failed_in(&tries),
        new_address,
        noticed: by_hand::noticed_elsewhere(conn, organisation, here, now).await?,
    })
}

/// As how many people somebody tried to be known. Tries with anything in common are of one: whoever mistypes a name has the
/// record number right.
fn people(tries: &[TryRow]) -> usize {
    let mut marks: BTreeMap<EvidenceId, BTreeSet<&[u8]>> = BTreeMap::new();
    for one in tries {
        marks.entry(one.id).or_default().insert(&one.subject);
    }
    let mut people: Vec<BTreeSet<&[u8]>> = Vec::new();
    for mut person in marks.into_values() {
        people.retain(|known| {
            let other = known.is_disjoint(&person);
            if !other {
                person.extend(known);
            }
            other
        });
        people.push(person);
    }
    people.len()
}

/// In how many conversations something failed.
fn failed_in(tries: &[TryRow]) -> usize {
    let failed = tries.iter().filter(|one| one.failed);
    let tickets: BTreeSet<TicketId> = failed.map(|one| one.ticket).collect();
    tickets.len()
}

/// Keeps, in the caller's command, under which keyed marks something was tried in a held ticket, and whether it failed.
pub(super) async fn tried(
    work: &mut Work<'_>,
    ticket: &Ticket,
    marks: &[[u8; 16]],
    failed: bool,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let id: EvidenceId = work.app.ids.make(now);
    let here = (ticket.id, ticket.contact);
    for mark in marks {
        store::insert_try(work, organisation, (id, mark), here, (now, failed)).await?;
    }
    Ok(())
}

/// What was noticed and tried in a ticket that goes into another counts there as long, in the caller's command.
pub(crate) async fn move_signs(
    work: &mut Work<'_>,
    from: TicketId,
    into: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    by_hand::move_all(work, from, into).await?;
    store::move_tries(work, organisation, from, into).await
}

/// Forgets tries that count no more.
pub(super) async fn forget(conn: &mut Conn, now: Timestamp) -> Result<(), DeskError> {
    store::forget(conn, now.plus_seconds(-(SIGN_DAYS + 1) * DAY)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// A try in a conversation, under these marks.
    fn a_try(id: u128, ticket: u128, marks: &[u8], failed: bool) -> Vec<TryRow> {
        let row = |mark: &u8| TryRow {
            id: EvidenceId::from_uuid(Uuid::from_u128(id)),
            subject: vec![*mark; 16],
            ticket: TicketId::from_uuid(Uuid::from_u128(ticket)),
            failed,
        };
        marks.iter().map(row).collect()
    }

    /// Several tries in one list.
    fn rows(tries: Vec<Vec<TryRow>>) -> Vec<TryRow> {
        tries.into_iter().flatten().collect()
    }

    #[test]
    fn tries_with_anything_in_common_are_of_one_person() {
        for (tries, expected) in [
            (vec![], 0),
            (vec![a_try(1, 1, &[1, 2], true)], 1),
            // The same name with another number, and the same number with another name.
            (
                vec![a_try(1, 1, &[1, 2], true), a_try(2, 1, &[1, 3], true)],
                1,
            ),
            (
                vec![a_try(1, 1, &[1, 2], true), a_try(2, 2, &[3, 4], false)],
                2,
            ),
            // Two that have nothing in common, until a third one has something of both.
            (
                vec![
                    a_try(1, 1, &[1, 2], true),
                    a_try(2, 2, &[3, 4], true),
                    a_try(3, 3, &[2, 3], false),
                ],
                1,
            ),
            (
                vec![
                    a_try(1, 1, &[1, 2], true),
                    a_try(2, 2, &[3, 4], true),
                    a_try(3, 3, &[5, 6], false),
                ],
                3,
            ),
        ] {
            assert_eq!(people(&rows(tries)), expected);
        }
    }

    #[test]
    fn conversations_count_once_and_only_where_something_failed() {
        let tries = vec![
            a_try(1, 1, &[1, 2], true),
            a_try(2, 1, &[1, 3], true),
            a_try(3, 2, &[1, 2], false),
            a_try(4, 3, &[7], true),
        ];
        assert_eq!(failed_in(&rows(tries)), 2);
    }

    #[test]
    fn records_and_money_are_known_by_the_category() {
        for (category, expected) in [
            ("records", true),
            ("billing", true),
            ("insurance", true),
            ("appointment", false),
            ("general", false),
            ("crisis", false),
        ] {
            assert_eq!(asks_record(category), expected, "{category}");
        }
    }
}
