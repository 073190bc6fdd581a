//! Patients who sign in: what lets them in and what does not, what they see of themselves and of whom they act for, and that
//! nobody else sees any of it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod acting;
mod asking;
mod attacks;
mod door;
mod pages;
mod shares;
mod unsent;
mod walls;

use axum::body::Body;
use axum::http::Method;
use bedside_db::{Timestamp, args, statements};
use bedside_desk::ids::{ContactId, PatientId, TicketId};
use bedside_desk::patients::{self, NewContact, NewPatient, PointKind};
use bedside_desk::records::{Group, Scope};
use bedside_desk::{jobs, router};
use bedside_web::Locale;
use common::sink::{Sent, Sink, sink};
use common::{Answer, Browser, Desk, csrf_token};
use futures_util::FutureExt;

const DAY: i64 = 24 * 3600;
const HERE: &str = "https://desk.example";
const DOOR: &str = "/my/sign-in";
const CODE: &str = "/my/sign-in/code";

statements! {
    /// Says that a contact acts for a patient.
    ACTS = "INSERT INTO representatives (organisation_id, id, patient_id, contact_id, key_id, relationship, authority, scope, \
        young_agreed, starts_at, ends_at, ticket_id, asked_at, state) SELECT organisation_id, $2, id, $3, key_id, 'parent', \
        'permission', $4, 0, $5, $6, $2, $5, 'confirmed' FROM patients WHERE organisation_id = $1 AND id = $7";
    /// Ends all that.
    ENDS = "UPDATE representatives SET state = 'ended' WHERE organisation_id = $1 AND contact_id = $2";
}

fn person(name: &str) -> NewPatient {
    NewPatient {
        name: name.to_owned(),
        birth_date: Some("1980-05-06".to_owned()),
        mrn: None,
        locale: Some(Locale::En),
        secure_link: false,
    }
}

/// A patient with this address, on file since `days`.
async fn patient(desk: &Desk, name: &str, email: &str, days: i64) -> PatientId {
    let points = vec![(PointKind::Email, email.to_owned())];
    let id = patients::create_patient(&desk.app, &desk.system(), person(name), points)
        .await
        .unwrap();
    desk.clock.advance(days * DAY);
    id
}

/// A patient nobody writes for.
async fn alone(desk: &Desk, name: &str) -> PatientId {
    patients::create_patient(&desk.app, &desk.system(), person(name), Vec::new())
        .await
        .unwrap()
}

async fn contact_of(desk: &Desk, email: &str) -> ContactId {
    patients::contact_of_address(&desk.app, desk.organisation, email)
        .await
        .unwrap()
        .unwrap()
}

/// Lets a contact act for a patient, until then.
async fn acts(
    desk: &Desk,
    contact: ContactId,
    patient: PatientId,
    groups: &[Group],
    until: Option<Timestamp>,
) {
    let scope: Scope = groups.iter().copied().collect();
    let (organisation, now) = (desk.organisation, desk.app.now());
    let (id, scope) = (desk.app.id::<()>(), scope.bits());
    desk.app
        .db
        .write::<_, bedside_desk::error::DeskError, _>(move |tx| {
            async move {
                let row = args![organisation, id, contact, scope, now, until, patient];
                tx.execute(ACTS, row).await?;
                Ok(())
            }
            .boxed()
        })
        .await
        .unwrap();
}

async fn acts_no_more(desk: &Desk, contact: ContactId) {
    let organisation = desk.organisation;
    desk.app
        .db
        .write::<_, bedside_desk::error::DeskError, _>(move |tx| {
            async move {
                tx.execute(ENDS, args![organisation, contact]).await?;
                Ok(())
            }
            .boxed()
        })
        .await
        .unwrap();
}

async fn mails(desk: &Desk, sink: &Sink) -> Vec<Sent> {
    jobs::drain(&desk.app).await.unwrap();
    sink.take()
}

#[track_caller]
fn code_in(mail: &Sent) -> String {
    let text = mail.text();
    let mut words = text.split_whitespace();
    let code = words.find(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
    code.unwrap_or_else(|| panic!("no code in {text}"))
        .to_owned()
}

/// Asks for a code, as the page does.
async fn asks(browser: &Browser, email: &str) -> Answer {
    browser.submit(DOOR, DOOR, &[("email", email)]).await
}

async fn types(browser: &Browser, code: &str) -> Answer {
    browser.submit(CODE, CODE, &[("code", code)]).await
}

/// The code that went to this address.
async fn mailed(desk: &Desk, sink: &Sink, email: &str) -> String {
    let sent = mails(desk, sink).await;
    let is_code = |one: &&Sent| one.text().contains("Here is the code");
    let theirs = |one: &&Sent| one.to == [format!("<{email}>")];
    let mail = sent.iter().filter(theirs).find(is_code);
    code_in(mail.unwrap_or_else(|| panic!("nothing went to {email}")))
}

/// A browser in which whoever has this address is in.
async fn signed_in(desk: &Desk, sink: &Sink, email: &str) -> Browser {
    let browser = desk.visitor();
    asks(&browser, email).await.expect(303);
    let code = mailed(desk, sink, email).await;
    let entered = types(&browser, &code).await.expect(303);
    assert_eq!(entered.header("location"), Some("/my"));
    mails(desk, sink).await;
    browser
}

async fn page(browser: &Browser, path: &str) -> String {
    browser.get(path).await.expect(200).text()
}

/// Sends a form of a signed-in page.
async fn sends(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
    browser.submit(page, action, fields).await
}

/// Opens a request from the page for it; gives back where it is.
async fn writes(browser: &Browser, words: &str) -> String {
    let form = page(browser, "/my/requests/new").await;
    let at = form.find("multipart/form-data").unwrap();
    let (token, once) = (
        csrf_token(&form[at..]),
        common::hidden(&form[at..], "once").to_owned(),
    );
    let fields = [
        ("csrf_token", token.as_str()),
        ("once", &once),
        ("message", words),
    ];
    let sent = browser.post_files("/my/requests/new", &fields, &[]).await;
    if sent.status == 200 {
        // Whoever may be in danger reads whom to call, and has the request in their list.
        assert!(sent.text().contains("tel:988"));
        let list = page(browser, "/my").await;
        let ways = list.split("href=\"").skip(1);
        let mut ways = ways.filter_map(|way| way.split('"').next());
        let own = |way: &&str| way.starts_with("/my/requests/") && *way != "/my/requests/new";
        return ways.find(own).unwrap().to_owned();
    }
    let there = sent.expect(303).header("location").unwrap().to_owned();
    there.split('?').next().unwrap().to_owned()
}

fn ticket_of(path: &str) -> TicketId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

fn session_of(desk: &Desk, browser: &Browser) -> String {
    let name = router::portal_cookie(&desk.app).name().to_owned();
    let cookies = browser.cookie();
    let mut pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| *key == name);
    found.unwrap().1.to_owned()
}
