//! The patient-support desk.
//!
//! One folder a part; each part's `service` (or the functions it re-exports) is its only door. The one route of a
//! command: authorize, decide, write rows + audit entry + events + jobs in one transaction ([`app::App::command`]),
//! commit, wake live subscribers and the job runner.

pub mod admin;
pub mod api;
pub mod app;
pub mod audit_log;
pub mod cli;
mod codes;
pub mod config;
pub mod context;
pub mod corrections;
pub mod demo;
pub mod downloads;
pub mod drafts;
pub mod error;
pub mod events;
pub mod example;
pub mod feedback;
pub mod field_group;
pub mod identity;
pub mod ids;
pub mod intake;
pub mod jobs;
pub mod knowledge;
pub mod links;
pub mod mailboxes;
pub mod names;
pub mod observe;
pub mod once;
pub mod orgs;
pub mod outbound;
pub mod pages;
pub mod passkeys;
pub mod patients;
pub mod portal;
pub mod privacy;
pub mod provisioning;
pub mod public;
pub mod recertification;
pub mod records;
pub mod renewals;
pub mod representatives;
pub mod router;
pub mod scim;
pub mod search;
pub mod security_log;
pub mod server;
pub mod sla;
pub mod staff;
pub mod startup;
pub mod storage;
pub mod surveys;
pub mod tickets;
pub mod timeline;
pub mod triage;
pub mod work;

/// Every SQL statement of the desk, for the test that prepares them on both engines.
pub fn statements() -> impl Iterator<Item = &'static bedside_db::Statement> {
    [
        audit_log::STATEMENTS,
        corrections::STATEMENTS,
        demo::STATEMENTS,
        drafts::STATEMENTS,
        events::STATEMENTS,
        feedback::STATEMENTS,
        identity::STATEMENTS,
        identity::by_hand::STATEMENTS,
        identity::sight::STATEMENTS,
        identity::signs::STATEMENTS,
        intake::email::STATEMENTS,
        links::STATEMENTS,
        mailboxes::STATEMENTS,
        once::ALL,
        orgs::STATEMENTS,
        outbound::STATEMENTS,
        passkeys::STATEMENTS,
        patients::STATEMENTS,
        patients::linking::STATEMENTS,
        patients::sign_in::STATEMENTS,
        patients::ways::STATEMENTS,
        portal::STATEMENTS,
        privacy::breaches::STATEMENTS,
        privacy::clocks::STATEMENTS,
        privacy::consents::STATEMENTS,
        privacy::copies::STATEMENTS,
        privacy::disclosures::STATEMENTS,
        privacy::erasure::STATEMENTS,
        privacy::erasure::reseal::STATEMENTS,
        privacy::filters::STATEMENTS,
        privacy::notices::STATEMENTS,
        privacy::requests::STATEMENTS,
        privacy::requests::blocking::STATEMENTS,
        privacy::requests::standing::STATEMENTS,
        privacy::requests::ways::STATEMENTS,
        privacy::retention::STATEMENTS,
        privacy::retention::kinds::STATEMENTS,
        privacy::watch::STATEMENTS,
        provisioning::STATEMENTS,
        recertification::STATEMENTS,
        records::STATEMENTS,
        records::whose::STATEMENTS,
        renewals::STATEMENTS,
        representatives::STATEMENTS,
        staff::STATEMENTS,
        staff::factors::STATEMENTS,
        staff::sessions::STATEMENTS,
        staff::sso::STATEMENTS,
        surveys::STATEMENTS,
        tickets::STATEMENTS,
        tickets::labels::STATEMENTS,
        tickets::nurse::STATEMENTS,
        tickets::tags::STATEMENTS,
        tickets::release::STATEMENTS,
        timeline::STATEMENTS,
        timeline::files::STATEMENTS,
    ]
    .into_iter()
    .flatten()
    .chain(bedside_db::own_statements())
}
