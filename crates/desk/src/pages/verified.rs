//! How sure the desk is of who is asking, in words: beside a ticket, and on the page that verifies.

use super::choices::Choice;
use super::layout::Page;
use super::noticed::sign_key;
use super::representatives::bond_line;
use crate::context::Permission;
use crate::error::DeskError;
use crate::events::Event;
use crate::identity::{self, Flag, Group, Level, Standing, Told};
use crate::records::{Class, Shown};
use crate::representatives;
use crate::tickets::TicketView;
use crate::timeline::MessageKind;
use bedside_db::Timestamp;
use bedside_web::i18n::Texts;
use bedside_web::i18n::time::format_time;
use std::collections::HashMap;
use uuid::Uuid;

/// A sign to be careful that is raised.
pub(super) struct Raised {
    pub flag: Flag,
    /// Text key of its reason.
    pub key: &'static str,
    /// Who of the staff noticed it, where somebody did.
    pub by: Option<String>,
}

/// What is known, in words.
pub(super) struct Verified {
    /// Where they stand.
    pub standing: Standing,
    /// CSS class and icon of the level.
    pub look: (&'static str, &'static str),
    /// Text key of the level.
    pub level: &'static str,
    /// "by Ana until 14:20", once something was shown.
    pub by: Option<String>,
    /// Whether it rests on what they wrote signed in, so that it holds for an answer to that alone.
    pub is_written: bool,
    /// What they may be spoken with about.
    pub may: Option<String>,
    /// What not yet.
    pub not_yet: Option<String>,
    /// Signs to be careful.
    pub flags: Vec<Raised>,
    /// Until when nothing can be shown here.
    pub locked: Option<String>,
    /// Until when an emergency opens it.
    pub emergency: Option<String>,
    /// What whoever asks is to the patient, where they are somebody else.
    pub acts: Option<String>,
    /// What decides about an answer.
    pub shown: Shown,
}

/// Text key of a sign's reason; those that people alone notice read as they are noticed.
pub(super) const fn flag_key(flag: Flag) -> &'static str {
    match flag {
        Flag::SeveralAsk => "verify-flag-several-ask",
        Flag::TriedSeveral => "verify-flag-tried-several",
        Flag::TriedOften => "verify-flag-tried-often",
        Flag::NewAddressBefore => "verify-flag-new-address-before",
        Flag::NoticedElsewhere => "verify-flag-noticed-elsewhere",
        Flag::HungUp => "verify-noticed-hung-up",
        Flag::CallElsewhere => "verify-noticed-call-elsewhere",
        Flag::UrgentAndSecret => "verify-flag-urgent-and-secret",
        Flag::AddressAndRecords => "verify-flag-address-and-records",
        Flag::ManyPatients => "verify-flag-many-patients",
        Flag::BrokenPhone => "verify-flag-broken-phone",
        Flag::EarlierLock => "verify-flag-earlier-lock",
    }
}

/// Text key of what somebody may be spoken with about.
pub(super) const fn group_key(group: Group) -> &'static str {
    match group {
        Group::Logistics => "verify-group-logistics",
        Group::Clinical => "verify-group-clinical",
        Group::Billing => "verify-group-billing",
        Group::Contact => "verify-group-contact",
        Group::Records => "verify-group-records",
    }
}

/// Text key of what an answer holds.
const fn class_key(class: Class) -> &'static str {
    match class {
        Class::Public => "class-public",
        Class::Logistics => "class-logistics",
        Class::Clinical => "class-clinical",
        Class::Billing => "class-billing",
        Class::Records => "class-records",
    }
}

/// Some things in one line.
pub(super) fn listed(t: Texts, groups: &[Group]) -> Option<String> {
    let words: Vec<&str> = groups.iter().map(|one| t.text(group_key(*one))).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// An instant at the clinic.
pub(super) fn at(page: &Page, at: Timestamp) -> Result<String, DeskError> {
    let zone = page.clinic()?.time_zone.clone();
    Ok(format_time(at.micros(), &zone, page.ctx.locale))
}

/// Text key of a level.
const fn level_key(level: Level) -> &'static str {
    match level {
        Level::L0 => "verify-level-l0",
        Level::L1 => "verify-level-l1",
        Level::L2 => "verify-level-l2",
        Level::L3 => "verify-level-l3",
    }
}

/// Whose word it is, and until when it counts.
fn by(
    page: &Page,
    standing: &Standing,
    names: &HashMap<Uuid, String>,
) -> Result<Option<String>, DeskError> {
    let Some(until) = standing.until else {
        return Ok(None);
    };
    let Some(by) = standing.by else {
        let until = at(page, until)?;
        let text = page.texts().with("verify-by-signed-in", "until", until);
        return Ok(Some(text.into_owned()));
    };
    let who = names.get(&by.uuid()).map_or("", String::as_str);
    let values = [("who", who.into()), ("until", at(page, until)?.into())];
    Ok(Some(page.texts().format("verify-by", &values).into_owned()))
}

