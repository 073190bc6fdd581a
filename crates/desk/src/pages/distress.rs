//! The line on a request's page that says what weighs on whoever wrote, and offers somebody who can take it.
//!
//! It stands there whatever is being written, for whoever reads the page, and hears the words of all languages. Nothing is
//! stored and nothing is decided: the one button hands the request over as the side panel does. In an emergency the crisis
//! procedure stands on the page instead.

use super::choices::Choice;
use super::layout::Page;
use crate::orgs::Clinic;
use crate::staff::{ADMINISTRATOR, Role, StaffView};
use crate::tickets::TicketView;
use bedside_language::distress::{Distress, Kind, Strength};

/// How many of their last messages are looked at: a "thanks" takes nothing away from what was said before it.
const HEARD: usize = 3;
/// The roles that ship for it.
const COUNSELLOR: &str = "counsellor";
const SENIOR: &str = "supervisor";

/// What the line says.
pub(super) struct Heavy {
    /// What weighs on them, and who can take it.
    pub key: &'static str,
    /// That it is with somebody who can take it, in words.
    pub holder: Option<String>,
    /// Whom it can be handed to, the first chosen.
    pub offer: Vec<Choice>,
    /// The finer status, which the handing over leaves as it is; empty without one.
    pub sub_status: String,
}

impl Heavy {
    /// The line for one request; none where nothing weighs plainly, or an emergency says what to do.
    pub(super) fn of(
        page: &Page,
        clinic: &Clinic,
        everybody: &[StaffView],
        view: &TicketView,
    ) -> Option<Self> {
        let (ticket, me) = (&view.ticket, page.ctx.actor.staff());
        if ticket.rank() == 0 || !ticket.status.is_active() {
            return None;
        }
        let kind = heard(page, view)?.kind;
        // By place: whoever is there for it, whoever leads, others who are told of crises, administrators.
        let place = |person: &StaffView| {
            let role = clinic.role(&person.role)?;
            let reaches = role.queues.has(ticket.queue) && person.takes_tickets(Some(role));
            (role.called && reaches).then(|| place_of(kind, role))
        };
        let has = everybody
            .iter()
            .filter(|person| ticket.assignee == Some(person.id))
            .find(|&person| place(person).is_some_and(|place| place <= 1));
        let holder = has.map(|person| {
            let t = page.texts();
            if me == Some(person.id) {
                t.text("distress-yours").to_owned()
            } else {
                t.with("distress-with", "who", person.name.as_str())
                    .into_owned()
            }
        });
        let mut can: Vec<(u8, &StaffView)> = everybody
            .iter()
            .filter(|person| Some(person.id) != me && Some(person.id) != ticket.assignee)
            .filter_map(|person| Some((place(person)?, person)))
            .collect();
        can.sort_by_key(|(place, _)| *place);
        let offer = can.iter().enumerate().filter(|_| holder.is_none());
        Some(Self {
            key: key(kind),
            offer: offer
                .map(|(at, (_, person))| {
                    let role = clinic.role(&person.role);
                    let role = role.map(|role| role.names.in_locale(page.ctx.locale));
                    let label = format!("{} ({})", person.name, role.unwrap_or_default());
                    Choice::new(person.id.to_string(), label, at == 0)
                })
                .collect(),
            holder,
            sub_status: ticket
                .sub_status
                .map(|id| id.to_string())
                .unwrap_or_default(),
        })
    }
}

/// What weighs most in their last messages, where it shows plainly; of equals the newest.
fn heard(page: &Page, view: &TicketView) -> Option<Distress> {
    let knowledge = page.app.knowledge();
    let theirs = view
        .messages
        .iter()
        .rev()
        .filter(|message| message.author_kind == "contact" && !message.automatic);
    theirs
        .take(HEARD)
        .filter_map(|message| knowledge.listener.look(&message.body))
        .filter(|found| found.strength >= Strength::Clear)
        .reduce(|newer, older| {
            if older.strength > newer.strength {
                older
            } else {
                newer
            }
        })
}

/// Whom to ask first: with anger whoever leads, with all else a counsellor.
fn place_of(kind: Kind, role: &Role) -> u8 {
    let first = if kind == Kind::Anger {
        SENIOR
    } else {
        COUNSELLOR
    };
    match role.code.as_str() {
        code if code == first => 0,
        COUNSELLOR | SENIOR => 1,
        ADMINISTRATOR => 3,
        _ => 2,
    }
}

/// The text of the line.
const fn key(kind: Kind) -> &'static str {
    match kind {
        Kind::Grief => "distress-grief",
        Kind::Anger => "distress-anger",
        Kind::Fear => "distress-fear",
        _ => "distress-despair",
    }
}
