//! What a rule leaves alone, and what is left of a request that went.

use super::common::{Role, both_engines};
use super::kinds::{close, switch_all_on};
use super::{DAY, done_since, is_gone, patient, runs};
use bedside_desk::context::Permissions;
use bedside_desk::intake::email;
use bedside_desk::privacy::disclosures::{self, Known};
use bedside_desk::privacy::retention::{self, Record};
use bedside_desk::privacy::seen::{self, Deed};
use bedside_desk::tickets;
use serde_json::json;

both_engines! {
    async fn what_was_asked_by_law_keeps_what_it_is_about_until_it_is_answered(desk: Desk) {
        let rosa = patient(&desk, "Rosa", Some("1950-01-01"), "rosa@patient.example").await;
        let ticket = desk.ticket("rosa@patient.example", "Hello", "Words.").await;
        done_since(&desk, ticket, desk.app.now().plus_seconds(-4000 * DAY)).await;
        let client = desk.client(&Permissions::ALL.codes()).await;
        let asked = json!({ "patient_id": rosa.to_string(), "kind": "copy", "received_on": "2026-03-01" });
        let made = client.post("/api/v1/privacy-requests", &asked).await.expect(201).json();
        switch_all_on(&desk, &[Record::Requests]).await;
        retention::daily(&desk.app).await.unwrap();
        assert!(!is_gone(&desk, ticket).await);
        assert_eq!(runs(&desk).await, [(0, 1, 0, true)]);
        close(&desk, made["id"].as_str().unwrap()).await;
        desk.clock.advance(DAY);
        retention::daily(&desk.app).await.unwrap();
        assert!(is_gone(&desk, ticket).await);
    }

    async fn nothing_is_added_to_a_request_that_went_and_whose_it_was_is_still_told(desk: Desk) {
        let rosa = patient(&desk, "Rosa", Some("1950-01-01"), "rosa@patient.example").await;
        let ticket = desk.ticket("rosa@patient.example", "Hello", "Words.").await;
        let agent = desk.browser(Role::Agent).await;
        let number = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.number;
        agent.get(&format!("/tickets/{number}")).await.expect(200);
        let officer = desk.ctx(Role::Compliance);
        let visits = async || {
            let account = seen::account(&desk.app, &officer, rosa, None, 100).await.unwrap();
            account.visits.iter().filter(|visit| format!("{visit:?}").contains(&number.to_string())).count()
        };
        assert_eq!(visits().await, 1);
        done_since(&desk, ticket, desk.app.now().plus_seconds(-4000 * DAY)).await;
        switch_all_on(&desk, &[Record::Requests]).await;
        retention::daily(&desk.app).await.unwrap();
        assert!(is_gone(&desk, ticket).await);
        assert_eq!(visits().await, 1, "who saw it has to be told for six years");
        let client = desk.client(&Permissions::ALL.codes()).await;
        let way = format!("/api/v1/tickets/{ticket}");
        let refused = client.post(&format!("{way}/notes"), &json!({ "body": "One more." })).await.expect(409).json();
        assert_eq!(refused["code"], "emptied");
        for more in ["messages", "said"] {
            let refused = client.post(&format!("{way}/{more}"), &json!({ "body": "One more." })).await.expect(409).json();
            assert_eq!(refused["code"], "emptied", "{more}");
        }
        // For whom it stands now is nobody: no patient, no address and no request is theirs.
        let nobody = bedside_desk::ids::nobody(desk.organisation);
        let contact = format!("/api/v1/contacts/{nobody}");
        client.post(&format!("{contact}/patient"), &json!({ "patient_id": rosa.to_string() })).await.expect(404);
        let new = json!({ "contact_id": nobody.to_string(), "subject": "Hello", "body": "Words." });
        client.post("/api/v1/tickets", &new).await.expect(404);
        let all = client.get("/api/v1/contacts").await.expect(200).text();
        assert!(!all.contains(&nobody.to_string()) && all.contains("rosa@patient.example"), "{all}");
        let agent = desk.browser(Role::Agent).await;
        let page = agent.get(&format!("/tickets/{number}")).await.expect(200).text();
        assert!(page.contains("are gone") && !page.contains("id=\"composer\""), "{page}");
        // Whoever writes on opens a new request.
        let raw = "From: <rosa@patient.example>\r\nTo: help@clinic.example\r\nSubject: Re: Hello\r\nMessage-ID: <later@patient.example>\r\n\
            Date: Mon, 2 Mar 2026 15:00:00 +0000\r\n\r\nI am still here.\r\n";
        email::receive(&desk.app, desk.organisation, None, email::Source::new(email::Via::Receiver), raw.as_bytes()).await.unwrap();
        email::processor::drain(&desk.app).await.unwrap();
        let active = tickets::list(&desk.app, &desk.system(), &tickets::View::Active, None, 10).await.unwrap().rows;
        assert!(active.len() == 1 && active[0].ticket.id != ticket);
    }

    async fn what_was_given_of_a_request_that_went_is_told_as_it_was(desk: Desk) {
        let (app, ctx, agent) = (&desk.app, desk.system(), desk.ctx(Role::Agent));
        let rosa = patient(&desk, "Rosa", Some("1950-01-01"), "rosa@patient.example").await;
        let raw = "From: <rosa@patient.example>\r\nTo: help@clinic.example\r\nSubject: Letter\r\nMessage-ID: <file@patient.example>\r\n\
            Date: Mon, 2 Mar 2026 15:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
            --b\r\nContent-Type: text/plain\r\n\r\nPlease read it.\r\n\
            --b\r\nContent-Type: text/plain; name=letter.txt\r\nContent-Disposition: attachment; filename=letter.txt\r\n\r\n\
            Dear clinic.\r\n--b--\r\n";
        email::receive(app, desk.organisation, None, email::Source::new(email::Via::Receiver), raw.as_bytes()).await.unwrap();
        email::processor::drain(app).await.unwrap();
        let own = tickets::list(app, &ctx, &tickets::View::Active, None, 10).await.unwrap().rows[0].ticket.id;
        let view = tickets::view(app, &ctx, own).await.unwrap();
        let (number, file) = (view.ticket.number, view.messages[0].attachments[0].id);
        // Another system opens the file and nothing else.
        desk.client("tickets:read").await.get(&format!("/api/v1/attachments/{file}")).await.expect(200);
        // Somebody else, with a record of their own, brought a request about her.
        let dora = patient(&desk, "Dora", Some("1980-01-01"), "dora@patient.example").await;
        let other = desk.ticket("daughter@family.example", "My mother", "How is she?").await;
        let contact = tickets::view(app, &ctx, other).await.unwrap().contact.id;
        for whose in [rosa, dora] {
            tickets::link_contact(app, &ctx, contact, Some(whose)).await.unwrap();
        }
        for ticket in [own, other] {
            tickets::reply(app, &agent, ticket, tickets::Reply::new("All is well.")).await.unwrap();
        }
        let officer = desk.ctx(Role::Compliance);
        let told = async || {
            let known = disclosures::accounting(app, &officer, rosa).await.unwrap().known;
            let mut told: Vec<_> = known.iter().map(|one| (one.how as u8, one.visit.requests.clone(), one.to.is_some())).collect();
            told.sort();
            told
        };
        let opened = async || {
            let account = seen::account(app, &officer, rosa, None, 100).await.unwrap();
            account.visits.iter().filter(|visit| visit.deeds.contains(&Deed::Files) && visit.requests.contains(&number)).count()
        };
        let (before, files) = (told().await, opened().await);
        let hows: Vec<u8> = before.iter().map(|(how, _, _)| *how).collect();
        assert_eq!((hows, files), (vec![Known::Partner as u8, Known::Answer as u8], 1));
        for ticket in [own, other] {
            done_since(&desk, ticket, app.now().plus_seconds(-4000 * DAY)).await;
        }
        switch_all_on(&desk, &[Record::Requests]).await;
        retention::daily(app).await.unwrap();
        assert!(is_gone(&desk, own).await && is_gone(&desk, other).await);
        // What she got herself is no disclosure now either, and what somebody else got still is.
        assert_eq!((told().await, opened().await), (before, files));
    }

    async fn an_account_stands_for_its_own_run_alone(desk: Desk) {
        switch_all_on(&desk, &[Record::Drafts, Record::Corrections]).await;
        retention::daily(&desk.app).await.unwrap();
        let (all, _) = retention::runs(&desk.app, &desk.ctx(Role::Compliance), None).await.unwrap();
        let [one, other] = all.as_slice() else { panic!("{}", all.len()) };
        assert!(retention::is_proven(&desk.app, one).unwrap());
        let mut swapped = one.clone();
        (swapped.text, swapped.told, swapped.note) = (other.text.clone(), other.told.clone(), other.note.clone());
        assert!(!retention::is_proven(&desk.app, &swapped).unwrap());
    }
}
