//! What stands in a mail that goes out, and what the page says of it.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_desk::audit_log::NewEntry;
use bedside_desk::ids::TicketId;
use bedside_desk::patients::{self, ContactPatch};
use bedside_desk::tickets::{self, NewTicket, Reply};
use bedside_desk::{jobs, outbound};
use bedside_language::Channel;
use common::sink::{Sent, Sink, sink};
use common::{Desk, both_engines};
use serde_json::json;

/// What was sent until now, undo windows over.
async fn sent(desk: &Desk, sink: &Sink) -> Vec<Sent> {
    jobs::drain(&desk.app).await.unwrap();
    desk.clock.advance(10);
    jobs::drain(&desk.app).await.unwrap();
    sink.take()
}

async fn by_mail(desk: &Desk, subject: &str, body: &str) -> TicketId {
    let by = desk.requester("rosa@patients.test").await;
    let new = NewTicket::new(by, Channel::Email, subject, body);
    tickets::create(&desk.app, &desk.system(), new)
        .await
        .unwrap()
        .id
}

async fn answer(desk: &Desk, ticket: TicketId, body: &str) {
    let reply = Reply::new(body);
    tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, reply)
        .await
        .unwrap();
}

/// One mail, with a link in it and nothing of what was asked or answered.
fn holds_a_link_alone(mails: &[Sent]) {
    let [link] = mails else {
        panic!("{} mails", mails.len())
    };
    assert!(
        link.text().contains("http://desk.example/t/"),
        "{}",
        link.text()
    );
    let html = link.mail().html.unwrap_or_default();
    let raw = String::from_utf8_lossy(&link.raw).into_owned();
    for whole in [raw, link.text(), link.mail().subject, html] {
        let whole = whole.to_lowercase();
        for word in ["canarynote", "zebrafinch", "at ten", ">ten<"] {
            assert!(!whole.contains(word), "{word} in {whole}");
        }
    }
}

