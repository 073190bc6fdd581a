//! What patients ask for their data by law: opened from a patient's page or a ticket, decided by whoever has
//! `privacy:manage`.

mod blocking;
mod copy;
mod decide;
mod erase;
mod holds;
mod lasting;
mod new;
mod show;
mod ways;

use crate::privacy::requests::{Decision, Law, State, Step};
use crate::router::Route;

pub(super) use show::{Lately, lately};

pub(super) fn routes() -> Vec<Route> {
    [
        new::routes(),
        show::routes(),
        decide::routes(),
        blocking::routes(),
        copy::routes(),
        erase::routes(),
        holds::routes(),
        lasting::routes(),
        ways::routes(),
    ]
    .concat()
}

/// Text key of a law.
pub const fn law_key(law: Law) -> &'static str {
    match law {
        Law::Hipaa => "privacy-law-hipaa",
        Law::Gdpr => "privacy-law-gdpr",
    }
}

/// Text key of where a request stands.
const fn state_key(state: State) -> &'static str {
    match state {
        State::Open => "privacy-state-open",
        State::Decided => "privacy-state-decided",
        State::Closed => "privacy-state-closed",
    }
}

/// Text key of a decision.
const fn decision_key(decision: Decision) -> &'static str {
    match decision {
        Decision::Granted => "privacy-decision-granted",
        Decision::Partly => "privacy-decision-partly",
        Decision::Refused => "privacy-decision-refused",
        Decision::Withdrawn => "privacy-decision-withdrawn",
    }
}

/// Text key of what is to be done next.
const fn step_key(step: Step) -> &'static str {
    match step {
        Step::Identify => "privacy-step-identify",
        Step::SecondPerson => "privacy-step-second",
        Step::Decide => "privacy-step-decide",
        Step::MakeCopy => "privacy-step-copy",
        Step::Show => "privacy-step-show",
        Step::PutRight => "privacy-step-put-right",
        Step::Restrict => "privacy-step-restrict",
        Step::Destroy => "privacy-step-destroy",
        Step::GiveList => "privacy-step-list",
        Step::Stop => "privacy-step-stop",
        Step::LookInto => "privacy-step-look-into",
        Step::TellOthers => "privacy-step-tell-others",
        Step::WriteRefusal => "privacy-step-refusal",
        Step::Answer => "privacy-step-answer",
    }
}

/// Text key of a law's reason; its code has underscores.
pub(super) fn reason_key(code: &str) -> String {
    format!("privacy-reason-{}", code.replace('_', "-"))
}
