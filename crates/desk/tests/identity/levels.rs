//! Each row of the table, and what it refuses.

use super::*;
use bedside_desk::context::{Permission, Permissions};
use bedside_desk::error::DeskError;
use bedside_desk::identity;
use bedside_desk::orgs::{self, Change};
use common::both_engines;
use common::sink::sink;

both_engines! {
    async fn each_level_needs_the_one_before_and_says_what_it_opens(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let page = talk.seen().await;
        assert!(page.contains("Not verified") && page.contains("what anybody may know"), "{page}");
        assert!(!page.contains("verify/code\"") && !page.contains("verify/call\""), "{page}");
        tells_no_address(&page);
        assert!(!page.contains("Quetzalli"));
        let beside = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(beside.contains("Not verified") && beside.contains("Nobody knows yet who is asking"), "{beside}");
        // Nothing above without what is below.
        for (form, fields) in [
            ("code", &[("choice", "0000000000000000")][..]),
            ("answer", &[("code", "123456")]),
            ("call", &[("choice", "0000000000000000")]),
            ("second", &[]),
            ("address", &[("kind", "phone"), ("value", "+1 312 555 0100")]),
            ("tie", &[]),
        ] {
            assert_eq!(talk.send(form, fields).await.0, 409, "{form}");
        }

        // Spelling, case, accents and the way a number is written are none of the question.
        let (_, page) = talk.tell("  ZORAIDA quetzallí ", BORN, "phone", "(312) 555-0193").await;
        assert!(page.contains("That matches.") && page.contains("Level 1") && page.contains("by Ana Agent until"), "{page}");
        assert!(page.contains("You may speak about: times and directions."), "{page}");
        assert!(page.contains(MASKED_MAIL) && !page.contains("verify/call\""), "{page}");
        tells_no_address(&page);
        for form in ["call", "second"] {
            let choice = choice(&talk.seen().await, MASKED_PHONE);
            assert_eq!(talk.send(form, &[("choice", &choice)]).await.0, 409, "{form}");
        }

        let code = talk.mailed(&desk, &sink).await;
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        let (_, page) = talk.send("answer", &[("code", &spaced)]).await;
        assert!(page.contains("Level 2") && page.contains("results and care, bills"), "{page}");
        tells_no_address(&page);
        let (status, page) = talk.send("address", &[("kind", "phone"), ("value", "+1 312 555 0100")]).await;
        assert!(status == 409 && page.contains("verified far enough"), "{page}");

        // The number is on one answer alone, and whoever did not see it did not call.
        let phone = choice(&talk.seen().await, MASKED_PHONE);
        talk.send("call", &[("choice", &phone)]).await;
        let page = talk.seen().await;
        tells_no_address(&page);
        let waits = common::hidden(&page, "task").to_owned();
        let (status, _) = talk.send("called", &[("task", &waits), ("yes", "true")]).await;
        assert_eq!(status, 409);
        let (status, page) = talk.send("number", &[("task", &waits)]).await;
        assert!(status == 200 && page.contains(PHONE), "{page}");
        tells_no_address(&talk.seen().await);
        let nurse = desk.browser(Role::Nurse).await;
        assert_eq!(send(&nurse, &talk.verify(), "called", &[("task", &waits), ("yes", "true")]).await.0, 409);
        let (_, page) = talk.send("called", &[("task", &waits), ("yes", "true")]).await;
        assert!(page.contains("Level 3") && page.contains("copies of records") && !page.contains("Not yet:"), "{page}");

        // It ends with its first part, an hour after the details.
        desk.clock.advance(3600);
        let agent = desk.browser(Role::Agent).await;
        let page = agent.get(&talk.verify()).await.expect(200).text();
        assert!(page.contains("Not verified"), "{page}");
        let story = agent.get(&talk.page).await.expect(200).text();
        for words in ["compared the details: they match", "sent a code to an address on file", "reached the person"] {
            assert!(story.contains(words), "{words} in {story}");
        }
        let done = log(&desk, talk.id).await;
        for one in [("identity.check", "ok"), ("identity.code", "ok"), ("identity.answer", "ok"), ("identity.ask", "ok"), ("identity.number", "ok"), ("identity.called", "ok")] {
            assert!(done.contains(&(one.0.to_owned(), one.1.to_owned())), "{one:?} in {done:?}");
        }
        desk.audit_is_whole().await;
    }

    async fn attack_51_the_number_to_call_is_told_to_nobody_who_sees_no_numbers(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        let phone = choice(&talk.seen().await, MASKED_PHONE);
        talk.send("call", &[("choice", &phone)]).await;
        let waits = common::hidden(&talk.seen().await, "task").to_owned();
        let mut role = desk.role(Role::Agent).as_ref().clone();
        role.permissions = Permissions::of(&[Permission::TicketsRead, Permission::TicketsWrite, Permission::PatientsRead, Permission::FieldsIdentifiers]);
        orgs::change(&desk.app, &desk.system(), Change::PutRole(role)).await.unwrap();
        let page = talk.seen().await;
        assert!(page.contains(MASKED_PHONE) && !page.contains("verify/number"), "{page}");
        let (status, page) = talk.send("number", &[("task", &waits)]).await;
        assert!(status == 403 && !page.contains(PHONE), "{status} {page}");
        let done = log(&desk, talk.id).await;
        assert!(!done.iter().any(|(action, _)| action == "identity.number"), "{done:?}");
    }

    async fn attack_23_no_bit_of_what_stands_for_an_address_can_be_changed(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.first().await;
        sent(&desk, &sink).await;
        let real = choice(&talk.seen().await, MASKED_MAIL);
        let number = u128::from_str_radix(&real, 16).unwrap();
        let agent = desk.ctx(Role::Agent);
        let other = Talk::with(&desk, "other@else.test").await;
        other.first().await;
        sent(&desk, &sink).await;
        let theirs = choice(&other.seen().await, MASKED_MAIL);
        assert_ne!(theirs, real, "one and the same address, in two conversations");
        let flipped = (0..128).map(|bit| format!("{:032x}", number ^ (1 << bit)));
        let near = [theirs, real[1..].to_owned(), format!("{real}0"), String::new()];
        for changed in flipped.chain(near) {
            let said = identity::send_code(&desk.app, &agent, talk.id, changed.clone()).await;
            assert!(matches!(said, Err(DeskError::Invalid { field: "choice", .. })), "{changed} of {real}");
        }
        assert!(sent(&desk, &sink).await.is_empty());
        identity::send_code(&desk.app, &agent, talk.id, real).await.unwrap();
        assert_eq!(sent(&desk, &sink).await.len(), 1);
    }

    async fn the_mail_with_a_code_names_nobody(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        sent(&desk, &sink).await;
        talk.first().await;
        let choice = choice(&talk.seen().await, MASKED_MAIL);
        talk.send("code", &[("choice", &choice)]).await;
        let mail = sent(&desk, &sink).await.remove(0);
        let raw = String::from_utf8_lossy(&mail.raw).into_owned();
        assert!(is_to(&mail, MAIL), "{:?}", mail.to);
        assert!(mail.mail().subject.starts_with("Your code from"), "{raw}");
        assert!(!raw.to_lowercase().contains("reply-to:"), "an answer to it is no word in the conversation: {raw}");
        for word in ["Zoraida", "Quetzalli", "A question", "I have a question", "Rosa", "caller@else.test", MRN] {
            assert!(!raw.contains(word) && !mail.text().contains(word), "{word} in {raw}");
        }
    }

    async fn a_code_is_of_one_conversation_once_and_for_minutes(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let code = talk.second(&desk, &sink).await;
        let (_, page) = talk.send("answer", &[("code", &code)]).await;
        assert!(page.contains("no code that works any more"), "used: {page}");
        // In another conversation of the same person it is none.
        let other = Talk::with(&desk, "caller@else.test").await;
        other.first().await;
        let (_, page) = other.send("answer", &[("code", &code)]).await;
        assert!(page.contains("no code that works"), "foreign: {page}");
        let theirs = other.mailed(&desk, &sink).await;
        let wrong = if theirs == code { "000000" } else { code.as_str() };
        let (_, page) = other.send("answer", &[("code", wrong)]).await;
        assert!(page.contains("This is not the code.") && page.contains("Level 1"), "{page}");
        // Another one ends the first.
        let again = other.mailed(&desk, &sink).await;
        if again != theirs {
            let (_, page) = other.send("answer", &[("code", &theirs)]).await;
            assert!(page.contains("This is not the code."), "replaced: {page}");
        }
        // Three within the hour, for the patient in all.
        let choice = choice(&other.seen().await, MASKED_MAIL);
        let (status, page) = other.send("code", &[("choice", &choice)]).await;
        assert!(status == 409 && page.contains("three codes within the hour"), "{page}");
        desk.clock.advance(10 * 60);
        let (_, page) = other.send("answer", &[("code", &again)]).await;
        assert!(page.contains("no code that works any more"), "old: {page}");
        assert_eq!(other.send("answer", &[("code", "12345")]).await.0, 422);
    }

    async fn every_wrong_code_is_a_failure_whichever_it_was_tried_on(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.first().await;
        let mut last = String::new();
        for round in 1..=3 {
            last = talk.mailed(&desk, &sink).await;
            let wrong = if last == "000000" { "000001" } else { "000000" };
            let (_, page) = talk.send("answer", &[("code", wrong)]).await;
            let said = if round < 3 { "This is not the code." } else { "nothing more can be tried for 24 hours" };
            assert!(page.contains(said), "{round}: {page}");
        }
        assert!(talk.seen().await.contains("Locked until"));
        let (_, page) = talk.send("answer", &[("code", &last)]).await;
        assert!(!page.contains("The code is right."), "{page}");
    }

    async fn no_code_goes_to_an_address_that_is_new(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 10).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        sent(&desk, &sink).await;
        talk.first().await;
        let page = talk.seen().await;
        assert!(page.contains("not on file for 30 days before"), "{page}");
        let mail = choice(&page, MASKED_MAIL);
        let (status, page) = talk.send("code", &[("choice", &mail)]).await;
        assert!(status == 409 && page.contains("on file for more than 30 days"), "{page}");
        // A number takes no mail, and what is no choice of this conversation is none.
        let phone = choice(&talk.seen().await, MASKED_PHONE);
        for wrong in [phone.as_str(), "", "0123456789abcdef"] {
            assert_eq!(talk.send("code", &[("choice", wrong)]).await.0, 422, "{wrong}");
        }
        assert!(sent(&desk, &sink).await.is_empty());
    }

    async fn a_second_person_says_yes_and_nobody_does_so_for_themselves(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let supervisor = desk.browser(Role::Supervisor).await;
        talk.first().await;
        // The supervisor compares the code, and then asks: neither of it makes a second person of them.
        let code = talk.mailed(&desk, &sink).await;
        send(&supervisor, &talk.verify(), "answer", &[("code", &code)]).await;
        talk.send("second", &[]).await;
        assert_eq!(talk.send("second", &[]).await.0, 409, "it waits already");
        let admin = desk.browser(Role::Administrator).await;
        let page = admin.get(&talk.verify()).await.expect(200).text();
        assert!(page.contains("Yes, that is them"), "{page}");
        let waits = common::hidden(&page, "task").to_owned();
        let yes = [("task", waits.as_str()), ("yes", "true")];
        let (status, page) = send(&supervisor, &talk.verify(), "decide", &yes).await;
        assert!(status == 409 && page.contains("your own word twice"), "{page}");
        assert_eq!(talk.send("decide", &yes).await.0, 403, "an agent has no second yes");
        assert!(admin.get("/reviews").await.expect(200).text().contains("Ana Agent"));
        let (_, page) = send(&admin, &talk.verify(), "decide", &yes).await;
        assert!(page.contains("Level 3") && page.contains("by Ada Administrator until"), "{page}");
        let done = log(&desk, talk.id).await;
        for outcome in ["denied", "ok"] {
            assert!(done.contains(&("identity.approve".to_owned(), outcome.to_owned())), "{done:?}");
        }
        assert_eq!(send(&admin, &talk.verify(), "decide", &yes).await.0, 404, "decided once");
    }

    async fn a_no_leaves_the_level_as_it_is(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        talk.send("second", &[]).await;
        let supervisor = desk.browser(Role::Supervisor).await;
        let page = supervisor.get(&talk.verify()).await.expect(200).text();
        // The form of the call names one as well; that of the second person comes last.
        let waits = page.rsplit("name=\"task\" value=\"").next().unwrap().split('"').next().unwrap().to_owned();
        let (_, page) = send(&supervisor, &talk.verify(), "decide", &[("task", &waits), ("yes", "false")]).await;
        assert!(page.contains("you said no") && page.contains("Level 2"), "{page}");
        // And somebody who is not reached is at no third level either.
        let phone = choice(&talk.seen().await, MASKED_PHONE);
        talk.send("call", &[("choice", &phone)]).await;
        let waits = common::hidden(&talk.seen().await, "task").to_owned();
        talk.send("number", &[("task", &waits)]).await;
        let (_, page) = talk.send("called", &[("task", &waits), ("yes", "false")]).await;
        assert!(page.contains("not reached") && page.contains("Level 2"), "{page}");
    }
}
