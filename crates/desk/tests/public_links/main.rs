//! The pages behind a person's links, as a browser without scripts sees them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "../common/mod.rs"]
mod common;

mod attacks;
mod closed;
mod ends;
mod ratings;
mod threads;

use crate::common::Role;
use bedside_desk::ids::{ContactId, PatientId, TicketId};
use bedside_desk::links::{self, Purpose};
use bedside_desk::patients;
use bedside_desk::tickets::{self, Reply};
use common::{Answer, Browser, Desk, hidden};
use futures_util::FutureExt;

const ATTACK: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)></textarea>";

async fn contact(desk: &Desk, ticket: TicketId) -> ContactId {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await;
    view.unwrap().ticket.contact
}

/// A patient's own request, one of whoever writes for them, and the patient.
async fn of_one_patient(desk: &Desk) -> (TicketId, TicketId, PatientId) {
    let agent = desk.ctx(Role::Agent);
    let own = desk
        .ticket("rosa@patients.test", "Zebrafish", "My quokka pills")
        .await;
    let carers = desk
        .ticket("carer@patients.test", "Wombat", "Her numbat drops")
        .await;
    let patient = patients::NewPatient {
        name: "Rosa Alvarez".to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let patient = patients::create_patient(&desk.app, &agent, patient, Vec::new())
        .await
        .unwrap();
    for ticket in [own, carers] {
        let contact = contact(desk, ticket).await;
        tickets::link_contact(&desk.app, &desk.system(), contact, Some(patient))
            .await
            .unwrap();
    }
    (own, carers, patient)
}

/// A fresh link of the person behind `ticket`.
async fn link_of(desk: &Desk, purpose: Purpose, ticket: TicketId) -> String {
    let contact = contact(desk, ticket).await;
    let system = desk.system();
    desk.app
        .command(&system, move |work| {
            links::make(work, purpose, ticket, contact).boxed()
        })
        .await
        .unwrap()
}

async fn revoke(desk: &Desk, ticket: TicketId) -> u64 {
    links::revoke_ticket(&desk.app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap()
}

async fn answer(desk: &Desk, ticket: TicketId, body: &str) {
    let reply = Reply::new(body);
    tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, reply)
        .await
        .unwrap();
    desk.clock.advance(60);
}

async fn messages(desk: &Desk, ticket: TicketId) -> Vec<bedside_desk::timeline::MessageView> {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap()
        .messages
}

/// Presses the button on the link's page.
async fn open(browser: &Browser, link: &str) -> Answer {
    let page = format!("/t/{link}");
    browser.submit(&page, &format!("{page}/open"), &[]).await
}

/// Writes on the open thread.
async fn write(
    browser: &Browser,
    link: &str,
    words: &str,
    files: &[(&str, &str, &str, &[u8])],
) -> Answer {
    let page = browser.get(&format!("/t/{link}")).await.expect(200).text();
    let fields = [
        ("csrf_token", hidden(&page, "csrf_token")),
        ("once", hidden(&page, "once")),
        ("lang", "en"),
        ("message", words),
    ];
    browser
        .post_files(&format!("/t/{link}/reply"), &fields, files)
        .await
}
