//! Our own mail comes back: as it went out, sent on with other words in it, quoted in answers.

use super::{answer, by_mail, drain, send};
use crate::common::Role;
use crate::common::sink::{Sent, Sink, sink};
use crate::common::{Desk, both_engines};
use bedside_desk::ids::TicketId;
use bedside_desk::intake::email::{Source, Via, processor, receive};
use bedside_desk::tickets::{self, Patch, Status, TicketView, Urgency, View};

const DANGER: &str = "I want to kill myself tonight. I have the pills here.";

async fn arrives(desk: &Desk, raw: &[u8]) {
    let source = Source::new(Via::Receiver);
    receive(&desk.app, desk.organisation, None, source, raw)
        .await
        .unwrap();
    processor::drain(&desk.app).await.unwrap();
}

async fn count(desk: &Desk) -> usize {
    let ctx = desk.ctx(Role::Agent);
    let list = tickets::list(&desk.app, &ctx, &View::Active, None, 100).await;
    list.unwrap().rows.len()
}

async fn view(desk: &Desk, ticket: TicketId) -> TicketView {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), ticket)
        .await
        .unwrap()
}

/// A request in Spanish or English with the mails that went out for it: acknowledgement, answer, rating.
async fn conversation(desk: &Desk, sink: &Sink, body: &str) -> (TicketId, Vec<Sent>) {
    // Nobody is acknowledged or asked twice a day.
    desk.clock.advance(25 * 3600);
    let ticket = by_mail(desk, "Rosa", "My pills", body).await;
    drain(desk).await;
    answer(
        desk,
        ticket,
        "They are **ready**. Please come by on Monday,\n\n- with your card\n- and [this form](https://clinic.example/form) filled in.",
    )
    .await;
    let version = view(desk, ticket).await.ticket.version;
    let patch = Patch {
        status: Some(Status::Resolved),
        ..Patch::default()
    };
    tickets::change(&desk.app, &desk.ctx(Role::Nurse), ticket, version, patch)
        .await
        .unwrap();
    send(desk).await;
    let sent = sink.take();
    assert_eq!(
        sent.len(),
        3,
        "{:?}",
        sent.iter().map(Sent::text).collect::<Vec<_>>()
    );
    (ticket, sent)
}

/// The words of a mail as another program breaks them, behind this mark.
fn wrapped(text: &str, mark: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut out = mark.to_owned();
        for word in line.split_whitespace() {
            if out.len() + word.len() > 50 && out.len() > mark.len() {
                lines.push(std::mem::replace(&mut out, mark.to_owned()));
            }
            out.push_str(word);
            out.push(' ');
        }
        lines.push(out);
    }
    lines
}

/// An answer to a mail of ours, which is quoted in this way; `inside` stands among the quoted lines.
fn answered(sent: &Sent, number: usize, is_marked: bool, inside: Option<&str>) -> String {
    let mail = sent.mail();
    let id = mail.message_id.unwrap();
    let (introduction, mark) = if is_marked {
        (
            "On Mon, Sep 21, 2026 at 9:00 AM Clinic <help@clinic.example> wrote:\n",
            "> ",
        )
    } else {
        (
            "-----Original Message-----\nFrom: Clinic\nSent: Monday\nTo: Rosa\nSubject: x\n",
            "",
        )
    };
    let mut lines = wrapped(&sent.text(), mark);
    if let Some(inside) = inside {
        lines.insert(lines.len() / 2, inside.to_owned());
    }
    let text =
        format!("Thank you.\n\n{introduction}\n{}\n", lines.join("\n")).replace('\n', "\r\n");
    format!(
        "From: rosa@patients.test\r\nTo: help@clinic.example\r\nSubject: Re: {}\r\nMessage-ID: <q{number}{is_marked}{}@patients.test>\r\n\
         In-Reply-To: <{id}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}",
        mail.subject,
        inside.is_some(),
    )
}