both_engines! {
    async fn plain_text_has_the_words_and_formatting_the_marks(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Pills", "How do I take them?").await;
        let _ = sent(&desk, &sink).await;
        answer(&desk, ticket, "Take **metformina**:\r\n\r\n1. at breakfast\r\n2. at _night_").await;
        let mail = sent(&desk, &sink).await.remove(0);
        let text = mail.text().replace("\r\n", "\n");
        assert!(text.contains("Take metformina:\n\n1. at breakfast\n2. at night"), "{text}");
        assert!(!text.contains(['*', '_']), "{text}");
        let html = mail.mail().html.unwrap();
        assert!(html.contains("<strong>metformina</strong>") && html.contains("<li>at breakfast</li>"), "{html}");
    }

    async fn who_wants_no_content_in_mail_gets_a_link_though_the_clinic_asks_for_none(desk: Desk) {
        let sink = sink(&desk).await;
        assert!(!desk.app.directory.of(desk.organisation).unwrap().settings.secure_link);
        let ticket = by_mail(&desk, "Zebrafinch", "When are you open?").await;
        answer(&desk, ticket, "The canarynote says at **nine**.").await;
        let open = sent(&desk, &sink).await;
        assert!(open.last().unwrap().text().contains("canarynote"), "they have not asked for links yet");

        let agent = desk.ctx(Role::Agent);
        let contact = tickets::view(&desk.app, &agent, ticket).await.unwrap().contact;
        let wants = ContactPatch { secure_link: Some(true), ..ContactPatch::default() };
        patients::change_contact(&desk.app, &agent, contact.id, contact.version, wants).await.unwrap();
        answer(&desk, ticket, "The canarynote says at **ten**.").await;
        holds_a_link_alone(&sent(&desk, &sink).await);
    }

    async fn a_patients_wish_for_no_content_in_mail_holds_for_whoever_writes_for_them(desk: Desk) {
        let sink = sink(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        let client = desk.client("tickets:read tickets:write patients:read patients:write").await;
        let ticket = by_mail(&desk, "Zebrafinch", "When are you open?").await;
        let page = format!("/tickets/{ticket}");
        let locked = async || agent.get(&page).await.expect(200).text().contains("goes behind a secure link");
        let contact = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap().contact;

        // Ticked on the page, for a patient of whom nobody writes yet.
        let new = [("name", "Rosa Alvarez"), ("secure_link", "true")];
        let made = agent.submit("/patients/new", "/patients/new", &new).await.expect(303);
        let patient = made.header("location").unwrap().trim_start_matches("/patients/").to_owned();
        let patient = patient.split('?').next().unwrap().to_owned();
        assert!(!locked().await, "nobody has said who writes");
        let stands = json!({ "patient_id": patient });
        client.post(&format!("/api/v1/contacts/{}/patient", contact.id), &stands).await.expect(204);
        assert!(locked().await, "the composer says it before it is sent");
        sent(&desk, &sink).await;
        answer(&desk, ticket, "The canarynote says at **nine**.").await;
        holds_a_link_alone(&sent(&desk, &sink).await);

        // Taken back and given again by the API.
        let theirs = format!("/api/v1/patients/{patient}");
        let wish = async |wanted: bool| {
            let version = client.get(&theirs).await.expect(200).header("etag").unwrap().to_owned();
            client.patch(&theirs, &version, &json!({ "secure_link": wanted })).await.expect(200);
        };
        let reply = format!("/api/v1/tickets/{ticket}/messages");
        wish(false).await;
        assert!(!locked().await);
        client.post(&reply, &json!({ "body": "The canarynote is open." })).await.expect(201);
        assert!(sent(&desk, &sink).await[0].text().contains("canarynote"), "nobody asks for links any more");
        wish(true).await;
        assert!(locked().await);
        client.post(&reply, &json!({ "body": "The canarynote is closed." })).await.expect(201);
        holds_a_link_alone(&sent(&desk, &sink).await);
    }

    async fn an_answer_of_a_program_is_signed_once(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Hours", "When are you open?").await;
        sent(&desk, &sink).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap().name.clone();
        let client = desk.client("tickets:read tickets:write").await;
        let path = format!("/api/v1/tickets/{ticket}/messages");
        client.post(&path, &json!({ "body": "At nine." })).await.expect(201);
        let text = sent(&desk, &sink).await[0].text();
        assert_eq!(text.matches(&clinic).count(), 1, "{text}");
        answer(&desk, ticket, "At ten.").await;
        let text = sent(&desk, &sink).await[0].text();
        assert!(text.contains("Ana Agent") && text.matches(&clinic).count() == 1, "{text}");
    }

    async fn whoever_writes_in_spanish_is_acknowledged_in_spanish(desk: Desk) {
        let sink = sink(&desk).await;
        by_mail(&desk, "Cita", "Hola, necesito cambiar mi cita del viernes, por favor. ¿Tienen otra hora?").await;
        let mails = sent(&desk, &sink).await;
        let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        let text = mail.text();
        assert!(mail.mail().subject.starts_with("Recibimos su mensaje"), "{}", mail.mail().subject);
        assert!(text.contains("a más tardar el "), "{text}");
        assert!(text.contains("911") && text.contains("988") && !text.contains("{{"), "{text}");
        assert!(!text.contains("We have your message") && !text.contains("cita del viernes"), "{text}");
        let raw = String::from_utf8_lossy(&mail.raw).to_lowercase();
        assert!(raw.contains("lang=\"es\"") || mail.mail().html.unwrap().contains("lang=\"es\""), "{raw}");
    }

    async fn the_page_says_that_an_answer_came_back_and_what_to_do(desk: Desk) {
        let sink = sink(&desk).await;
        let ticket = by_mail(&desk, "Hours", "When are you open?").await;
        answer(&desk, ticket, "At nine").await;
        let mails = sent(&desk, &sink).await;
        let number = tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket).await.unwrap().ticket.number;
        let path = format!("/tickets/{number}");
        let agent = desk.browser(Role::Agent).await;
        let before = agent.get(&path).await.expect(200).text();
        assert!(before.contains("At their mail server") && !before.contains("Came back"), "{before}");

        let id = mails.last().unwrap().mail().message_id.unwrap();
        let id = outbound::named(&desk.app, desk.organisation, &format!("<{id}>")).unwrap().unwrap();
        let system = desk.system();
        let noted = desk.app.command(&system, move |work| Box::pin(async move {
            work.audit(NewEntry::new("test", "organisation", work.ctx.organisation));
            outbound::bounced(work, id, "5.1.1").await
        }));
        assert_eq!(noted.await.unwrap(), Some(ticket));
        let after = agent.get(&path).await.expect(200).text();
        assert!(after.contains("Came back") && !after.contains("At their mail server"), "{after}");
        assert!(after.contains("Please check the address or call them."), "{after}");
    }
}
