//! What a patient reads and writes behind a link.

use super::{ATTACK, answer, link_of, messages, of_one_patient, open, write};
use crate::common::Role;
use crate::common::{both_engines, hidden};
use bedside_desk::links::Purpose;
use bedside_desk::tickets;

both_engines! {
    async fn a_reply_reaches_the_same_request_once(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        answer(&desk, ticket, "At **nine**").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        let page = own.get(&format!("/t/{link}")).await.expect(200).text();
        assert!(page.contains("<strong>nine</strong>") && page.contains("Ana Agent"), "{page}");
        let fields = [
            ("csrf_token", hidden(&page, "csrf_token")),
            ("once", hidden(&page, "once")),
            ("message", "Thank you, I will come"),
        ];
        let files: &[(&str, &str, &str, &[u8])] = &[("files", "card.html", "text/html", b"<script>alert(1)</script>")];
        for _ in 0..3 {
            let sent = own.post_files(&format!("/t/{link}/reply"), &fields, files).await.expect(303);
            let thanks = own.get(sent.header("location").unwrap()).await.expect(200).text();
            assert!(thanks.contains("Thank you. We have your message."), "{thanks}");
        }
        let all = messages(&desk, ticket).await;
        assert_eq!(all.len(), 3, "pressed three times, written once");
        assert_eq!((all[2].body.as_str(), all[2].channel.as_str()), ("Thank you, I will come", "portal"));
        write(&own, &link, "And one more", &[]).await.expect(303);
        assert_eq!(messages(&desk, ticket).await.len(), 4);

        let file = format!("/t/{link}/files/{}", all[2].attachments[0].id);
        let page = own.get(&format!("/t/{link}")).await.text();
        assert!(page.contains(&file), "{page}");
        let got = own.get(&file).await.expect(200);
        assert_eq!(got.body, b"<script>alert(1)</script>");
        assert!(got.header("content-disposition").unwrap().starts_with("attachment"));
        assert!(got.header("content-security-policy").unwrap().starts_with("sandbox; default-src 'none'"));
        assert!(got.header("content-type").unwrap() != "text/html");
        desk.visitor().get(&file).await.expect(404);
        desk.audit_is_whole().await;
    }

    async fn whatever_is_wrong_with_a_reply_its_words_stay(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", "Hours", "When are you open?").await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        let six: Vec<_> = (0..6).map(|_| ("files", "a.txt", "text/plain", b"x".as_slice())).collect();
        let many = write(&own, &link, "When are you open on Monday?", &six).await.expect(422).text();
        assert!(many.contains("When are you open on Monday?") && many.contains("more than 5 files"), "{many}");
        write(&own, &link, "  ", &[]).await.expect(422);
        let old = own.post_files(&format!("/t/{link}/reply"), &[("message", "When are you open on Monday?")], &[]).await.expect(422).text();
        assert!(old.contains("When are you open on Monday?") && old.contains("press Send again"), "{old}");
        let (kept, over) = ("w".repeat(2 << 20), "w".repeat((2 << 20) + 1));
        for words in [&kept, &over] {
            let long = write(&own, &link, words, &[]).await.expect(422).text();
            assert!(long.contains("Your message is too long"));
            let (_, typed) = long.split_once("aria-describedby=\"message-error\">\n").expect("the field");
            assert!(typed.split("</textarea>").next() == Some(&kept), "the words are lost");
        }
        write(&own, &link, &format!("When are you open{}on Monday?", " ".repeat(2 << 20)), &[]).await.expect(422);
        assert_eq!(messages(&desk, ticket).await.len(), 1);
        let most = "é".repeat(20_000);
        let long = write(&own, &link, &format!("{most}."), &[]).await.expect(422).text();
        assert!(long.contains(&format!("{most}.</textarea>")));
        write(&own, &link, &most, &[]).await.expect(303);
        assert_eq!(messages(&desk, ticket).await[1].body, most);

        let mut refused = 0;
        for round in 0..32 {
            let sent = write(&own, &link, &format!("Round {round}"), &[]).await;
            if sent.status == 429 {
                refused += 1;
                assert!(sent.text().contains(&format!("Round {round}")));
            }
        }
        assert_eq!((refused, messages(&desk, ticket).await.len()), (3, 31));
        // Whoever is refused reads whom to call.
        let refused = write(&own, &link, "One more", &[]).await.expect(429).text();
        assert!(refused.contains("tel:911"), "{refused}");
    }

    async fn after_a_merge_each_contact_of_a_patient_sees_their_own_words_and_answers_alone(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let (own, carers, _) = of_one_patient(&desk).await;
        answer(&desk, own, "Told to Rosa").await;
        answer(&desk, carers, "Told to the carer").await;
        let (hers, theirs) = (link_of(&desk, Purpose::Thread, own).await, link_of(&desk, Purpose::Thread, carers).await);
        tickets::merge(&desk.app, &agent, carers, own).await.unwrap();
        answer(&desk, own, "Told to Rosa later").await;
        assert_eq!(messages(&desk, own).await.len(), 5);

        let read = async |link: &str| {
            let visitor = desk.visitor();
            open(&visitor, link).await.expect(303);
            visitor.get(&format!("/t/{link}")).await.expect(200).text()
        };
        let page = read(&hers).await;
        for words in ["Zebrafish", "quokka", "Told to Rosa", "Told to Rosa later"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        for words in ["Wombat", "numbat", "Told to the carer"] {
            assert!(!page.contains(words), "{words}: {page}");
        }
        let page = read(&theirs).await;
        for words in ["Wombat", "numbat", "Told to the carer"] {
            assert!(page.contains(words), "{words}: {page}");
        }
        for words in ["Zebrafish", "quokka", "Told to Rosa"] {
            assert!(!page.contains(words), "{words}: {page}");
        }
    }

    async fn notes_are_never_shown_and_nothing_written_becomes_markup(desk: Desk) {
        let ticket = desk.ticket("rosa@patients.test", ATTACK, ATTACK).await;
        tickets::note(&desk.app, &desk.ctx(Role::Nurse), ticket, "Canarynote".to_owned(), Vec::new()).await.unwrap();
        answer(&desk, ticket, ATTACK).await;
        let link = link_of(&desk, Purpose::Thread, ticket).await;
        let own = desk.visitor();
        open(&own, &link).await.expect(303);
        write(&own, &link, ATTACK, &[("files", "<img src=x>.txt", "text/plain", b"x")]).await.expect(303);
        let six: Vec<_> = (0..6).map(|_| ("files", "a.txt", "text/plain", b"x".as_slice())).collect();
        let again = write(&own, &link, ATTACK, &six).await.expect(422).text();
        let page = own.get(&format!("/t/{link}")).await.expect(200).text();
        assert!(page.contains("alert(1)"), "the words are there");
        for text in [page, again] {
            assert!(!text.contains("Canarynote"));
            for bad in ["<script>alert", "<img src=x", "onerror=alert(1)></textarea>"] {
                assert!(!text.contains(bad), "{bad} in {text}");
            }
        }
    }
}
