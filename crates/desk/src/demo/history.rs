//! Ninety days of an invented clinic, lived through the services: requests come in by day and by night, staff answer
//! in working hours, patients write again, matters are settled.
//!
//! Every request is a [`Tale`] with steps still to come. The steps of all tales are done in the order of their time;
//! those of one stretch of time run side by side, so that they share commits, and the clock moves through the stretch.

mod acts;
#[cfg(test)]
mod tests;

use super::clock::DemoClock;
use super::people::{self, Person};
use super::random::Chance;
use super::script::{Script, Story, Words, script};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{ContactId, MailboxId, MessageId, OrganisationId, StaffId, TicketId};
use crate::patients::{self, NewPatient, PointKind};
use crate::sla::after_working_minutes;
use crate::staff::Role;
use bedside_db::{Clock, Timestamp};
use bedside_language::Channel;
use bedside_web::Locale;
use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

/// Days that are lived through.
pub const DAYS: i64 = 90;
/// The same people and requests at every start.
pub(super) const SEED: u64 = 0x5269_7665_7273_6964;
/// Steps that run side by side.
const TOGETHER: usize = 96;
/// What is as fresh as this at the end, in microseconds, happens when it should: it is seen with its age.
const FRESH: i64 = 15 * 60 * 1_000_000;
/// Longest stretch of time in which steps run side by side, in microseconds.
const STRETCH: i64 = 80 * 60 * 1_000_000;

/// How much is told.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Invented patients.
    pub patients: usize,
    /// Their requests.
    pub tickets: usize,
}

impl Size {
    /// A clinic of some size.
    pub const FULL: Self = Self {
        patients: 300,
        tickets: 3000,
    };
    /// A few, for tests.
    pub const SMALL: Self = Self {
        patients: 12,
        tickets: 40,
    };
}

/// Who answers.
#[derive(Clone, Debug)]
pub struct Colleague {
    /// Who.
    pub id: StaffId,
    /// Their role.
    pub role: Arc<Role>,
    /// Full name.
    pub name: &'static str,
}

impl Colleague {
    pub(super) fn ctx(&self, organisation: OrganisationId) -> Ctx {
        Ctx {
            organisation,
            actor: Actor::Staff {
                id: self.id,
                role: self.role.clone(),
                name: self.name.into(),
            },
            source: Source::Page,
            locale: Locale::En,
            once: None,
        }
    }

    fn first_name(&self) -> &'static str {
        self.name.split(' ').next().unwrap_or(self.name)
    }
}

/// Whose past it is.
pub struct Place<'a> {
    /// The desk.
    pub app: &'a App,
    /// Its clock.
    pub clock: &'a DemoClock,
    /// The clinic.
    pub organisation: OrganisationId,
    /// The address that mails came to.
    pub mailbox: Option<MailboxId>,
    /// Who answers.
    pub team: &'a [Colleague],
}

/// Something that happens in a tale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Open,
    Take,
    Note,
    Nudge,
    Answer,
    OutOfOffice,
    Bounce,
    Again,
    AnswerAgain,
    Thanks,
    SettleByReply,
    Settle,
    Rate,
}

/// When a step comes after the one before.
#[derive(Clone, Copy, Debug)]
enum After {
    /// So many minutes of the clock.
    Minutes(i64),
    /// So many minutes of the clinic's working time.
    Working(i64),
}

/// One request, from the first word to the last.
struct Tale {
    person: usize,
    stranger: bool,
    script: &'static Script,
    story: &'static Story,
    words: Words,
    channel: Channel,
    chance: Chance,
    colleague: usize,
    steps: VecDeque<(After, Step)>,
    ticket: Option<TicketId>,
    contact: Option<ContactId>,
    answer: Option<MessageId>,
}

