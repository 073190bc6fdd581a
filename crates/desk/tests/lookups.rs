//! What somebody without a right to know learns by asking whether something is there: nothing, neither by what they read nor by
//! how long it takes. The patients' door has the same in `portal/attacks.rs`, callers in `identity/medians.rs`.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::context::{Ctx, Permissions, Source};
use bedside_desk::links::{self, Purpose};
use bedside_desk::tickets::NewTicket;
use bedside_desk::{config, orgs, patients, staff, startup, tickets};
use bedside_language::Channel;
use bedside_vault::secret;
use common::medians::alike;
use common::{Answer, Client, Desk, Role, both_engines, csrf_token};
use futures_util::FutureExt;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

/// Everything that an answer says, without what was asked for and a form's own token.
fn plain(answer: &Answer, asked: &str) -> (u16, Vec<String>, String) {
    let names = answer.headers.keys().map(ToString::to_string).collect();
    let mut text = answer.text();
    if text.contains("name=\"csrf_token\"") {
        text = text.replace(&csrf_token(&text), "");
    }
    (answer.status, names, text.replace(asked, ""))
}

/// What another clinic on the same desk has: a request, and a patient with this record number.
async fn elsewhere(desk: &Desk, mrn: &str) -> String {
    let app = &desk.app;
    let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
    let new = config::organisation::new_organisation(&clinic, "neighbour", &app.ids, app.now());
    let organisation = orgs::create(app, new).await.unwrap();
    let ctx = Ctx::system(organisation, "test", Source::Job);
    let requester =
        patients::requester_by_email(app, organisation, "rosa@patient.example", None, None);
    let new = NewTicket::new(requester.await.unwrap(), Channel::Email, "My bill", "Why?");
    let ticket = tickets::create(app, &ctx, new).await.unwrap().id;
    let patient = patients::NewPatient {
        name: "Luis Ruiz".to_owned(),
        birth_date: None,
        mrn: Some(mrn.to_owned()),
        locale: None,
        secure_link: false,
    };
    patients::create_patient(app, &ctx, patient, Vec::new())
        .await
        .unwrap();
    ticket.to_string()
}

both_engines! {
    async fn attack_10_a_link_that_was_ended_is_answered_like_one_that_never_was(desk: Desk) {
        let ticket = desk.ticket("rosa@patient.example", "Hours", "When are you open?").await;
        let contact = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().contact.id;
        let system = desk.system();
        let made = desk.app.command(&system, move |work| links::make(work, Purpose::Thread, ticket, contact).boxed());
        let link = made.await.unwrap();
        links::revoke_ticket(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap();
        let visitor = desk.visitor();
        let mut said = BTreeSet::new();
        alike("a link", 60, async |is_there, _| {
            let token = if is_there { link.clone() } else { secret::random_token() };
            let way = format!("/t/{token}");
            let started = Instant::now();
            let answer = visitor.get(&way).await;
            let took = started.elapsed();
            said.insert(plain(&answer.expect(410), &token));
            took
        }).await;
        assert_eq!(said.len(), 1, "{said:?}");
    }

    async fn attack_10_a_token_that_was_taken_back_is_answered_like_one_that_never_was(desk: Desk) {
        let new = staff::NewToken { name: "test".to_owned(), scopes: Permissions::ALL, queues: staff::Queues::All, expires_at: None };
        let (id, token) = staff::create_token(&desk.app, &desk.system(), new).await.unwrap();
        staff::revoke_token(&desk.app, &desk.system(), id).await.unwrap();
        let clients = [format!("bsd_{}", secret::random_token()), token].map(|token| Client::new(&desk.app, Some(token)));
        let mut said = BTreeSet::new();
        alike("a token", 60, async |is_there, _| {
            let started = Instant::now();
            let answer = clients[usize::from(is_there)].get("/api/v1/me").await;
            let took = started.elapsed();
            said.insert(plain(&answer.expect(401), "-"));
            took
        }).await;
        assert_eq!(said.len(), 1, "{said:?}");
    }

    async fn attack_10_what_another_clinic_has_is_answered_like_what_nobody_has(desk: Desk) {
        let theirs = elsewhere(&desk, "KK-77").await;
        let client = desk.client("tickets:read patients:read fields:identifiers").await;
        let mut said = BTreeSet::new();
        alike("a request's id", 60, async |is_there, round| {
            let id = if is_there { theirs.clone() } else { format!("01890000-0000-7000-8000-{round:012x}") };
            let way = format!("/api/v1/tickets/{id}");
            let started = Instant::now();
            let answer = client.get(&way).await;
            let took = started.elapsed();
            said.insert(plain(&answer.expect(404), &id));
            took
        }).await;
        assert_eq!(said.len(), 1, "{said:?}");
        said.clear();
        alike("a record number", 60, async |is_there, round| {
            let mrn = if is_there { "KK-77".to_owned() } else { format!("KK-{}", 1000 + round) };
            let wanted = json!({ "mrn": mrn });
            let started = Instant::now();
            let answer = client.post("/api/v1/patients/search", &wanted).await;
            let took = started.elapsed();
            said.insert(plain(&answer.expect(200), &mrn));
            took
        }).await;
        assert_eq!(said.len(), 1, "{said:?}");
    }

    /// Beside `attack_10_an_unknown_address_takes_the_same_work`, which counts what a look at a password costs: what stands
    /// around that look takes no time that would tell.
    async fn attack_10_an_unknown_address_takes_as_long(desk: Desk) {
        let agent = desk.id_of(Role::Agent);
        staff::set_password(&desk.app, &desk.system(), agent, "correct horse battery staple").await.unwrap();
        let visitor = desk.visitor();
        let mut said = BTreeSet::new();
        alike("an address", 15, async |is_there, round| {
            let email = if is_there { "agent@clinic.example".to_owned() } else { format!("never{round}@clinic.example") };
            desk.clock.advance(3600);
            let token = csrf_token(&visitor.get("/sign-in").await.expect(200).text());
            let fields = [("csrf_token", token.as_str()), ("email", &email), ("password", "wrong wrong wrong")];
            let started = Instant::now();
            let answer = visitor.post("/sign-in", &fields).await;
            let took = started.elapsed();
            said.insert(plain(&answer.expect(422), &email));
            took
        }).await;
        assert_eq!(said.len(), 1, "{said:?}");
    }
}
