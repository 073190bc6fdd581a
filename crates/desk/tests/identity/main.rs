//! Who is asking: each level, what refuses it, what takes it away, and that nothing on file is told on the way.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod addresses;
mod confidential;
mod levels;
mod linking;
mod locks;
mod medians;
mod noticed;
mod other_queue;
mod past_the_rules;
mod pretexts;
mod representatives;
mod saying;
mod sight;
mod signs;
mod unlocked;

use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::records::{Label, Labels};
use bedside_desk::{jobs, tickets};
use bedside_web::Locale;
use common::sink::{Sent, Sink};
use common::{Browser, Desk, Role};

const NAME: &str = "Zoraida Quetzalli";
const BORN: &str = "1951-06-07";
const MRN: &str = "QZ-4471";
const PHONE: &str = "+1 312 555 0193";
const MAIL: &str = "zora@quetzal.test";
const MASKED_MAIL: &str = "z•••@q•••.test";
const MASKED_PHONE: &str = "••• 93";
const DAY: i64 = 24 * 3600;

/// What stands on no page, whatever is shown of the person.
const ADDRESSES: &[&str] = &[
    "zora@",
    "quetzal.test",
    "5550193",
    "555 0193",
    "QZ-4471",
    "1951",
];

/// The patient, on file since `days`.
async fn patient(desk: &Desk, days: i64) -> PatientId {
    let new = NewPatient {
        name: NAME.to_owned(),
        birth_date: Some(BORN.to_owned()),
        mrn: Some(MRN.to_owned()),
        locale: Some(Locale::En),
        secure_link: false,
    };
    let points = vec![
        (PointKind::Email, MAIL.to_owned()),
        (PointKind::Phone, PHONE.to_owned()),
    ];
    let id = patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap();
    desk.clock.advance(days * DAY);
    id
}

/// Gives the patient this label and no other.
async fn label(desk: &Desk, id: PatientId, label: Label) {
    let (app, ctx) = (&desk.app, desk.system());
    let seen = patients::patient(app, &ctx, id).await.unwrap();
    let labels = Labels::NONE.with(label);
    patients::label_patient(app, &ctx, id, seen.version, labels)
        .await
        .unwrap();
}

/// A conversation, as an agent has it before them.
struct Talk {
    id: TicketId,
    page: String,
    agent: Browser,
}

impl Talk {
    async fn with(desk: &Desk, address: &str) -> Self {
        Self::about(desk, address, "I have a question.").await
    }

    async fn about(desk: &Desk, address: &str, words: &str) -> Self {
        let id = desk.ticket(address, "A question", words).await;
        Self {
            id,
            page: format!("/tickets/{}", number(desk, id).await),
            agent: desk.browser(Role::Agent).await,
        }
    }

    fn verify(&self) -> String {
        format!("{}/verify", self.page)
    }

    /// The page of the conversation's verification.
    async fn seen(&self) -> String {
        self.agent.get(&self.verify()).await.expect(200).text()
    }

    /// Sends a form of it; gives back the status and what is said afterwards.
    async fn send(&self, form: &str, fields: &[(&str, &str)]) -> (u16, String) {
        send(&self.agent, &self.verify(), form, fields).await
    }

    async fn tell(&self, name: &str, born: &str, factor: &str, value: &str) -> (u16, String) {
        let fields = [
            ("name", name),
            ("birth_date", born),
            ("factor", factor),
            ("value", value),
        ];
        self.send("details", &fields).await
    }

    /// To the first level.
    async fn first(&self) {
        let (status, page) = self.tell(NAME, BORN, "mrn", MRN).await;
        assert!(
            status == 303 && page.contains("That matches."),
            "{status} {page}"
        );
    }

    /// To the second one; the code.
    async fn second(&self, desk: &Desk, sink: &Sink) -> String {
        self.first().await;
        self.code_to(desk, sink).await
    }

    async fn code_to(&self, desk: &Desk, sink: &Sink) -> String {
        let code = self.mailed(desk, sink).await;
        let (_, page) = self.send("answer", &[("code", &code)]).await;
        assert!(page.contains("The code is right."), "{page}");
        code
    }

    /// A code that went out.
    async fn mailed(&self, desk: &Desk, sink: &Sink) -> String {
        let choice = choice(&self.seen().await, MASKED_MAIL);
        let (_, page) = self.send("code", &[("choice", &choice)]).await;
        assert!(page.contains("The code is on its way."), "{page}");
        let mails = sent(desk, sink).await;
        let mail = mails.iter().rfind(|mail| is_to(mail, MAIL)).unwrap();
        code_in(mail)
    }

    /// From the second level to the third, by a call.
    async fn third(&self) {
        let choice = choice(&self.seen().await, MASKED_PHONE);
        self.send("call", &[("choice", &choice)]).await;
        let task = common::hidden(&self.seen().await, "task").to_owned();
        self.send("number", &[("task", &task)]).await;
        let (_, page) = self
            .send("called", &[("task", &task), ("yes", "true")])
            .await;
        assert!(page.contains("Level 3"), "{page}");
    }
}

async fn send(
    browser: &Browser,
    verify: &str,
    form: &str,
    fields: &[(&str, &str)],
) -> (u16, String) {
    let answer = browser
        .submit(verify, &format!("{verify}/{form}"), fields)
        .await;
    let status = answer.status;
    if status == 303 {
        let to = answer.header("location").unwrap().to_owned();
        return (status, browser.get(&to).await.expect(200).text());
    }
    (status, answer.text())
}

async fn number(desk: &Desk, id: TicketId) -> i64 {
    tickets::view(&desk.app, &desk.system(), id)
        .await
        .unwrap()
        .ticket
        .number
}

/// What stands for an address in the forms of a page.
#[track_caller]
fn choice(page: &str, masked: &str) -> String {
    let at = page
        .find(&format!("\">{masked}</option>"))
        .unwrap_or_else(|| panic!("no {masked} in {page}"));
    page[..at].rsplit('"').next().unwrap().to_owned()
}

async fn sent(desk: &Desk, sink: &Sink) -> Vec<Sent> {
    jobs::drain(&desk.app).await.unwrap();
    sink.take()
}

/// Whether a mail goes to this address alone.
fn is_to(mail: &Sent, address: &str) -> bool {
    mail.to == [format!("<{address}>")]
}

#[track_caller]
fn code_in(mail: &Sent) -> String {
    let text = mail.text();
    let mut words = text.split_whitespace();
    let code = words.find(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
    code.unwrap_or_else(|| panic!("no code in {text}"))
        .to_owned()
}

/// A page without what is another one each time.
fn masked(page: &str) -> String {
    let page = page.replace(&common::csrf_token(page), "TOKEN");
    // Where all is locked there is no form of this page's own.
    if !page.contains("name=\"once\"") {
        return page;
    }
    let once = common::hidden(&page, "once").to_owned();
    page.replace(&once, "ONCE")
}

/// Nothing of an address, number or date on file.
#[track_caller]
fn tells_no_address(page: &str) {
    for word in ADDRESSES {
        assert!(!page.contains(word), "{word} in {page}");
    }
}

/// What the log says was done in a conversation, newest first, as (action, outcome).
async fn log(desk: &Desk, id: TicketId) -> Vec<(String, String)> {
    let entries = bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 100)
        .await
        .unwrap();
    let of_ticket = entries
        .into_iter()
        .filter(|entry| entry.object_id == id.to_string() && entry.action.starts_with("identity."));
    of_ticket
        .map(|entry| (entry.action, entry.outcome))
        .collect()
}