/// Lives through the past, up to the present. `progress` hears (requests told, requests in all).
pub async fn live(
    place: &Place<'_>,
    size: Size,
    mut progress: impl FnMut(u64, u64),
) -> Result<(), DeskError> {
    place.clock.release();
    let end = place.app.now();
    let mut chance = Chance::new(SEED);
    let people = people::people(&mut chance, size.patients);
    place
        .clock
        .set(end.plus_seconds(-(DAYS + 30) * 86_400), 50_000);
    for some in people.chunks(TOGETHER) {
        let added = some.iter().map(|person| add(place, person));
        for outcome in join_all(added).await {
            outcome?;
        }
    }
    let clinic = place.app.directory.of(place.organisation)?;
    let mut tales: Vec<Option<Tale>> = Vec::new();
    let mut line: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    for (at, tale) in plan(
        &mut chance,
        &people,
        place.team,
        size.tickets,
        &clinic.time_zone,
        end,
    ) {
        line.push(Reverse((at.micros(), tales.len())));
        tales.push(Some(tale));
    }
    let all = size.tickets as u64;
    let mut told = 0;
    while let Some(Reverse((first, index))) = line.pop() {
        let mut stretch = vec![(first, index)];
        let fresh = end.micros() - FRESH;
        let until = if first < fresh {
            (first + STRETCH).min(fresh)
        } else {
            first
        };
        while stretch.len() < TOGETHER {
            match line.peek() {
                Some(Reverse((at, _))) if *at <= until => {
                    let Some(Reverse(next)) = line.pop() else {
                        break;
                    };
                    stretch.push(next);
                }
                _ => break,
            }
        }
        let from = Timestamp::from_micros(first).max(place.clock.now());
        let last = stretch.last().map_or(first, |(at, _)| *at);
        let looks = i64::try_from(stretch.len()).unwrap_or(1) * 14;
        place
            .clock
            .set(from, ((last - from.micros()) / looks).max(1500));
        let mut doing = Vec::with_capacity(stretch.len());
        for (_, index) in &stretch {
            if let Some(tale) = tales[*index].take() {
                told += u64::from(tale.ticket.is_none());
                doing.push(acts::act(place, &people, tale));
            }
        }
        for ((_, index), outcome) in stretch.into_iter().zip(join_all(doing).await) {
            let tale = outcome?;
            if let Some(at) = next(place, &tale, place.clock.now())?.filter(|at| *at < end) {
                line.push(Reverse((at.micros(), index)));
                tales[index] = Some(tale);
            }
        }
        progress(told, all);
    }
    place.clock.release();
    let ctx = Ctx::system(place.organisation, "demo", Source::CommandLine);
    let organisation = place.organisation;
    place
        .app
        .command(&ctx, move |work| {
            async move {
                store::settle(work, organisation, end).await?;
                work.audit(NewEntry::new("demo.settle", "organisation", organisation));
                Ok(())
            }
            .boxed()
        })
        .await
}

/// All requests there will be, each with the instant at which it comes in.
fn plan(
    chance: &mut Chance,
    people: &[Person],
    team: &[Colleague],
    tickets: usize,
    zone: &TimeZone,
    end: Timestamp,
) -> Vec<(Timestamp, Tale)> {
    (0..tickets)
        .map(|number| {
            // One crisis is fresh, so that a visitor sees how it looks.
            if number == 0 {
                let mut fresh = tale(chance, people, team, true);
                fresh.steps.truncate(1);
                return (end.plus_seconds(-90), fresh);
            }
            let crisis = chance.between(0, 400) == 0;
            let tale = tale(chance, people, team, crisis);
            (arrival(zone, chance, end), tale)
        })
        .collect()
}

async fn add(place: &Place<'_>, person: &Person) -> Result<(), DeskError> {
    let ctx = Ctx::system(place.organisation, "demo", Source::CommandLine);
    let new = NewPatient {
        name: person.name.clone(),
        birth_date: Some(person.birth_date.clone()),
        mrn: Some(person.mrn.clone()),
        locale: Some(person.locale),
        secure_link: person.secure_link,
    };
    let points = vec![
        (PointKind::Email, person.email.clone()),
        (PointKind::Phone, person.phone.clone()),
    ];
    patients::create_patient(place.app, &ctx, new, points).await?;
    Ok(())
}

/// An instant of the last ninety days: mostly by day, less at weekends.
fn arrival(zone: &TimeZone, chance: &mut Chance, end: Timestamp) -> Timestamp {
    let today = zone.to_datetime(end.to_jiff()).date();
    for _ in 0..50 {
        let date = today.saturating_sub(jiff::Span::new().days(chance.between(0, DAYS)));
        if date.weekday().to_monday_zero_offset() >= 5 && chance.percent(60) {
            continue;
        }
        let minute = if chance.percent(75) {
            chance
                .between(420, 1140)
                .midpoint(chance.between(420, 1020))
        } else {
            chance.between(0, 1440)
        };
        let time = date.at(
            i8::try_from(minute / 60).unwrap_or(9),
            i8::try_from(minute % 60).unwrap_or(0),
            i8::try_from(chance.between(0, 60)).unwrap_or(0),
            0,
        );
        if let Ok(at) = zone.to_timestamp(time)
            && Timestamp::from(at).seconds_since(end) < -60
        {
            return at.into();
        }
    }
    end.plus_seconds(-chance.between(3600, DAYS * 86_400))
}

