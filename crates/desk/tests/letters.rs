//! What stands in a mail that goes out, and what the page says of it.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use bedside_desk::audit_log::NewEntry;
use bedside_desk::context::Role;
use bedside_desk::ids::TicketId;
use bedside_desk::patients::{self, ContactPatch};
use bedside_desk::tickets::{self, NewTicket, Reply};
use bedside_desk::{jobs, outbound};
use bedside_language::Channel;
use common::sink::{Sent, Sink, sink};
use common::{Desk, both_engines};

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

both_engines! {
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
        let mails = sent(&desk, &sink).await;
        let [link] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        assert!(link.text().contains("http://desk.example/t/"), "{}", link.text());
        let html = link.mail().html.unwrap_or_default();
        for whole in [String::from_utf8_lossy(&link.raw).into_owned(), link.text(), html] {
            let whole = whole.to_lowercase();
            for word in ["canarynote", "zebrafinch", "at ten", ">ten<"] {
                assert!(!whole.contains(word), "{word} in {whole}");
            }
        }
        assert!(!link.mail().subject.contains("Zebrafinch"), "{}", link.mail().subject);
    }

    async fn whoever_writes_in_spanish_is_acknowledged_in_spanish(desk: Desk) {
        let sink = sink(&desk).await;
        by_mail(&desk, "Cita", "Hola, necesito cambiar mi cita del viernes, por favor. ¿Tienen otra hora?").await;
        let mails = sent(&desk, &sink).await;
        let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        let text = mail.text();
        assert!(mail.mail().subject.starts_with("Recibimos su mensaje"), "{}", mail.mail().subject);
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
