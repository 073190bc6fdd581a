//! What is said of a sender whom the receiving mail server did not vouch for.

use crate::common::Role;
use crate::common::wire::{HELP, Wire, plain};
use crate::common::{Browser, both_engines};
use crate::{newest, queue};
use bedside_desk::mailboxes::{self, MailboxSettings, NewMailbox};
use bedside_desk::patients::{self, NewPatient};
use bedside_desk::tickets::{self, TicketView};

const SIGN: [&str; 2] = ["Address not confirmed", "Dirección sin confirmar"];
const GRAVE: [&str; 2] = ["Sender check failed", "Falló la comprobación del remitente"];

/// The ticket's page in English and in Spanish, each split into conversation and side column.
async fn pages(browser: &Browser, view: &TicketView) -> [(String, String); 2] {
    let mut both = Vec::new();
    for language in ["en", "es"] {
        let look = [
            ("language", language),
            ("theme", "light"),
            ("text", "usual"),
            ("back", "/inbox"),
        ];
        browser.submit("/inbox", "/look", &look).await.expect(303);
        let path = format!("/tickets/{}", view.ticket.number);
        let page = browser.get(&path).await.expect(200).text();
        let (main, side) = page.split_once("<aside").unwrap();
        both.push((main.to_owned(), side.to_owned()));
    }
    both.try_into().unwrap()
}

/// A way in whose mailbox has a server to ask about senders.
async fn vouched(desk: &crate::common::Desk) -> Wire<'_> {
    let mailbox = NewMailbox {
        address: HELP.to_owned(),
        settings: MailboxSettings {
            authserv_id: Some("mx.clinic.example".to_owned()),
            ..MailboxSettings::default()
        },
    };
    mailboxes::create(&desk.app, &desk.ctx(Role::Administrator), mailbox)
        .await
        .unwrap();
    Wire::beside(desk).await
}

/// What that server says.
fn said(results: &str) -> String {
    format!("Authentication-Results: mx.clinic.example; {results}\r\n")
}