both_engines! {
    async fn what_went_out_and_comes_back_is_known_and_what_was_added_is_kept(desk: Desk) {
        let sink = sink(&desk).await;
        let (_, mut all) = conversation(&desk, &sink, "When can I pick up my pills?").await;
        by_mail(&desk, "Rosa", "Now", DANGER).await;
        drain(&desk).await;
        all.extend(sink.take());
        assert_eq!(all.len(), 4);
        for sent in all {
            let before = count(&desk).await;
            arrives(&desk, &sent.raw).await;
            assert_eq!(count(&desk).await, before, "{}", sent.text());
            // A patient's program sends it on with its header, and with words of theirs.
            let mail = sent.mail();
            let (id, origin) = (mail.message_id.clone().unwrap(), desk.app.config.mail_domain());
            let sent_on = |id: &str, text: &str| format!(
                "From: help@clinic.example\r\nTo: help@clinic.example\r\nSubject: {}\r\nMessage-ID: <{id}>\r\n\
                 X-Bedside-Origin: {origin}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
                mail.subject,
            );
            arrives(&desk, sent_on(&id, &format!("I need help please, chest pain\r\n\r\n{}", sent.text())).as_bytes()).await;
            assert_eq!(count(&desk).await, before + 1, "{}", sent.text());
            // The mark by itself is anybody's.
            arrives(&desk, sent_on(&format!("x{id}"), &sent.text()).as_bytes()).await;
            assert_eq!(count(&desk).await, before + 2, "{}", sent.text());
        }
        drain(&desk).await;
        assert_eq!(sink.sent().len(), 0, "what came from us is never answered by itself");
    }

    async fn our_own_warning_as_a_file_is_nobodys_cry(desk: Desk) {
        let sink = sink(&desk).await;
        by_mail(&desk, "Rosa", "Help", DANGER).await;
        drain(&desk).await;
        let sent = sink.take();
        let warning = sent.iter().find(|mail| mail.to == ["<rosa@patients.test>"]).unwrap();
        let ours = String::from_utf8(warning.raw.clone()).unwrap();
        assert!(warning.text().contains("988"));
        let newest = async || {
            let list = tickets::list(&desk.app, &desk.ctx(Role::Agent), &View::Active, None, 100).await.unwrap();
            list.rows.into_iter().max_by_key(|row| row.ticket.number).unwrap().ticket
        };
        for (number, (file, safety)) in [
            (ours.clone(), "none"),
            // Anybody's words in front of it are read.
            (format!("From: luis@elsewhere.test\r\nSubject: Look\r\n\r\n{DANGER}\r\n"), "emergency"),
        ].into_iter().enumerate() {
            let raw = format!(
                "From: Luis <luis{number}@elsewhere.test>\r\nTo: help@clinic.example\r\nSubject: My form\r\nMessage-ID: <fwd{number}@elsewhere.test>\r\n\
                 MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"outermost\"\r\n\r\n\
                 --outermost\r\nContent-Type: text/plain\r\n\r\nPlease find the form for my insurance attached.\r\n\
                 --outermost\r\nContent-Type: message/rfc822\r\n\r\n{file}\r\n--outermost--\r\n"
            );
            arrives(&desk, raw.as_bytes()).await;
            assert_eq!(newest().await.safety, safety, "{raw}");
        }
    }

    async fn an_answer_is_what_is_not_ours(desk: Desk) {
        let sink = sink(&desk).await;
        for words in ["When can I pick up my pills?", "Buenos días, ¿cuándo puedo recoger mis pastillas, por favor?"] {
            for is_marked in [true, false] {
                // What was cried a week ago counts no more.
                desk.clock.advance(8 * 24 * 3600);
                let (ticket, sent) = conversation(&desk, &sink, words).await;
                for (number, sent) in sent.iter().enumerate() {
                    arrives(&desk, answered(sent, number, is_marked, None).as_bytes()).await;
                    let view = view(&desk, ticket).await;
                    let last = view.messages.last().unwrap();
                    assert_eq!(last.body.trim(), "Thank you.", "{}", sent.text());
                    assert!(last.envelope.as_ref().unwrap().quoted.contains("Clinic"));
                    assert_eq!(view.ticket.safety, "none", "{}", sent.text());
                }
                drain(&desk).await;
                assert_eq!(sink.take().len(), 0);
                let cry = answered(&sent[1], 9, is_marked, Some(DANGER));
                arrives(&desk, cry.as_bytes()).await;
                let view = view(&desk, ticket).await;
                assert_eq!(view.ticket.urgency, Urgency::Emergency, "{cry}");
                assert!(view.messages.last().unwrap().body.contains(DANGER), "{cry}");
                drain(&desk).await;
                assert_eq!(sink.take().len(), 1, "they hear where to call");
            }
        }
    }
}