/// What happened about who is asking.
pub(super) fn event(event: &Event, who: &str, t: Texts) -> Option<(&'static str, String)> {
    let what = Told::from_code(event.data["what"].as_str()?)?;
    let icon = match what {
        Told::Matched | Told::CodeRight | Told::Reached | Told::Approved => "shield-check",
        Told::NotConfirmed | Told::CodeWrong | Told::NotReached | Told::Declined => "circle-alert",
        Told::Locked => "lock",
        Told::Noticed => "triangle-alert",
        Told::CodeSent | Told::AddressToWrite => "mail",
        Told::CallAsked | Told::AddressToCall => "phone",
        Told::ApprovalAsked | Told::SignedIn => "user-check",
        Told::Emergency => "siren",
        Told::Reviewed | Told::Peeked => "eye",
        Told::AddressChanged | Told::AddressForced => "pencil",
        Told::ActsAsked | Told::ActsNow | Told::ActsRefused => "users",
        Told::Unlocked => "shield",
    };
    let key = format!("event-identity-{}", what.code().replace('_', "-"));
    Some((icon, t.with(&key, "who", who).into_owned()))
}

impl Verified {
    /// Where the conversation of a ticket stands, told with the names of the staff.
    pub(super) async fn load(
        page: &Page,
        view: &TicketView,
        names: &HashMap<Uuid, String>,
    ) -> Result<Self, DeskError> {
        let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
        let standing = identity::standing_of(app, ctx, &view.ticket).await?;
        let (locked, past) = identity::lock_of(app, ctx, &view.ticket, &standing).await?;
        let theirs = view.messages.iter();
        let theirs = theirs.filter(|one| one.kind == MessageKind::Inbound);
        let flags = identity::noticed(
            &app.knowledge().pretexts,
            theirs.map(|one| one.body.as_str()),
            &past,
        );
        let raised = !flags.is_empty();
        let told = |flag: Flag| {
            let noticed = past.by_hand.iter().find(|one| one.flag == flag);
            let who = noticed.map(|one| {
                let who = names.get(&one.by.uuid()).map_or("", String::as_str);
                t.with("verify-flag-noticed", "who", who).into_owned()
            });
            Raised {
                flag,
                key: noticed.map_or(flag_key(flag), |_| sign_key(flag)),
                by: who,
            }
        };
        let shown = identity::shown_with(app, ctx, &view.ticket, &standing, raised).await?;
        let may = identity::opens(&shown);
        let all = Group::ALL.iter().copied();
        let not_yet: Vec<Group> = all.filter(|group| !may.contains(group)).collect();
        let look = match standing.level {
            Level::L0 => ("chip-waiting", "circle-help"),
            Level::L1 => ("chip-open", "shield"),
            Level::L2 | Level::L3 => ("chip-done", "shield-check"),
        };
        let whom = standing.patient.or(view.ticket.about.patient);
        let acts = match whom.filter(|_| ctx.permissions().has(Permission::PatientsRead)) {
            Some(patient) => {
                representatives::bond_of(app, ctx, view.ticket.contact, patient).await?
            }
            None => None,
        };
        Ok(Self {
            acts: acts.map(|bond| bond_line(page, bond)).transpose()?,
            shown,
            level: level_key(standing.level),
            by: by(page, &standing, names)?,
            look,
            is_written: standing.level > Level::L0 && standing.by.is_none(),
            may: listed(t, &may),
            not_yet: listed(t, &not_yet),
            flags: flags.into_iter().map(told).collect(),
            locked: locked.map(|until| at(page, until)).transpose()?,
            emergency: standing
                .emergency
                .map(|until| at(page, until))
                .transpose()?,
            standing,
        })
    }

    /// What an answer can hold, the usual or what was chosen first; what is not open yet says so.
    pub(super) fn classes(&self, t: Texts, category: (&str, bool), chosen: &str) -> Vec<Choice> {
        let usual = self.shown.usual(category.0, category.1);
        let chosen = Class::from_code(chosen).unwrap_or(usual);
        let choice = |class: &Class| {
            let name = t.text(class_key(*class));
            let label = if self.shown.opens(*class) {
                name.to_owned()
            } else {
                t.with("class-not-yet", "what", name).into_owned()
            };
            Choice::new(class.code(), label, *class == chosen)
        };
        Class::ALL.iter().map(choice).collect()
    }

    /// Whether an answer here goes to somebody of whom nothing is known.
    pub(super) fn unknown(&self) -> bool {
        self.standing.counts_as() == Level::L0
    }
}