fn tale(chance: &mut Chance, people: &[Person], team: &[Colleague], crisis: bool) -> Tale {
    let mut own = Chance::new(chance.next());
    let count = i64::try_from(people.len()).unwrap_or(1);
    // Some people write much more often than others.
    let person = usize::try_from(own.between(0, count).min(own.between(0, count))).unwrap_or(0);
    let script = script(people[person].locale);
    let story = script.story(&mut own, crisis);
    let channel = match own.between(0, 100) {
        0..70 => Channel::Email,
        70..92 => Channel::WebForm,
        _ => Channel::Portal,
    };
    let clinical = matches!(
        story.category.as_str(),
        "symptom" | "lab_result" | "crisis" | "prescription"
    );
    let fits: Vec<usize> = team
        .iter()
        .enumerate()
        .filter(|(_, one)| {
            let answers = one.role.permissions.has(Permission::TicketsWrite);
            answers && one.role.clinical == clinical
        })
        .map(|(index, _)| index)
        .collect();
    let colleague = fits[usize::try_from(own.next() % fits.len().max(1) as u64).unwrap_or(0)];
    Tale {
        person,
        stranger: own.percent(12) && channel != Channel::Portal,
        script,
        story,
        words: Words::new(script, &mut own, &people[person].name),
        channel,
        colleague,
        steps: steps(&mut own, crisis),
        chance: own,
        ticket: None,
        contact: None,
        answer: None,
    }
}

fn steps(chance: &mut Chance, crisis: bool) -> VecDeque<(After, Step)> {
    use After::{Minutes, Working};
    let mut steps = VecDeque::from([(Minutes(0), Step::Open)]);
    let mut add = |after, step| steps.push_back((after, step));
    if crisis {
        return at_once(chance);
    }
    if chance.percent(40) {
        add(Working(chance.between(5, 60)), Step::Take);
    }
    if chance.percent(22) {
        add(Working(chance.between(5, 40)), Step::Note);
    }
    if chance.percent(6) {
        add(Minutes(chance.between(600, 2400)), Step::Nudge);
    }
    add(
        Working(chance.between(10, 60) + chance.between(0, 160)),
        Step::Answer,
    );
    match chance.between(0, 100) {
        0..3 => add(Minutes(1), Step::OutOfOffice),
        3 => add(Minutes(2), Step::Bounce),
        _ => {}
    }
    if chance.percent(48) {
        add(Minutes(chance.between(20, 1800)), Step::Again);
        add(Working(chance.between(10, 200)), Step::AnswerAgain);
    }
    if chance.percent(35) {
        add(Minutes(chance.between(15, 1500)), Step::Thanks);
        add(Working(chance.between(10, 240)), Step::SettleByReply);
    } else {
        add(Working(chance.between(240, 1900)), Step::Settle);
    }
    if chance.percent(38) {
        add(Minutes(chance.between(20, 2400)), Step::Rate);
    }
    steps
}

/// What a nurse does where somebody may be in danger, by day and by night: within the clinic's times for emergencies.
fn at_once(chance: &mut Chance) -> VecDeque<(After, Step)> {
    let mut later = |from, to, step| (After::Minutes(chance.between(from, to)), step);
    VecDeque::from([
        (After::Minutes(0), Step::Open),
        later(1, 3, Step::Take),
        later(1, 3, Step::Answer),
        later(4, 10, Step::Note),
        later(4, 12, Step::Again),
        later(1, 4, Step::AnswerAgain),
        later(8, 20, Step::Settle),
    ])
}

/// When the tale goes on.
fn next(place: &Place<'_>, tale: &Tale, now: Timestamp) -> Result<Option<Timestamp>, DeskError> {
    let Some((after, _)) = tale.steps.front() else {
        return Ok(None);
    };
    Ok(Some(match *after {
        After::Minutes(minutes) => now.plus_seconds(minutes * 60),
        After::Working(minutes) => {
            let clinic = place.app.directory.of(place.organisation)?;
            after_working_minutes(&clinic.settings.hours, &clinic.time_zone, now, minutes)
        }
    }))
}
