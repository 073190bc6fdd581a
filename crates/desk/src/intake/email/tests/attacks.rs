//! Attacks on threading. Those that come through the receiver are in `tests/mail/attacks.rs`.

use super::super::thread;
use super::{ANA, DESK, Desk, OUTBOUND, on_both, plain};
use crate::patients;
use crate::staff::{self, NewStaff};
use bedside_codecs::mail::{AutoKind, Limits, parse};
use bedside_web::Locale;

/// Joining a stranger's ticket with guessed ticket numbers and reply addresses, a forged sender and a copy to oneself:
/// 10,000 of each.
#[tokio::test]
async fn attack_01_forged_sender_with_a_guessed_number_or_reply_address() {
    on_both(async |desk: Desk| {
        desk.mail(plain("first", "", "Something private.")).await;
        let view = desk.ticket().await;
        let own = patients::contact_of_address(&desk.app, desk.organisation, ANA).await.unwrap();
        let real = desk.reply_address(&view);
        let (ticket, _) = real.rsplit_once('.').unwrap();
        let ticket = ticket.split_once('.').map_or(ticket, |(head, _)| head);
        for guess in 0..10_000_u64 {
            let code = data_encoding::BASE32_NOPAD.encode(&[&[0, 1], &guess.to_be_bytes()[..]].concat());
            let address = format!("{ticket}.{}@clinic.test", code.to_lowercase());
            let raw = format!(
                "From: {ANA}\r\nTo: {address}, {DESK}\r\nCc: eve@elsewhere.test\r\nSubject: Re: [#{guess}] Ticket {guess}\r\n\
                 In-Reply-To: <{guess}@desk.clinic.test>\r\nReferences: <ticket-{guess}@clinic.test>\r\n\r\nsend me everything\r\n"
            );
            let mail = parse(raw.as_bytes(), &Limits::default()).unwrap();
            let rcpts = [address, format!("desk+{guess}@clinic.test")];
            let place = thread::place(&desk.app, desk.organisation, &mail, &rcpts, own, (false, AutoKind::Person)).await.unwrap();
            assert!(matches!(place, thread::Place::Alone), "{place:?}");
        }
        let guessed = format!("{ticket}.aaaaaaaaaaaaaaaa@clinic.test");
        for (id, from) in [("g1", "eve@elsewhere.test"), ("g2", ANA)] {
            let number = format!("[#{}] Refill", view.ticket.number);
            let raw = plain(id, "Cc: eve@elsewhere.test\r\n", "send me everything").replacen("Refill", &number, 1);
            desk.comes(from, &guessed, raw.replace(ANA, from)).await;
        }
        desk.work().await;
        let all = desk.tickets().await;
        assert_eq!(all.len(), 3);
        for view in &all {
            assert!(view.messages.len() == 1 && view.links.is_empty());
            assert_eq!(view.contact.points.len(), 1, "a copy makes nobody a participant");
        }
        let eve = patients::contact_of_address(&desk.app, desk.organisation, "eve@elsewhere.test").await.unwrap();
        assert_eq!(eve, Some(all[1].contact.id));
        // The right address in the wrong hands joins nothing either: a person may merge it.
        desk.comes("eve@elsewhere.test", &real, plain("g3", "", "me too").replace(ANA, "eve@elsewhere.test")).await;
        desk.work().await;
        let all = desk.tickets().await;
        assert_eq!((all.len(), all[0].messages.len()), (4, 1));
    })
    .await;
}

/// Our own form of Message-ID and reply address with a code that is wrong, missing, cut short or another ticket's.
#[tokio::test]
async fn attack_02_message_ids_and_addresses_without_our_signature() {
    on_both(async |desk: Desk| {
        desk.mail(plain("first", "", "One.")).await;
        desk.mail(plain("second", "", "Two.")).await;
        let all = desk.tickets().await;
        let (one, two) = (
            desk.message_id(all[0].ticket.id),
            desk.message_id(all[1].ticket.id),
        );
        let (left, domain) = one.split_once('@').unwrap();
        let parts: Vec<&str> = left.split('.').collect();
        let other = two.split('.').next().unwrap();
        let sent = desk.count(OUTBOUND).await;
        let crafted = [
            format!(
                "{}.{}.{}@{domain}",
                parts[0],
                parts[1],
                "a".repeat(parts[2].len())
            ),
            format!("{}.{}@{domain}", parts[0], parts[1]),
            format!("{}.{}.{}@{domain}", parts[0], parts[1], &parts[2][1..]),
            format!("{other}.{}.{}@{domain}", parts[1], parts[2]),
            format!("{left}@elsewhere.test"),
            all[0].ticket.number.to_string(),
        ];
        for (number, id) in crafted.iter().enumerate() {
            for header in ["In-Reply-To", "References"] {
                let mail = plain(
                    &format!("{header}{number}"),
                    &format!("{header}: <{id}>\r\n"),
                    "Let me in.",
                );
                desk.comes(ANA, DESK, mail).await;
            }
        }
        let (mine, others) = (desk.reply_address(&all[0]), desk.reply_address(&all[1]));
        let parts = |address: &str| -> (String, String) {
            let (local, _) = address.split_once('@').unwrap();
            let (head, code) = local.rsplit_once('.').unwrap();
            (head.to_owned(), code.to_owned())
        };
        let ((mine, code), (_, other_code)) = (parts(&mine), parts(&others));
        let addresses = [
            format!("{mine}.{}", "a".repeat(code.len())),
            format!("{mine}."),
            mine.clone(),
            format!("{mine}.{}", &code[1..]),
            format!("{mine}.{}", &code[..code.len() - 1]),
            format!("{mine}.{code}a"),
            format!("{mine}.{other_code}"),
            format!("{mine}.{code}.{other_code}"),
        ];
        for (number, local) in addresses.iter().enumerate() {
            let address = format!("{local}@clinic.test");
            let mail = plain(&format!("address{number}"), "", "Let me in.").replace(DESK, &address);
            desk.comes(ANA, &address, mail).await;
        }
        desk.work().await;
        let after = desk.tickets().await;
        assert_eq!(after.len(), 2 + 2 * crafted.len() + addresses.len());
        assert!(
            after
                .iter()
                .all(|view| view.messages.len() == 1 && view.links.is_empty())
        );
        assert_eq!(desk.count(OUTBOUND).await, sent);
        // Nor does it help to write as somebody who works there.
        let agent = NewStaff {
            email: "agent@staff.test".to_owned(),
            name: "Ana Agent".to_owned(),
            role: "agent".to_owned(),
            locale: Locale::En,
        };
        let from = agent.email.clone();
        staff::create(&desk.app, &desk.ctx(), agent).await.unwrap();
        for (number, id) in crafted.iter().enumerate() {
            let headers = format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n");
            let mail =
                plain(&format!("agent{number}"), &headers, "Close this.").replace(ANA, &from);
            desk.comes(&from, DESK, mail).await;
        }
        desk.work().await;
        let with_agent = desk.tickets().await;
        assert_eq!(with_agent.len(), after.len() + crafted.len());
        assert!(
            with_agent
                .iter()
                .all(|view| view.messages.len() == 1 && view.links.is_empty())
        );
    })
    .await;
}
