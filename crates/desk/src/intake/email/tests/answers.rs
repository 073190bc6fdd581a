//! What an answer says, wherever its words stand in the mail.

use super::{ANA, Desk, on_both, plain};
use crate::search;
use crate::tickets::{self, Reply, TicketView, Urgency};

/// Opens a request of this person's, and gives it with the way to answer it.
async fn opened(desk: &Desk, name: &str) -> (TicketView, String) {
    desk.mail(plain(name, "", "I need a refill.").replace("ana@", name))
        .await;
    let view = desk.tickets().await.pop().unwrap();
    let address = desk.reply_address(&view);
    (view, address)
}

#[tokio::test]
async fn a_cry_for_help_is_seen_wherever_it_stands() {
    on_both(async |desk: Desk| {
        let written = "On Thu, Nov 26, 2026 at 9:00 AM Riverside <care@clinic.test> wrote:";
        let marker = "-- please write above this line --";
        for (number, (answer, danger)) in [
            (
                format!("Hello,\r\n\r\n{written}\r\n> {marker}\r\n> We have your message.\r\n\r\nI want to kill myself tonight. I have the pills here."),
                "I want to kill myself tonight",
            ),
            (
                "Please read what my daughter sent me.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Eva <eva@x.test>\r\n\
                 Date: Mon, Nov 23, 2026 at 8:00 PM\r\nSubject: mum\r\nTo: Ana\r\n\r\nI took all my pills. I want to die."
                    .to_owned(),
                "I took all my pills",
            ),
            (
                "Hi, I have a question about the pills.\r\n\r\nOn Monday at 10:30 the nurse wrote:\r\n\r\ntake two. Since then I \
                 have crushing chest pain and can't breathe."
                    .to_owned(),
                "crushing chest pain",
            ),
            (
                format!("See my answers below.\r\n\r\nFrom: Clinic <care@clinic.test>\r\nSent: Monday\r\nTo: Ana\r\nSubject: x\r\n\r\n{marker}\r\n\
                         How are you today?\r\nI want to kill myself.\r\nDo you sleep well?\r\nNo.\r\n"),
                "I want to kill myself",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let name = format!("person{number}@");
            let sender = ANA.replace("ana@", &name);
            let (view, address) = opened(&desk, &name).await;
            let mail = plain(&format!("answer{number}"), "", &answer).replace(ANA, &sender);
            desk.comes(&sender, &address, mail).await;
            desk.work().await;
            let after = tickets::view(&desk.app, &desk.ctx(), view.ticket.id).await.unwrap();
            assert_eq!(after.messages.len(), 2, "{answer}");
            assert!(after.messages[1].body.contains(danger), "{}", after.messages[1].body);
            assert_eq!(after.ticket.urgency, Urgency::Emergency, "{answer}");
            search::catch_up(&desk.app, desk.organisation).await.unwrap();
            // The space says that the last word is whole.
            let words = format!("{danger} ");
            let found = search::find(&desk.app, &desk.ctx(), &words, None, 20).await.unwrap();
            assert!(found.rows.iter().any(|hit| hit.row.ticket.id == view.ticket.id), "{answer}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_cry_for_help_beside_a_ticket_and_in_a_subject_is_seen_too() {
    on_both(async |desk: Desk| {
        let (view, address) = opened(&desk, "ana@").await;
        let reply = Reply::new("Are you thinking of hurting yourself? Then please call 988 now.");
        tickets::reply(&desk.app, &desk.ctx(), view.ticket.id, reply).await.unwrap();
        let quoted = "Thank you.\r\n\r\nOn Mon, Sep 21, 2026 at 9:00 AM Clinic <desk@clinic.test> wrote:\r\n\
                      > Are you thinking of hurting yourself?\r\n> Then please call 988 now.\r\n";
        desk.comes(ANA, &address, plain("calm", "", quoted)).await;
        desk.work().await;
        let after = tickets::view(&desk.app, &desk.ctx(), view.ticket.id).await.unwrap();
        assert_eq!(after.messages.last().unwrap().body.trim(), "Thank you.");
        assert_ne!(after.ticket.urgency, Urgency::Emergency);
        // Somebody else passes it on, with a line of their own in the middle.
        let eve = "eve@elsewhere.test";
        let cry = quoted.replace("> Then", "I want to kill myself tonight.\r\n> Then");
        desk.comes(eve, &address, plain("eve", "", &cry).replace(ANA, eve)).await;
        desk.work().await;
        let beside = desk.tickets().await.pop().unwrap();
        assert_eq!(beside.links[0].ticket, view.ticket.id);
        assert_eq!(beside.ticket.urgency, Urgency::Emergency);
        assert!(!beside.messages[0].body.contains("988"), "{}", beside.messages[0].body);
        // A subject of their own.
        let subject = plain("subject", "", "Thanks.").replace("Refill of my inhaler", "I want to kill myself tonight");
        desk.comes(ANA, &address, subject).await;
        desk.work().await;
        let after = tickets::view(&desk.app, &desk.ctx(), view.ticket.id).await.unwrap();
        assert_eq!(after.ticket.urgency, Urgency::Emergency);
    })
    .await;
}