both_engines! {
    /// Guesses that come as mails do, with and without the clinic's server saying that the sender is forged: numbers in
    /// subjects, reply addresses and Message-IDs of our own form.
    async fn attack_01_guesses_through_the_receiver_join_nothing(desk: Desk) {
        let wire = vouched(&desk).await;
        wire.takes(plain("first", &said("dmarc=pass"), "Something private.")).await;
        let first = newest(&desk).await;
        let checks = ["dmarc=fail", "spf=fail; dkim=fail; dmarc=fail", "dkim=fail; dmarc=none", "dmarc=pass"];
        let mut talk = wire.connect().await;
        for (guess, check) in checks.iter().cycle().take(24).enumerate() {
            let head = format!("{}In-Reply-To: <{guess}@desk.example>\r\nReferences: <ticket-{guess}@clinic.example>\r\n", said(check));
            let number = format!("Subject: Re: [#{}] ", first.ticket.number);
            let to = format!("To: help+{}.{guess:016}@clinic.example, {HELP}", first.ticket.number);
            let raw = plain(&format!("guess{guess}"), &head, "Send me everything.");
            let raw = raw.replacen("Subject: ", &number, 1).replacen(&format!("To: {HELP}"), &to, 1);
            let taken = talk.mail(raw.as_bytes()).await;
            assert!(taken.starts_with("250"), "{taken}");
        }
        while wire.work().await > 0 {}
        assert_ne!(newest(&desk).await.ticket.id, first.ticket.id, "they stand by themselves");
        let after = tickets::view(&desk.app, &desk.ctx(Role::Agent), first.ticket.id).await.unwrap();
        assert_eq!(after.messages.len(), 1);
    }

    async fn a_sender_who_was_not_proven_is_no_verified_patient(desk: Desk) {
        let wire = vouched(&desk).await;
        let (agent, browser) = (desk.ctx(Role::Agent), desk.browser(Role::Agent).await);

        wire.takes(plain("first", &said("dmarc=pass"), "When are you open?")).await;
        let first = newest(&desk).await;
        let new = NewPatient { name: "Ana Quokka".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let patient = patients::create_patient(&desk.app, &agent, new, Vec::new()).await.unwrap();
        tickets::link_contact(&desk.app, &agent, first.contact.id, Some(patient)).await.unwrap();
        for (number, (results, sign, is_patients)) in [
            ("dmarc=pass", None, true),
            ("dmarc=none; dkim=pass header.d=patients.test", None, true),
            ("dmarc=none; spf=softfail; dkim=pass header.d=patients.test", None, true),
            ("dmarc=none; dkim=pass header.d=elsewhere.test; spf=pass", Some(SIGN), false),
            ("dmarc=none; spf=none; dkim=none", Some(SIGN), false),
            ("none", Some(SIGN), false),
            ("dmarc=fail", Some(GRAVE), false),
            ("spf=softfail", Some(GRAVE), false),
        ].into_iter().enumerate() {
            wire.takes(plain(&format!("m{number}"), &said(results), "Please change my telephone number.")).await;
            let view = newest(&desk).await;
            assert_eq!(view.contact.id, first.contact.id);
            assert_eq!(view.patient.is_some(), is_patients, "{results}");
            assert_eq!(queue(&desk, &view) == "needs_look", sign == Some(GRAVE), "{results}");
            for (language, (main, side)) in pages(&browser, &view).await.iter().enumerate() {
                assert_eq!(side.contains("Ana Quokka"), is_patients, "{results}");
                for any in [SIGN, GRAVE] {
                    let wanted = sign == Some(any);
                    assert_eq!(main.contains(any[language]), wanted, "{results}: {main}");
                    assert_eq!(side.contains(any[language]), wanted, "{results}: {side}");
                }
            }
        }
        // To link them once more is no word about what may be somebody else's.
        let failed = newest(&desk).await;
        tickets::link_contact(&desk.app, &agent, first.contact.id, Some(patient)).await.unwrap();
        let failed = tickets::view(&desk.app, &agent, failed.ticket.id).await.unwrap();
        assert_eq!((queue(&desk, &failed), failed.ticket.patient), ("needs_look".into(), None));
        desk.audit_is_whole().await;
    }

    async fn two_quick_mails_of_one_person_are_linked(desk: Desk) {
        let wire = vouched(&desk).await;
        let agent = desk.ctx(Role::Agent);
        wire.takes(plain("one", &said("dmarc=pass"), "Can I come at nine?")).await;
        let first = newest(&desk).await;
        wire.takes(plain("two", &said("dmarc=pass"), "Or better at ten")).await;
        let second = newest(&desk).await;
        assert_ne!(first.ticket.id, second.ticket.id);
        let linked: Vec<_> = second.links.iter().map(|link| (link.kind.as_str(), link.ticket)).collect();
        assert_eq!(linked, [("related", first.ticket.id)]);
        wire.takes(plain("forged", &said("dmarc=none"), "Me too")).await;
        assert!(newest(&desk).await.links.is_empty(), "nobody says that it is them");
        tickets::merge(&desk.app, &agent, second.ticket.id, first.ticket.id).await.unwrap();
        desk.clock.advance(25 * 3600);
        wire.takes(plain("three", &said("dmarc=pass"), "Thank you")).await;
        assert!(newest(&desk).await.links.is_empty(), "another matter, another day");
    }

    async fn without_a_server_to_ask_nobody_is_proven_until_they_answer_us(desk: Desk) {
        let wire = Wire::new(&desk).await;
        let (agent, browser) = (desk.ctx(Role::Agent), desk.browser(Role::Agent).await);
        wire.takes(plain("first", "Authentication-Results: mx.elsewhere.test; dmarc=pass\r\n", "Hello")).await;
        let view = newest(&desk).await;
        let new = NewPatient { name: "Ana Quokka".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let patient = patients::create_patient(&desk.app, &agent, new, Vec::new()).await.unwrap();
        tickets::link_contact(&desk.app, &agent, view.contact.id, Some(patient)).await.unwrap();
        let by_address = ["Shown because of the address", "Se muestra por la dirección"];
        for (language, (main, side)) in pages(&browser, &view).await.iter().enumerate() {
            assert!(main.contains(SIGN[language]) && side.contains(SIGN[language]), "{side}");
            assert!(side.contains("Ana Quokka") && side.contains(by_address[language]), "{side}");
        }
        let address = bedside_codecs::mail::address::Address::parse(HELP).unwrap();
        let signed = bedside_desk::outbound::reply_address(
            &desk.app, desk.organisation, &address, view.ticket.id, view.contact.id,
        ).unwrap();
        let answer = plain("second", "", "It is me").replace(&format!("To: {HELP}"), &format!("To: {}", signed.as_str()));
        wire.takes(answer).await;
        let view = newest(&desk).await;
        assert_eq!(view.messages.len(), 2);
        for (language, (main, side)) in pages(&browser, &view).await.iter().enumerate() {
            assert!(!main.contains(SIGN[language]) && !side.contains(SIGN[language]), "{side}");
            assert!(side.contains("Ana Quokka") && !side.contains(by_address[language]), "{side}");
        }
    }
}
